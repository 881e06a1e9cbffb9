//! Dynamic references: `{{resolve:ssm:name}}` and its like, within any text of a resource.

use std::fmt;

/// What a dynamic reference names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DynamicReference {
    /// `{{resolve:ssm:name:version}}`.
    Ssm {
        /// The parameter's name.
        name: String,
        /// Its version; nothing for the latest.
        version: Option<String>,
    },
    /// `{{resolve:ssm-secure:name:version}}`.
    SsmSecure {
        /// The parameter's name.
        name: String,
        /// Its version; nothing for the latest.
        version: Option<String>,
    },
    /// `{{resolve:secretsmanager:id:SecretString:json-key:version-stage:version-id}}`.
    Secret {
        /// The secret's name or ARN.
        id: String,
        /// The member of the secret, which then is JSON.
        json_key: Option<String>,
        /// The staging label of the version.
        version_stage: Option<String>,
        /// The version.
        version_id: Option<String>,
    },
}

impl DynamicReference {
    /// Whether what it leads to must not be shown.
    pub fn is_secret(&self) -> bool {
        !matches!(self, Self::Ssm { .. })
    }
}

impl fmt::Display for DynamicReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let optional = |part: &Option<String>| part.clone().unwrap_or_default();
        match self {
            Self::Ssm { name, version } => write!(formatter, "ssm:{name}:{}", optional(version)),
            Self::SsmSecure { name, version } => write!(formatter, "ssm-secure:{name}:{}", optional(version)),
            Self::Secret { id, json_key, version_stage, version_id } => write!(
                formatter,
                "secretsmanager:{id}:SecretString:{}:{}:{}",
                optional(json_key),
                optional(version_stage),
                optional(version_id)
            ),
        }
    }
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Reference {
        written: &'a str,
        /// Nothing when it is malformed.
        reference: Option<DynamicReference>,
    },
}

/// Takes a text apart at its dynamic references.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{resolve:") {
        let (before, from) = rest.split_at(start);
        let Some(end) = from.find("}}") else { break };
        let (written, after) = from.split_at(end + 2);
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let inner = written.strip_prefix("{{resolve:").and_then(|inner| inner.strip_suffix("}}")).unwrap_or_default();
        pieces.push(Piece::Reference { written, reference: parse(inner) });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

fn parse(inner: &str) -> Option<DynamicReference> {
    let (service, key) = inner.split_once(':')?;
    let some = |part: &str| Some(part).filter(|part| !part.is_empty()).map(str::to_owned);
    match service {
        "ssm" | "ssm-secure" => {
            // A name may be an ARN, whose colons are its own; a version is a number.
            let (name, version) = match key.rsplit_once(':') {
                Some((name, version)) if version.is_empty() || version.bytes().all(|byte| byte.is_ascii_digit()) => {
                    (name, some(version))
                }
                _ => (key, None),
            };
            let name = some(name)?;
            Some(if service == "ssm" {
                DynamicReference::Ssm { name, version }
            } else {
                DynamicReference::SsmSecure { name, version }
            })
        }
        "secretsmanager" => {
            // An ARN has six colons of its own.
            let colons = if key.starts_with("arn:") { 6 } else { 0 };
            let end = key.match_indices(':').nth(colons).map_or(key.len(), |(end, _)| end);
            let (id, rest) = key.split_at_checked(end)?;
            let mut parts = rest.split(':').skip(1);
            if parts.next().is_some_and(|kind| !kind.is_empty() && kind != "SecretString") {
                return None;
            }
            let (json_key, version_stage, version_id) = (parts.next(), parts.next(), parts.next());
            if parts.next().is_some() {
                return None;
            }
            Some(DynamicReference::Secret {
                id: some(id)?,
                json_key: json_key.and_then(some),
                version_stage: version_stage.and_then(some),
                version_id: version_id.and_then(some),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_dynamic_references_apart() {
        let check = |text: &str, expected: &str| {
            let written: Vec<String> = pieces(text)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.to_owned(),
                    Piece::Reference { reference: Some(reference), .. } => format!("<{reference}>"),
                    Piece::Reference { written, reference: None } => format!("!{written}"),
                })
                .collect();
            assert_eq!(written.join("|"), expected, "{text}");
        };
        check("", "");
        check("plain {{resolve}}", "plain {{resolve}}");
        check("{{resolve:ssm:/a/b}}", "<ssm:/a/b:>");
        check("x{{resolve:ssm:/a/b:12}}y", "x|<ssm:/a/b:12>|y");
        check("{{resolve:ssm-secure:a:1}}{{resolve:ssm:b}}", "<ssm-secure:a:1>|<ssm:b:>");
        check("{{resolve:ssm:arn:aws:ssm:us-east-1:1:parameter/a}}", "<ssm:arn:aws:ssm:us-east-1:1:parameter/a:>");
        check("{{resolve:secretsmanager:S}}", "<secretsmanager:S:SecretString:::>");
        check("{{resolve:secretsmanager:S:SecretString:key}}", "<secretsmanager:S:SecretString:key::>");
        check(
            "{{resolve:secretsmanager:S:SecretString:k:AWSPREVIOUS}}",
            "<secretsmanager:S:SecretString:k:AWSPREVIOUS:>",
        );
        check("{{resolve:secretsmanager:S:SecretString:::v1}}", "<secretsmanager:S:SecretString:::v1>");
        check(
            "{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:1:secret:S-abc:SecretString:k}}",
            "<secretsmanager:arn:aws:secretsmanager:us-east-1:1:secret:S-abc:SecretString:k::>",
        );
        check("{{resolve:ssm:}}", "!{{resolve:ssm:}}");
        check("{{resolve:s3:a}}", "!{{resolve:s3:a}}");
        check("{{resolve:secretsmanager:S:SecretBinary}}", "!{{resolve:secretsmanager:S:SecretBinary}}");
        check("{{resolve:ssm:a", "{{resolve:ssm:a");
    }
}
