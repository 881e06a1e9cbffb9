//! Formats of texts that are checked; all others are passed over.

use std::net::{Ipv4Addr, Ipv6Addr};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    DateTime,
    Email,
    Ipv4,
    Ipv6,
}

impl Format {
    /// Parses the name of a format; `None` for those that are passed over.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "date-time" => Self::DateTime,
            "email" => Self::Email,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            _ => return None,
        })
    }

    /// Whether a text has the format.
    pub(super) fn is_kept(self, text: &str) -> bool {
        match self {
            Self::DateTime => OffsetDateTime::parse(text, &Rfc3339).is_ok(),
            Self::Email => is_email(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
        }
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@');
    plain(local) && plain(domain) && !domain.starts_with('.') && !domain.ends_with('.')
}
