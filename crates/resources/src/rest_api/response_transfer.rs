//! How the answer of an integration reaches the client: as a whole, or as it comes.

use serde::{Deserialize, Serialize};

use super::{Integration, IntegrationType};
use crate::limits::{
    INTEGRATION_TIMEOUT_MILLISECONDS_MAX, INTEGRATION_TIMEOUT_MILLISECONDS_MIN, STREAM_TIMEOUT_MILLISECONDS_MAX,
};

/// How an answer is transferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResponseTransferMode {
    /// All of it is waited for.
    #[default]
    Buffered,
    /// It is passed on as it comes, however long it is.
    Stream,
}

/// Why an answer cannot be transferred so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTransfer {
    /// What answers is not passed through.
    #[error("Response transfer mode STREAM is only supported for integrations of type HTTP_PROXY and AWS_PROXY")]
    NotPassedThrough,
    /// Functions answer as a whole here.
    #[error(
        "Response streaming from Lambda functions is not provided: leave the response transfer mode at BUFFERED, or \
         put a streaming backend behind HTTP_PROXY"
    )]
    Function,
    /// It takes too long, or is given too little time.
    #[error("Timeout should be between {} ms and {max} ms", INTEGRATION_TIMEOUT_MILLISECONDS_MIN)]
    Timeout {
        /// The most milliseconds.
        max: u32,
    },
}

impl ResponseTransferMode {
    /// The most milliseconds that an answer may take.
    pub fn timeout_milliseconds_max(self) -> u32 {
        match self {
            Self::Buffered => INTEGRATION_TIMEOUT_MILLISECONDS_MAX,
            Self::Stream => STREAM_TIMEOUT_MILLISECONDS_MAX,
        }
    }
}

impl Integration {
    /// Whether its answer is passed on as it comes.
    pub fn is_streamed(&self) -> bool {
        self.response_transfer_mode == Some(ResponseTransferMode::Stream)
    }

    /// Refuses an answer that cannot be transferred as the integration says.
    pub fn check_transfer(&self) -> Result<(), InvalidTransfer> {
        match self.kind {
            IntegrationType::AwsProxy if self.is_streamed() => return Err(InvalidTransfer::Function),
            IntegrationType::Mock | IntegrationType::Http | IntegrationType::Aws if self.is_streamed() => {
                return Err(InvalidTransfer::NotPassedThrough);
            }
            _ => {}
        }
        let max = self.response_transfer_mode.unwrap_or_default().timeout_milliseconds_max();
        if (INTEGRATION_TIMEOUT_MILLISECONDS_MIN..=max).contains(&self.timeout_in_millis) {
            Ok(())
        } else {
            Err(InvalidTransfer::Timeout { max })
        }
    }
}
