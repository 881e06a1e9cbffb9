//! How a machine gets to what stacks made: where it asks for a token, as whom, and what it then calls.

use serde_json::{Value, json};

use super::Place;
use super::api::{Api, parameters};
use crate::cli::endpoint::Endpoint;

/// How a machine gets to what stacks made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Connections {
    /// Where it asks for a token.
    pub(in crate::cli) token_url: String,
    /// As whom.
    pub(in crate::cli) client: Option<Client>,
    /// What it then calls.
    pub(in crate::cli) invoke_url: Option<String>,
}

/// An app client with its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Client {
    pub(in crate::cli) pool: String,
    pub(in crate::cli) id: String,
    pub(in crate::cli) secret: String,
}

/// What stacks are made of, as far as it matters here: type and physical id.
type Resources = Vec<(String, String)>;

impl Connections {
    /// What these stacks made.
    pub(in crate::cli) async fn of(endpoint: &Endpoint, place: &Place, stacks: &[String]) -> anyhow::Result<Self> {
        let api = place.api(endpoint);
        let mut resources = Resources::new();
        for stack in stacks {
            let described = api.call("DescribeStackResources", &parameters([("StackName", stack)])).await?;
            let members = described.all("StackResources/member").into_iter();
            resources.extend(members.map(|it| (it.text("ResourceType"), it.text("PhysicalResourceId"))));
        }
        Ok(Self {
            token_url: format!("{}/oauth2/token", endpoint.url()),
            client: machine(&api, &resources).await?,
            invoke_url: invoke_url(&endpoint.url(), &resources),
        })
    }
}

/// The first client that may ask for tokens of its own.
async fn machine(api: &Api, resources: &Resources) -> anyhow::Result<Option<Client>> {
    for id in of_type(resources, "AWS::Cognito::UserPoolClient") {
        for pool in of_type(resources, "AWS::Cognito::UserPool") {
            let target = "AWSCognitoIdentityProviderService.DescribeUserPoolClient";
            let input = json!({"UserPoolId": pool, "ClientId": id});
            // A client is in one of the pools.
            let Ok(described) = api.call_json(target, "cognito-idp", &input).await else { continue };
            let client = described.get("UserPoolClient").unwrap_or(&Value::Null);
            let is_machine = client.get("AllowedOAuthFlows").and_then(Value::as_array);
            let is_machine = is_machine.is_some_and(|flows| flows.iter().any(|flow| flow == "client_credentials"));
            let secret = client.get("ClientSecret").and_then(Value::as_str);
            if let Some(secret) = secret.filter(|_| is_machine) {
                return Ok(Some(Client { pool: pool.to_owned(), id: id.to_owned(), secret: secret.to_owned() }));
            }
        }
    }
    Ok(None)
}

/// Where the first API answers, at its first stage.
fn invoke_url(url: &str, resources: &Resources) -> Option<String> {
    let kinds = [
        ("AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage"),
        ("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage"),
    ];
    kinds.into_iter().find_map(|(api, stage)| {
        let (api, stage) = (of_type(resources, api).next()?, of_type(resources, stage).next()?);
        Some(format!("{url}/_aws/execute-api/{api}/{stage}"))
    })
}

fn of_type<'a>(resources: &'a Resources, name: &'a str) -> impl Iterator<Item = &'a str> {
    resources.iter().filter(move |(of, id)| of == name && !id.is_empty()).map(|(_, id)| id.as_str())
}

/// Ready to paste.
impl std::fmt::Display for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { token_url, client, invoke_url } = self;
        writeln!(f, "Token URL      {token_url}")?;
        if let Some(Client { pool, id, secret }) = client {
            writeln!(f, "Client id      {id}\nClient secret  {secret}\nUser pool      {pool}")?;
        }
        if let Some(url) = invoke_url {
            writeln!(f, "Invoke URL     {url}")?;
        }
        if let Some(Client { id, secret, .. }) = client {
            let extract = r#"sed 's/.*"access_token":"\([^"]*\).*/\1/'"#;
            writeln!(
                f,
                "\nTOKEN=$(curl -s -u {id}:{secret} -d grant_type=client_credentials {token_url} | {extract})"
            )?;
            if let Some(url) = invoke_url {
                writeln!(f, "curl -i -H \"Authorization: Bearer $TOKEN\" {url}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_api_is_called_at_its_first_stage() {
        let check = |resources: &[(&str, &str)], expected: Option<&str>| {
            let resources: Resources =
                resources.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect();
            assert_eq!(invoke_url("http://127.0.0.1:4566", &resources).as_deref(), expected);
        };
        let rest = [("AWS::ApiGateway::Stage", "prod"), ("AWS::ApiGateway::RestApi", "a1")];
        check(&rest, Some("http://127.0.0.1:4566/_aws/execute-api/a1/prod"));
        let http = [("AWS::ApiGatewayV2::Stage", "$default"), ("AWS::ApiGatewayV2::Api", "b2")];
        check(&http, Some("http://127.0.0.1:4566/_aws/execute-api/b2/$default"));
        check(&rest[1..], None);
    }

    #[test]
    fn what_is_told_can_be_pasted() {
        let connections = Connections {
            token_url: "http://127.0.0.1:1/oauth2/token".to_owned(),
            client: Some(Client { pool: "us-east-1_a".to_owned(), id: "id".to_owned(), secret: "secret".to_owned() }),
            invoke_url: Some("http://127.0.0.1:1/_aws/execute-api/a1/prod".to_owned()),
        };
        let told = connections.to_string();
        assert!(told.contains("Client secret  secret\n"), "{told}");
        assert!(told.contains(
            "TOKEN=$(curl -s -u id:secret -d grant_type=client_credentials http://127.0.0.1:1/oauth2/token | sed"
        ));
        assert!(
            told.ends_with("curl -i -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:1/_aws/execute-api/a1/prod\n")
        );
    }
}
