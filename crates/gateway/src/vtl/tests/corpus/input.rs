//! `$input`: bodies as text and as values.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        source: r#"API Gateway guide, "Variables for data transformations", "$input variables""#,
        cases: &[
            (
                "$input.body",
                r#"{
    "name": "Ada", "age": 36, "score": 1.5, "admin": true, "banned": false, "nothing": null, "empty": "",
    "tags": ["x", "y"], "address": {"city": "London", "lines": [{"no": 1}, {"no": 2}]}, "quote": "it's \"so\"",
    "list": [3, 1, 2], "nested": [[1, 2], [3]]
}"#,
            ),
            ("<$input.body.length()>", "<268>"),
            (
                "$input.json('$')",
                r#"{"name":"Ada","age":36,"score":1.5,"admin":true,"banned":false,"nothing":null,"empty":"","tags":["x","y"],"address":{"city":"London","lines":[{"no":1},{"no":2}]},"quote":"it's \"so\"","list":[3,1,2],"nested":[[1,2],[3]]}"#,
            ),
            (r#"{"name": $input.json('$.name'), "age": $input.json('$.age')}"#, r#"{"name": "Ada", "age": 36}"#),
            ("$input.json('$.tags') $input.json('$.tags[0]') $input.json('$.tags[-1]')", r#"["x","y"] "x" "y""#),
            ("$input.json('$.admin')|$input.json('$.nothing')|$input.json('$.empty')", r#"true|null|"""#),
            (r#"$input.json("$.address.city")"#, r#""London""#),
            ("#set($p = '$.name')$input.json($p)$input.path($p)", r#""Ada"Ada"#),
            (r#"#set($k = 'name')$input.json("$.$k")$input.path("$['$k']")"#, r#""Ada"Ada"#),
            ("$input.json('$.address').length()", "45"),
            ("#set($j = $input.json('$.list'))$j.replace('[', '(')", "(3,1,2]"),
            ("$input.path('$.name')", "Ada"),
            ("$input.path('$.name').length()$input.path('$.name').toUpperCase()", "3ADA"),
            ("#set($root = $input.path('$'))$root.name $root.address.city $root.tags[1]", "Ada London y"),
            ("#set($root = $input.path('$'))$root.get('name')$root['age']${root.score}", "Ada361.5"),
            ("$input.path('$.tags').size() $input.path('$.tags').get(0) $input.path('$.tags')[1]", "2 x y"),
            ("#foreach($t in $input.path('$.tags'))$t#if($foreach.hasNext),#end#end", "x,y"),
            ("#foreach($l in $input.path('$.address.lines'))$l.no;#end", "1;2;"),
            ("#foreach($k in $input.path('$.address').keySet())$k #end", "city lines "),
            (
                "#foreach($e in $input.path('$.address').entrySet())$e.key=#if($e.value.size())list#{else}$e.value#end;#end",
                "city=list;lines=list;",
            ),
            ("#set($n = $input.path('$.age') + 1)$n,#set($d = $input.path('$.score') / 2)$d", "37,0.75"),
            ("#if($input.path('$.admin'))admin#end#if($input.path('$.banned'))banned#end", "admin"),
            ("#if($input.path('$.age') > 18 && $input.path('$.name') == 'Ada')yes#end", "yes"),
            (
                "$input.path('$.missing')|$!input.path('$.missing')|$input.path('$.nothing')|$input.path('$.empty')|",
                "||||",
            ),
            ("#if($input.path('$.missing') == '')none#end#if($input.path('$.missing') != '')some#end", "none"),
            ("#if($input.path('$.missing').size() > 0)some#{else}none#end", "none"),
            ("#foreach($x in $input.path('$.missing'))x#end|", "|"),
            ("$input.path('$.name').foo()|$input.path('$').keySet().size()", "|12"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: "observed: a parsed map shows as Java shows it, its lists as JSON",
        cases: &[
            (
                "#set($m = {'t': $input.path('$.tags'), 'a': $input.path('$.address.city')})$m",
                r#"{t=["x","y"], a=London}"#,
            ),
            ("$input.path('$.nested[0]')|$input.path('$.address.lines[0]')", "[1,2]|{no=1}"),
            ("#set($l = [$input.path('$.tags')])$l $l[0][0]", r#"[["x","y"]] x"#),
            ("$input.path('$.tags').toString().length()", "9"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: "observed: an empty body reads as an empty object",
        body: "",
        cases: &[("$input.body|$input.json('$')|$input.path('$')|$input.path('$.a')|", "{}|{}|{}||")],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"a body that is no JSON, by API Gateway guide, "Variables for data transformations", "$input variables""#,
        body: "a=1&b=2",
        cases: &[
            ("<$input.body>", "<a=1&b=2>"),
            ("#foreach($p in $input.body.split('&'))$p;#end", "a=1;b=2;"),
            ("#if(false)$input.path('$.a')#end", ""),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"API Gateway guide, "Variables for data transformations", "$input variables"; numbers of every kind"#,
        body: r#"{"i": 7, "d": 0.5, "e": 1e3, "n": -3, "l": 1700000000000}"#,
        cases: &[
            (
                "$input.path('$.i') $input.path('$.d') $input.path('$.e') $input.path('$.n') $input.path('$.l')",
                "7 0.5 1000.0 -3 1700000000000",
            ),
            ("$input.json('$')", r#"{"i":7,"d":0.5,"e":1000.0,"n":-3,"l":1700000000000}"#),
            ("#set($x = $input.path('$.i') * 2 + $input.path('$.d'))$x", "14.5"),
            ("#set($y = $input.path('$.l') / 1000)$y", "1700000000"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"API Gateway guide, "Variables for data transformations", "$input variables"; texts of every kind"#,
        body: r#"{"u": "é€😀", "c": "a\tb\nc\u0001", "e": "", "a b": "space", "a.b": "dot"}"#,
        cases: &[
            ("$input.path('$.u') $input.path('$.c').length() $input.path('$.e')|", "é€😀 6 |"),
            ("$input.json('$')", r#"{"u":"é€😀","c":"a\tb\nc\u0001","e":"","a b":"space","a.b":"dot"}"#),
            ("$util.escapeJavaScript($input.path('$.c'))", r"a\tb\nc\u0001"),
            (r#"$input.path('$["a b"]')|$input.path('$').get('a b')|$input.path('$')['a.b']"#, "space|space|dot"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: "observed: the body is parsed once, so a change to it stays",
        body: r#"{"a": {"n": 1}}"#,
        cases: &[
            ("#set($b = $input.path('$'))#set($b.k = 'v')$input.json('$')", r#"{"a":{"n":1},"k":"v"}"#),
            ("#set($b = $input.path('$.a'))$!b.put('m', 2)$input.json('$.a')", r#"{"n":1,"m":2}"#),
            ("#set($b = $input.path('$'))$!b.remove('a')|$input.body", r#"{n=1}|{"a": {"n": 1}}"#),
        ],
        ..Group::OF_EXAMPLE
    },
];
