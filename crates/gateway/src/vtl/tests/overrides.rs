//! `$context.requestOverride`, `$context.responseOverride`, and what goes from template to template.

use super::*;

fn overrides(templates: &[&str]) -> Result<Overrides, RenderError> {
    let call = ExampleCall::new();
    let mut scope = Scope::new(&call, b"");
    for template in templates {
        Template::parse(template).unwrap().render(&mut scope, &Limits::default())?;
    }
    Ok(scope.overrides().unwrap())
}

fn pairs(pairs: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let strings = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    pairs.iter().map(|(name, values)| ((*name).to_owned(), strings(values))).collect()
}

#[test]
fn every_form_of_assignment_overrides() {
    for template in [
        "#set($context.requestOverride.header.X = 'v')",
        "#set($context.requestOverride.header['X'] = 'v')",
        "#set($n = 'X')#set($context.requestOverride.header[$n] = 'v')",
        "#set($context['requestOverride']['header'].X = \"v\")",
        "#set($ignore = $context.requestOverride.header.put('X', 'v'))",
        "$context.requestOverride.header.put('X', 'v')",
        "#set($h = $context.requestOverride.header)#set($h.X = 'v')",
        "#set($ignore = $context.requestOverride.header.putAll({'X': 'v'}))",
        "#set($context.requestOverride.header = {'X': 'v'})",
    ] {
        assert!(overrides(&[template]).unwrap().request.header == pairs(&[("X", &["v"])]), "{template}");
    }
}

#[test]
fn every_part_can_be_overridden() {
    let all = overrides(&["
        #set($context.requestOverride.header.H = 1)
        #set($context.requestOverride.header.M = ['a', 'b'])
        #set($context.requestOverride.querystring.Q = true)
        #set($context.requestOverride.path.P = 'p')
        #set($context.responseOverride.header.R = 'r')
        #set($context.responseOverride.status = 418)
    "])
    .unwrap();
    assert!(all.request.header == pairs(&[("H", &["1"]), ("M", &["a", "b"])]));
    assert!(all.request.querystring == pairs(&[("Q", &["true"])]));
    assert!(all.request.path == [("P".to_owned(), "p".to_owned())]);
    assert!(all.response.header == pairs(&[("R", &["r"])]));
    assert_eq!(all.response.status, Some(418));
}

#[test]
fn a_status_is_an_integer_from_100_to_599() {
    for (status, expected) in [
        ("100", Some(100)),
        ("599", Some(599)),
        ("99", None),
        ("600", None),
        ("-1", None),
        ("'404'", None),
        ("404.0", None),
        ("'teapot'", None),
        ("$nothing", None),
    ] {
        let template = format!("#set($context.responseOverride.status = {status})");
        assert_eq!(overrides(&[&template]).unwrap().response.status, expected, "{status}");
    }
}

#[test]
fn nothing_overridden_is_nothing() {
    assert!(overrides(&["x"]).unwrap() == Overrides::default());
    assert!(overrides(&["$context.requestId"]).unwrap() == Overrides::default());
}

#[test]
fn the_same_parameter_twice_is_an_error() {
    for (template, parameter) in [
        (
            "#set($context.requestOverride.header.X = 1)#set($context.requestOverride.header.X = 2)",
            "requestOverride.header.X",
        ),
        ("#foreach($i in [1,2])#set($context.requestOverride.path.p = $i)#end", "requestOverride.path.p"),
        (
            "#set($m = $context.requestOverride.querystring)$m.put('q', 1)$m.put('q', 2)",
            "requestOverride.querystring.q",
        ),
        (
            "#set($context.responseOverride.status = 400)#set($context.responseOverride.status = 500)",
            "responseOverride.status",
        ),
        (
            "#set($context.responseOverride.header.X = 1)#set($context.responseOverride.header['X'] = 2)",
            "responseOverride.header.X",
        ),
    ] {
        let error = overrides(&[template]).err().unwrap_or_else(|| panic!("{template}"));
        assert_eq!(error.kind, RenderErrorKind::OverriddenTwice { parameter: parameter.to_owned() });
    }
}

#[test]
fn a_later_template_of_the_call_finds_and_may_change_overrides() {
    let first = "#set($context.responseOverride.status = 201)#set($context.requestOverride.path.body = $input.body)";
    let second = "#set($context.responseOverride.status = 202)";
    assert_eq!(overrides(&[first]).unwrap().response.status, Some(201));
    assert_eq!(overrides(&[first, second]).unwrap().response.status, Some(202));
}

#[test]
fn the_response_template_sees_its_own_body_and_the_requests_context() {
    let request = Template::parse(
        "#set($context.responseOverride.note = $input.path('$.a'))#set($context.requestOverride.path.body = $input.body)$local",
    )
    .unwrap();
    let response = Template::parse(
        "$context.responseOverride.note $context.requestOverride.path.body $input.path('$.b') $input.body [$local]",
    )
    .unwrap();
    let call = ExampleCall::new();
    let mut scope = Scope::new(&call, b"{\"a\":1}");
    request.render(&mut scope, &Limits::default()).unwrap();
    let body = String::from("{\"b\":2}");
    scope.set_body(body.as_bytes());
    let rendered = response.render(&mut scope, &Limits::default()).unwrap();
    assert_eq!(rendered, "1 {\"a\":1} 2 {\"b\":2} []");
}

#[test]
fn overrides_that_hold_themselves_are_an_error() {
    let template = "#set($l = [])#set($x = $l.add($l))#set($context.requestOverride.header.X = [$l])";
    let call = ExampleCall::new();
    let mut scope = Scope::new(&call, b"");
    Template::parse(template).unwrap().render(&mut scope, &Limits::default()).unwrap();
    assert!(matches!(scope.overrides().err(), Some(RenderErrorKind::TooDeep { .. })));
}
