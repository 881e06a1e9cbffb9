//! What API Gateway switches off.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        source: "observed: `#macro` defines nothing",
        differs: "Velocity expands macros",
        cases: &[
            ("#macro(hello $who)Hello $who#end#hello('you')", "#hello('you')"),
            ("#macro(d)\nx\n#end\n[#d()]", "[#d()]"),
            ("#macro(m)a#end#m", "#m"),
            ("#macro(a $x)#b($x)#end#macro(b $y)<$y>#end#a(1)", "#a(1)"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: "observed: `#evaluate` renders as its own source; `#parse` and `#include` likewise, as there are no files",
        differs: "Velocity evaluates the one and reads files for the others",
        cases: &[
            ("#evaluate('$a')", "#evaluate('$a')"),
            (r#"#set($s = '1')#evaluate("x$s")|"#, r#"#evaluate("x$s")|"#),
            (r#"#parse('a.vm')#include('b.txt', "c.txt")"#, r#"#parse('a.vm')#include('b.txt', "c.txt")"#),
            ("a #include('x')\nb", "a #include('x')\nb"),
            (r"\#include('x') \#parse('x') \#evaluate('x')", r"\#include('x') \#parse('x') \#evaluate('x')"),
        ],
        ..Group::OF_EXAMPLE
    },
];
