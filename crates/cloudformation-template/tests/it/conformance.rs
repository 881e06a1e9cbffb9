//! Every case of the conformance table.

use crate::case::{Case, cases, doubled};

pub(crate) const FILES: [&str; 7] = [
    include_str!("conformance/conditions.txt"),
    include_str!("conformance/functions.txt"),
    include_str!("conformance/language_extensions.txt"),
    include_str!("conformance/parameters.txt"),
    include_str!("conformance/rules.txt"),
    include_str!("conformance/sections.txt"),
    include_str!("conformance/serverless.txt"),
];

#[test]
fn templates_come_to_what_aws_documents() {
    let cases: Vec<Case> = FILES.iter().flat_map(|text| cases(text)).collect();
    let failures: Vec<String> =
        cases.iter().filter_map(|case| case.check().err().map(|reason| format!("{}: {reason}", case.name))).collect();
    assert!(failures.is_empty(), "{} of {} cases fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
    assert!(cases.len() > 250, "the table has {} cases", cases.len());
    assert_eq!(doubled(cases.iter().map(|case| case.name.as_str())), Vec::<&str>::new());
    assert!(
        cases.iter().all(|case| case.source.starts_with("https://docs.aws.amazon.com/") || case.source == "recorded")
    );
}
