//! An API with a role mapping lets a token's bearer call what the token's scopes allow.

use serde_json::json;

use crate::stack::{STORMS, request};
use crate::support::{Server, claviger, run};

const DENIED: &str = r#"{"Message":"User is not authorized to access this resource"}"#;

#[tokio::test]
async fn a_mapping_is_enforced_as_soon_as_it_is_put_and_no_longer_than_it_is_there() {
    let server = Server::dev();
    let machine = server.machine().await;
    let api = server.storms(&machine).await;
    let token = machine.token(&server, "").await;
    let call = async |method: &str, target: &str| {
        let target = format!("/_aws/execute-api/{api}/weather{target}");
        server.ask(request(method, &target, &[("Authorization", &*token)], "")).await
    };
    let mapping = async |arguments: &[&str]| run(claviger(&server).args(["role-mapping", &api]).args(arguments)).await;
    assert_eq!(call("GET", "").await.said(), (200, STORMS));
    let put = ["--grant", "weather-api/get=reader", "--grant", "weather-api/delete=writer"];
    let (status, shown, stderr) =
        mapping(&[&put[..], &["--allow", "reader=GET /", "--allow", "writer=POST /"]].concat()).await;
    let expected = format!(
        "API         {api}\nScopes      weather-api/delete = writer\n            weather-api/get = reader\n\
         Roles       reader = GET /\n            writer = POST /\n"
    );
    assert_eq!((status, &*shown, &*stderr), (Some(0), &*expected, ""));
    for target in ["", "/", "?a=b"] {
        assert_eq!(call("GET", target).await.said(), (200, STORMS), "{target}");
    }
    let refused = call("POST", "").await;
    assert_eq!(refused.said(), (403, DENIED));
    assert_eq!(refused.header("x-amzn-errortype"), Some("AccessDeniedException"));
    let setting = "the API's role mapping: the scopes [weather-api/get, weather-api/post] give the roles [reader]; it needs \
                   one of the roles [writer (weather-api/delete)]";
    let reason = "no role of the token allows POST on this path";
    let found = server.check(&refused, "gate", "AccessDeniedException", reason, setting).await;
    let about = &found["about"];
    assert_eq!(
        (&about["method"], &about["tokenScope"]),
        (&json!("POST /"), &json!("weather-api/get weather-api/post"))
    );
    assert!(about["authorizer"].as_str().unwrap().starts_with("pool ("), "{found}");
    assert!(!found.to_string().contains(&token));
    // A path that routing takes and a backend could read otherwise is nobody's.
    let doubled = call("GET", "//").await;
    server.check(&doubled, "gate", "AccessDeniedException", "the path is ambiguous", "can be read in two ways").await;
    // A method that another puts in its place is the one that counts.
    let target = format!("/_aws/execute-api/{api}/weather");
    let headers = [("Authorization", &*token), ("X-HTTP-Method-Override", "POST")];
    assert_eq!(server.ask(request("GET", &target, &headers, "")).await.said(), (403, DENIED));
    // Without a token nothing changes: the authorizer refuses first.
    assert_eq!(server.ask(request("POST", &target, &[], "")).await.status, 401);

    assert_eq!(mapping(&["--delete"]).await, (Some(0), String::new(), String::new()));
    assert_eq!(call("POST", "").await.status, 200);
    let (code, _, stderr) = mapping(&[]).await;
    assert_eq!((code, stderr), (Some(1), format!("claviger: API {api} has no role mapping.\n")));
}
