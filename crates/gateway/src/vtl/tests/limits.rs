//! Every template ends, whatever it says.

use proptest::prelude::*;

use super::*;

fn tight() -> Limits {
    Limits { steps: 20_000, output_bytes: 10_000, memory_bytes: 200_000, depth: 60, foreach_iterations: 100 }
}

#[track_caller]
fn check_limit(template: &str, limits: &Limits, expected: fn(&RenderErrorKind) -> bool) {
    match render_with(template, BODY, limits) {
        Ok(rendered) => panic!("{template}: rendered {} bytes", rendered.len()),
        Err(error) => assert!(expected(&error.kind), "{template}: {error}"),
    }
}

#[test]
fn foreach_ends_quietly_after_a_thousand_rounds() {
    check("#foreach($i in [1..2000])#if($foreach.count == 1000)$i $foreach.hasNext#end#end", "1000 true");
    check("#foreach($i in [1..1000])#if($foreach.last)$i#end#end", "1000");
}

#[test]
fn steps_are_limited() {
    let loops = "#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])x#end#end#end";
    let limits = Limits { output_bytes: usize::MAX, ..Limits::default() };
    check_limit(loops, &limits, |kind| matches!(kind, RenderErrorKind::TooManySteps { steps_max: 1_000_000 }));
    let search = "#set($l = [1..5000])#foreach($a in [1..1000])#if($l.contains(0))#end#end";
    check_limit(search, &Limits::default(), |kind| matches!(kind, RenderErrorKind::TooManySteps { .. }));
    let scan = "#foreach($a in [1..1000])#foreach($b in [1..100])#set($x = $input.path('$..no'))#end#end";
    check_limit(scan, &Limits::default(), |kind| {
        matches!(kind, RenderErrorKind::TooManySteps { .. } | RenderErrorKind::PathWork(_))
    });
    let search_all = "#set($s = 'A')#foreach($i in [1..17])#set($s = $s + $s)#end$s.replaceAll('.*[^A-Z]|[A-Z]', 'b')";
    check_limit(search_all, &Limits { steps: 20_000, ..Limits::default() }, |kind| {
        matches!(kind, RenderErrorKind::TooManySteps { .. })
    });
    let patterns = "#foreach($a in [1..1000])#foreach($b in [1..100])#set($p = \"a$b\")$p.matches($p)#end#end";
    check_limit(patterns, &Limits::default(), |kind| matches!(kind, RenderErrorKind::TooManySteps { .. }));
}

#[test]
fn output_is_limited() {
    let limits = Limits { output_bytes: 10, ..Limits::default() };
    check_limit("#if(true)12345678901#end", &limits, |kind| *kind == RenderErrorKind::OutputTooLarge { bytes_max: 10 });
    check_limit("12345678901", &limits, |kind| *kind == RenderErrorKind::OutputTooLarge { bytes_max: 10 });
    assert_eq!(render_with("1234567890", BODY, &limits).unwrap(), "1234567890");
}

#[test]
fn doubling_ends_at_the_memory_limit() {
    for template in [
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..100])#set($s = $s + $s)#end",
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..100])#set($s = \"$s$s\")#end",
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..100])#set($s = $s.concat($s))#end",
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..100])#set($s = $s.replace('x', 'xx'))#end",
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..100])#set($s = $s.replaceAll('x', '$0$0'))#end",
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..100])#set($s = $s.format('%s%s', $s, $s))#end",
        "#set($s = '((((((((((')#foreach($i in [1..100])#set($s = $util.urlEncode($s))#end#set($s = $s.replace('', $s))",
        "#set($l = [1])#foreach($i in [1..100])#set($x = $l.addAll($l))#end",
        "#set($l = [1])#foreach($i in [1..100])#set($l = [$l, $l])#end$l",
        "#set($m = {})#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = $m.put(\"$i/$j\", $i))#end#end",
        "#set($l = [1..2000000000])",
        "#set($l = [-9223372036854775808..9223372036854775807])",
    ] {
        let limits = Limits { steps: u64::MAX, output_bytes: 1_000_000, memory_bytes: 1_000_000, ..Limits::default() };
        check_limit(template, &limits, |kind| {
            matches!(
                kind,
                RenderErrorKind::TooMuchMemory { .. }
                    | RenderErrorKind::TooDeep { .. }
                    | RenderErrorKind::OutputTooLarge { .. }
            )
        });
    }
}

