//! The claims hook: a pool's pre token generation trigger. It is the one place where issuing a token waits for somebody
//! else; what is sent and what the answer may do are rules of `oauth`.

use std::time::Duration;

use claviger_oauth::hook::{AnswerError, Changes, Event, EventVersion, read};
use claviger_resources::user_pool::UserPool;
use serde_json::Value;

use crate::functions::{FunctionError, Functions, Invocation, Invoker};

/// How long a trigger's function may take (Amazon Cognito, "Customizing user pool workflows with Lambda triggers"). AWS would
/// ask two more times before it gives up; here a function that got the event is asked once.
const DURATION_MAX: Duration = Duration::from_secs(5);
/// What Cognito calls functions as.
const PRINCIPAL: &str = "cognito-idp.amazonaws.com";

/// A pool's pre token generation trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The function's ARN.
    pub function: Box<str>,
    /// Which event it gets.
    pub version: EventVersion,
}

/// Why a function's answer does not come into a token. The texts are AWS's where AWS's are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// The function refuses, or failed on its own.
    #[error("PreTokenGeneration failed with error {0}.")]
    Function(String),
    /// The function could not be asked.
    #[error("PreTokenGeneration invocation failed due to error: {0}.")]
    Call(FunctionError),
    /// The answer cannot be used.
    #[error("Unrecognizable lambda output: {0}")]
    Answer(#[from] AnswerError),
}

impl Hook {
    /// The trigger of a pool (`LambdaConfig`). The older of the two settings names a function of the first version. The
    /// LITE tier has the first version only.
    pub fn of(pool: &UserPool) -> Option<Self> {
        let triggers = pool.configuration.get("LambdaConfig")?;
        let text = |value: &Value, member: &str| value.get(member).and_then(Value::as_str).map(str::to_owned);
        let hook = match triggers.get("PreTokenGenerationConfig") {
            Some(config) => Self {
                function: text(config, "LambdaArn")?.into(),
                version: EventVersion::parse(&text(config, "LambdaVersion")?)?,
            },
            None => Self { function: text(triggers, "PreTokenGeneration")?.into(), version: EventVersion::V1 },
        };
        let lite = pool.configuration.get("UserPoolTier").and_then(Value::as_str) == Some("LITE");
        (!lite || hook.version == EventVersion::V1).then_some(hook)
    }

    /// Asks the function what to change, on behalf of the pool with this ARN.
    pub async fn ask(&self, functions: &Functions, event: &Event<'_>, pool_arn: &str) -> Result<Changes, HookError> {
        let invocation = Invocation {
            arn: &self.function,
            event: event.to_json().into(),
            duration_max: DURATION_MAX,
            invoker: Invoker::Service { principal: PRINCIPAL, source_arn: pool_arn },
        };
        let answer = functions.call(invocation).await;
        let changes = answer.map_err(HookError::from).and_then(|answer| Ok(read(self.version, &answer)?));
        if let Err(error) = &changes {
            let (function, pool) = (&*self.function, event.pool);
            match error {
                // What a function says of its own failure is between it and its caller.
                HookError::Function(_) => tracing::debug!(pool, function, "the claims hook failed"),
                HookError::Call(FunctionError::Unreachable { reason }) => {
                    tracing::warn!(pool, function, reason, "the claims hook cannot be called");
                }
                HookError::Call(_) | HookError::Answer(_) => {
                    let reason = error.to_string();
                    tracing::warn!(pool, function, reason, "the claims hook gave no answer that can be used");
                }
            }
        }
        changes
    }
}

impl From<FunctionError> for HookError {
    fn from(error: FunctionError) -> Self {
        match error {
            FunctionError::Failed(failure) => Self::Function(failure.to_string()),
            other => Self::Call(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use claviger_resources::user_pool::IssuerType;
    use claviger_resources::{AccountId, Region, Tenant, Timestamp, UserPoolId};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pools_settings_name_its_hook() {
        let check = |configuration: Value, expected: Option<(&str, EventVersion)>| {
            let pool = UserPool {
                id: UserPoolId::parse("us-east-1_pool").unwrap(),
                tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
                name: "pool".to_owned(),
                created: Timestamp::default(),
                modified: Timestamp::default(),
                deletion_protection: false,
                issuer: IssuerType::Original,
                tags: BTreeMap::new(),
                configuration: configuration.as_object().unwrap().clone(),
            };
            let expected = expected.map(|(function, version)| Hook { function: function.into(), version });
            assert_eq!(Hook::of(&pool), expected, "{configuration}");
        };
        let config =
            |version: &str| json!({"PreTokenGenerationConfig": {"LambdaArn": "new", "LambdaVersion": version}});
        check(json!({}), None);
        check(json!({"LambdaConfig": {}}), None);
        check(json!({"LambdaConfig": {"PreSignUp": "other"}}), None);
        check(json!({"LambdaConfig": {"PreTokenGeneration": "old"}}), Some(("old", EventVersion::V1)));
        check(json!({"LambdaConfig": config("V1_0")}), Some(("new", EventVersion::V1)));
        check(json!({"LambdaConfig": config("V2_0")}), Some(("new", EventVersion::V2)));
        check(json!({"LambdaConfig": config("V3_0")}), Some(("new", EventVersion::V3)));
        check(json!({"LambdaConfig": config("V4_0")}), None);
        let tier = |tier: &str, version: &str| json!({"LambdaConfig": config(version), "UserPoolTier": tier});
        check(tier("PLUS", "V3_0"), Some(("new", EventVersion::V3)));
        check(tier("LITE", "V3_0"), None);
        check(tier("LITE", "V1_0"), Some(("new", EventVersion::V1)));
    }
}
