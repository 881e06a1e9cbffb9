//! What functions behind custom resources answer: each is told a URL of its own, and whoever asked waits for what is put
//! there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use claviger_resources::{Random, random};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::oneshot;

/// Where functions answer, before the word that tells one request from another.
pub const PATH: &str = "/_claviger/custom-resource-response/";
/// Bytes of the largest answer (AWS CloudFormation, "Custom resource request and response reference").
pub const ANSWER_BYTES_MAX: usize = 4_096;
/// Characters of the word that tells one request from another. Nobody guesses it, so whoever knows it may answer.
const WORD: usize = 40;

/// The answers that are waited for.
#[derive(Clone, Default)]
pub struct Answers(Arc<Mutex<HashMap<String, oneshot::Sender<Answer>>>>);

/// What a function says came of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Answer {
    pub(super) status: Status,
    pub(super) reason: Option<String>,
    pub(super) physical_resource_id: Option<String>,
    #[serde(default, deserialize_with = "nothing_is_empty")]
    pub(super) data: Map<String, Value>,
}

fn nothing_is_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    Success,
    Failed,
}

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Nobody waits for it: it has been given, or the time is over.
    #[error("nobody waits for this answer: it has been given before, or came too late")]
    NotWaitedFor,
    /// It says something else than answers do.
    #[error("Invalid response object: {0}")]
    Invalid(#[from] serde_json::Error),
}

impl Answers {
    /// Waits for an answer at a path of its own.
    pub(super) fn wait(&self, source: &mut dyn Random) -> Waiting {
        let (sender, answer) = oneshot::channel();
        let word = random::text(source, random::ALPHANUMERIC, WORD);
        self.waiting().insert(word.clone(), sender);
        Waiting { answers: self.clone(), word, answer: Some(answer) }
    }

    /// Takes what a function puts at a path.
    pub fn take(&self, word: &str, document: &[u8]) -> Result<(), AnswerError> {
        let answer = serde_json::from_slice(document)?;
        let sender = self.waiting().remove(word).ok_or(AnswerError::NotWaitedFor)?;
        sender.send(answer).map_err(|_| AnswerError::NotWaitedFor)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Answer>>> {
        // The map is whole between any two statements.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer that is waited for, until this is dropped.
pub(super) struct Waiting {
    answers: Answers,
    word: String,
    answer: Option<oneshot::Receiver<Answer>>,
}

impl Waiting {
    /// Where it is to be put.
    pub(super) fn path(&self) -> String {
        format!("{PATH}{}", self.word)
    }

    /// The answer, however long it takes.
    pub(super) async fn answer(mut self) -> Answer {
        if let Some(answer) = self.answer.take()
            && let Ok(answer) = answer.await
        {
            return answer;
        }
        // The sender is dropped only with this, so nothing can come any more.
        std::future::pending().await
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.answers.waiting().remove(&self.word);
    }
}
