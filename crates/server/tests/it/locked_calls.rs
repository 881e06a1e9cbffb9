//! The control plane of a locked server: who may call it, what a role lets them do, and what ends with a key.

use claviger_runtime::roles::{RoleDefinition, Roles};
use serde_json::{Value, json};

use crate::locked::{Key, Locked, assume, element};
use crate::stack::{Reply, request};
use crate::support::{claviger, run};

const COGNITO: &str = "AWSCognitoIdentityProviderService";

/// Asserts how a call of awsJson is refused: exception, and a part of the message.
fn refused(reply: &Reply, exception: &str, message: &str) {
    let body = reply.json();
    assert_eq!((reply.status.as_u16(), &body["__type"]), (400, &Value::from(exception)), "{reply:?}");
    assert!(body["message"].as_str().unwrap().contains(message), "{message}: {reply:?}");
}

impl Locked {
    async fn cognito(&self, key: &Key, operation: &str, input: Value) -> Reply {
        self.json(key, "cognito-idp", &format!("{COGNITO}.{operation}"), input).await
    }

    /// A pool with a machine's client: their ids and the client's secret.
    async fn client(&self) -> (String, String, String) {
        let pool = self.cognito(&self.admin, "CreateUserPool", json!({ "PoolName": "weather" })).await.json();
        let pool = pool["UserPool"]["Id"].as_str().unwrap().to_owned();
        let input = json!({ "UserPoolId": pool, "ClientName": "station", "GenerateSecret": true });
        let client = self.cognito(&self.admin, "CreateUserPoolClient", input).await.json();
        let text = |name: &str| client["UserPoolClient"][name].as_str().unwrap().to_owned();
        (pool, text("ClientId"), text("ClientSecret"))
    }
}

