//! The URI under which API Gateway calls a function.

use std::collections::BTreeMap;

/// `arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{ARN}/invocations`, with places for stage variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionUri(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    /// `${stageVariables.name}`.
    StageVariable(Box<str>),
}

impl FunctionUri {
    /// Compiles a URI; the error says that it is not a function's.
    pub fn compile(uri: &str) -> Result<Self, String> {
        Self::parse(uri).ok_or_else(|| format!("{uri:?} is not the URI of a Lambda function"))
    }

    /// The same for HTTP APIs, which take the function's own ARN as well.
    pub fn compile_target(uri: &str) -> Result<Self, String> {
        let mut parts = uri.splitn(3, ':').skip(2);
        if parts.next().is_some_and(|service| service.starts_with("lambda:")) {
            return Self::of_name(uri).ok_or_else(|| format!("{uri:?} is not the ARN of a Lambda function"));
        }
        Self::compile(uri)
    }

    fn parse(uri: &str) -> Option<Self> {
        let mut parts = uri.splitn(6, ':');
        let mut next = || parts.next();
        let (arn, _partition, gateway, _region, service) = (next()?, next()?, next()?, next()?, next()?);
        let path = next()?.strip_prefix("path/")?;
        if (arn, gateway, service) != ("arn", "apigateway", "lambda") {
            return None;
        }
        let (_version, function) = path.split_once("/functions/")?;
        Self::of_name(function.strip_suffix("/invocations")?)
    }

    /// A function's ARN or name, with places for stage variables.
    fn of_name(name: &str) -> Option<Self> {
        let mut rest = name;
        let mut parts = Vec::new();
        while let Some((before, from)) = rest.split_once("${stageVariables.") {
            let (name, after) = from.split_once('}')?;
            parts.extend([Part::Text(before.into()), Part::StageVariable(name.into())]);
            rest = after;
        }
        parts.push(Part::Text(rest.into()));
        parts.retain(|part| *part != Part::Text("".into()));
        (!parts.is_empty()).then_some(Self(parts))
    }

    /// The function's ARN, or its name, with the variables of a stage; `None` when a variable is missing or empty.
    pub fn function(&self, stage_variables: &BTreeMap<String, String>) -> Option<String> {
        let mut function = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => function.push_str(text),
                Part::StageVariable(name) => {
                    function.push_str(stage_variables.get(&**name).filter(|value| !value.is_empty())?);
                }
            }
        }
        Some(function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &str = "arn:aws:apigateway:eu-west-2:lambda:path/2015-03-31/functions/";

    #[test]
    fn names_a_function_with_the_variables_of_a_stage() {
        let variables = BTreeMap::from([("name".to_owned(), "pets".to_owned()), ("none".to_owned(), String::new())]);
        let check = |function: &str, expected: Option<&str>| {
            let uri = FunctionUri::compile(&format!("{PREFIX}{function}/invocations")).unwrap();
            assert_eq!(uri.function(&variables).as_deref(), expected, "{function}");
        };
        let arn = "arn:aws:lambda:eu-west-2:123456789012:function:pets";
        check(arn, Some(arn));
        check(&format!("{arn}:live"), Some("arn:aws:lambda:eu-west-2:123456789012:function:pets:live"));
        check("arn:aws:lambda:eu-west-2:123456789012:function:${stageVariables.name}", Some(arn));
        check("${stageVariables.name}-${stageVariables.name}", Some("pets-pets"));
        check("a-${stageVariables.missing}", None);
        check("a-${stageVariables.none}", None);
    }

    #[test]
    fn http_apis_take_the_arn_itself() {
        let variables = BTreeMap::from([("name".to_owned(), "pets".to_owned())]);
        let check = |uri: &str, expected: Option<&str>| {
            let function = FunctionUri::compile_target(uri).ok().and_then(|uri| uri.function(&variables));
            assert_eq!(function.as_deref(), expected, "{uri}");
        };
        let arn = "arn:aws:lambda:eu-west-2:123456789012:function:pets";
        check(arn, Some(arn));
        check("arn:aws:lambda:eu-west-2:123456789012:function:${stageVariables.name}", Some(arn));
        check(&format!("{PREFIX}{arn}/invocations"), Some(arn));
        check("arn:aws:lambda:eu-west-2:123456789012:function:${stageVariables.x", None);
        check("arn:aws:sqs:eu-west-2:123456789012:queue", None);
        check("pets", None);
    }

    #[test]
    fn other_uris_are_no_functions() {
        for uri in [
            "",
            "https://a.b/",
            "arn:aws:lambda:eu-west-2:123456789012:function:pets",
            "arn:aws:apigateway:eu-west-2:sqs:path/123456789012/queue",
            "arn:aws:apigateway:eu-west-2:lambda:action/Invoke",
            "arn:aws:apigateway:eu-west-2:lambda:path/2015-03-31/functions/pets",
            "arn:aws:apigateway:eu-west-2:lambda:path/2015-03-31/functions//invocations",
            "arn:aws:apigateway:eu-west-2:lambda:path/2015-03-31/functions/${stageVariables.x/invocations",
        ] {
            assert!(FunctionUri::compile(uri).is_err(), "{uri}");
        }
    }
}
