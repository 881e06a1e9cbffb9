//! API keys from files: `ImportApiKeys` (API Gateway, "API Gateway API key file format").
//!
//! A row that cannot be imported is passed over and told of in the warnings, unless the caller asked to fail instead.

pub(crate) mod csv;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::{ApiKeyId, Secret};
use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};

use self::csv::Row;
use super::api_key::{self, CreateApiKeyInput};
use super::errors::Error;
use super::{usage_plan, usage_plan_key};
use crate::operation::{Access, Context, Operation};

/// Adds API keys from a file, or changes those that have the same values.
pub struct ImportApiKeys;

/// Rows of a file: as many as there may be keys.
const ROWS_MAX: usize = claviger_resources::limits::API_KEYS_PER_REGION;
/// Warnings that are told.
const WARNINGS_MAX: usize = 100;

/// The members of `ImportApiKeys`; the only format is CSV.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportApiKeysInput {
    /// The file in base64, as blobs are handed on.
    body: String,
    #[serde(default)]
    fail_on_warnings: bool,
}

/// What `ImportApiKeys` answers.
#[derive(Debug, Serialize)]
pub struct ImportApiKeysOutput {
    ids: Vec<ApiKeyId>,
    warnings: Vec<String>,
}

impl Operation for ImportApiKeys {
    const NAME: &'static str = "ImportApiKeys";
    const ACCESS: Access = Access::Write;
    type Input = ImportApiKeysInput;
    type Output = ImportApiKeysOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let unreadable = || Error::bad("The API key file is not text in UTF-8");
        let bytes = STANDARD.decode(&input.body).map_err(|_| unreadable())?;
        let text = Secret::new(String::from_utf8(bytes).map_err(|_| unreadable())?);
        let rows = csv::parse(text.expose()).map_err(|error| Error::bad(error.to_string()))?;
        if rows.len() > ROWS_MAX {
            return Err(Error::bad(format!("An API key file has at most {ROWS_MAX} rows")));
        }
        let mut output = ImportApiKeysOutput { ids: Vec::new(), warnings: Vec::new() };
        for row in rows {
            let line = row.line;
            match import(cx, row).await {
                Ok(id) => output.ids.push(id),
                Err(error @ (Error::Store(_) | Error::Vault(_) | Error::LimitExceeded { .. })) => return Err(error),
                Err(error) if input.fail_on_warnings => return Err(Error::bad(format!("Line {line}: {error}"))),
                Err(error) if output.warnings.len() < WARNINGS_MAX => {
                    output.warnings.push(format!("Line {line}: {error}"));
                }
                Err(_) => {}
            }
        }
        Ok(output)
    }
}

/// Imports one row. A key of the same value is changed instead; its plans are added to.
async fn import(cx: &mut Context<'_>, row: Row) -> Result<ApiKeyId, Error> {
    let value = row.key.filter(|value| !value.expose().is_empty()).ok_or_else(|| Error::bad("Key is missing"))?;
    api_key::check_value(&value)?;
    api_key::check_texts(Some(&row.name), Some(&row.description))?;
    // Whatever may be refused comes before the first write: a row is imported whole or not at all.
    let mut plans = Vec::new();
    for id in &row.usage_plan_ids {
        plans.push(usage_plan::find(cx, id).await?.record);
    }
    let known = api_key::find_by_value(cx, &value).await?;
    if let Some(known) = &known {
        usage_plan_key::check_places(cx, &known.id, &plans).await?;
    }
    let key = if let Some(mut known) = known {
        known.name = Some(row.name);
        known.description = Some(row.description);
        known.enabled = row.enabled;
        known.last_updated_date = cx.now;
        cx.tx.replace(&known).await?;
        known.record
    } else {
        usage_plan_key::check_together(&plans)?;
        let input = CreateApiKeyInput {
            name: Some(row.name),
            description: Some(row.description),
            customer_id: None,
            enabled: row.enabled,
            value: Some(value),
            stage_keys: Vec::new(),
            tags: None,
        };
        api_key::create(cx, &input).await?
    };
    for plan in &plans {
        usage_plan_key::put(cx, plan, &key).await?;
    }
    Ok(key.id)
}