#[tokio::test]
async fn without_a_signature_each_protocol_says_so_in_its_own_words() {
    let Locked { server, .. } = Locked::start().await;
    let ask = async |method: &str, target: &str, headers: &[(&str, &str)], body: &str| {
        server.ask(request(method, target, headers, body)).await
    };
    let target = [("x-amz-target", "AWSCognitoIdentityProviderService.ListUserPools")];
    let json = ask("POST", "/", &target, "{}").await;
    refused(&json, "MissingAuthenticationTokenException", "Missing Authentication Token");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let query = ask("POST", "/", &form, "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert_eq!((query.status.as_u16(), element(&query.body, "Code")), (403, "MissingAuthenticationToken"));
    let rest = ask("GET", "/restapis", &[], "").await;
    assert_eq!(rest.header("x-amzn-errortype"), Some("MissingAuthenticationTokenException"));
    let own = ask("POST", "/", &[("x-amz-target", "Claviger.CreateAccessKey")], r#"{"RoleName":"admin"}"#).await;
    refused(&own, "MissingAuthenticationTokenException", "Missing Authentication Token");
    for path in ["/_claviger/explain/60838619-695e-45bc-8d3d-331626f88932", "/_claviger/messages?userPoolId=a"] {
        refused(&ask("GET", path, &[], "").await, "MissingAuthenticationTokenException", "Missing");
    }
    for path in ["/_claviger/health", "/_claviger/ready"] {
        assert_eq!(ask("GET", path, &[], "").await.status, 200, "{path}");
    }
    for path in ["/_claviger/reset", "/_claviger/clock"] {
        assert_eq!(ask("POST", path, &[], "").await.status, 404, "{path}");
    }
    // A claim that nobody could make.
    let claim = crate::stack::signed("AKIAQAAAAAAAAAAAAAAA", "us-east-1", "cognito-idp");
    let claimed = ask("POST", "/", &[target[0], ("authorization", &claim)], "{}").await;
    refused(&claimed, "IncompleteSignatureException", "existence of either a 'X-Amz-Date' or a 'Date' header");
}

#[tokio::test]
async fn what_aws_leaves_unsigned_is_open() {
    let world = Locked::start().await;
    let (_, client, _) = world.client().await;
    let input = json!({ "ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": { "USERNAME": "ada", "PASSWORD": "x" } });
    let ask = async |operation: &str, input: &Value, authorization: Option<&str>| {
        world.server.cognito_as(authorization, operation, input).await.json()["__type"].clone()
    };
    // They are refused for what they say, not for who says it.
    let refused = ask("InitiateAuth", &input, None).await;
    assert!(refused != "MissingAuthenticationTokenException" && refused.is_string(), "{refused}");
    assert_eq!(ask("InitiateAuth", &input, Some("AWS4-HMAC-SHA256 nonsense")).await, refused);
    let claim = crate::stack::signed("test", "us-east-1", "cognito-idp");
    let token = json!({ "UserPoolId": "us-east-1_000000000", "ClientId": "x", "ClientSecret": "y" });
    for authorization in [None, Some(&*claim)] {
        let refused = ask("GetClientToken", &token, authorization).await;
        let refused = refused.as_str().unwrap_or_default();
        assert!(!refused.is_empty() && !refused.contains("Signature") && !refused.contains("Token"), "{refused}");
    }
}

#[tokio::test]
async fn a_key_is_made_listed_rotated_and_revoked() {
    let world = Locked::start().await;
    let ask = async |key: &Key| world.cognito(key, "ListUserPools", json!({ "MaxResults": 1 })).await;
    let input = json!({ "RoleName": "auditor", "UserName": "eve", "Description": "looks", "ExpiresInSeconds": 3600 });
    let made = world.own(&world.admin, "CreateAccessKey", input).await;
    let key = Key::of(&made);
    let shown = &made["AccessKey"];
    assert_eq!(
        (&shown["Status"], &shown["UserName"], &shown["RoleName"]),
        (&"Active".into(), &"eve".into(), &"auditor".into())
    );
    assert_eq!((&shown["AccountId"], key.secret.len()), (&"000000000000".into(), 40));
    let lifetime = shown["ExpirationDate"].as_f64().unwrap() - shown["CreationDate"].as_f64().unwrap();
    assert!((lifetime - 3600.0).abs() < 0.01);
    assert_eq!(ask(&key).await.status, 200);
    let listed = world.own(&world.admin, "ListAccessKeys", json!({})).await;
    let listed = listed["AccessKeys"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|key| key.get("SecretAccessKey").is_none()), "{listed:?}");
    let page = world.own(&world.admin, "ListAccessKeys", json!({ "MaxResults": 1 })).await;
    let rest = world.own(&world.admin, "ListAccessKeys", json!({ "NextToken": page["NextToken"] })).await;
    assert_eq!(rest["AccessKeys"].as_array().unwrap().len(), 1);

    let rotated = world.own(&world.admin, "RotateAccessKey", json!({ "AccessKeyId": key.id })).await;
    assert_eq!(
        (&rotated["AccessKey"]["RotatedFrom"], &rotated["AccessKey"]["UserName"]),
        (&Value::from(&*key.id), &"eve".into())
    );
    let newer = Key::of(&rotated);
    assert_eq!((ask(&key).await.status.as_u16(), ask(&newer).await.status.as_u16()), (200, 200));
    let revoked = world.own(&world.admin, "RevokeAccessKey", json!({ "AccessKeyId": key.id })).await;
    assert_eq!(revoked["AccessKey"]["Status"], "Inactive");
    let message = "The security token included in the request is invalid.";
    refused(&ask(&key).await, "UnrecognizedClientException", message);
    assert_eq!(ask(&newer).await.status, 200);
    // Without grace the older key ends at once.
    world.own(&world.admin, "RotateAccessKey", json!({ "AccessKeyId": newer.id, "GraceSeconds": 0 })).await;
    refused(&ask(&newer).await, "UnrecognizedClientException", message);
    for (operation, input, exception, message) in [
        ("RotateAccessKey", json!({ "AccessKeyId": key.id }), "InvalidParameterException", "is revoked or has expired"),
        (
            "RevokeAccessKey",
            json!({ "AccessKeyId": "AKIAQAAAAAAAAAAAAAAA" }),
            "ResourceNotFoundException",
            "does not exist",
        ),
        (
            "CreateAccessKey",
            json!({ "RoleName": "king" }),
            "InvalidParameterException",
            "There are: admin, auditor, deployer",
        ),
    ] {
        refused(
            &world.json(&world.admin, "claviger", &format!("Claviger.{operation}"), input).await,
            exception,
            message,
        );
    }
}

#[tokio::test]
async fn secrets_are_for_those_who_may_read_them() {
    let world = Locked::start().await;
    let (pool, client, secret) = world.client().await;
    let describe = json!({ "UserPoolId": pool, "ClientId": client });
    let call = async |key: &Key, service: &'static str, target: &str, input: Value| {
        world.json(key, service, target, input).await
    };
    let put = json!({ "Name": "/weather/key", "Value": "storm", "Type": "SecureString" });
    assert_eq!(call(&world.admin, "ssm", "AmazonSSM.PutParameter", put).await.status, 200);
    let put = json!({ "Name": "weather", "SecretString": "storm" });
    assert_eq!(call(&world.admin, "secretsmanager", "secretsmanager.CreateSecret", put).await.status, 200);
    let api_key = world
        .send(&world.admin.signing("apigateway"), "POST", "/apikeys", &[], r#"{"name":"a","enabled":true}"#)
        .await
        .json();
    for (role, may_read_client, may_decrypt, may_read_secret, may_read_api_key) in [
        ("admin", true, true, true, true),
        ("deployer", true, true, false, true),
        ("auditor", false, false, false, false),
        ("secret-reader", true, true, true, true),
    ] {
        let key = world.key(role).await;
        let shown = world.cognito(&key, "DescribeUserPoolClient", describe.clone()).await.json();
        let expected = may_read_client.then_some(&*secret);
        assert_eq!(
            (shown["UserPoolClient"]["ClientSecret"].as_str(), &shown["UserPoolClient"]["ClientName"]),
            (expected, &"station".into()),
            "{role}"
        );
        let parameter = json!({ "Name": "/weather/key", "WithDecryption": true });
        let reply = call(&key, "ssm", "AmazonSSM.GetParameter", parameter).await;
        assert_eq!(reply.status == 200, may_decrypt, "{role}: {reply:?}");
        if !may_decrypt {
            refused(
                &reply,
                "AccessDeniedException",
                "is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:000000000000:alias/aws/ssm because no identity-based policy allows the kms:Decrypt action",
            );
            let sealed = call(&key, "ssm", "AmazonSSM.GetParameter", json!({ "Name": "/weather/key" })).await;
            assert!(sealed.status == 200 && !sealed.body.contains("storm"), "{sealed:?}");
        }
        let reply =
            call(&key, "secretsmanager", "secretsmanager.GetSecretValue", json!({ "SecretId": "weather" })).await;
        assert_eq!(reply.status == 200, may_read_secret, "{role}: {reply:?}");
        if role == "deployer" {
            refused(&reply, "AccessDeniedException", "with an explicit deny in an identity-based policy");
        }
        let path = format!("/apikeys/{}", api_key["id"].as_str().unwrap());
        let bare = world.send(&key.signing("apigateway"), "GET", &path, &[], "").await;
        assert!(bare.status == 200 && bare.json().get("value").is_none(), "{role}: {bare:?}");
        let with_value =
            world.send(&key.signing("apigateway"), "GET", &format!("{path}?includeValue=true"), &[], "").await;
        assert_eq!(with_value.status == 200, may_read_api_key, "{role}: {with_value:?}");
    }
}

#[tokio::test]
async fn what_a_role_does_not_allow_is_refused_in_aws_s_words() {
    let roles = json!([{
        "name": "one-pool",
        "statements": [
            { "effect": "Allow", "actions": ["cognito-idp:*"], "resources": ["arn:aws:cognito-idp:*:*:userpool/*"] },
            { "effect": "Deny", "actions": ["cognito-idp:Delete*"], "resources": ["*"] },
        ],
    }]);
    let roles: Vec<RoleDefinition> = serde_json::from_value(roles).unwrap();
    let world = Locked::start_with(Roles::new(roles).unwrap()).await;
    let (pool, ..) = world.client().await;
    let made = json!({ "RoleName": "one-pool", "UserName": "eve" });
    let eve = Key::of(&world.own(&world.admin, "CreateAccessKey", made).await);
    let input = json!({ "UserPoolId": pool });
    assert_eq!(world.cognito(&eve, "DescribeUserPool", input.clone()).await.status, 200);
    let user = "User: arn:aws:iam::000000000000:user/eve is not authorized to perform:";
    let arn = format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}");
    let message = format!(
        "{user} cognito-idp:DeleteUserPool on resource: {arn} with an explicit deny in an identity-based policy"
    );
    refused(&world.cognito(&eve, "DeleteUserPool", input).await, "AccessDeniedException", &message);
    let message = format!(
        "{user} cognito-idp:ListUserPools on resource: * because no identity-based policy allows the cognito-idp:ListUserPools action"
    );
    let denied = world.cognito(&eve, "ListUserPools", json!({ "MaxResults": 1 })).await;
    refused(&denied, "AccessDeniedException", &message);
    let rest = world.send(&eve.signing("apigateway"), "GET", "/restapis/abc", &[], "").await;
    let message = format!(
        "{user} apigateway:GET on resource: arn:aws:apigateway:us-east-1::/restapis/abc because no identity-based policy allows the apigateway:GET action"
    );
    assert_eq!(
        (rest.status.as_u16(), rest.header("x-amzn-errortype"), &rest.json()["message"]),
        (403, Some("AccessDeniedException"), &Value::from(message))
    );
    let form = world.form(&eve, "cloudformation", "Action=ListStacks&Version=2010-05-15").await;
    let message = format!(
        "{user} cloudformation:ListStacks on resource: * because no identity-based policy allows the cloudformation:ListStacks action"
    );
    assert_eq!(
        (form.status.as_u16(), element(&form.body, "Code"), element(&form.body, "Message")),
        (403, "AccessDenied", &*message)
    );
    let object = world.send(&eve.signing("s3"), "GET", "/bucket/key", &[], "").await;
    let message = format!(
        "{user} s3:GetObject on resource: &quot;arn:aws:s3:::bucket/key&quot; because no identity-based policy allows the s3:GetObject action"
    );
    let found = element(&object.body, "Message").replace('"', "&quot;");
    assert_eq!((object.status.as_u16(), element(&object.body, "Code"), found), (403, "AccessDenied", message));
    // Nobody gives away a role without the right to it, and nobody learns anything of the refusal but operators.
    let made = world.json(&eve, "claviger", "Claviger.CreateAccessKey", json!({ "RoleName": "admin" })).await;
    refused(&made, "AccessDeniedException", "claviger:CreateAccessKey");
    let path = format!("/_claviger/explain/{}", denied.header("x-amzn-requestid").unwrap());
    refused(
        &world.send(&eve.signing("claviger"), "GET", &path, &[], "").await,
        "AccessDeniedException",
        "claviger:Explain",
    );
    let explained = world.send(&world.admin.signing("claviger"), "GET", &path, &[], "").await.json();
    assert!(
        explained["refusals"][0]["setting"].as_str().unwrap().starts_with("the role of the access key"),
        "{explained}"
    );
}

