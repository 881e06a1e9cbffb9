//! Answers in XML.

use claviger_aws_protocol::protocol::xml_text;
use claviger_resources::{AccountId, Timestamp};

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// A document that is being written.
pub(super) struct Xml {
    root: &'static str,
    text: String,
}

impl Xml {
    /// A document with this root.
    pub(super) fn new(root: &'static str) -> Self {
        let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{NAMESPACE}\">");
        Self { root, text }
    }

    /// Text.
    pub(super) fn text(&mut self, text: &str) {
        self.text.push_str(&xml_text(text));
    }

    /// An element with a text.
    pub(super) fn element(&mut self, name: &str, text: &str) {
        self.within(name, |xml| xml.text(text));
    }

    /// An element with others in it.
    pub(super) fn within(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.text.extend(["<", name, ">"]);
        write(self);
        self.text.extend(["</", name, ">"]);
    }

    /// All of it.
    pub(super) fn finish(mut self) -> String {
        self.text.extend(["</", self.root, ">"]);
        self.text
    }
}

/// What tells an owner.
pub(super) fn owner(xml: &mut Xml, account: AccountId) {
    xml.element("ID", &owner_id(account));
    xml.element("DisplayName", account.as_str());
}

/// The canonical id of an account: 64 hexadecimal digits, which here say nothing but the account.
pub(super) fn owner_id(account: AccountId) -> String {
    format!("{:0>64}", account.as_str())
}

/// `2030-01-01T00:00:00.250Z`.
pub(super) fn date(at: Timestamp) -> String {
    let (utc, (hour, minute, second, millisecond)) = (at.utc(), at.utc().to_hms_milli());
    format!("{}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z", utc.date())
}

/// `Tue, 01 Jan 2030 00:00:00 GMT`, as headers have it.
pub(super) fn http_date(at: Timestamp) -> String {
    let utc = at.utc();
    let (hour, minute, second) = utc.to_hms();
    let (weekday, month) = (utc.weekday().to_string(), utc.month().to_string());
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let (weekday, month) = (short(&weekday), short(&month));
    format!("{weekday}, {:02} {month} {:04} {hour:02}:{minute:02}:{second:02} GMT", utc.day(), utc.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_dates_are_written_as_s3_writes_them() {
        let mut xml = Xml::new("Owner");
        owner(&mut xml, AccountId::DEFAULT);
        xml.element("Key", "a<b");
        assert!(xml.finish().ends_with("<DisplayName>000000000000</DisplayName><Key>a&lt;b</Key></Owner>"));
        let at = Timestamp::from_milliseconds(1_893_456_000_250);
        assert_eq!(date(at), "2030-01-01T00:00:00.250Z");
        assert_eq!(http_date(at), "Tue, 01 Jan 2030 00:00:00 GMT");
        assert_eq!(owner_id(AccountId::DEFAULT).len(), 64);
    }
}
