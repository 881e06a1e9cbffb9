//! Reading a token request: the form, and who says to send it (RFC 6749, sections 2.3.1 and 4.4.2).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hook::ClientMetadata;
use crate::token_error::TokenError;

/// Parameters of the largest form that is read.
const PARAMETERS_MAX: usize = 100;

/// A token request, in parts.
pub struct TokenRequest<'a> {
    /// `grant_type`.
    pub grant_type: GrantType,
    /// Who asks.
    pub credentials: Credentials<'a>,
    /// `scope`; `None` when absent or empty.
    pub scope: Option<Cow<'a, str>>,
    /// `aws_client_metadata`: what the caller hands on to the pre token generation trigger.
    pub client_metadata: Option<ClientMetadata>,
    /// `refresh_token`; there is one for [`GrantType::RefreshToken`].
    pub refresh_token: Option<Cow<'a, str>>,
}

impl std::fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenRequest({:?}, {:?}, {:?})", self.grant_type, self.credentials, self.scope)
    }
}

/// How a token is asked for (`grant_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// By a machine for itself (RFC 6749, section 4.4).
    ClientCredentials,
    /// With a code that a user's sign-in gave (RFC 6749, section 4.1.3).
    AuthorizationCode,
    /// With the refresh token of a user's session (RFC 6749, section 6).
    RefreshToken,
}

/// How a client says who it is.
pub struct Credentials<'a> {
    /// The client's id.
    pub client_id: Cow<'a, str>,
    /// Its secret; `None` when it presented none.
    pub secret: Option<Cow<'a, str>>,
}

impl std::fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({})", self.client_id)
    }
}

impl<'a> TokenRequest<'a> {
    /// Reads a request. Parameters of the query and of the body are merged; of a repeated one the first counts, the query's
    /// before the body's, as in the servlet world that Cognito shows.
    pub fn parse(
        content_type: Option<&str>,
        authorization: Option<&str>,
        query: Option<&'a str>,
        body: &'a [u8],
    ) -> Result<Self, TokenError> {
        if !is_form(content_type) {
            return Err(TokenError::NotAForm);
        }
        let form = Form::parse(query, body)?;
        let grant_type = GrantType::of(&form)?;
        let credentials = Credentials::of(authorization, &form)?;
        let scope = form.get("scope").filter(|scope| !scope.trim_matches(' ').is_empty());
        let client_metadata = form.get("aws_client_metadata").map(|json| client_metadata(&json)).transpose()?;
        Ok(Self { grant_type, credentials, scope, client_metadata, refresh_token: form.get("refresh_token") })
    }
}

impl GrantType {
    fn of(form: &Form<'_>) -> Result<Self, TokenError> {
        let needs = |parameter, missing| form.get(parameter).ok_or(TokenError::Malformed(missing));
        match form.get("grant_type").as_deref() {
            None => Err(TokenError::Malformed("grant_type is missing")),
            Some("client_credentials") => Ok(Self::ClientCredentials),
            Some("authorization_code") => needs("code", "code is missing").map(|_| Self::AuthorizationCode),
            Some("refresh_token") => needs("refresh_token", "refresh_token is missing").map(|_| Self::RefreshToken),
            Some(_) => Err(TokenError::UnsupportedGrantType),
        }
    }
}

/// A JSON object whose values are texts.
fn client_metadata(json: &str) -> Result<ClientMetadata, TokenError> {
    serde_json::from_str(json)
        .map_err(|_| TokenError::Malformed("aws_client_metadata is not a JSON object whose values are strings"))
}

/// Whether this content type, parameters aside, is a form's.
pub fn is_form(content_type: Option<&str>) -> bool {
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// A form's parameters, decoded.
pub struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    /// Reads the parameters of a query and of a body.
    pub fn parse(query: Option<&'a str>, body: &'a [u8]) -> Result<Self, TokenError> {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).chain(form_urlencoded::parse(body));
        let parameters: Vec<_> = pairs.take(PARAMETERS_MAX + 1).collect();
        if parameters.len() > PARAMETERS_MAX {
            return Err(TokenError::Malformed("there are more than 100 parameters"));
        }
        Ok(Self(parameters))
    }

    /// The first value of a parameter; an empty one counts as absent.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let value = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())?;
        (!value.is_empty()).then_some(value)
    }
}

impl<'a> Credentials<'a> {
    /// The credentials of the header (`client_secret_basic`) or of the form (`client_secret_post`). Where both name a
    /// client it must be the same one, and the header's secret counts.
    pub fn of(authorization: Option<&str>, form: &Form<'a>) -> Result<Self, TokenError> {
        let in_form = form.get("client_id");
        match authorization {
            Some(header) => {
                let (client_id, secret) = basic(header).ok_or(TokenError::UnreadableAuthorization)?;
                if in_form.is_some_and(|other| other != client_id) {
                    return Err(TokenError::Malformed("the header and the body name different clients"));
                }
                Ok(Self { client_id: client_id.into(), secret: Some(secret.into()) })
            }
            None => Ok(Self {
                client_id: in_form.ok_or(TokenError::Malformed("client_id is missing"))?,
                secret: form.get("client_secret"),
            }),
        }
    }
}

