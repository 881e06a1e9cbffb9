//! `GET /_claviger/messages`: what AWS would mail or text to a pool's users, for operators and tests.

use std::sync::Arc;

use claviger_control_plane::cognito::{Error, message};
use claviger_control_plane::dispatch::ControlPlane;
use claviger_data_plane::body::Body;
use http::{Response, StatusCode};
use serde_json::json;

use crate::application::{Application, json_answer, refusal};

/// Which messages are asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    pool: String,
    username: Option<String>,
}

impl Application {
    /// Answers the messages to a user, or to all users of a pool, newest first.
    pub(crate) async fn messages(&self, query: &str) -> Response<Body> {
        let Some(Wanted { pool, username }) = wanted(query) else {
            return refusal(StatusCode::BAD_REQUEST, "expected ?userPoolId=ID or ?userPoolId=ID&username=NAME");
        };
        let read =
            |plane: Arc<ControlPlane>| async move { message::read(plane.services(), &pool, username.as_deref()).await };
        match self.node().call(read).await {
            Some(Ok(messages)) => json_answer(StatusCode::OK, &json!({ "messages": messages })),
            Some(Err(error @ (Error::UserPoolNotFound(_) | Error::UserNotFound))) => {
                refusal(StatusCode::NOT_FOUND, &error.to_string())
            }
            Some(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "messages cannot be read");
                refusal(StatusCode::INTERNAL_SERVER_ERROR, "the messages cannot be read; the log says why")
            }
            None => refusal(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping"),
        }
    }
}

fn wanted(query: &str) -> Option<Wanted> {
    let mut wanted = Wanted::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "userPoolId" => wanted.pool = value.into_owned(),
            "username" => wanted.username = Some(value.into_owned()),
            _ => return None,
        }
    }
    (!wanted.pool.is_empty()).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_which_messages_are_asked_for() {
        let check = |query: &str, expected: Option<(&str, Option<&str>)>| {
            let expected = expected
                .map(|(pool, username)| Wanted { pool: pool.to_owned(), username: username.map(str::to_owned) });
            assert_eq!(wanted(query), expected, "{query}");
        };
        check("userPoolId=us-east-1_a", Some(("us-east-1_a", None)));
        check("userPoolId=us-east-1_a&username=a%40b.example", Some(("us-east-1_a", Some("a@b.example"))));
        check("", None);
        check("username=ada", None);
        check("userPoolId=us-east-1_a&user=ada", None);
    }
}
