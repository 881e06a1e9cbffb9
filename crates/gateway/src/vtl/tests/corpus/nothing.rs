//! References that lead nowhere.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        source: "observed, and what follows from it: a reference that leads nowhere is the empty text",
        differs: "Velocity shows the source of such a reference, and takes it for false",
        cases: &[
            ("Hello $name!", "Hello !"),
            ("$foo.bar.baz() ${foo} $!foo|", "  |"),
            ("#if($undefined)yes#{else}no#end", "yes"),
            ("#if(!$undefined)yes#{else}no#end", "no"),
            ("#if($undefined == '')yes#end#if($undefined == $other)same#end", "yessame"),
            ("#set($a = 'x')#set($a = $none)<$a>", "<>"),
            (r#"#set($a = "$none")#if($a == '')empty#end"#, "empty"),
            ("#set($l = [$none, 1])$l $l.size()", "[, 1] 2"),
            ("#set($m = {'k': $none})$m $m.containsKey('k')", "{k=} true"),
            ("#set($a = $none + 1)<$a>", "<1>"),
            ("#set($a = 'k')#set($a = $none - 1)$a", "k"),
            ("#set($s = 'a')$s.concat($none)|$s.equals($none)", "a|false"),
            ("#if($none && true)a#end#if($none || false)b#end", "ab"),
            ("#if($none.length() > 0)a#{else}b#end", "b"),
            ("#foreach($x in [$none])<$x>#end", "<>"),
            (r#"#if("$none" == "" && $none != 0)empty#end"#, "empty"),
            (r#"#set($m = {})#set($ok = $m.put('k', null))#if("$m.k" == '')none#end"#, "none"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: "observed, and what follows from it: a reference that leads nowhere is the empty text",
        differs: "Velocity keeps the backslash before, and the value of, what such a reference is set to",
        cases: &[
            (r"\$email \\$email \\\$email", r"$email \ \$email"),
            (r"#set($a = 1)\$a.length()\$a[0]", "$a.length()$a[0]"),
            ("#set($a = 1)#set($a = $none)$a|", "|"),
        ],
        ..Group::OF_EXAMPLE
    },
];
