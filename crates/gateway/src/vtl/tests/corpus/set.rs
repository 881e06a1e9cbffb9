//! `#set`.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        source: r##"Velocity 1.7 user guide, "#set""##,
        cases: &[
            ("#set($a = 'x')#set($b = $a)#set($a = 'y')$a$b", "yx"),
            (r#"#set($a = "x")#set($b = "$a$a")#set($c = '$a')$b $c"#, "xx $a"),
            ("#set($a = 123)#set($b = -7)#set($c = 1.5)$a $b $c", "123 -7 1.5"),
            ("#set($a = true)#set($b = false)$a $b", "true false"),
            ("#set($a = ['x', $b, 1, true, [], {}])$a.size()", "6"),
            (r#"#set($a = {"k": "v", 'n': 1, 'l': ['x']})$a.k $a.n $a.l"#, "v 1 [x]"),
            ("#set($a = [1..3])$a", "[1, 2, 3]"),
            ("#set( $a = 1 )$a", "1"),
            ("#set ($a = 1)$a", "1"),
            ("#set($a=1)$a", "1"),
            ("#set(\n  $a\n  =\n  1\n)$a", "1"),
            ("#set(${a} = 1)$a", ""),
            ("#set($!a = 1)$a", ""),
            ("#set($!{a} = 1)$a", ""),
            ("#set($a = 1)#set($a = $a)$a", "1"),
            ("#set($a.b = 1)$!a", ""),
            ("#set($m = {})#set($m.k = 'v')#set($m.l = {})#set($m.l.n = 'w')$m", "{k=v, l={n=w}}"),
            (r#"#set($m = {})#set($m['k'] = 1)#set($m["l$m.k"] = 2)$m"#, "{k=1, l1=2}"),
            ("#set($m = {})#set($key = 'q')#set($m[$key] = $key)$m", "{q=q}"),
            ("#set($l = [1, 2, 3])#set($l[0] = 'a')#set($l[-1] = 'z')$l", "[a, 2, z]"),
            ("#set($l = [[1], [2]])#set($l[1][0] = 'x')$l", "[[1], [x]]"),
            ("#set($m = {'l': [1]})#set($m.l[0] = $m.l.size())$m", "{l=[1]}"),
            ("#set $a = 1", "#set  = 1"),
            ("#set($a.b() = 1)", ""),
            ("#set($s = 'x')#set($s.k = 1)$s", "x"),
            ("#set($a = 'it''s')$a", "it's"),
            (r#"#set($a = "say ""hi""")$a"#, r#"say "hi""#),
            (r#"#set($a = "$none.x()")<$!a>"#, "<>"),
        ],
        refused: &[
            ("#set\n($a = 1)$a", "expected a reference, a string, a number, `true`, `false`, `[` or `{`"),
            ("#set\t($a = 1)$a", "expected a reference, a string, a number, `true`, `false`, `[` or `{`"),
            ("#set($a = $b = 1)$a", "expected an operator or `)`"),
            ("#set($a)", "expected `=`"),
            ("#set($a = )", "expected a reference, a string, a number, `true`, `false`, `[`, `{`, `(` or `!`"),
            ("#set(a = 1)", "expected a reference to set, as in `#set($name = …)`"),
            ("#set($a == 1)", "expected `=`"),
            ("#set($a = 1", "expected an operator or `)`"),
            ("#set($a = 1;)", "expected an operator or `)`"),
            ("#set($a = #if)", "expected a reference, a string, a number, `true`, `false`, `[`, `{`, `(` or `!`"),
            ("#set('a' = 1)", "expected a reference to set, as in `#set($name = …)`"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: "the grammar of lists; blanks between empty brackets are harmless",
        differs: "Velocity 1.7 takes blanks between empty braces, but not between empty brackets",
        cases: &[("#set($l = [ ])$l", "[]")],
        ..Group::OF_EXAMPLE
    },
];
