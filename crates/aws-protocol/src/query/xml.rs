//! Answers in XML.

use bytes::Bytes;
use http::Response;
use serde_json::Value;
use time::OffsetDateTime;

use crate::protocol::{Protocol, xml_text};
use crate::shape::{Kind, Shape};

/// The answer of an operation: its output, JSON as operations write it, as XML by its shape.
pub fn encode(
    operation: &str,
    namespace: &'static str,
    shape: Option<&Shape>,
    output: Option<&str>,
    request_id: &str,
) -> Response<Bytes> {
    let mut xml = format!("<{operation}Response xmlns=\"{namespace}\">");
    if let Some(shape) = shape {
        let output: Value = output.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        element(&format!("{operation}Result"), shape, &output, &mut xml);
    }
    let request_id_text = xml_text(request_id);
    xml.push_str("<ResponseMetadata><RequestId>");
    xml.push_str(&request_id_text);
    xml.push_str("</RequestId></ResponseMetadata></");
    xml.push_str(operation);
    xml.push_str("Response>");
    Protocol::AwsQuery { namespace }.response(200, xml, request_id)
}

fn element(name: &str, shape: &Shape, value: &Value, xml: &mut String) {
    xml.extend(["<", name, ">"]);
    content(shape, value, xml);
    xml.extend(["</", name, ">"]);
}

fn content(shape: &Shape, value: &Value, xml: &mut String) {
    match (&shape.kind, value) {
        (_, Value::Null) => {}
        (Kind::Structure(members), Value::Object(object)) => {
            let present = members.iter().filter_map(|member| Some((member, object.get(member.key)?)));
            for (member, value) in present.filter(|(_, value)| !value.is_null()) {
                element(member.key, member.shape, value, xml);
            }
        }
        (Kind::List(shape), Value::Array(elements)) => {
            for value in elements {
                element("member", shape, value, xml);
            }
        }
        (Kind::Map(key, shape), Value::Object(entries)) => {
            for (name, value) in entries {
                xml.push_str("<entry>");
                element("key", key, &Value::from(name.as_str()), xml);
                element("value", shape, value, xml);
                xml.push_str("</entry>");
            }
        }
        (Kind::Timestamp, Value::Number(number)) => xml.push_str(&date(number.as_f64().unwrap_or_default())),
        (_, Value::String(text)) => xml.push_str(&xml_text(text)),
        (_, value) => xml.push_str(&xml_text(&value.to_string())),
    }
}

/// `2030-01-01T00:00:00.250Z`; without the fraction when there is none.
#[expect(clippy::cast_possible_truncation, reason = "moments are far from the ends of 64 bits of milliseconds")]
fn date(seconds: f64) -> String {
    let milliseconds = (seconds * 1000.0).round() as i64;
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000);
    let moment = moment.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, (hour, minute, second)) = (moment.date(), moment.to_hms());
    let fraction = match moment.millisecond() {
        0 => String::new(),
        milliseconds => format!(".{milliseconds:03}"),
    };
    format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::shape::{boolean, integer, list, map, optional, string, structure, timestamp};

    static TEXT: Shape = string();
    static NUMBER: Shape = integer();
    static FLAG: Shape = boolean();
    static MOMENT: Shape = timestamp();
    static ENTRIES: Shape = map(&TEXT, &TEXT);
    static ITEM: Shape = structure(&[optional("Name", &TEXT), optional("Size", &NUMBER)]);
    static ITEMS: Shape = list(&ITEM);
    static OUTPUT: Shape = structure(&[
        optional("Flag", &FLAG),
        optional("Items", &ITEMS),
        optional("Map", &ENTRIES),
        optional("At", &MOMENT),
        optional("Text", &TEXT),
    ]);

    fn check(output: &Value, expected: &str) {
        let response = encode("Fly", "urn:x", Some(&OUTPUT), Some(&output.to_string()), "id-1");
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"text/xml".parse().unwrap())
        );
        let expected = format!(
            "<FlyResponse xmlns=\"urn:x\"><FlyResult>{expected}</FlyResult><ResponseMetadata><RequestId>id-1</RequestId>\
             </ResponseMetadata></FlyResponse>"
        );
        assert_eq!(std::str::from_utf8(response.body()).unwrap(), expected);
    }

    #[test]
    fn outputs_are_written_by_their_shape() {
        check(&json!({}), "");
        check(&json!({"Text": null, "Unknown": 1}), "");
        check(
            &json!({"Text": "a<b> & \"c\"\r\n", "Flag": false}),
            "<Flag>false</Flag><Text>a&lt;b&gt; &amp; &quot;c&quot;&#13;\n</Text>",
        );
        check(
            &json!({"Items": [{"Name": "a", "Size": 1}, {"Size": 2}]}),
            "<Items><member><Name>a</Name><Size>1</Size></member><member><Size>2</Size></member></Items>",
        );
        check(&json!({"Items": []}), "<Items></Items>");
        check(&json!({"Map": {"k": "v"}}), "<Map><entry><key>k</key><value>v</value></entry></Map>");
        check(&json!({"At": 1_893_456_000.25}), "<At>2030-01-01T00:00:00.250Z</At>");
        check(&json!({"At": 1_893_456_000}), "<At>2030-01-01T00:00:00Z</At>");
        check(&json!({"At": "2030-01-01T00:00:00Z"}), "<At>2030-01-01T00:00:00Z</At>");
    }

    #[test]
    fn an_operation_without_output_answers_its_id_alone() {
        let response = encode("Fly", "urn:x", None, None, "id-1");
        assert_eq!(
            response.body(),
            "<FlyResponse xmlns=\"urn:x\"><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></FlyResponse>"
        );
    }
}
