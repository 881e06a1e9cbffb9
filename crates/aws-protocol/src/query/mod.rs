//! awsQuery: a form with `Action` and `Version` in, XML out.
//!
//! [`Form`] reads a request as the JSON object that operations take: `Tags.member.1.Key=a` becomes `{"Tags": [{"Key": "a"}]}`.
//! [`encode`] writes an operation's output, JSON as well, as XML by its shape: elements in the order of the description,
//! lists as `<member>`, moments as dates.

mod form;
mod xml;

pub use form::Form;
pub use xml::encode;