#[test]
fn a_body_of_many_values_ends_at_the_memory_limit() {
    let body = format!("[{}0]", "0,".repeat(1_000_000));
    let limits = Limits { memory_bytes: 1_000_000, ..Limits::default() };
    let error = render_with("$input.path('$[0]')", &body, &limits).unwrap_err();
    assert_eq!(error.kind, RenderErrorKind::TooMuchMemory { bytes_max: 1_000_000 });
}

#[test]
fn what_holds_itself_is_too_deep() {
    for template in [
        "#define($d)x$d#end$d",
        "#define($a)$b#end#define($b)$a#end$a",
        "#define($d)$util.x($util.x($util.x($util.x($util.x($util.x([[[[$d]]]]))))))#end$d",
        "#define($d)#if(!(true && (\"$d\" == 1 || [$d] == [1])))x#end#end$d",
        "#set($l = [])#set($x = $l.add($l))$l",
        "#set($m = {})#set($m.m = $m)$m",
        "#set($m = $input.path('$'))#set($m.m = $m)$input.json('$')",
        "#set($l = [])#foreach($i in [1..500])#set($l = [$l])#end$l",
        "#set($a = [])#set($x = $a.add($a))#set($b = [])#set($x = $b.add($b))#if($a == $b)#end",
    ] {
        check_limit(template, &Limits::default(), |kind| *kind == RenderErrorKind::TooDeep { depth_max: 200 });
    }
    let scan = "#set($m = $input.path('$'))#set($m.m = $m)$input.json('$..x')";
    check_limit(scan, &Limits::default(), |kind| matches!(kind, RenderErrorKind::PathWork(_)));
}

#[test]
fn deep_nesting_is_refused_when_parsing() {
    for (open, close) in
        [("#if(true)", "#end"), ("#foreach($a in $b)", "#end"), ("#define($a)", "#end"), ("#macro(a)", "#end")]
    {
        let nested = |depth: usize| format!("{}x{}", open.repeat(depth), close.repeat(depth));
        assert!(Template::parse(&nested(40)).is_ok(), "{open}");
        let error = Template::parse(&nested(5000)).unwrap_err();
        assert!(error.expected.contains("at most 100 blocks"), "{open}: {error}");
    }
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{'a':", "1", "}"),
        ("!", "true", ""),
        ("$a.b(", "1", ")"),
        ("$a[", "1", "]"),
    ] {
        let nested = |depth: usize| format!("#set($x = {}{inner}{})", open.repeat(depth), close.repeat(depth));
        assert!(Template::parse(&nested(30)).is_ok(), "{open}");
        let error = Template::parse(&nested(5000)).unwrap_err();
        assert!(error.expected.contains("at most 100 blocks"), "{open}: {error}");
    }
}

#[test]
fn everything_that_parses_at_full_depth_renders_or_is_refused() {
    for (open, close) in [("#if(true)", "#end"), ("#if((true))", "#end"), ("#foreach($a in [1])", "#end")] {
        for depth in [40, 48, 96] {
            if let Ok(template) = Template::parse(&format!("{}x{}", open.repeat(depth), close.repeat(depth))) {
                let call = ExampleCall::new();
                let mut scope = Scope::new(&call, b"");
                assert_eq!(template.render(&mut scope, &Limits::default()).unwrap(), "x", "{open} {depth}");
            }
        }
    }
}

#[test]
fn a_long_template_parses_in_linear_time() {
    let line = "$a.b('c') #if($x == 1)é#end \\$y \"$z\" ## c\n";
    let template = line.repeat(claviger_resources::limits::TEMPLATE_BYTES_MAX / line.len());
    assert!(Template::parse(&template).is_ok());
    assert!(Template::parse(&"$a".repeat(150_000)).is_ok());
    assert!(Template::parse(&"\\".repeat(300_000)).is_ok());
    assert!(Template::parse(&" #set".repeat(60_000)).is_ok());
    assert!(Template::parse(&"#a \n".repeat(70_000)).is_ok());
}

fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "#set(",
        "$a",
        "$b.c",
        " = ",
        "1",
        "'x'",
        "\"$a\"",
        "\"",
        "'",
        ")",
        "(",
        "#if(",
        "#end",
        "#else",
        "#elseif(",
        "#foreach($i in ",
        "[1..3]",
        "[1, 2]",
        "{'k': 1}",
        "$i",
        "$foreach.index",
        "#break",
        "#stop",
        "#define($d)",
        "$d",
        "#macro(m)",
        "#m()",
        "##",
        "\n",
        "#*",
        "*#",
        "#[[",
        "]]#",
        "\\",
        "$",
        "#",
        "!",
        "{",
        "}",
        "[",
        "]",
        ".",
        ",",
        " ",
        " + ",
        " - ",
        " * ",
        " / ",
        " == ",
        " && ",
        "not ",
        "$input.path('$')",
        "$input.json('$..*')",
        "$input.body",
        "$input.params('id')",
        "$util.escapeJavaScript(",
        "$util.urlDecode(",
        "$util.parseJson(",
        "$context.stage",
        "$context.requestOverride.header.X",
        ".replaceAll('(a)|b', '$1')",
        ".split('')",
        ".substring(1, 2)",
        ".add($a)",
        ".put('k', $a)",
        ".get(0)",
        ".toString()",
        ".entrySet()",
        ".format('%5s', 1)",
        "é",
        "\u{1f600}",
    ]);
    prop::collection::vec(fragment, 0..30).prop_map(|fragments| fragments.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "[$#\\\\(){}\\[\\]!.,:'\"=&|+*/%<> \na-c0-2é-]{0,60}") {
        render_quietly(&text)?;
    }

    #[test]
    fn no_fragments_panic(text in fragments()) {
        render_quietly(&text)?;
    }

    #[test]
    fn no_unicode_panics(text in "\\PC{0,40}") {
        render_quietly(&text)?;
    }

    #[test]
    fn no_argument_panics(text in "\\PC{0,12}", from in -3_i64..15, to in -3_i64..15, part in "\\PC{0,2}") {
        let quoted = text.replace('\'', "''");
        let part = part.replace('\'', "''");
        for call in [
            format!("substring({from}, {to})"),
            format!("indexOf('{part}', {from})"),
            format!("lastIndexOf('{part}', {from})"),
            format!("startsWith('{part}', {from})"),
            format!("charAt({from})"),
            format!("replace('{part}', 'x')"),
            format!("replaceAll('{part}', '{part}')"),
            format!("split('{part}', {from})"),
            format!("format('{part}', {from}, {to})"),
            format!("compareTo('{part}')"),
        ] {
            render_quietly(&format!("#set($s = '{quoted}')$s.{call}"))?;
        }
        for call in ["urlDecode", "urlEncode", "base64Decode", "escapeJavaScript", "parseJson"] {
            render_quietly(&format!("$util.{call}('{quoted}')"))?;
        }
    }

    #[test]
    fn escaped_text_comes_back(text in "\\PC{0,40}") {
        let literal = text.replace('\'', "''");
        for there_and_back in ["urlDecode($util.urlEncode('{}'))", "base64Decode($util.base64Encode('{}'))"] {
            let call = there_and_back.replace("{}", &literal);
            prop_assert_eq!(render_with(&format!("$util.{call}"), BODY, &Limits::default()).unwrap(), text.clone());
        }
    }

    #[test]
    fn indexes_are_places_in_utf16(text in "[ab\u{e9}\u{1f600}]{0,12}", part in "[ab\u{e9}\u{1f600}]{1,2}", from in 0_usize..14) {
        let units: Vec<u16> = text.encode_utf16().collect();
        let wanted: Vec<u16> = part.encode_utf16().collect();
        let found = (from.min(units.len())..=units.len()).find(|at| units[*at..].starts_with(&wanted));
        let expected = found.map_or(-1, |at| i64::try_from(at).unwrap());
        let rendered = render_with(&format!("#set($s = '{text}')$s.indexOf('{part}', {from})"), BODY, &Limits::default());
        prop_assert_eq!(rendered.unwrap(), expected.to_string());
    }
}

fn render_quietly(text: &str) -> Result<(), TestCaseError> {
    let Ok(template) = Template::parse(text) else { return Ok(()) };
    let call = ExampleCall::new();
    let mut scope = Scope::new(&call, BODY.as_bytes());
    if let Ok(rendered) = template.render(&mut scope, &tight()) {
        prop_assert!(rendered.len() <= tight().output_bytes);
    }
    let _ = scope.overrides();
    Ok(())
}
