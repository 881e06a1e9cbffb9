//! The discovery document (OpenID Connect Discovery 1.0, section 3), with the members Cognito publishes.

use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    authorization_endpoint: String,
    end_session_endpoint: String,
    id_token_signing_alg_values_supported: [&'a str; 1],
    issuer: &'a str,
    jwks_uri: String,
    response_types_supported: [&'a str; 2],
    revocation_endpoint: String,
    scopes_supported: [&'a str; 4],
    subject_types_supported: [&'a str; 1],
    token_endpoint: String,
    token_endpoint_auth_methods_supported: [&'a str; 2],
    userinfo_endpoint: String,
}

/// The document of a pool. `base` is where its OAuth endpoints are: the domain's address, or the server's own address for a
/// pool without a domain.
pub fn document(issuer: &str, base: &str) -> String {
    let at = |path: &str| format!("{base}{path}");
    let document = Document {
        authorization_endpoint: at("/oauth2/authorize"),
        end_session_endpoint: at("/logout"),
        id_token_signing_alg_values_supported: ["RS256"],
        issuer,
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        response_types_supported: ["code", "token"],
        revocation_endpoint: at("/oauth2/revoke"),
        scopes_supported: ["openid", "email", "phone", "profile"],
        subject_types_supported: ["public"],
        token_endpoint: at("/oauth2/token"),
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
        userinfo_endpoint: at("/oauth2/userInfo"),
    };
    // Plain data: encoding cannot fail.
    serde_json::to_string(&document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_endpoints_in_alphabetical_order() {
        let issuer = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc";
        let document = document(issuer, "https://w.auth.us-east-1.amazoncognito.com");
        assert_eq!(
            document,
            concat!(
                r#"{"authorization_endpoint":"https://w.auth.us-east-1.amazoncognito.com/oauth2/authorize","#,
                r#""end_session_endpoint":"https://w.auth.us-east-1.amazoncognito.com/logout","#,
                r#""id_token_signing_alg_values_supported":["RS256"],"#,
                r#""issuer":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc","#,
                r#""jwks_uri":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc/.well-known/jwks.json","#,
                r#""response_types_supported":["code","token"],"#,
                r#""revocation_endpoint":"https://w.auth.us-east-1.amazoncognito.com/oauth2/revoke","#,
                r#""scopes_supported":["openid","email","phone","profile"],"subject_types_supported":["public"],"#,
                r#""token_endpoint":"https://w.auth.us-east-1.amazoncognito.com/oauth2/token","#,
                r#""token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],"#,
                r#""userinfo_endpoint":"https://w.auth.us-east-1.amazoncognito.com/oauth2/userInfo"}"#
            )
        );
    }
}