/// The two halves of a Basic credential. They are not form-decoded: Cognito documents plain `Base64(id:secret)`. A line break
/// or another stray byte in the base64 fails, as it does there.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then_some(())?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (client_id, secret) = decoded.split_once(':')?;
    Some((client_id.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

    fn parse(
        authorization: Option<&str>,
        query: Option<&str>,
        body: &str,
    ) -> Result<(String, Option<String>, Option<String>), TokenError> {
        TokenRequest::parse(FORM, authorization, query, body.as_bytes()).map(|request| {
            let Credentials { client_id, secret } = request.credentials;
            (client_id.into_owned(), secret.map(Cow::into_owned), request.scope.map(Cow::into_owned))
        })
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands beside refusals in the tables below")]
    fn asked(
        id: &str,
        secret: Option<&str>,
        scope: Option<&str>,
    ) -> Result<(String, Option<String>, Option<String>), TokenError> {
        Ok((id.to_owned(), secret.map(str::to_owned), scope.map(str::to_owned)))
    }

    #[test]
    fn reads_credentials_and_scope() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let check = |authorization: Option<&str>, query, body: &str, expected| {
            assert_eq!(parse(authorization, query, body), expected, "{authorization:?} {query:?} {body}");
        };
        let grant = "grant_type=client_credentials";
        let with = |rest: &str| format!("{grant}&{rest}");
        check(Some(&basic("a:b")), None, grant, asked("a", Some("b"), None));
        check(Some(&basic("a:b:c+%20")), None, grant, asked("a", Some("b:c+%20"), None));
        check(Some(&basic("a:b")), None, &with("client_id=a"), asked("a", Some("b"), None));
        check(Some(&basic("a:b")), None, &with("client_id=a&client_secret=x"), asked("a", Some("b"), None));
        check(None, None, &with("client_id=a&client_secret=b%2B"), asked("a", Some("b+"), None));
        check(None, None, &with("client_id=a"), asked("a", None, None));
        check(None, Some("grant_type=client_credentials&client_id=a"), "client_secret=b", asked("a", Some("b"), None));
        check(None, Some("client_id=q"), &with("client_id=b&client_secret=s"), asked("q", Some("s"), None));
        check(None, None, &with("client_id=a&scope=x%2Fy+z"), asked("a", None, Some("x/y z")));
        check(None, None, &with("client_id=a&scope="), asked("a", None, None));
        check(None, None, &with("client_id=a&scope=+"), asked("a", None, None));
        check(None, None, &with("client_id=a&unknown=1&unknown=2"), asked("a", None, None));
        check(
            Some(&basic("a:b")),
            None,
            &with("client_id=other"),
            Err(TokenError::Malformed("the header and the body name different clients")),
        );
        check(None, None, grant, Err(TokenError::Malformed("client_id is missing")));
        check(None, None, "client_id=a", Err(TokenError::Malformed("grant_type is missing")));
        check(
            None,
            None,
            r#"{"grant_type":"client_credentials"}"#,
            Err(TokenError::Malformed("grant_type is missing")),
        );
        check(None, None, "grant_type=password&client_id=a", Err(TokenError::UnsupportedGrantType));
        check(None, None, "grant_type=Client_Credentials&client_id=a", Err(TokenError::UnsupportedGrantType));
        check(None, None, "grant_type=authorization_code&client_id=a&code=x", asked("a", None, None));
        check(None, None, "grant_type=refresh_token&client_id=a&refresh_token=x", asked("a", None, None));
        let missing = |text| Err(TokenError::Malformed(text));
        check(None, None, "grant_type=authorization_code&client_id=a", missing("code is missing"));
        check(None, None, "grant_type=refresh_token&client_id=a&refresh_token=", missing("refresh_token is missing"));
        check(Some("basic YTpi"), None, grant, asked("a", Some("b"), None));
        let unreadable = [
            "",
            "Bearer abc",
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic YQ==",
            "Basic YTpi\n",
            "Basic YT pi",
            "Basic  YTpi",
        ];
        for header in unreadable {
            check(Some(header), None, grant, Err(TokenError::UnreadableAuthorization));
        }
    }

    #[test]
    fn reads_what_the_caller_hands_on_to_functions() {
        let check = |parameter: &str, expected: Result<Option<&[(&str, &str)]>, ()>| {
            let body = format!("grant_type=client_credentials&client_id=a{parameter}");
            let request = TokenRequest::parse(FORM, None, None, body.as_bytes());
            let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let expected = expected.map(|pairs| pairs.map(|pairs| pairs.iter().map(text).collect()));
            let malformed = "aws_client_metadata is not a JSON object whose values are strings";
            assert_eq!(
                request.map(|request| request.client_metadata),
                expected.map_err(|()| TokenError::Malformed(malformed)),
                "{parameter}"
            );
        };
        check("", Ok(None));
        check("&aws_client_metadata=", Ok(None));
        check("&aws_client_metadata=%7B%7D", Ok(Some(&[])));
        check(
            "&aws_client_metadata=%7B%22a%22%3A%22b+c%22%2C%22d%22%3A%22%22%7D",
            Ok(Some(&[("a", "b c"), ("d", "")])),
        );
        for malformed in
            ["x", "%5B%5D", "null", "%22a%22", "%7B%22a%22%3A1%7D", "%7B%22a%22%3Anull%7D", "%7B%22a%22%7D"]
        {
            check(&format!("&aws_client_metadata={malformed}"), Err(()));
        }
    }

    #[test]
    fn takes_only_forms() {
        let check = |content_type: Option<&str>, expected: bool| {
            assert_eq!(is_form(content_type), expected, "{content_type:?}");
        };
        check(FORM, true);
        check(Some("application/x-www-form-urlencoded;charset=UTF-8"), true);
        check(Some("Application/X-WWW-Form-Urlencoded ; charset=utf-8"), true);
        check(Some("\"application/x-www-form-urlencoded\""), false);
        check(Some("application/json"), false);
        check(Some("text/plain"), false);
        check(None, false);
    }

    #[test]
    fn refuses_a_form_of_too_many_parameters() {
        let body = "a=1&".repeat(101);
        assert_eq!(parse(None, None, &body), Err(TokenError::Malformed("there are more than 100 parameters")));
    }
}