#[tokio::test]
async fn deleting_objects_asks_for_each_of_them() {
    let roles = json!([{
        "name": "folder",
        "statements": [{ "effect": "Allow", "actions": ["s3:*"], "resources": ["arn:aws:s3:::bucket/mine/*"] }],
    }]);
    let roles: Vec<RoleDefinition> = serde_json::from_value(roles).unwrap();
    let world = Locked::start_with(Roles::new(roles).unwrap()).await;
    let s3 = world.admin.signing("s3");
    assert_eq!(world.send(&s3, "PUT", "/bucket", &[], "").await.status, 200);
    for key in ["mine/a", "yours/b"] {
        assert_eq!(world.send(&s3, "PUT", &format!("/bucket/{key}"), &[], key).await.status, 200);
    }
    let eve = world.key("folder").await.signing("s3");
    let body = "<Delete><Object><Key>mine/a</Key></Object><Object><Key>yours/b</Key></Object></Delete>";
    let deleted = world.send(&eve, "POST", "/bucket?delete", &[], body).await;
    assert!(deleted.body.contains("<Deleted><Key>mine/a</Key></Deleted>"), "{deleted:?}");
    assert!(deleted.body.contains("<Error><Key>yours/b</Key><Code>AccessDenied</Code>"), "{deleted:?}");
    assert_eq!(world.send(&s3, "GET", "/bucket/yours/b", &[], "").await.said(), (200, "yours/b"));
    // A copy reads its source, too.
    let copy = world.send(&eve, "PUT", "/bucket/mine/c", &[("x-amz-copy-source", "bucket/yours/b")], "").await;
    assert!(copy.status == 403 && copy.body.contains("s3:GetObject"), "{copy:?}");
}

