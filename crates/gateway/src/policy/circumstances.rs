//! What is known of a request beside who asks for what: the condition keys that a policy may compare.

use std::borrow::Cow;
use std::net::IpAddr;

use claviger_resources::Timestamp;
use http::header::REFERER;
use time::format_description::well_known::Rfc3339;

use crate::exchange::Exchange;

/// The facts behind the condition keys (IAM User Guide, "AWS global condition context keys").
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// `aws:SourceIp`.
    pub source_ip: IpAddr,
    /// `aws:CurrentTime` and `aws:EpochTime`.
    pub now: Timestamp,
    /// `aws:SecureTransport`.
    pub secure: bool,
    /// `aws:UserAgent`.
    pub user_agent: Option<&'a str>,
    /// `aws:Referer`.
    pub referer: Option<&'a str>,
}

impl<'a> Circumstances<'a> {
    /// What is known of a request.
    pub fn of(exchange: &Exchange<'a>) -> Self {
        let context = exchange.context;
        let referer = exchange.request.headers.get(REFERER);
        Self {
            source_ip: context.source_ip,
            now: context.request_time,
            secure: context.secure,
            user_agent: context.user_agent,
            referer: referer.and_then(|referer| referer.to_str().ok()),
        }
    }

    /// The value of a condition key, whose name is in lower case; `None` when the request has none.
    pub(super) fn value(&self, key: &str) -> Option<Cow<'_, str>> {
        Some(match key {
            "aws:sourceip" => Cow::Owned(self.source_ip.to_canonical().to_string()),
            "aws:currenttime" => Cow::Owned(self.now.utc().format(&Rfc3339).ok()?),
            "aws:epochtime" => Cow::Owned(self.now.seconds().to_string()),
            "aws:securetransport" => Cow::Borrowed(if self.secure { "true" } else { "false" }),
            "aws:useragent" => Cow::Borrowed(self.user_agent?),
            "aws:referer" => Cow::Borrowed(self.referer?),
            _ => return None,
        })
    }
}
