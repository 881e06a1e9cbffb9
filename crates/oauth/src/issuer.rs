//! Issuers: the forms in which a pool is named as the issuer of its tokens.

use claviger_resources::UserPoolId;
use claviger_resources::user_pool::IssuerType;

/// The issuer of a pool in AWS's form.
pub fn of(pool: &UserPoolId, kind: IssuerType) -> String {
    let host = match kind {
        IssuerType::Original => "cognito-idp",
        IssuerType::Updated => "issuer-cognito-idp",
    };
    format!("https://{host}.{}.amazonaws.com/{pool}", pool.region())
}

/// The issuer of a pool under a URL of the server's own.
pub fn under(base: &str, pool: &UserPoolId) -> String {
    format!("{}/{pool}", base.trim_end_matches('/'))
}

/// The pool an issuer names, whatever its host: the last segment of its path. Which of these names is believed is decided
/// by the keys: a token is only ever verified with the keys of the pool it names.
pub fn pool(issuer: &str) -> Option<UserPoolId> {
    let rest = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://"))?;
    let (host, pool) = rest.rsplit_once('/')?;
    (!host.is_empty()).then_some(())?;
    UserPoolId::parse(pool).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_names_its_pool() {
        let id = UserPoolId::parse("eu-west-1_abc").unwrap();
        for issuer in [
            of(&id, IssuerType::Original),
            of(&id, IssuerType::Updated),
            under("http://127.0.0.1:4566/", &id),
            "http://localhost:4566/eu-west-1_abc".to_owned(),
        ] {
            assert_eq!(pool(&issuer), Some(id.clone()), "{issuer}");
        }
        for wrong in
            ["", "https://", "https:///eu-west-1_abc", "eu-west-1_abc", "https://h/eu-west-1_abc/", "https://h/x y"]
        {
            assert_eq!(pool(wrong), None, "{wrong}");
        }
    }
}
