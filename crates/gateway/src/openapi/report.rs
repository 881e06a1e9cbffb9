//! What an import has to say: errors that refuse the document, warnings that only tell what was passed over.

/// The findings of an import, in the order of the document.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// Findings of a kind that are kept; a document that has more is told of these.
const FINDINGS_MAX: usize = 100;

impl Report {
    pub(crate) fn error(&mut self, finding: impl Into<String>) {
        if self.errors.len() < FINDINGS_MAX {
            self.errors.push(finding.into());
        }
    }

    pub(crate) fn warning(&mut self, finding: impl Into<String>) {
        if self.warnings.len() < FINDINGS_MAX {
            self.warnings.push(finding.into());
        }
    }
}

/// API Gateway's words for a quota that is used up.
pub(super) fn no_more(what: &str) -> String {
    format!("Maximum number of {what} for this API has been reached. Please contact AWS if you need additional {what}.")
}

/// API Gateway's message for a document with errors.
pub(crate) fn errors_message(errors: &[String], warnings: &[String]) -> String {
    let mut message = format!("Errors found during import:\n\t{}", errors.join("\n\t"));
    if !warnings.is_empty() {
        message.push_str("\nAdditionally, these warnings were found:\n\t");
        message.push_str(&warnings.join("\n\t"));
    }
    message
}

/// API Gateway's message for a document whose warnings count as errors.
pub(crate) fn warnings_message(warnings: &[String]) -> String {
    format!("Warnings found during import:\n\t{}", warnings.join("\n\t"))
}
