//! `$util`.

use super::Group;

pub(super) const GROUPS: &[Group] = &[Group {
    source: r#"API Gateway guide, "Variables for data transformations", "$util functions""#,
    cases: &[
        (r#"$util.escapeJavaScript('a"b''c\d/e')"#, r#"a\"b\'c\\d\/e"#),
        (r#""$util.escapeJavaScript($input.path('$.quote')).replaceAll("\\'","'")""#, r#""it's \"so\"""#),
        ("$util.escapeJavaScript($input.json('$.tags'))", r#"[\"x\",\"y\"]"#),
        (
            r#"{"body": "$util.escapeJavaScript($input.json('$.address'))"}"#,
            r#"{"body": "{\"city\":\"London\",\"lines\":[{\"no\":1},{\"no\":2}]}"}"#,
        ),
        (r#"#set($o = $util.parseJson('{"a": {"b": [1, "x"]}}'))$o.a.b[1] $o.a.b.size() $o"#, r#"x 2 {a={b=[1,"x"]}}"#),
        ("#set($l = $util.parseJson($input.json('$.list')))#foreach($x in $l)$x;#end", "3;1;2;"),
        ("#set($n = $util.parseJson('5'))#set($m = $n + 1)$m", "6"),
        (r#"$util.parseJson('{"a": null}').a|$util.parseJson('"text"')|$util.parseJson('true')"#, "|text|true"),
        ("$util.urlEncode('a b&c=d/é+~*')", "a+b%26c%3Dd%2F%C3%A9%2B%7E*"),
        ("$util.urlDecode('a+b%26c%3Dd%2F%C3%A9%2B')", "a b&c=d/é+"),
        ("$util.urlDecode($util.urlEncode($input.path('$.quote')))", r#"it's "so""#),
        ("$util.base64Encode('hello') $util.base64Encode('')|", "aGVsbG8= |"),
        ("$util.base64Decode('aGVsbG8=') $util.base64Decode('aGVsbG8')", "hello hello"),
        ("$util.base64Decode($util.base64Encode('é€😀'))", "é€😀"),
        (
            "#set($e = $util.base64Encode($input.json('$.address')))$e.length() $util.base64Decode($e)",
            r#"60 {"city":"London","lines":[{"no":1},{"no":2}]}"#,
        ),
        ("grant_type=x&scope=$util.urlEncode($context.authorizer.claims.scope)", "grant_type=x&scope=a%2Fb+c%2Fd"),
        ("$util.nosuch('a')|$util.urlEncode()|$util.urlEncode('a', 'b')|$util", "|||"),
        ("$util.escapeJavaScript($none)|$util.urlEncode($none)|$util.base64Encode($none)|", "|||"),
        ("$util.urlEncode(5) $util.base64Encode(true)", "5 dHJ1ZQ=="),
    ],
    ..Group::OF_EXAMPLE
}];
