//! Tests of what roles allow.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn table(scopes: &[(&str, &[&str])], roles: &[(&str, &[&str])]) -> RoleTable {
    let map = |pairs: &[(&str, &[&str])]| -> BTreeMap<String, Vec<String>> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        pairs.iter().map(|(key, values)| ((*key).to_owned(), texts(values))).collect()
    };
    RoleTable { scopes: map(scopes), roles: map(roles) }
}

fn weather() -> Roles {
    let scopes: &[(&str, &[&str])] = &[
        ("weather/read", &["reader"]),
        ("weather/write", &["reader", "writer"]),
        ("weather/admin", &["admin"]),
        ("weather/none", &[]),
    ];
    let roles: &[(&str, &[&str])] = &[
        ("reader", &["GET /", "GET /storms", "GET /storms/{id}", "GET /files/{path+}"]),
        ("writer", &["POST /storms", "* /storms/{id}", "GET /storms/{id}/track"]),
        ("admin", &["* /", "* /{proxy+}"]),
        ("auditor", &["GET /log"]),
    ];
    Roles::compile(&table(scopes, roles)).unwrap()
}

fn judge(roles: &Roles, scope: &str, method: &str, path: &str, resource: Option<&str>) -> Result<(), NotAllowed> {
    let path = CalledPath::parse(path);
    let path = path.map(|path| if let Some(resource) = resource { path.at_resource(resource) } else { path });
    roles.held(scope).judge(method, &path, scope)
}

#[test]
fn a_role_allows_what_its_rules_match_and_nothing_else() {
    let roles = weather();
    let check = |scope: &str, call: &str, expected: bool| {
        let (method, path) = call.split_once(' ').unwrap();
        let outcome = judge(&roles, scope, method, path, None);
        assert_eq!(outcome.is_ok(), expected, "{scope} {call}: {outcome:?}");
    };
    for scope in ["weather/read", "weather/write", "x/y weather/read", "weather/read weather/none"] {
        check(scope, "GET /", true);
        check(scope, "GET /storms", true);
        check(scope, "GET /storms/", true);
        check(scope, "GET /storms/7", true);
        check(scope, "GET /st%6frms/a%20b", true);
        check(scope, "GET /files/a", true);
        check(scope, "GET /files/a/b/c", true);
        check(scope, "GET /files", false);
        check(scope, "GET /Storms", false);
        check(scope, "HEAD /storms", false);
        check(scope, "get /storms", false);
        check(scope, "GET /storms/7/8", false);
        check(scope, "GET /log", false);
        check(scope, "DELETE /", false);
    }
    check("weather/read", "POST /storms", false);
    check("weather/write", "POST /storms", true);
    check("weather/write", "DELETE /storms/7", true);
    check("weather/write", "GET /storms/7/track", true);
    check("weather/write", "PUT /storms/7/track", false);
    check("weather/admin", "PROPFIND /anything/at/all", true);
    check("weather/admin", "GET /", true);
    for scope in ["", "weather", "weather/none", "weather/rea", "weather/reads", "WEATHER/READ", "weather/read,x"] {
        check(scope, "GET /storms", false);
    }
    for path in ["/storms/../admin", "/files/%2e%2e/log", "/files//log", "/files/a%2fb", "/storms;x", "storms", "*"] {
        check("weather/admin weather/read", &format!("GET {path}"), false);
    }
}

#[test]
fn a_variable_stands_for_no_segment_that_the_api_has_a_resource_for() {
    let roles = weather();
    let check = |scope: &str, path: &str, resource: &str, expected: bool| {
        let outcome = judge(&roles, scope, "GET", path, Some(resource));
        assert_eq!(outcome.is_ok(), expected, "{scope} {path} at {resource}");
    };
    check("weather/read", "/storms/7", "/storms/{id}", true);
    check("weather/read", "/storms/secret", "/storms/secret", false);
    check("weather/read", "/storms/secret/", "/storms/secret", false);
    check("weather/read", "/storms/7", "/{proxy+}", true);
    check("weather/read", "/storms/7", "/storms/{proxy+}", true);
    check("weather/read", "/storms/7", "/{kind}/7", false);
    check("weather/read", "/files/secret", "/files/secret", true);
    check("weather/admin", "/storms/secret", "/storms/secret", true);
    check("weather/read", "/storms", "/storms", true);
    check("weather/read", "/", "/", true);
}

