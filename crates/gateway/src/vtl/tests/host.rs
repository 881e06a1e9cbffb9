//! `$input`, `$util`, `$context` and `$stageVariables`.

use super::*;

#[track_caller]
fn with_body(body: &str, template: &str, expected: &str) {
    match render_with(template, body, &Limits::default()) {
        Ok(rendered) => assert_eq!(rendered, expected, "{template}"),
        Err(error) => panic!("{template}: {error}"),
    }
}

#[test]
fn the_body_is_text() {
    with_body("a=1&b=2", "$input.body", "a=1&b=2");
    with_body(" {\"a\" : 1} ", "$input.body", " {\"a\" : 1} ");
    with_body("", "$input.body", "{}");
    with_body("x", "$input.body.length()$input.nothing$input", "1");
}

#[test]
fn json_selects_text() {
    check("$input.json('$.name')", "\"Ada\"");
    check("$input.json('$.age')", "36");
    check("$input.json('$.score')", "1.5");
    check("$input.json('$.admin')", "true");
    check("$input.json('$.nothing')", "null");
    check("$input.json('$.missing')", "\"\"");
    check("$input.json('$.missing.deeper')", "\"\"");
    check("$input.json('$.tags')", "[\"x\",\"y\"]");
    check("$input.json('$.address')", "{\"city\":\"London\",\"lines\":[{\"no\":1},{\"no\":2}]}");
    check("$input.json('$.quote')", r#""it's \"so\"""#);
    check("$input.json('$.address.lines[*].no')", "[1,2]");
    check("$input.json('$..nowhere')", "[]");
    check("$input.json(\"$.tags\").length()", "9");
    with_body("", "$input.json('$')", "{}");
    with_body("[]", "$input.json('$')", "[]");
    with_body("\"#foobar\"", "$input.json('$.message')", "\"\"");
    with_body(
        r#"{"a" : [ 1, {"b" : null} ], "é":"\u0001\n\/"}"#,
        "$input.json('$')",
        "{\"a\":[1,{\"b\":null}],\"é\":\"\\u0001\\n/\"}",
    );
    with_body("{\"a\":1,\"a\":2}", "$input.json('$')", "{\"a\":2}");
    with_body("18446744073709551615", "$input.json('$')", "1.8446744073709552E19");
}

#[test]
fn path_selects_values() {
    check("$input.path('$.name')", "Ada");
    check("$input.path('$.name').length()", "3");
    check("$input.path('$').name", "Ada");
    check("$input.path('$').address.city", "London");
    check("$input.path('$.tags').size()", "2");
    check("$input.path('$.tags')[0]", "x");
    check("$input.path('$.address').keySet()", "[city, lines]");
    check("$input.path('$.missing')", "");
    check("$input.path('$.nothing')", "");
    check("$input.path('$.address.lines.length()')", "2");
    check("$input.path('$.list[?(@ > 1)]')", "[3,2]");
    check("$input.path('name')", "Ada");
    with_body("", "$input.path('$')", "{}");
}

#[test]
fn a_parsed_map_shows_as_java_and_its_lists_as_json() {
    with_body(
        r#"{"a":1,"b":[{"c":5}],"d":{"e":"f"},"g":null}"#,
        "$input.path('$')",
        r#"{a=1, b=[{"c":5}], d={e=f}, g=null}"#,
    );
    with_body(r#"{"b":[{"c":5},"x"]}"#, "$input.path('$').b", r#"[{"c":5},"x"]"#);
    with_body(r#"{"b":[{"c":5}]}"#, "$input.path('$.b[0]')", "{c=5}");
    check("$input.path('$.tags').toString()", "[\"x\",\"y\"]");
    check("#set($l = ['x', $input.path('$.tags')])$l", "[x, [\"x\",\"y\"]]");
}

#[test]
fn changes_to_the_parsed_body_stay() {
    with_body(
        "{\"a\":1}",
        "#set($b = $input.path('$'))#set($b.url = \"x/$b.a\")$input.json('$')",
        "{\"a\":1,\"url\":\"x/1\"}",
    );
    with_body("{\"a\":[1]}", "#set($x = $input.path('$.a').add(2))$input.json('$.a')", "[1,2]");
}

#[test]
fn a_body_that_is_not_json_is_an_error_only_when_it_is_read_as_such() {
    with_body("{a", "$input.body", "{a");
    for template in ["\n $input.path('$')", "\n $input.json('$.a')"] {
        let error = render_with(template, "{a", &Limits::default()).unwrap_err();
        assert_eq!((error.line, error.column), (2, 2));
        assert!(matches!(error.kind, RenderErrorKind::BodyNotJson { .. }), "{error}");
    }
    let deep = "[".repeat(500);
    let error = render_with("$input.path('$')", &deep, &Limits::default()).unwrap_err();
    assert!(matches!(error.kind, RenderErrorKind::BodyNotJson { .. }), "{error}");
}

#[test]
fn a_wrong_path_is_an_error() {
    check_render_error("$input.path('$.a[')", 1, 1, "JSONPath `$.a[`, character 5");
    check_render_error("#set($p = '$[')$input.json($p)", 1, 16, "JSONPath");
}

#[test]
fn params_look_through_path_query_and_header() {
    check("$input.params('id')", "42");
    check("$input.params('both')", "path");
    check("$input.params('q')", "a b");
    check("$input.params('page')", "2");
    check("$input.params('X-Thing')", "h");
    check("$input.params('x-thing')", "h");
    check("$input.params('missing')", "");
    check("$input.params(\"id\")", "42");
    check("#set($n = 'id')$input.params($n)", "42");
    check("$input.params('id').length()", "2");
    check("$input.params().path.id", "42");
    check("$input.params().path.get('id')", "42");
    check("$input.params().get('path').get('id')", "42");
    check("$input.params().querystring", "{page=2, both=query, q=a b}");
    check("$input.params().querystring.q", "a b");
    check("$input.params().header.X-Thing", "h");
    check("$input.params().header.get('accept')", "text/html");
    check("$input.params()['header']['X-Thing']", "h");
    check("$input.params().keySet()", "[path, querystring, header]");
    check(
        "#set($p = $input.params())#foreach($t in $p.keySet())$t:$p.get($t).size() #end",
        "path:2 querystring:3 header:3 ",
    );
}

#[test]
fn a_common_template_passes_everything_through() {
    let template = r#"#set($allParams = $input.params())
{
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
},
"name": $input.json('$.name'), "caller" : "$context.identity.caller", "ip" : "$context.identity.sourceIp"
}"#;
    let rendered = render_with(template, BODY, &Limits::default()).unwrap();
    let parsed: serde_json::Value =
        serde_json::from_str(&rendered).unwrap_or_else(|error| panic!("{rendered}: {error}"));
    let expected = json!({
        "params": {
            "path": {"id": "42", "both": "path"},
            "querystring": {"page": "2", "both": "query", "q": "a b"},
            "header": {"X-Thing": "h", "both": "header", "Accept": "text/html"},
        },
        "name": "Ada", "caller": "", "ip": "10.0.0.1",
    });
    assert_eq!(parsed, expected);
}

#[test]
fn util_escapes_for_java_script() {
    for (text, escaped) in [
        ("it''s", r"it\'s"),
        ("a\"b", r#"a\"b"#),
        (r"a\b", r"a\\b"),
        ("a/b", r"a\/b"),
        ("a\nb\r\t\u{8}\u{c}", r"a\nb\r\t\b\f"),
        ("\u{1}\u{1f}", r"\u0001\u001F"),
        ("é", r"\u00E9"),
        ("€", r"\u20AC"),
        ("\u{1f600}", r"\uD83D\uDE00"),
        ("~\u{7f}\u{80}", "~\u{7f}\\u0080"),
        ("", ""),
    ] {
        check(&format!("$util.escapeJavaScript('{text}')"), escaped);
    }
    check("$util.escapeJavaScript(5)$util.escapeJavaScript(true)$util.escapeJavaScript($nothing)", "5true");
    check("$util.escapeJavaScript($input.json('$.tags'))", r#"[\"x\",\"y\"]"#);
}

#[test]
fn util_encodes_urls_as_forms_do() {
    check("$util.urlEncode('a b+c/d?é&=*-._~')", "a+b%2Bc%2Fd%3F%C3%A9%26%3D*-._%7E");
    check("$util.urlDecode('a+b%2Bc%C3%A9')", "a b+cé");
    check("$util.urlDecode('%ff')", "\u{fffd}");
    check("$util.urlDecode('')", "");
    check_render_error("$util.urlDecode('100%')", 1, 1, "`%` at byte 3");
    check_render_error("$util.urlDecode('%zz')", 1, 1, "`%` at byte 0");
}

#[test]
fn util_knows_base64() {
    check("$util.base64Encode('héllo')", "aMOpbGxv");
    check("$util.base64Encode('a')", "YQ==");
    check("$util.base64Decode('YQ==')", "a");
    check("$util.base64Decode('YQ')", "a");
    check("$util.base64Decode('aMOp bGxv')", "héllo");
    check("$util.base64Decode('_-8=')", "\u{fffd}\u{fffd}");
    check_render_error("$util.base64Decode('a!')", 1, 1, "not base64");
}

#[test]
fn util_parses_json() {
    check("#set($o = $util.parseJson('{\"a\": {\"b\": [1, 2]}}'))$o.a.b[1] $o.a", "2 {b=[1,2]}");
    check("$util.parseJson('[1,\"x\"]')", "[1,\"x\"]");
    check("$util.parseJson('\"s\"')$util.parseJson('1.0')$util.parseJson('true')$util.parseJson('null')", "s1.0true");
    check("$util.parseJson($input.body).name", "Ada");
    check_render_error("$util.parseJson('{')", 1, 1, "`$util.parseJson`: not JSON");
}

#[test]
fn util_has_nothing_else() {
    check("$util.nothing('x')$util.urlEncode()$util.urlEncode('a', 'b')$util.toJson('x')$util", "");
}

#[test]
fn context_is_nested_maps() {
    check("$context.requestId", "r-1");
    check("$context.identity.sourceIp", "10.0.0.1");
    check("${context.identity.sourceIp}", "10.0.0.1");
    check("$context.authorizer.claims.scope", "a/b c/d");
    check("<$context.authorizer.claims>", "<>");
    check("$context.authorizer.claims['client_id']", "c1");
    check("$context.authorizer.claims.get('client_id')", "c1");
    check("$context.identity.userAgent", "");
    check("$context.identity.missing", "");
    check("$context.missing.deeper", "");
    check("$context['stage']", "prod");
    check("#foreach($k in $context.authorizer.keySet())$k #end", "claims principalId ");
}

#[test]
fn stage_variables_are_a_map() {
    check("$stageVariables.colour", "blue");
    check("$stageVariables['colour']", "blue");
    check("${stageVariables.colour}s", "blues");
    check("$stageVariables.get('colour')", "blue");
    check("$stageVariables.missing", "");
    check("$stageVariables.keySet()", "[colour]");
}

#[test]
fn nothing_is_asked_of_the_call_that_no_template_uses() {
    struct Silent;
    impl Call for Silent {
        fn path_parameters(&self) -> Pairs<'_> {
            panic!("not asked for")
        }

        fn query_parameters(&self) -> Pairs<'_> {
            panic!("not asked for")
        }

        fn headers(&self) -> Pairs<'_> {
            panic!("not asked for")
        }

        fn context(&self) -> serde_json::Map<String, serde_json::Value> {
            panic!("not asked for")
        }

        fn stage_variables(&self) -> Option<&BTreeMap<String, String>> {
            panic!("not asked for")
        }
    }
    let template = Template::parse("#set($a = 1)$a$input.body").unwrap();
    assert_eq!(template.render(&mut Scope::new(&Silent, b""), &Limits::default()).unwrap(), "1{}");
}

#[test]
fn templates_and_scopes_cross_threads() {
    fn crosses<T: Send>() {}
    fn is_shared<T: Send + Sync + Clone>() {}
    crosses::<Scope<'_>>();
    is_shared::<Template>();
}
