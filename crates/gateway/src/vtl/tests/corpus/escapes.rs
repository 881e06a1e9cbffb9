//! Backslashes before references and directives.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        source: r#"Velocity 1.7 user guide, "Escaping Valid VTL References""#,
        cases: &[
            (r"#set($email = 'foo')$email \$email \\$email \\\$email", r"foo $email \foo \$email"),
            (r"#set($email = 'foo')\${email} \$!email \$!{email}", "${email} $!email $!{email}"),
            (r"#set($m = {'a': 1})\$m.a \\$m.a \${m.a}", r"$m.a \1 ${m.a}"),
            (r"#set($a = 1)\ $a \\ \n$a \t", r"\ 1 \\ \n1 \t"),
            (r"#set($a = 1)a\$a\b", r"a$a\b"),
            (r"#set($a = 1)$a\$a\\$a", r"1$a\1"),
            (r"$\!foo $\\!foo", r"$!foo $\!foo"),
            (r"#set($foo = 'bar')$\!foo $\\!foo $\\\!foo", r"$!foo $\!foo $\\!foo"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"Velocity 1.7 user guide, "Escaping VTL Directives""#,
        cases: &[
            (r"\#set($x = 1) \\#set($y = 2)$y", r"#set( = 1) \\2"),
            (r"\#if(true) a \#end", "#if(true) a #end"),
            (r"\\#if(true)a\\#end b", r"\a\ b"),
            (r"#if(true)\#end#end", "#end"),
            (r"#if(true)\\\#else#end", r"\#else"),
            (r"\#foreach($i in [1]) \#define($d) \#macro(m)", "#foreach( in [1]) #define() #macro(m)"),
            (r"\#stop \#break", "#stop #break"),
            (r"\#{if} \#{else} \#{end}", "#{if} #{else} #{end}"),
            (r"\#nosuch \\#nosuch \\\#nosuch", r"\#nosuch \\#nosuch \\\#nosuch"),
            (r"\## c", r"\"),
            (r"\#*c*#", r"\"),
            ("a\\\nb\\", "a\\\nb\\"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"Velocity 1.7 user guide, "Escaping Valid VTL References""#,
        differs: "Velocity 1.7's lexer refuses a text that ends so",
        cases: &[(r"\$ \$5 \$( \\$", r"\$ \$5 \$( \\$"), (r"a\#", r"a\#")],
        ..Group::OF_EXAMPLE
    },
];
