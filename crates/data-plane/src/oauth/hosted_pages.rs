//! The pages for people on a pool's domain, which are not served: each path says what does its work instead.

use claviger_runtime::refusals::{Refused, Surface};
use claviger_runtime::snapshot::Pool;
use http::{Response, StatusCode};

use super::headers::{error_answer, explained};
use crate::body::Body;

/// Pages and redirects of Cognito's sign-in beside those below `/oauth2/` (Amazon Cognito, "User pool endpoints and managed
/// login reference").
const PAGES: [&str; 13] = [
    "/login",
    "/logout",
    "/signup",
    "/confirm",
    "/confirmUser",
    "/resendcode",
    "/forgotPassword",
    "/confirmForgotPassword",
    "/changePassword",
    "/mfa",
    "/error",
    "/passkeys/add",
    "/lang",
];

/// Whether Cognito has a page for people at this path of a domain.
pub fn is_hosted_page(path: &str) -> bool {
    PAGES.contains(&path) || path.starts_with("/saml2/")
}

const SIGN_IN: &str = "Hosted sign-in pages are not served. Sign users in with InitiateAuth or AdminInitiateAuth of the \
                       cognito-idp API; machines get tokens from /oauth2/token.";

/// Tells what to use in place of a page.
pub(super) fn answer(path: &str, pool: Option<&Pool>) -> Response<Body> {
    let description = match path {
        "/oauth2/register" => {
            "Clients cannot register themselves. Make app clients with CreateUserPoolClient of the cognito-idp API."
        }
        "/logout" => {
            "Hosted sign-in pages are not served. Sign users out with GlobalSignOut or RevokeToken of the cognito-idp API."
        }
        "/signup" | "/confirm" | "/confirmUser" | "/resendcode" => {
            "Hosted sign-up pages are not served. Sign users up with SignUp or AdminCreateUser of the cognito-idp API."
        }
        "/forgotPassword" | "/confirmForgotPassword" | "/changePassword" => {
            "Hosted sign-in pages are not served. Set passwords with AdminSetUserPassword of the cognito-idp API."
        }
        "/oauth2/idpresponse" => "Identity providers are not served: users sign in with a password of the user pool.",
        path if path.starts_with("/saml2/") => {
            "Identity providers are not served: users sign in with a password of the user pool."
        }
        path if path == "/oauth2/authorize" || is_hosted_page(path) => SIGN_IN,
        _ => {
            "A user pool's domain has /oauth2/token, /oauth2/revoke and /oauth2/userInfo; key set and discovery are at \
              /{userPoolId}/.well-known/ of cognito-idp.{region}.amazonaws.com."
        }
    };
    let code = "not_served";
    let refused = Refused::new(Surface::Domain, description).with_code(code);
    let refused = refused.about("userPool", pool.map(|pool| pool.id.as_str()));
    explained(error_answer(StatusCode::NOT_FOUND, code, Some(description)), refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_says_what_to_use() {
        let check = |path: &str, expected: &str| {
            let response = answer(path, None);
            assert_eq!(response.status(), StatusCode::NOT_FOUND);
            let Body::Whole(body) = response.into_body() else { panic!("no body for {path}") };
            let body = String::from_utf8(body.to_vec()).unwrap();
            assert!(body.starts_with(r#"{"error":"not_served","#) && body.contains(expected), "{path}: {body}");
        };
        for path in PAGES {
            assert!(is_hosted_page(path));
            check(path, "cognito-idp API");
        }
        check("/login", "InitiateAuth");
        check("/oauth2/authorize", "InitiateAuth");
        check("/logout", "GlobalSignOut");
        check("/signup", "SignUp");
        check("/forgotPassword", "AdminSetUserPassword");
        check("/oauth2/register", "CreateUserPoolClient");
        check("/oauth2/idpresponse", "Identity providers");
        check("/saml2/idpresponse", "Identity providers");
        check("/oauth2/unknown", "/oauth2/token");
        assert!(!is_hosted_page("/.well-known/jwks.json") && !is_hosted_page("/oauth2/token"));
    }
}
