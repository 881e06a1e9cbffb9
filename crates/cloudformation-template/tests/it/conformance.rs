//! Every case of the conformance table.

use crate::case::{Case, cases, doubled};

const FILES: [&str; 1] = [include_str!("conformance/functions.txt")];

#[test]
fn templates_come_to_what_aws_documents() {
    let cases: Vec<Case> = FILES.iter().flat_map(|text| cases(text)).collect();
    let failures: Vec<String> =
        cases.iter().filter_map(|case| case.check().err().map(|reason| format!("{}: {reason}", case.name))).collect();
    assert!(failures.is_empty(), "{} of {} cases fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
    assert_eq!(doubled(cases.iter().map(|case| case.name.as_str())), Vec::<&str>::new());
    assert!(
        cases.iter().all(|case| case.source.starts_with("https://docs.aws.amazon.com/") || case.source == "recorded")
    );
}