#[tokio::test]
async fn a_session_has_no_more_than_its_caller_and_ends_with_its_key() {
    let world = Locked::start().await;
    let (pool, client, secret) = world.client().await;
    let describe = json!({ "UserPoolId": pool, "ClientId": client });
    let deployer = world.key("deployer").await;
    let bootstrap = "arn:aws:iam::000000000000:role/cdk-hnb659fds-deploy-role-000000000000-us-east-1";
    let session = world.assume(&deployer, bootstrap, "").await;
    let create = json!({ "PoolName": "a" });
    assert_eq!(world.cognito(&session, "CreateUserPool", create.clone()).await.status, 200);
    let who = world.form(&session, "sts", "Action=GetCallerIdentity&Version=2011-06-15").await;
    let arn = "arn:aws:sts::000000000000:assumed-role/cdk-hnb659fds-deploy-role-000000000000-us-east-1/live";
    assert_eq!(element(&who.body, "Arn"), arn);
    refused(
        &world.json(&session, "claviger", "Claviger.CreateAccessKey", json!({ "RoleName": "admin" })).await,
        "AccessDeniedException",
        &format!("User: {arn} is not authorized to perform: claviger:CreateAccessKey"),
    );
    // Roles of ours narrow, and never widen: neither a deployer as an admin, nor an admin as an auditor.
    let admin = "arn:aws:iam::000000000000:role/claviger/admin";
    let raised = world.assume(&deployer, admin, "").await;
    let made = world.json(&raised, "claviger", "Claviger.CreateAccessKey", json!({ "RoleName": "admin" })).await;
    refused(&made, "AccessDeniedException", "no identity-based policy allows");
    let auditor = world.assume(&world.admin, "arn:aws:iam::000000000000:role/claviger/auditor", "").await;
    let shown = world.cognito(&auditor, "DescribeUserPoolClient", describe.clone()).await.json();
    assert_eq!(
        (shown["UserPoolClient"].get("ClientSecret"), &shown["UserPoolClient"]["ClientId"]),
        (None, &Value::from(client))
    );
    refused(
        &world.cognito(&auditor, "CreateUserPool", create.clone()).await,
        "AccessDeniedException",
        "because no session policy allows",
    );
    // A session that narrows itself stays narrow through the next one.
    let policy = "&Policy=%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%5B%22cognito-idp%3ADescribe%2A%22%2C%22sts%3A%2A%22%5D%2C%22Resource%22%3A%22%2A%22%7D%7D";
    let narrow = world.assume(&world.admin, bootstrap, policy).await;
    let narrow = world.assume(&narrow, bootstrap, "").await;
    let shown = world.cognito(&narrow, "DescribeUserPoolClient", describe).await.json();
    assert_eq!(shown["UserPoolClient"].get("ClientSecret"), None, "{secret} is another right");
    refused(
        &world.cognito(&narrow, "CreateUserPool", create.clone()).await,
        "AccessDeniedException",
        "because no session policy allows",
    );
    // A role of another account is another right, and a role that is none of an auditor's is none.
    let elsewhere = assume("arn:aws:iam::111122223333:role/deploy", "");
    let reply = world.form(&deployer, "sts", &elsewhere).await;
    assert!(reply.status == 403 && reply.body.contains("claviger:ActInAccount"), "{reply:?}");
    assert_eq!(world.form(&world.admin, "sts", &elsewhere).await.status, 200);
    let eve = world.key("auditor").await;
    let reply = world.form(&eve, "sts", &assume(bootstrap, "")).await;
    assert!(reply.status == 403 && reply.body.contains("sts:AssumeRole"), "{reply:?}");
    let own = world.form(&eve, "sts", "Action=GetSessionToken&Version=2011-06-15").await;
    let own = Key::of_session(&own);
    assert_eq!(world.cognito(&own, "ListUserPools", json!({ "MaxResults": 1 })).await.status, 200);
    let named = world
        .form(
            &deployer,
            "sts",
            &assume(bootstrap, "&PolicyArns.member.1.arn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FReadOnlyAccess"),
        )
        .await;
    assert!(named.status == 400 && named.body.contains("PolicyArns is not served here"), "{named:?}");
    // The session goes with the key that it was made with.
    world.own(&world.admin, "RevokeAccessKey", json!({ "AccessKeyId": deployer.id })).await;
    let message = "The security token included in the request is invalid.";
    refused(&world.cognito(&session, "CreateUserPool", create).await, "UnrecognizedClientException", message);
}