#[test]
fn says_what_was_there_and_what_would_have_done() {
    let roles = weather();
    let check = |scope: &str, call: &str, reason: &str, setting: &str| {
        let (method, path) = call.split_once(' ').unwrap();
        let refused = judge(&roles, scope, method, path, None).unwrap_err();
        assert_eq!((&*refused.reason, &*refused.setting), (reason, setting));
    };
    check(
        "weather/read x/y",
        "POST /storms",
        "no role of the token allows POST on this path",
        "the scopes [weather/read, x/y] give the roles [reader]; it needs one of the roles [admin (weather/admin), \
         writer (weather/write)]",
    );
    check(
        "weather/none",
        "GET /log",
        "no role of the token allows GET on this path",
        "the scopes [weather/none] give the roles []; it needs one of the roles [admin (weather/admin), auditor (given \
         by no scope)]",
    );
    check(
        "weather/admin",
        "GET /a/../b",
        "the path is ambiguous: it has a segment of dots",
        "the scopes [weather/admin] give the roles [admin]; no role allows a path that can be read in two ways",
    );
    let narrow = Roles::compile(&table(&[("a", &["r"])], &[("r", &["GET /a"])])).unwrap();
    let refused = judge(&narrow, "a", "GET", "/b", None).unwrap_err();
    assert_eq!(refused.setting, "the scopes [a] give the roles [r]; no role allows it");
    assert_eq!(weather().held("weather/admin weather/write").text(), "admin,reader,writer");
}

#[test]
fn refuses_what_is_no_mapping() {
    let check = |table: RoleTable, expected: &str| {
        let error = Roles::compile(&table).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let rule = |rule: &str| table(&[], &[("r", &[rule])]);
    for (text, expected) in [
        ("", "expected a method"),
        ("GET", "expected a method"),
        ("/storms", "expected a method"),
        ("get /storms", "upper-case"),
        ("GET,POST /storms", "upper-case"),
        ("GET storms", "begins with a slash"),
        ("GET  /storms", "begins with a slash"),
        ("GET /storms/", "no slash at its end"),
        ("GET //storms", "no empty segment"),
        ("GET /../a", "dots"),
        ("GET /a/*", "* stands for methods only"),
        ("GET /a/{}", "a variable is {name}"),
        ("GET /a/{+}", "a variable is {name}"),
        ("GET /a/{b c}", "a variable is {name}"),
        ("GET /a/x{b}", "plain text"),
        ("GET /a%20b", "plain text"),
        ("GET /a?b", "plain text"),
        ("GET /a\u{0}", "plain text"),
        ("GET /{a+}/b", "nothing follows"),
    ] {
        check(rule(text), expected);
    }
    check(rule(&format!("GET /{}", "x".repeat(1020))), "longer than 1024 bytes");
    check(table(&[("a", &["r"])], &[]), "the scope \"a\" gives the role \"r\", which the mapping does not have");
    for scope in ["", "a b", "a\"b", "a\\b", "ä", &"x".repeat(514)] {
        check(table(&[(scope, &[])], &[]), "is no scope");
    }
    for role in ["", "a b", "a,b", "a\r\nb", "ä", &"x".repeat(65)] {
        check(table(&[], &[(role, &[])]), "is no name of a role");
    }
    let many = |count: usize| (0..count).map(|number| (number.to_string(), Vec::new())).collect::<BTreeMap<_, _>>();
    check(RoleTable { roles: many(101), ..RoleTable::default() }, "up to 100 roles");
    check(RoleTable { scopes: many(501), ..RoleTable::default() }, "up to 500 scopes");
    let rules = BTreeMap::from([("r".to_owned(), vec!["GET /".to_owned(); 2001])]);
    check(RoleTable { roles: rules, ..RoleTable::default() }, "up to 2000 rules");
    let empty = Roles::compile(&RoleTable::default()).unwrap();
    assert!(judge(&empty, "a", "GET", "/", None).is_err());
}

proptest! {
    #[test]
    fn no_rule_panics_and_what_a_rule_without_variables_says_it_allows(text in "[A-Z*]{0,3} ?[-/a-c{}+.%*]{0,20}") {
        let table = table(&[("s", &["r"])], &[("r", &[&text])]);
        if let Ok(roles) = Roles::compile(&table) {
            let (method, path) = text.split_once(' ').unwrap();
            let method = if method == "*" { "GET" } else { method };
            if !path.contains('{') {
                prop_assert!(judge(&roles, "s", method, path, None).is_ok());
            }
        }
    }
}
