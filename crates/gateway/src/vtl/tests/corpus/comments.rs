//! Comments, and content that is not parsed.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        source: r#"Velocity 1.7 VTL reference, "Comments""#,
        cases: &[
            ("a## comment\nb", "ab"),
            ("a ## comment", "a "),
            ("## only", ""),
            ("##\n##\nx", "x"),
            ("a#* c *#b", "ab"),
            ("a#* c\nd *#b", "ab"),
            ("#**\n * doc $x\n * @author #if\n *#a", "a"),
            ("a#**#b", "ab"),
            ("a#***#b", "ab"),
            ("a #* b *# c #* d *# e", "a  c  e"),
            ("#* open", ""),
            ("#set($a = 1)## trailing\n$a", "1"),
            ("#if(true)## c\na#end", "a"),
            ("#if(true)a## c #end\n#end", "a"),
            ("$a## c", ""),
            ("a##b##c\nd", "ad"),
            ("a#*b*##*c*#d", "ad"),
            ("  ## indented\nx", "  x"),
            ("a\n##\n\nb", "a\n\nb"),
            ("#foreach($i in [1, 2])## c\n$i\n#end", "1\n2\n"),
            ("a # # b", "a # # b"),
            ("a##\r\nb", "ab"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"Velocity 1.7 VTL reference, "Unparsed Content""#,
        cases: &[
            ("#[[$a #if(true) ## x #* y]]#", "$a #if(true) ## x #* y"),
            ("a#[[b]]#c", "abc"),
            ("#[[]]#|", "|"),
            ("#[[a\nb\n]]#\nc", "a\nb\n\nc"),
            ("#[[ a ]] b ]]#", " a ]] b "),
            ("#if(true)#[[#end]]##end", "#end"),
        ],
        refused: &[("#[[ open", "expected `]]#` for this `#[[`")],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"Velocity 1.7 VTL reference, "Comments""#,
        differs: "Velocity 1.7's lexer refuses a text that ends so",
        cases: &[("#* a #* b *# c *#", " c *#"), ("#[ a ]#", "#[ a ]#"), ("a #", "a #")],
        ..Group::OF_EXAMPLE
    },
];
