//! Texts in double quotes, which are templates themselves.

use super::Group;

pub(super) const GROUPS: &[Group] = &[Group {
    source: r##"Velocity 1.7 user guide, "#set", "Literals", "String Concatenation""##,
    cases: &[
        (r#"#set($a = 'x')#set($s = "$a ${a}y $a.length()")$s"#, "x xy 1"),
        ("#set($a = 'x')#set($s = '$a ${a}')$s", "$a ${a}"),
        (r#"#set($a = 'x')#set($s = "\$a \\$a")$s"#, r"$a \x"),
        (r##"#set($s = "#if(true)a#{else}b#end")$s"##, "a"),
        (r##"#set($s = "#foreach($i in [1..3])$i,#end")$s"##, "1,2,3,"),
        (r##"#set($s = "#set($z = 5)$z")$s$z"##, "55"),
        (r#"#set($s = "$5 #1 # $")$s"#, "$5 #1 # $"),
        (r#"#set($s = "a ## b")<$s>"#, "<a >"),
        (r#"#set($s = "a #* b *# c")<$s>"#, "<a  c>"),
        (r#"#set($s = "")<$s>"#, "<>"),
        (r#"#set($a = 'x')#set($b = "$a$a")#set($c = "$b$b")$c"#, "xxxx"),
        (r#"#set($m = {'k': 'v'})#set($s = "$m.k $m['k'] ${m.k}s")$s"#, "v v vs"),
        (r#"#set($m = {'k': 'v'})#set($s = "$m.get('k') $m.get(""k"")")$s"#, "v v"),
        (
            r#"#set($size = 'Big')#set($name = 'Ben')#set($clock = "${size}Tall$name")The clock is $clock."#,
            "The clock is BigTallBen.",
        ),
        (
            r#"#set($size = 'Big')#set($name = 'Ben')#set($clock = "$size$name")$clock#set($clock = $size + $name)$clock"#,
            "BigBenBigBen",
        ),
        (r#"#set($s = "a""b")$s"#, r#"a"b"#),
        (r#"#set($s = "<$none>")$!s|"#, "<>|"),
        (r#"#set($s = "$!none")<$s>"#, "<>"),
        (r##"#set($s = "#nosuch")$s"##, "#nosuch"),
        (r##"#set($s = "#[[$x]]#")$s"##, "$x"),
        (r#"#set($a = 1)#set($s = "$a$a")#set($n = $s + 1)$n"#, "111"),
        (r##"#set($d = "$")#set($h = "#")${d}foo ${h}if"##, "$foo #if"),
        ("#set($d = '$')${d}{x} ${d}x", "${x} $x"),
        (r#"#set($l = ["a$none", "b"])$l.size()"#, "2"),
        (r#"#set($a = 'k')#set($m = {"x$a": "y$a"})$m.xk"#, "yk"),
    ],
    refused: &[
        (r#"#set($s = "x"#, "expected a string that ends; a quote inside it is written twice"),
        ("#set($s = 'x)", "expected a string that ends; a quote inside it is written twice"),
        (r##"#set($s = "#if(true)")$s"##, "expected `#end` for the `#if` of line 1, column 11"),
        (r#"#set($s = "${a")$s"#, "expected `}` for `${`"),
    ],
    ..Group::OF_EXAMPLE
}];
