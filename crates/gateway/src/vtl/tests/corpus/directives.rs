//! `#stop`, `#break`, `#define`, and words that are no directives.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        source: r##"Velocity 1.7 user guide, "Stop", VTL reference, "#break""##,
        cases: &[
            ("a#stop b", "a"),
            ("a#{stop}b", "a"),
            ("a#if(true)b#stop#end c", "ab"),
            ("#stop()a", ""),
            ("a#break b", "a"),
            ("#if(true)a#break b#end c", "a"),
            ("#foreach($i in [1, 2])$i#break($foreach)x#end|", "1|"),
            ("#foreach($i in [1, 2])#foreach($j in [1, 2])$j#break($foreach.parent)#end#end|", "1|"),
            ("#define($d)x#stop y#end a$d b", " ax"),
            ("#define($d)x#break y#end a$d b", " ax b"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"Velocity 1.7 user guide, "Define""#,
        cases: &[
            ("#define($block)Hello $who#end#set($who = 'World!')$block", "Hello World!"),
            ("#define($d)x#end$d$d", "xx"),
            ("#define($d)<$x>#end#set($x = 1)$d#set($x = 2)$d", "<1><2>"),
            (r#"#define($d)x#end#set($s = "[$d]")$s"#, "[x]"),
            ("#define($d)a#end#define($d)b#end$d", "b"),
            ("#define($d)$i#end#foreach($i in [1, 2])$d#end", "12"),
            ("#define($a)x$b#end#define($b)y#end$a", "xy"),
            ("#define($d)x#end#if($d)yes#end", "yes"),
            ("#define($d)ab#end$d.length()", ""),
            ("#define($d.e)x#end", ""),
            ("#define($d)#set($v = 1)#end$d$v", "1"),
            ("#define( $d )x#end$d", "x"),
        ],
        refused: &[
            ("#define(d)x#end", "expected a variable, as in `#define($block)`"),
            ("#define($d)x", "expected `#end` for the `#define` of line 1, column 1"),
            ("#define()x#end", "expected a variable, as in `#define($block)`"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"Velocity 1.7 VTL reference, "Directives"; words that are none"#,
        cases: &[
            ("#notadirective", "#notadirective"),
            ("#nosuch($a, 'b')", "#nosuch($a, 'b')"),
            ("#nosuch()", "#nosuch()"),
            ("#nosuch (1)", "#nosuch (1)"),
            ("#nosuch(a b c)", "#nosuch(a b c)"),
            ("#@body", "#@body"),
            ("#fff #123 #-a #_b", "#fff #123 #-a #_b"),
            ("color:#ff0000;", "color:#ff0000;"),
            ("a#b#c", "a#b#c"),
            ("#{nosuch}", "#{nosuch}"),
            ("#{nosuch}(1)", "#{nosuch}(1)"),
            ("#foreachx", "#foreachx"),
            ("#{if", "#{if"),
            ("##{end}", ""),
            (r##"<a href="#top">#</a>"##, r##"<a href="#top">#</a>"##),
            ("#é", "#é"),
            ("# if(true)a# end", "# if(true)a# end"),
        ],
        refused: &[
            ("#nosuch(", "expected a reference, a string, a number, `true`, `false`, `[` or `{`"),
            ("#setx($a = 1)", "expected a reference, a string, a number, `true`, `false`, `[` or `{`"),
        ],
        ..Group::OF_EXAMPLE
    },
];
