//! Parameters as callers see them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::parameter::{Parameter, ParameterValue, Version};
use claviger_runtime::vault::{SealedFor, Vault};
use serde::Serialize;

use super::errors::Error;

/// A parameter with its value.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ParameterOutput {
    name: String,
    #[serde(rename = "Type")]
    kind: String,
    value: String,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
    last_modified_date: f64,
    #[serde(rename = "ARN")]
    arn: String,
    data_type: String,
}

/// What is known of a parameter beside its value, or of one of its versions, then with it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ParameterMetadata {
    name: String,
    #[serde(rename = "ARN", skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
    #[serde(rename = "Type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    last_modified_date: f64,
    last_modified_user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_pattern: Option<String>,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<[String; 0]>,
    tier: String,
    policies: [String; 0],
    data_type: String,
}

impl ParameterOutput {
    /// Its value alone.
    pub(crate) fn into_value(self) -> String {
        self.value
    }

    /// A parameter at one of its versions.
    pub(super) fn of(
        parameter: &Parameter,
        version: &Version,
        vault: &Vault,
        with_decryption: bool,
    ) -> Result<Self, Error> {
        Ok(Self {
            name: parameter.name.clone(),
            kind: version.kind.clone(),
            value: value(&parameter.arn(), version, vault, with_decryption)?,
            version: version.number,
            selector: None,
            last_modified_date: version.last_modified.fractional_seconds(),
            arn: parameter.arn(),
            data_type: version.data_type.clone(),
        })
    }

    /// The same, with what chose the version: `:3`.
    pub(super) fn chosen_by(self, selector: Option<&str>) -> Self {
        Self { selector: selector.map(|selector| format!(":{selector}")), ..self }
    }
}

impl ParameterMetadata {
    /// What is known of a parameter.
    pub(super) fn of(parameter: &Parameter) -> Self {
        Self { arn: Some(parameter.arn()), ..Self::of_version(&parameter.name, &parameter.latest) }
    }

    /// A version of a parameter, with its value.
    pub(super) fn with_value(
        parameter: &Parameter,
        version: &Version,
        vault: &Vault,
        with_decryption: bool,
    ) -> Result<Self, Error> {
        let value = value(&parameter.arn(), version, vault, with_decryption)?;
        Ok(Self { value: Some(value), labels: Some([]), ..Self::of_version(&parameter.name, version) })
    }

    fn of_version(name: &str, version: &Version) -> Self {
        let version = version.clone();
        Self {
            name: name.to_owned(),
            arn: None,
            kind: version.kind,
            key_id: version.key_id,
            last_modified_date: version.last_modified.fractional_seconds(),
            last_modified_user: version.last_modified_user,
            description: version.description,
            value: None,
            allowed_pattern: version.allowed_pattern,
            version: version.number,
            labels: None,
            tier: version.tier,
            policies: [],
            data_type: version.data_type,
        }
    }
}

/// The value in clear, or as it is sealed, for whoever does not ask for the clear one.
fn value(arn: &str, version: &Version, vault: &Vault, with_decryption: bool) -> Result<String, Error> {
    match &version.value {
        ParameterValue::Plain(value) => Ok(value.clone()),
        ParameterValue::Sealed(sealed) if with_decryption => {
            let opened = vault.open_sealed(SealedFor::Parameter(arn), sealed)?;
            Ok(String::from_utf8_lossy(opened.expose()).into_owned())
        }
        ParameterValue::Sealed(sealed) => Ok(STANDARD.encode(sealed.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use claviger_aws_protocol::shape::{Kind, differences};
    use claviger_resources::{AccountId, Region, Secret, Tenant};
    use claviger_runtime::vault::{KEY_BYTES, MasterKey};
    use claviger_testkit::SeededRandom;
    use serde_json::to_value;

    use super::super::bootstrap;
    use super::super::output_shapes::OUTPUTS;
    use super::*;

    #[test]
    fn parameters_are_shown_as_aws_shows_them() {
        let member = |operation: &str, name: &str| {
            let output = OUTPUTS.iter().find(|(known, _)| *known == operation).and_then(|(_, output)| *output).unwrap();
            let shape = output.member(name).unwrap().shape;
            if let Kind::List(element) = shape.kind { element } else { shape }
        };
        let master = MasterKey::new(&Secret::new(vec![7; KEY_BYTES])).unwrap();
        let vault = Vault::create(&master, &mut SeededRandom::new(0)).unwrap().0;
        let mut parameter = bootstrap::parameter(&Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() });
        parameter.latest.key_id = Some("alias/aws/ssm".to_owned());
        parameter.latest.description = Some("version".to_owned());
        parameter.latest.allowed_pattern = Some("[0-9]+".to_owned());
        let latest = parameter.latest.clone();
        let check = |operation: &str, name: &str, shown: serde_json::Value| {
            assert_eq!(differences(member(operation, name), &shown), Vec::<String>::new(), "{operation}: {shown}");
        };
        let shown = ParameterOutput::of(&parameter, &latest, &vault, true).unwrap().chosen_by(Some("1"));
        check("GetParameter", "Parameter", to_value(shown).unwrap());
        check("DescribeParameters", "Parameters", to_value(ParameterMetadata::of(&parameter)).unwrap());
        let shown = ParameterMetadata::with_value(&parameter, &latest, &vault, true).unwrap();
        check("GetParameterHistory", "Parameters", to_value(shown).unwrap());
    }
}
