//! The audit log: what its files say of calls and of requests for tokens, and that no secret is in them.

use std::path::Path;

use claviger_runtime::audit;
use claviger_server::node::{Options, Place};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::locked::{Key, Locked, element};
use crate::stack::{Machine, Reply, claims, request};
use crate::support::Server;

const COGNITO: &str = "AWSCognitoIdentityProviderService";
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The records of a series, once its server has stopped.
fn records(directory: &Path, series: &str) -> Vec<Value> {
    let mut files: Vec<_> = std::fs::read_dir(directory.join("audit")).unwrap().map(|it| it.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with(series));
    files.sort();
    let text: String = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The records of an operation.
fn named<'a>(records: &'a [Value], name: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["eventName"] == name).collect()
}

/// `claviger dev` with an audit log of everything.
fn dev() -> (Server, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let settings = audit::Settings { records: audit::Records::All, ..audit::Settings::default() };
    let options = Options { audit: settings, ..Options::default() };
    (Server::with_node(&Place::Directory(directory.path().to_owned()), options), directory)
}

impl Locked {
    async fn call(&self, key: &Key, operation: &str, input: Value) -> Reply {
        self.json(key, "cognito-idp", &format!("{COGNITO}.{operation}"), input).await
    }
}

#[tokio::test]
async fn every_call_of_a_locked_server_is_recorded_with_who_made_it() {
    let locked = Locked::start().await;
    let auditor = locked.key("auditor").await;
    let made = locked.call(&locked.admin, "CreateUserPool", json!({ "PoolName": "weather" })).await;
    let pool = made.json()["UserPool"]["Id"].as_str().unwrap().to_owned();
    let input = json!({ "UserPoolId": pool, "ClientName": "station", "GenerateSecret": true });
    let client = locked.call(&locked.admin, "CreateUserPoolClient", input).await.json();
    let client = client["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
    let input = json!({ "UserPoolId": pool, "ClientId": client });
    for key in [&locked.admin, &auditor] {
        assert_eq!(locked.call(key, "DescribeUserPoolClient", input.clone()).await.status, 200);
    }
    let denied = locked.call(&auditor, "DeleteUserPoolClient", input.clone()).await;
    assert_eq!(denied.status, 400);
    let invalid = locked.call(&locked.admin, "CreateUserPool", json!({ "PoolName": "" })).await;
    assert_eq!(invalid.status, 400);
    let mut stranger = locked.admin.clone();
    stranger.secret.push('x');
    assert_eq!(locked.call(&stranger, "DeleteUserPool", json!({ "UserPoolId": pool })).await.status, 400);
    let session = locked.assume(&locked.admin, "arn:aws:iam::000000000000:role/deployer", "").await;
    assert_eq!(locked.form(&session, "sts", "Action=GetCallerIdentity&Version=2011-06-15").await.status, 200);
    let rest = locked.admin.signing("apigateway");
    assert_eq!(locked.send(&rest, "POST", "/restapis", &[], r#"{"name":"storms"}"#).await.status, 201);
    let s3 = locked.admin.signing("s3");
    assert_eq!(locked.send(&s3, "PUT", "/a-bucket-of-ours", &[], "").await.status, 200);
    assert_eq!(locked.send(&s3, "GET", "/a-bucket-of-ours/none", &[], "").await.status, 404);
    let explain = locked.admin.signing("claviger");
    let path = "/_claviger/explain/60838619-695e-45bc-8d3d-331626f88932";
    assert_eq!(locked.send(&explain, "GET", path, &[], "").await.status, 404);
    let Locked { server, admin, directory } = locked;
    server.stop().await;

    let records = records(directory.path(), "calls");
    let find = |name: &str| named(&records, name);
    let [ok, bad] = find("CreateUserPool")[..] else { panic!("{records:#?}") };
    assert_eq!(ok["requestParameters"], json!({ "poolName": "weather" }));
    assert_eq!(ok["responseElements"]["userPool"]["id"], pool);
    assert_eq!(ok["requestID"], made.header("x-amzn-requestid").unwrap());
    let expected = json!({
        "type": "IAMUser", "arn": "arn:aws:iam::000000000000:user/ada", "accountId": "000000000000",
        "accessKeyId": admin.id, "userName": "ada", "principalId": ok["userIdentity"]["principalId"],
    });
    assert_eq!(ok["userIdentity"], expected);
    let fixed = ["eventSource", "awsRegion", "sourceIPAddress", "eventType", "eventCategory", "recipientAccountId"];
    assert_eq!(
        fixed.map(|name| ok[name].as_str().unwrap()),
        ["cognito-idp.amazonaws.com", "us-east-1", "127.0.0.1", "AwsApiCall", "Management", "000000000000"]
    );
    assert_eq!(
        (&ok["readOnly"], &ok["managementEvent"], &ok["errorCode"]),
        (&false.into(), &true.into(), &Value::Null)
    );
    assert_eq!((&bad["errorCode"], &bad["requestParameters"]), (&"InvalidParameterException".into(), &Value::Null));

    let [made] = find("CreateUserPoolClient")[..] else { panic!("{records:#?}") };
    let elements = &made["responseElements"]["userPoolClient"];
    assert_eq!((&elements["clientId"], &elements["clientSecret"]), (&json!(client), &json!(HIDDEN)));
    // Both described at the client, and one of them was shown its secret.
    let [described, _] = find("DescribeUserPoolClient")[..] else { panic!("{records:#?}") };
    assert_eq!((&described["readOnly"], &described["responseElements"]), (&true.into(), &Value::Null));
    let [shown] = find("ReadClientSecret")[..] else { panic!("{records:#?}") };
    assert_eq!(
        (&shown["requestID"], &shown["requestParameters"]["clientId"]),
        (&described["requestID"], &json!(client))
    );
    let [denied] = find("DeleteUserPoolClient")[..] else { panic!("{records:#?}") };
    assert_eq!(
        (&denied["errorCode"], &denied["userIdentity"]["accessKeyId"]),
        (&"AccessDeniedException".into(), &json!(auditor.id))
    );
    let [refused] = find("DeleteUserPool")[..] else { panic!("{records:#?}") };
    assert_eq!(refused["userIdentity"], json!({ "type": "Unknown", "accessKeyId": admin.id }));
    assert_eq!(refused["errorCode"], "InvalidSignatureException");
    let [assumed] = find("AssumeRole")[..] else { panic!("{records:#?}") };
    let credentials = &assumed["responseElements"]["credentials"];
    assert_eq!((&credentials["sessionToken"], &credentials["secretAccessKey"]), (&json!(HIDDEN), &json!(HIDDEN)));
    assert_eq!(credentials["accessKeyId"], session.id);
    let [asked] = find("GetCallerIdentity")[..] else { panic!("{records:#?}") };
    let who = &asked["userIdentity"];
    assert_eq!(
        (&who["type"], &who["sessionContext"]["sessionIssuer"]["userName"]),
        (&json!("AssumedRole"), &json!("deployer"))
    );
    let [api] = find("CreateRestApi")[..] else { panic!("{records:#?}") };
    assert_eq!(
        (&api["requestParameters"]["name"], &api["responseElements"]["name"]),
        (&json!("storms"), &json!("storms"))
    );
    let [object] = find("GetObject")[..] else { panic!("{records:#?}") };
    assert_eq!((&object["eventCategory"], &object["errorCode"]), (&json!("Data"), &json!("NoSuchKey")));
    assert_eq!(object["requestParameters"], json!({ "bucketName": "a-bucket-of-ours", "key": "none" }));
    let [explained] = find("Explain")[..] else { panic!("{records:#?}") };
    assert_eq!(
        (&explained["eventSource"], &explained["requestParameters"]["path"]),
        (&json!("claviger"), &json!(path))
    );

    let text = Value::from(records).to_string();
    for secret in [&admin.secret, &auditor.secret, &session.secret, session.token.as_ref().unwrap()] {
        assert!(!text.contains(secret.as_str()));
    }
}

#[tokio::test]
async fn a_flood_of_wrong_signatures_is_told_of_and_not_each_of_them() {
    let locked = Locked::start().await;
    let mut stranger = locked.admin.clone();
    stranger.secret.push('x');
    for _ in 0..30 {
        assert_eq!(locked.call(&stranger, "ListUserPools", json!({ "MaxResults": 1 })).await.status, 400);
    }
    let Locked { server, directory, .. } = locked;
    server.stop().await;
    let records = records(directory.path(), "calls");
    let refused = named(&records, "ListUserPools").len();
    // Ten at once, and one more for every six seconds that the test takes.
    assert!((10..20).contains(&refused), "{refused}");
}

#[tokio::test]
async fn requests_for_tokens_are_recorded_with_what_they_asked_and_got() {
    let (server, directory) = dev();
    let machine = server.machine().await;
    let token = machine.token(&server, "weather-api%2Fget").await;
    let wrong = Machine { secret: "wrong-secret-of-the-machine".to_owned(), ..machine };
    assert_eq!(wrong.ask(&server, "&scope=weather-api%2Fget").await.status, 400);
    let machine = Machine { secret: machine_secret(&server, &wrong).await, ..wrong };
    let basic = machine.basic();
    let headers = [FORM, ("authorization", &*basic)];
    let about = format!("token={token}");
    for path in ["/_claviger/introspect", "/_claviger/revoke"] {
        assert_eq!(server.ask(request("POST", path, &headers, &about)).await.status, 200, "{path}");
    }
    let form = "grant_type=client_credentials&client_id=a-secret-in-the-wrong-place&client_secret=s";
    let unknown = server.ask(request("POST", "/oauth2/token", &[FORM], form)).await;
    assert_eq!(unknown.status, 400);
    server.stop().await;

    let records = records(directory.path(), "tokens");
    let [ok, bad, stray] = named(&records, "Token_POST")[..] else { panic!("{records:#?}") };
    let data = &ok["additionalEventData"];
    let said = claims(&token);
    assert_eq!(
        data["requestParameters"],
        json!({ "grant_type": ["client_credentials"], "scope": ["weather-api/get"] })
    );
    assert_eq!((&data["userPoolId"], &data["clientId"]), (&json!(machine.pool), &json!(machine.client_id)));
    let answered = &data["responseParameters"];
    assert_eq!((&answered["status"], &answered["access_token"]), (&json!(200), &json!(HIDDEN)));
    for claim in ["jti", "scope", "client_id", "exp"] {
        assert_eq!(answered["token"][claim], said[claim], "{claim}");
    }
    let fixed = ["eventSource", "eventType", "awsRegion", "recipientAccountId", "sourceIPAddress"];
    assert_eq!(
        fixed.map(|name| ok[name].as_str().unwrap()),
        ["cognito-idp.amazonaws.com", "AwsServiceEvent", "us-east-1", "000000000000", "127.0.0.1"]
    );
    assert_eq!(
        (&ok["userIdentity"], &ok["requestParameters"]),
        (&json!({ "accountId": "000000000000" }), &Value::Null)
    );
    assert_eq!(
        (&bad["errorCode"], &bad["additionalEventData"]["responseParameters"]),
        (&json!("invalid_client"), &json!({ "status": 400 }))
    );
    assert_eq!(bad["additionalEventData"]["clientId"], machine.client_id);
    assert_eq!(stray["requestID"], unknown.header("x-amz-cognito-request-id").unwrap());
    assert_eq!(stray["additionalEventData"]["requestParameters"]["client_secret"], json!([HIDDEN]));
    for name in ["Introspect_POST", "Revoke_POST"] {
        let [found] = named(&records, name)[..] else { panic!("{records:#?}") };
        assert_eq!(
            (&found["eventSource"], &found["additionalEventData"]["clientId"]),
            (&json!("claviger"), &json!(machine.client_id))
        );
    }
    let text = Value::from(records).to_string();
    let signature = token.rsplit('.').next().unwrap();
    for secret in [&machine.secret, "wrong-secret-of-the-machine", &basic[6..], signature, "the-wrong-place"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

/// The secret of a machine, asked of the server once more.
async fn machine_secret(server: &Server, machine: &Machine) -> String {
    let input = json!({ "UserPoolId": machine.pool, "ClientId": machine.client_id });
    let described = server.cognito("DescribeUserPoolClient", input).await;
    described["UserPoolClient"]["ClientSecret"].as_str().unwrap().to_owned()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story: every call that carries a secret, one after the other")]
async fn no_secret_is_in_the_files_whatever_call_carries_it() {
    let (server, directory) = dev();
    let mut secrets: Vec<String> = Vec::new();
    let mut secret = |text: &str| {
        assert!(text.len() > 7, "{text:?} would be found anywhere");
        secrets.push(text.to_owned());
        text.to_owned()
    };
    let call = async |target: &str, input: Value| {
        let headers = [("X-Amz-Target", target), ("Content-Type", "application/x-amz-json-1.1")];
        let reply = server.ask(request("POST", "/", &headers, &input.to_string())).await;
        assert_eq!(reply.status, 200, "{target}: {reply:?}");
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    };
    let cognito = async |operation: &str, input: Value| call(&format!("{COGNITO}.{operation}"), input).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();

    let machine = server.machine().await;
    secret(&machine.secret);
    let ids = json!({ "UserPoolId": machine.pool, "ClientId": machine.client_id });
    let with = |more: Value| {
        let mut input = ids.clone();
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let added = cognito("AddUserPoolClientSecret", ids.clone()).await;
    secret(&text(&added["ClientSecretDescriptor"]["ClientSecretValue"]));
    cognito("DescribeUserPoolClient", ids.clone()).await;
    cognito("ListUserPoolClientSecrets", ids.clone()).await;
    cognito("UpdateUserPoolClient", with(json!({ "ClientName": "station" }))).await;
    let flows = json!({ "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"], "AllowedOAuthScopes": ["weather-api/get"] });
    let (direct, direct_secret) = server.client(&machine.pool, flows).await;
    let input = json!({ "ClientId": direct, "Secret": secret(&direct_secret) });
    let token = cognito("GetClientToken", input).await;
    let token = text(&token["ClientAuthenticationResult"]["AccessToken"]);
    secret(token.rsplit('.').next().unwrap());

    let flows = json!({
        "GenerateSecret": false, "AllowedOAuthFlows": [], "AllowedOAuthScopes": [], "AllowedOAuthFlowsUserPoolClient": false,
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    });
    let (public, _) = server.client(&machine.pool, flows).await;
    let (first, second) = (secret("First-Password-1"), secret("Second-Password-2"));
    let user = json!({ "UserPoolId": machine.pool, "Username": "ada", "TemporaryPassword": first, "MessageAction": "SUPPRESS" });
    cognito("AdminCreateUser", user).await;
    let set = json!({ "UserPoolId": machine.pool, "Username": "ada", "Password": second, "Permanent": true });
    cognito("AdminSetUserPassword", set).await;
    let metadata = secret("metadata-of-the-client");
    let parameters = json!({ "USERNAME": "ada", "PASSWORD": second });
    let start = json!({
        "ClientId": public, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters, "ClientMetadata": { "a": metadata },
    });
    let signed_in = cognito("InitiateAuth", start).await["AuthenticationResult"].take();
    for name in ["AccessToken", "IdToken", "RefreshToken"] {
        secret(text(&signed_in[name]).rsplit('.').next().unwrap());
    }
    cognito("GetUser", json!({ "AccessToken": signed_in["AccessToken"] })).await;
    let third = secret("Third-Password-3");
    let change =
        json!({ "AccessToken": signed_in["AccessToken"], "PreviousPassword": second, "ProposedPassword": third });
    cognito("ChangePassword", change).await;

    let key = call("Claviger.CreateAccessKey", json!({ "RoleName": "auditor" })).await["AccessKey"].take();
    secret(&text(&key["SecretAccessKey"]));
    let input = json!({ "AccessKeyId": key["AccessKeyId"] });
    let rotated = call("Claviger.RotateAccessKey", input).await;
    secret(&text(&rotated["AccessKey"]["SecretAccessKey"]));

    let value = secret("parameter-in-secret");
    call("AmazonSSM.PutParameter", json!({ "Name": "p", "Type": "SecureString", "Value": value })).await;
    call("AmazonSSM.GetParameter", json!({ "Name": "p", "WithDecryption": true })).await;
    let value = secret("kept-in-secret");
    call("secretsmanager.CreateSecret", json!({ "Name": "s", "SecretString": value })).await;
    let value = secret("kept-in-secret-anew");
    call("secretsmanager.PutSecretValue", json!({ "SecretId": "s", "SecretString": value })).await;
    call("secretsmanager.GetSecretValue", json!({ "SecretId": "s" })).await;

    let rest = async |method: &str, path: &str, body: &str| {
        let reply = server.ask(request(method, path, &[("content-type", "application/json")], body)).await;
        assert!(reply.status.is_success(), "{path}: {reply:?}");
        reply.json()
    };
    let value = secret("value-of-an-api-key-of-ours");
    let key = rest("POST", "/apikeys", &json!({ "name": "k", "enabled": true, "value": value }).to_string()).await;
    let id = text(&key["id"]);
    rest("GET", &format!("/apikeys/{id}?includeValue=true"), "").await;
    rest("PATCH", &format!("/apikeys/{id}"), r#"{"patchOperations":[{"op":"replace","path":"/name","value":"kk"}]}"#)
        .await;
    let plan = text(&rest("POST", "/usageplans", r#"{"name":"plan"}"#).await["id"]);
    let attach = json!({ "keyId": id, "keyType": "API_KEY" }).to_string();
    rest("POST", &format!("/usageplans/{plan}/keys"), &attach).await;

    let role = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A000000000000%3Arole%2Fdeploy&RoleSessionName=live";
    let assumed = server.ask(request("POST", "/", &[FORM], role)).await;
    for name in ["SecretAccessKey", "SessionToken"] {
        secret(&element(&assumed.body, name).replace("&amp;", "&"));
    }
    let value = secret("secret-of-a-template");
    let template = json!({
        "Parameters": { "Word": { "Type": "String", "NoEcho": true } },
        "Resources": { "P": { "Type": "AWS::SSM::Parameter", "Properties": { "Type": "String", "Value": value } } },
    });
    let template = form_urlencoded::byte_serialize(template.to_string().as_bytes()).collect::<String>();
    let word = secret("word-of-a-template");
    let form = format!(
        "Action=CreateStack&Version=2010-05-15&StackName=x&TemplateBody={template}&Parameters.member.1.ParameterKey=Word\
         &Parameters.member.1.ParameterValue={word}"
    );
    let created = server.ask(request("POST", "/", &[FORM], &form)).await;
    assert_eq!(created.status, 200, "{created:?}");
    let input = json!({ "PoolName": "", "PoolTags": {} });
    let target = format!("{COGNITO}.CreateUserPool");
    let headers = [("X-Amz-Target", &*target)];
    assert_eq!(server.ask(request("POST", "/", &headers, &input.to_string())).await.status, 400);
    let renewed =
        format!("grant_type=refresh_token&client_id={public}&refresh_token={}", text(&signed_in["RefreshToken"]));
    // The app client is for the API alone.
    assert_eq!(server.ask(request("POST", "/oauth2/token", &[FORM], &renewed)).await.status, 400);
    server.stop().await;

    let mut all = records(directory.path(), "calls");
    let tokens = records(directory.path(), "tokens");
    for (operation, number) in
        [("CreateUserPoolClient", 3), ("ReadClientSecret", 2), ("GetSecretValue", 1), ("InitiateAuth", 1)]
    {
        assert_eq!(named(&all, operation).len(), number, "{operation}");
    }
    let [direct] = named(&all, "GetClientToken")[..] else { panic!("{all:#?}") };
    assert_eq!(direct["additionalEventData"]["token"]["jti"], claims(&token)["jti"]);
    assert_eq!(tokens.len(), 1);
    all.extend(tokens);
    let text = Value::from(all).to_string();
    assert!(secrets.len() > 20);
    for secret in &secrets {
        assert!(!text.contains(secret.as_str()), "{secret} is in the audit log");
    }
}
