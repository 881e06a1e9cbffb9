//! What a user pool's configuration blocks may say together, and how they are shown.

use claviger_resources::user_pool::UserPool;
use serde_json::{Value, json};

use super::configuration::{Configuration, at, fill, number, text, texts};
use super::errors::Error;
use super::{mfa, pre_token_generation, schema};

/// The members that `UpdateUserPool` leaves alone: those that only `CreateUserPool` sets, and what other operations keep.
pub(super) const IMMUTABLE: [&str; 5] =
    [schema::MEMBER, mfa::MEMBER, "UsernameAttributes", "AliasAttributes", "UsernameConfiguration"];

/// Refuses blocks that contradict each other.
pub(super) fn check(configuration: &Configuration) -> Result<(), Error> {
    let verified_by_text = texts(configuration, "AutoVerifiedAttributes").any(|attribute| attribute == "phone_number");
    if verified_by_text && !configuration.contains_key("SmsConfiguration") {
        return Err(Error::SmsConfigurationRequired);
    }
    let has_some = |member| texts(configuration, member).next().is_some();
    if has_some("AliasAttributes") && has_some("UsernameAttributes") {
        return Err(Error::AliasAndUsernameAttributes);
    }
    pre_token_generation::check(configuration)?;
    check_tier(configuration)?;
    check_authentication_levels(configuration)
}

fn check_tier(configuration: &Configuration) -> Result<(), Error> {
    if !is_lite(configuration) {
        return Ok(());
    }
    if configuration.contains_key("AcrConfiguration") {
        return Err(Error::TierTooLow("AcrConfiguration"));
    }
    match text(configuration, &["LambdaConfig", "PreTokenGenerationConfig", "LambdaVersion"]) {
        Some("V2_0" | "V3_0") => Err(Error::TierTooLow("PreTokenGenerationConfig with LambdaVersion V2_0 or V3_0")),
        _ => Ok(()),
    }
}

/// Whether the pool is on the plan without managed login and token customisation.
pub(super) fn is_lite(configuration: &Configuration) -> bool {
    text(configuration, &["UserPoolTier"]) == Some("LITE")
}

/// Names are unique over all four levels, the default ones included.
fn check_authentication_levels(configuration: &Configuration) -> Result<(), Error> {
    let mut levels = Configuration::new();
    levels.extend(configuration.get("AcrConfiguration").map(|given| ("AcrConfiguration".to_owned(), given.clone())));
    fill(&mut levels, default_authentication_levels());
    let mut seen = Vec::new();
    for level in
        levels.get("AcrConfiguration").and_then(Value::as_object).into_iter().flat_map(|levels| levels.values())
    {
        let value = level.get("AcrValue").and_then(Value::as_str).unwrap_or_default();
        if seen.contains(&value) {
            return Err(Error::AcrValueTwice(value.to_owned()));
        }
        seen.push(value);
    }
    Ok(())
}

/// The configuration as a description shows it.
pub(super) fn shown(pool: &UserPool) -> Configuration {
    let mut configuration = pool.configuration.clone();
    let attributes = schema::shown(&configuration);
    configuration.insert(schema::MEMBER.to_owned(), json!(attributes));
    configuration.remove(mfa::MEMBER);
    mirror_messages(&mut configuration);
    pre_token_generation::mirror(&mut configuration);
    let unused_days = number(&configuration, &["Policies", "PasswordPolicy", "TemporaryPasswordValidityDays"]);
    // A policy that is given is taken as it is: what it does not ask for is not required.
    let required = at(&configuration, &["Policies", "PasswordPolicy"]).is_none();
    fill(
        &mut configuration,
        json!({
            "Policies": {
                "PasswordPolicy": {
                    "MinimumLength": 8,
                    "RequireUppercase": required,
                    "RequireLowercase": required,
                    "RequireNumbers": required,
                    "RequireSymbols": required,
                    "TemporaryPasswordValidityDays": 7,
                },
                "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
            },
            "LambdaConfig": {},
            "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
            "MfaConfiguration": "OFF",
            "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
            "AdminCreateUserConfig": {
                "AllowAdminCreateUserOnly": false,
                "UnusedAccountValidityDays": unused_days.unwrap_or(7),
            },
            "AccountRecoverySetting": {"RecoveryMechanisms": [
                {"Priority": 1, "Name": "verified_email"},
                {"Priority": 2, "Name": "verified_phone_number"},
            ]},
            "UserPoolTier": "ESSENTIALS",
            "KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"},
        }),
    );
    fill(&mut configuration, default_authentication_levels());
    configuration
}

fn default_authentication_levels() -> Value {
    json!({"AcrConfiguration": {
        "Level1": {"AcrValue": "urn:cognito:loa:1"},
        "Level2": {"AcrValue": "urn:cognito:loa:2"},
        "Level3": {"AcrValue": "urn:cognito:loa:3"},
        "Level4": {"AcrValue": "urn:cognito:loa:4"},
    }})
}

/// The three texts that have a member of their own and a place in the template: one setting, shown in both.
fn mirror_messages(configuration: &mut Configuration) {
    const MESSAGES: [(&str, &str); 3] = [
        ("SmsVerificationMessage", "SmsMessage"),
        ("EmailVerificationMessage", "EmailMessage"),
        ("EmailVerificationSubject", "EmailSubject"),
    ];
    for (member, in_template) in MESSAGES {
        if let Some(message) = at(configuration, &["VerificationMessageTemplate", in_template]).cloned() {
            fill(configuration, json!({ member: message }));
        } else if let Some(message) = configuration.get(member).cloned() {
            fill(configuration, json!({"VerificationMessageTemplate": {in_template: message}}));
        }
    }
}