#[tokio::test]
async fn a_flood_of_wrong_signatures_is_told_to_slow_down_and_locks_nobody_out() {
    let world = Locked::start().await;
    let ask = async |key: &Key| world.cognito(key, "ListUserPools", json!({ "MaxResults": 1 })).await;
    let wrong = Key { secret: "guessed".to_owned(), ..world.admin.clone() };
    for _ in 0..10 {
        refused(&ask(&wrong).await, "InvalidSignatureException", "does not match");
    }
    refused(&ask(&wrong).await, "ThrottlingException", "Rate exceeded");
    let rest = world.send(&wrong.signing("apigateway"), "GET", "/restapis", &[], "").await;
    assert_eq!((rest.status.as_u16(), rest.header("x-amzn-errortype")), (429, Some("TooManyRequestsException")));
    // The same key and the same address, and a right signature.
    assert_eq!(ask(&world.admin).await.status, 200);
}

#[tokio::test]
async fn our_own_command_line_signs_its_calls() {
    let world = Locked::start().await;
    let command = |key: Option<&Key>, words: &[&str]| {
        let mut command = claviger(&world.server);
        command.args(words);
        if let Some(key) = key {
            command.env("AWS_ACCESS_KEY_ID", &key.id).env("AWS_SECRET_ACCESS_KEY", &key.secret);
            if let Some(token) = &key.token {
                command.env("AWS_SESSION_TOKEN", token);
            }
        }
        command
    };
    let (status, _, told) = run(&mut command(None, &["keys", "list"])).await;
    assert_eq!((status, told.trim()), (Some(1), "claviger: Missing Authentication Token"));
    let admin = Some(&world.admin);
    let (status, made, told) =
        run(&mut command(admin, &["keys", "create", "--role", "deployer", "--user", "ci"])).await;
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("ci calls with this key in the role deployer"), "{told}");
    let value =
        |name: &str| made.lines().find_map(|line| line.strip_prefix(&format!("export {name}="))).unwrap().to_owned();
    let ci = Key { id: value("AWS_ACCESS_KEY_ID"), secret: value("AWS_SECRET_ACCESS_KEY"), token: None };
    let (status, listed, _) = run(&mut command(admin, &["keys", "list"])).await;
    assert!(
        status == Some(0) && listed.lines().count() == 2 && listed.contains(&ci.id) && !listed.contains(&ci.secret),
        "{listed}"
    );
    let template = world.directory.path().join("pool.json");
    std::fs::write(&template, json!({ "Resources": { "Pool": { "Type": "AWS::Cognito::UserPool" } } }).to_string())
        .unwrap();
    let template = template.to_str().unwrap();
    let session = world.assume(&ci, "arn:aws:iam::000000000000:role/cdk-deploy", "").await;
    for (key, words) in [
        (&ci, &["deploy", template, "--stack", "weather"][..]),
        (&session, &["plan", template, "--stack", "weather"]),
        (&ci, &["policy"]),
        (&ci, &["destroy", "weather"]),
    ] {
        let (status, out, told) = run(&mut command(Some(key), words)).await;
        assert_eq!(status, Some(0), "{words:?}: {out} {told}");
    }
    let (status, out, told) = run(&mut command(Some(&ci), &["keys", "create", "--role", "admin"])).await;
    assert!(
        status == Some(1) && out.is_empty() && told.contains("is not authorized to perform: claviger:CreateAccessKey"),
        "{told}"
    );
    let (status, rotated, told) =
        run(&mut command(admin, &["--output", "json", "keys", "rotate", &ci.id, "--grace", "0s"])).await;
    assert_eq!(status, Some(0), "{told}");
    let rotated: Value = serde_json::from_str(&rotated).unwrap();
    assert_eq!(rotated["AccessKey"]["RotatedFrom"], ci.id);
    let (status, _, told) = run(&mut command(Some(&ci), &["policy"])).await;
    assert!(status == Some(1) && told.contains("The security token included in the request is invalid."), "{told}");
    let newer = rotated["AccessKey"]["AccessKeyId"].as_str().unwrap();
    assert_eq!(run(&mut command(admin, &["keys", "revoke", newer])).await.0, Some(0));
    // A running server has its store to itself.
    let directory = world.directory.path().to_str().unwrap();
    let (status, _, told) =
        run(&mut command(None, &["keys", "create", "--role", "admin", "--data-dir", directory])).await;
    assert!(status == Some(1) && told.contains("no key was made"), "{told}");
    let (status, _, told) =
        run(&mut command(admin, &["keys", "create", "--role", "king", "--data-dir", directory])).await;
    assert!(status == Some(2) && told.contains("there is no role king; there are: admin"), "{told}");
}

#[tokio::test]
async fn the_first_key_of_a_store_is_made_on_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_claviger"));
    command.args(["--output", "json", "keys", "create", "--role", "admin", "--data-dir"]).arg(directory.path());
    let (status, made, told) = run(&mut command).await;
    assert_eq!(status, Some(0), "{told}");
    let admin = Key::of(&serde_json::from_str(&made).unwrap());
    let server = Locked::on(&directory, Roles::default(), 0);
    let world = Locked { server, admin, directory };
    let who = world.form(&world.admin, "sts", "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert_eq!(element(&who.body, "Arn"), "arn:aws:iam::000000000000:user/admin");
}
