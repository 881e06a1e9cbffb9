//! Names of parameters: which there can be, and how calls name one, or one of its versions.

use claviger_resources::Tenant;

use super::errors::Error;

/// Parts that a name may have (AWS Systems Manager User Guide, "Requirements and constraints for parameter names").
const LEVELS_MAX: usize = 15;
/// Characters of the longest name.
const NAME_CHARACTERS_MAX: usize = 1011;

/// Whether a new parameter may have this name.
pub(super) fn check(name: &str) -> Result<(), Error> {
    let refuse = |message: &str| Err(Error::Validation(message.to_owned()));
    let levels: Vec<&str> = name.strip_prefix('/').unwrap_or(name).split('/').collect();
    let first = levels.first().copied().unwrap_or_default().to_ascii_lowercase();
    if name.contains('/') && !name.starts_with('/') {
        return refuse("Parameter name must be a fully qualified name.");
    }
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || "_.-/".contains(character);
    if !name.chars().all(is_allowed) || levels.iter().any(|level| level.is_empty()) {
        return refuse(
            "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). If formed as a path, it can \
             consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and \
             the following 3 symbols .-_",
        );
    }
    if first.starts_with("aws") {
        return Err(Error::Reserved(name.to_owned()));
    }
    if first.starts_with("ssm") {
        return refuse("Parameter name: can't be prefixed with \"ssm\" (case-insensitive).");
    }
    if name.len() > NAME_CHARACTERS_MAX {
        return refuse("Parameter name: is longer than 1011 characters.");
    }
    if levels.len() > LEVELS_MAX {
        return Err(Error::TooManyLevels);
    }
    Ok(())
}

/// A parameter as a call names it: by name or ARN, perhaps with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    /// The version, or a label.
    pub(super) selector: Option<&'a str>,
}

impl<'a> Named<'a> {
    /// Reads what a call says.
    pub(super) fn parse(tenant: &Tenant, text: &'a str) -> Self {
        let arn = format!("arn:aws:ssm:{}:{}:parameter", tenant.region, tenant.account);
        let path = text.strip_prefix(&*arn).unwrap_or(text);
        let (path, selector) = path.split_once(':').map_or((path, None), |(path, selector)| (path, Some(selector)));
        // In an ARN, a name of one part has a slash, too.
        let is_simple = path.len() < text.len() && text.starts_with(&*arn) && path.matches('/').count() == 1;
        Self { name: if is_simple { path.trim_start_matches('/') } else { path }, selector }
    }
}

#[cfg(test)]
mod tests {
    use claviger_resources::{AccountId, Region};

    use super::*;

    #[test]
    fn names_are_words_or_paths_of_words() {
        let check = |name: &str, expected: Result<(), &str>| {
            let found = super::check(name).map_err(|error| error.to_string().chars().take(40).collect::<String>());
            assert_eq!(found, expected.map_err(|text| text.chars().take(40).collect()), "{name}");
        };
        let symbols = "Parameter name: can't be prefixed with \"aws\" or";
        check("a", Ok(()));
        check("/a/b.c/d-e_F1", Ok(()));
        check("a/b", Err("Parameter name must be a fully qualified name."));
        check("/a//b", Err(symbols));
        check("/a/", Err(symbols));
        check("a b", Err(symbols));
        check("a:1", Err(symbols));
        check("/aws/x", Err("No access to reserved parameter name: /aws/x."));
        check("SSMx", Err("Parameter name: can't be prefixed with \"ssm\""));
        check(&"/a".repeat(15), Ok(()));
        check(&"/a".repeat(16), Err("Parameter hierarchies can have a maximum of"));
        check(&"a".repeat(1012), Err("Parameter name: is longer than 1011 characters."));
    }

    #[test]
    fn calls_name_a_parameter_by_name_or_arn_and_version() {
        let tenant = Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() };
        let check = |text: &str, name: &str, selector: Option<&str>| {
            assert_eq!(Named::parse(&tenant, text), Named { name, selector }, "{text}");
        };
        check("a", "a", None);
        check("/a/b:3", "/a/b", Some("3"));
        check("/a:live", "/a", Some("live"));
        check("arn:aws:ssm:us-east-1:000000000000:parameter/a/b", "/a/b", None);
        check("arn:aws:ssm:us-east-1:000000000000:parameter/a:2", "a", Some("2"));
    }
}
