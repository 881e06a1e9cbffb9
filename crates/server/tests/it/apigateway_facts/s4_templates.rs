//! Sections 4.3 and 4.4: what mapping templates may say. The language itself has a corpus of its own in the gateway
//! crate; these are the facts about it, through the whole server.

use serde_json::{Value, json};

use super::cases;
use super::world::{EXAMPLE, INTERNAL, mock, operation, refused, secured, template_for_json, with};

cases! { |w|
    s4_3_directives => {
        w.renders("#set($a = [1, 2])#foreach($i in $a)$i#if($foreach.hasNext),#end#end", "1,2").await;
        w.renders("#foreach($i in ['a', 'b'])$foreach.index$foreach.count$i#end", "01a12b").await;
        w.renders("#if(false)a#elseif(true)b#{else}c#end", "b").await;
        w.renders("a## comment\n#* another *#b", "ab").await;
        w.renders("#set($a = 'x')<$!none><${a}y>", "<><xy>").await;
        w.renders("#set($n = 0)#foreach($i in [1..1001])#set($n = $n + 1)#end$n", "1000").await;
    };
    s4_3_input_body => {
        w.renders("<$input.body>", &format!("<{EXAMPLE}>")).await;
        let api = w
            .api(json!({ "/x": { "post": operation(w.http(
            json!({ "requestTemplates": { "application/json": "<$input.body>" } }),
        )) } }))
            .await;
        api.ask("POST", "/x", &[], "").await;
        assert_eq!(w.backend.seen().body, "<{}>");
    };
    s4_3_input_json => {
        w.renders("$input.json('$.name')", r#""Ada""#).await;
        w.renders("$input.json('$.tags')", r#"["x","y"]"#).await;
        w.renders("$input.json('$')", EXAMPLE).await;
    };
    s4_3_input_path => {
        w.renders("$input.path('$.name') $input.path('$.none')$input.path('$.missing')|", "Ada |").await;
        w.renders("$input.path('$.address')", "{city=London}").await;
        w.renders("$input.path('$.tags')", r#"["x","y"]"#).await;
        w.renders("$input.path('$.tags').size()$input.path('$.tags').get(0)", "2x").await;
        w.renders("$input.path('$.address').keySet()$input.path('$.age').toString().length()", "[city]2").await;
    };
    s4_3_input_params => {
        w.renders(
            "$input.params('id')|$input.params('q')|$input.params('X-Thing')|$input.params('none')",
            "a b|c d|two|",
        )
        .await;
        w.renders(
            "$input.params().path.id|$input.params().querystring.get('q')|$input.params().header['X-Thing']",
            "a b|c d|two",
        )
        .await;
        w.renders("$input.params().keySet()|$input.params().header('X-Thing')", "[path, querystring, header]|two")
            .await;
    };
    s4_3_context => {
        for assignment in [
            "#set($context.requestOverride.header.x-own = 'v')",
            "#set($context.requestOverride.header['x-own'] = 'v')",
            "#set($name = 'x-own')#set($context.requestOverride.header[$name] = 'v')",
            "#set($done = $context.requestOverride.header.put('x-own', 'v'))",
        ] {
            let seen = w.sent(json!({ "requestTemplates": { "application/json": assignment } })).await;
            assert_eq!(seen.header("x-own").as_deref(), Some("v"), "{assignment}");
        }
        let template = "#set($n = 'page')#set($context.requestOverride.querystring[$n] = '9')\
                        #set($context.requestOverride.path.part = 'a b')";
        let uri = w.backend.url("/{part}");
        let path = json!({ "integration.request.path.part": "'mapped'" });
        let integration =
            json!({ "uri": uri, "requestParameters": path, "requestTemplates": { "application/json": template } });
        assert_eq!(w.sent(integration).await.line, "POST /a%20b?page=9");
    };
    s4_3_stage_variables => {
        w.renders(
            "$stageVariables.colour ${stageVariables.colour} $stageVariables['colour'] $stageVariables.none|",
            "blue blue blue |",
        )
        .await;
    };
    s4_3_util => {
        w.renders("$util.escapeJavaScript($input.path('$.quote'))", r"it\'s").await;
        w.renders(r#"$util.escapeJavaScript($input.path('$.quote')).replaceAll("\\'","'")"#, "it's").await;
        w.renders(r#"$util.parseJson('{"a": {"b": 1}}').a.b"#, "1").await;
        w.renders("$util.urlEncode('a b&c') $util.urlDecode('a+b%26c')", "a+b%26c a b&c").await;
        w.renders("$util.base64Encode('a b') $util.base64Decode('YSBi')", "YSBi a b").await;
    };
    s4_3_strings => {
        w.renders(
            "#set($s = $input.path('$.name'))$s.replaceAll('A', 'O') $s.contains('da') $s.equals('Ada') $s.length()",
            "Oda true true 3",
        )
        .await;
        w.renders(
            "#set($s = 'a,b,c')#foreach($p in $s.split(','))$p;#end $s.substring(2) $s.substring(0, 1)",
            "a;b;c; b,c a",
        )
        .await;
    };
    s4_3_overridden_twice => {
        let twice = "#set($context.responseOverride.header.a = '1')#set($context.responseOverride.header.a = '2')";
        refused(&w.template(twice).await.get("/x", &[]).await, 500, INTERNAL, "InternalServerErrorException");
    };
    s4_3_size => {
        let longest = "a".repeat(300 * 1024);
        assert_eq!(w.template(&longest).await.get("/x", &[]).await.body.len(), longest.len());
        let longer = w.document(json!({ "/x": { "get": mock(&template_for_json(&format!("{longest}a"))) } }));
        let api = w.import(&longer).await;
        let target = format!("/restapis/{}/deployments", api["id"].as_str().unwrap());
        let deployed = w.control("POST", &target, &json!({ "stageName": "prod" })).await;
        assert_eq!(deployed.status, 400, "{deployed:?}");
    };

    s4_4_request => {
        let names = [
            "accountId",
            "apiId",
            "stage",
            "path",
            "protocol",
            "httpMethod",
            "resourcePath",
            "domainName",
            "domainPrefix",
        ];
        let template = names.map(|name| format!("$context.{name}")).join("|");
        let api = w.template(&template).await;
        let expected = ["000000000000", &api.id, "prod", "/prod/x", "HTTP/1.1", "GET", "/x", &api.host(), &api.id];
        assert_eq!(api.get("/x", &[]).await.body, expected.join("|"));
        let template = "$context.resourceId|$context.deploymentId|$context.requestTime|$context.requestTimeEpoch|\
                        $context.requestId|$context.extendedRequestId|$context.awsEndpointRequestId";
        let api = w.template(template).await;
        let reply = api.get("/x", &[]).await;
        let parts: Vec<&str> = reply.body.split('|').collect();
        let resources = w.controls("GET", &api.path("/resources"), Value::Null).await;
        let resource = resources["item"].as_array().unwrap().iter().find(|resource| resource["path"] == "/x").unwrap();
        let stage = w.controls("GET", &api.path("/stages/prod"), Value::Null).await;
        assert_eq!((&json!(parts[0]), &json!(parts[1])), (&resource["id"], &stage["deploymentId"]));
        let format =
            time::macros::format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
        let epoch = i128::from(parts[3].parse::<i64>().unwrap()) * 1_000_000;
        let time = time::OffsetDateTime::from_unix_timestamp_nanos(epoch).unwrap();
        assert_eq!(parts[2], time.format(format).unwrap());
        assert_eq!(Some(parts[4]), reply.header("x-amzn-requestid"));
        assert_eq!(Some(parts[5]), reply.header("x-amz-apigw-id"));
    };
    s4_4_identity => {
        let names = ["sourceIp", "userAgent", "user", "apiKey"];
        let api = w.template(&names.map(|name| format!("$context.identity.{name}")).join("|")).await;
        assert_eq!(api.get("/x", &[("User-Agent", "curl/8")]).await.body, "127.0.0.1|curl/8||");
    };
    s4_4_overrides => {
        let template = "#set($context.responseOverride.status = 202)#set($context.responseOverride.header.x-own = 'v')\
                        $context.responseOverride.status $context.responseOverride.header.x-own";
        let reply = w.template(template).await.get("/x", &[]).await;
        assert_eq!((reply.said(), reply.header("x-own")), ((202, "202 v"), Some("v")));
    };
    s4_4_firewall_and_canary => {
        let api = w.template("$!context.isCanaryRequest|$!context.wafResponseCode|$!context.webaclArn").await;
        assert_eq!(api.get("/x", &[]).await.body, "||");
        for (percent, expected) in [("100", "true||"), ("0", "false||")] {
            let patch = json!({ "op": "replace", "path": "/canarySettings/percentTraffic", "value": percent });
            w.controls("PATCH", &api.path("/stages/prod"), json!({ "patchOperations": [patch] })).await;
            assert_eq!(api.get("/x", &[]).await.body, expected);
        }
    };
    s4_4_authorizer => {
        let template =
            "$context.authorizer.claims.client_id|$context.authorizer.claims.scope|$context.authorizer.principalId";
        let api = w.method(secured(mock(&template_for_json(template)), &["weather-api/get"])).await;
        let token = w.machine.token(&w.server, "weather-api/get").await;
        let expected = format!("{}|weather-api/get|", w.machine.client_id);
        assert_eq!(api.with_token(&token).await.body, expected);
    };
    s4_4_error => {
        let names = ["message", "messageString", "responseType", "validationErrorString"];
        let template = names.map(|name| format!("$context.error.{name}")).join("|");
        let response = json!({ "responseTemplates": { "application/json": template } });
        let mut document = w.document(json!({ "/x": { "get": mock(&template_for_json("<$context.error.message>")) } }));
        document = with(
            document,
            json!({ "x-amazon-apigateway-gateway-responses": { "MISSING_AUTHENTICATION_TOKEN": response } }),
        );
        let api = w.serve(&document).await;
        let expected = "Missing Authentication Token|\"Missing Authentication Token\"|MISSING_AUTHENTICATION_TOKEN|";
        assert_eq!(api.get("/y", &[]).await.body, expected);
        assert_eq!(api.get("/x", &[]).await.body, "<>");
    };
}
