//! Secrets Manager, whose secrets have ARNs that end with letters nobody chose: callers name them with or without.

use serde_json::Value;

use super::{ANYTHING, Asked, Demand};
use crate::operation::{Caller, perform};
use crate::secrets_manager::secret::SecretArn;
use crate::services::Services;

/// What a call needs. Secrets are looked up, so that what is allowed or denied by ARN is so by name, too.
pub(crate) async fn of_secrets_manager(
    services: &Services,
    caller: &Caller,
    operation: &str,
    input: &Value,
) -> Vec<Demand> {
    let tenant = caller.tenant();
    let asked = Asked { operation, input, tenant: &tenant };
    let mut demands = Vec::new();
    for id in asked.texts("SecretId") {
        demands.push(asked.demand("secretsmanager", arn(services, asked, id).await));
    }
    if let Some(name) = asked.text("Name") {
        // A secret that is to be made has no letters yet.
        demands.push(asked.demand("secretsmanager", asked.arn("secretsmanager", &format!("secret:{name}-??????"))));
    }
    if demands.is_empty() {
        demands.push(asked.demand("secretsmanager", ANYTHING));
    }
    if operation == "BatchGetSecretValue" {
        let read = |resource: String| Demand::new("secretsmanager", "GetSecretValue", resource);
        let ids = asked.texts("SecretIdList");
        for id in &ids {
            demands.push(read(arn(services, asked, id).await));
        }
        if ids.is_empty() {
            demands.push(read(asked.arn("secretsmanager", "secret:*")));
        }
    }
    demands
}

/// The ARN of a secret; of one that is not there, what it would be named by.
async fn arn(services: &Services, asked: Asked<'_>, id: &str) -> String {
    let found = perform(services, asked.tenant, &SecretArn(id)).await;
    found.unwrap_or_else(|_| {
        if id.starts_with("arn:") { id.to_owned() } else { asked.arn("secretsmanager", &format!("secret:{id}")) }
    })
}
