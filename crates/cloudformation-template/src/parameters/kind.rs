//! Types of parameters.

use std::fmt;

/// The type of a parameter. What AWS's own types name is not looked up here: they are text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterType {
    text: String,
    pub(crate) shape: Shape,
    /// Whether the value is the name of an SSM parameter, whose value counts.
    pub(crate) from_ssm: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Number,
    TextList,
    NumberList,
}

/// AWS's own types, each of which a list may be made of.
const OF_AWS: [&str; 10] = [
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Volume::Id",
    "AWS::Route53::HostedZone::Id",
];

impl ParameterType {
    /// The type of that name, if there is one.
    pub(crate) fn named(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("AWS::SSM::Parameter::Value<").and_then(|inner| inner.strip_suffix('>'));
        let shape = match inner.unwrap_or(text) {
            "String" | "AWS::SSM::Parameter::Name" => Shape::Text,
            "Number" if inner.is_none() => Shape::Number,
            "List<Number>" if inner.is_none() => Shape::NumberList,
            "CommaDelimitedList" | "List<String>" => Shape::TextList,
            name if OF_AWS.contains(&name) => Shape::Text,
            name => {
                let element = name.strip_prefix("List<").and_then(|element| element.strip_suffix('>'))?;
                OF_AWS.contains(&element).then_some(Shape::TextList)?
            }
        };
        Some(Self { text: text.to_owned(), shape, from_ssm: inner.is_some() })
    }

    /// The type's name, as templates write it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.shape, Shape::TextList | Shape::NumberList)
    }
}

impl fmt::Display for ParameterType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_types_of_cloudformation() {
        let check = |text: &str, expected: Option<(Shape, bool)>| {
            let found = ParameterType::named(text).map(|kind| (kind.shape, kind.from_ssm));
            assert_eq!(found, expected, "{text}");
        };
        check("String", Some((Shape::Text, false)));
        check("Number", Some((Shape::Number, false)));
        check("List<Number>", Some((Shape::NumberList, false)));
        check("CommaDelimitedList", Some((Shape::TextList, false)));
        check("List<String>", Some((Shape::TextList, false)));
        check("AWS::EC2::VPC::Id", Some((Shape::Text, false)));
        check("List<AWS::EC2::Subnet::Id>", Some((Shape::TextList, false)));
        check("AWS::SSM::Parameter::Name", Some((Shape::Text, false)));
        check("AWS::SSM::Parameter::Value<String>", Some((Shape::Text, true)));
        check("AWS::SSM::Parameter::Value<List<String>>", Some((Shape::TextList, true)));
        check("AWS::SSM::Parameter::Value<CommaDelimitedList>", Some((Shape::TextList, true)));
        check("AWS::SSM::Parameter::Value<List<AWS::EC2::Image::Id>>", Some((Shape::TextList, true)));
        for unknown in
            ["", "string", "Strin", "Boolean", "List<Boolean>", "AWS::SSM::Parameter::Value<Number>", "AWS::EC2::VPC"]
        {
            check(unknown, None);
        }
    }
}
