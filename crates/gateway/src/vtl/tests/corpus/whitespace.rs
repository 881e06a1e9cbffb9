//! Line ends and blanks around directives.

use super::Group;

pub(super) const GROUPS: &[Group] = &[Group {
    source: "observed of Velocity 1.7: a directive takes the rest of its line",
    cases: &[
        ("#set($a = 1)\n$a", "1"),
        ("#set($a = 1)  \n$a", "1"),
        ("  #set($a = 1)\n$a", "1"),
        ("x\n  #set($a = 1)\ny", "x\n  y"),
        ("#set($a = 1) $a", " 1"),
        ("#set($a = 1)\n\n$a", "\n1"),
        ("a #set($a = 1) b", "a  b"),
        ("#set($a = 1)\n#set($b = 2)\n$a$b", "12"),
        ("  #set($a = 1)\n  #set($b = 2)\n  $a$b", "  12"),
        ("\t#set($a = 1)\n$a", "1"),
        ("\n#set($a = 1)\n$a", "\n1"),
        ("#if(true)\na\n#end\nb", "a\nb"),
        ("#if(true)  \na\n#end  \nb", "a\nb"),
        ("#if(true) a #end b", " a  b"),
        ("  #if(true)\n  a\n  #end\n  b", "    a\n    b"),
        ("#if(false)\na\n#else\nb\n#end\nc", "b\nc"),
        ("#if(false)\na\n#elseif(true)\nb\n#end\nc", "b\nc"),
        ("#if(false)a\n#{else}\nb\n#{end}\nc", "b\nc"),
        ("#foreach($i in [1, 2])\n$i\n#end\nx", "1\n2\nx"),
        ("#foreach($i in [1, 2]) $i #end x", " 1  2  x"),
        ("#foreach($i in [1, 2])\n  - $i\n#end", "  - 1\n  - 2\n"),
        ("a\n#foreach($i in [1, 2])\n#if($i == 1)\none\n#else\nother\n#end\n#end\nb", "a\none\nother\nb"),
        ("#foreach($i in [1, 2])\n  #set($j = $i * 2)\n  $j\n#end", "  2\n  4\n"),
        ("#foreach($i in [1, 2])#set($j = $i * 2) $j#end", " 2 4"),
        ("#if(true)#set($a = 1)\n$a#end", "1"),
        ("#if(true)\n#set($a = 1)\n#end\n$a", "1"),
        (
            r#"{
  #set($a = 1)
  "a": $a
}"#,
            r#"{
    "a": 1
}"#,
        ),
        (
            r#"{#foreach($i in [1, 2])
"k$i": $i#if($foreach.hasNext),#end
#end}"#,
            r#"{"k1": 1,"k2": 2}"#,
        ),
        (
            r#"[
#foreach($i in [1, 2])
  {"i": $i}#if($foreach.hasNext),#end

#end
]"#,
            r#"[
  {"i": 1},
  {"i": 2}
]"#,
        ),
        ("#define($d)\n a\n#end\n[$d]", "[ a\n]"),
        ("#define($d) a #end [$d]", " [ a ]"),
        ("#macro(m)\na\n#end\n|", "|"),
        ("#set($a = 1)\r\n$a", "1"),
        ("#if(true)\r\na\r\n#end\r\nb", "a\r\nb"),
        ("#end_x #set_x", "#end_x #set_x"),
        ("a\n\n\nb", "a\n\n\nb"),
        (" a \n b ", " a \n b "),
        ("#stop\nx", ""),
        ("#foreach($i in [1, 2])\n#break\n#end\nx", "x"),
        ("a#if(true)\n\n\nb#end", "a\n\nb"),
        ("#set($a = 'x')$a #set($b = 'y') $b", "x y"),
        ("#set($a = 'x')$a\n  #set($b = 'y')\n$b", "x\n  y"),
        ("text  #set($a = 1)\n$a", "text  1"),
        ("#if(true)a#end  #set($b = 1)\n$b", "a1"),
        ("#foreach($i in [1])\n\n#end\n|", "\n|"),
    ],
    ..Group::OF_EXAMPLE
}];
