//! How callers name a function: by its name, part of its ARN or the whole of it, perhaps with a qualifier.

/// A function as a caller named it. Everything but the name may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionReference<'a> {
    /// The region in an ARN.
    pub region: Option<&'a str>,
    /// The account in an ARN, or in part of one.
    pub account: Option<&'a str>,
    /// The function's name.
    pub name: &'a str,
    /// The version or alias.
    pub qualifier: Option<&'a str>,
}

impl<'a> FunctionReference<'a> {
    /// Reads `name`, `account:function:name`, `function:name` or an ARN, each with or without `:qualifier`; `None` for what
    /// is none of them.
    pub fn parse(text: &'a str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let named = |region, account, rest: &[&'a str]| {
            let (name, qualifier) = match rest {
                [name] => (*name, None),
                [name, qualifier] => (*name, Some(*qualifier)),
                _ => return None,
            };
            (!name.is_empty() && qualifier != Some("")).then_some(Self { region, account, name, qualifier })
        };
        match parts.as_slice() {
            ["arn", _, "lambda", region, account, "function", rest @ ..] => named(Some(*region), Some(*account), rest),
            ["arn", ..] => None,
            [region, account, "function", rest @ ..] if is_account(account) => {
                named(Some(*region), Some(*account), rest)
            }
            [account, "function", rest @ ..] if is_account(account) => named(None, Some(*account), rest),
            ["function", rest @ ..] if !rest.is_empty() => named(None, None, rest),
            [account, rest @ ..] if is_account(account) && !rest.is_empty() => named(None, Some(*account), rest),
            rest => named(None, None, rest),
        }
    }
}

/// A function's ARN without its qualifier, and the qualifier.
pub fn unqualified(arn: &str) -> (&str, Option<&str>) {
    match arn.match_indices(':').nth(6) {
        Some((at, _)) => (arn.get(..at).unwrap_or(arn), arn.get(at + 1..)),
        None => (arn, None),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_many_names() {
        // Region, account, name and qualifier, a hyphen for what is left out.
        let check = |text: &str, expected: Option<[&str; 4]>| {
            let found = FunctionReference::parse(text);
            let found = found.map(|found| {
                let part = |part: Option<&str>| part.unwrap_or("-").to_owned();
                [part(found.region), part(found.account), found.name.to_owned(), part(found.qualifier)]
            });
            assert_eq!(found, expected.map(|parts| parts.map(str::to_owned)), "{text}");
        };
        check("storms", Some(["-", "-", "storms", "-"]));
        check("storms:$LATEST", Some(["-", "-", "storms", "$LATEST"]));
        check("us-east-1", Some(["-", "-", "us-east-1", "-"]));
        check("123456789012", Some(["-", "-", "123456789012", "-"]));
        check("function:storms", Some(["-", "-", "storms", "-"]));
        check("function", Some(["-", "-", "function", "-"]));
        check("123456789012:function:storms", Some(["-", "123456789012", "storms", "-"]));
        check("123456789012:storms", Some(["-", "123456789012", "storms", "-"]));
        check("us-east-1:123456789012:function:storms:2", Some(["us-east-1", "123456789012", "storms", "2"]));
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:storms";
        check(arn, Some(["us-east-1", "123456789012", "storms", "-"]));
        check(&format!("{arn}:live"), Some(["us-east-1", "123456789012", "storms", "live"]));
        for none in [
            "",
            ":",
            "storms:",
            ":1",
            "a:b:c",
            "arn:aws:lambda",
            "arn:aws:lambda:us-east-1:1:layer:x",
            "arn:aws:s3:::x",
        ] {
            check(none, None);
        }
    }

    #[test]
    fn an_arn_may_carry_a_qualifier() {
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:storms";
        assert_eq!(unqualified(arn), (arn, None));
        assert_eq!(unqualified(&format!("{arn}:$LATEST")), (arn, Some("$LATEST")));
        assert_eq!(unqualified("no arn"), ("no arn", None));
    }
}
