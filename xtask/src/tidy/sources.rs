//! What every file under version control must and must not hold.

use super::Findings;

/// Above this, ask whether a source file holds two ideas.
const LINES_EXPECTED_MAX: usize = 400;

/// Texts that must not be in the project, with the reason. They are put together here so that this file may pass.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/ho", "me/"), "a path of one machine"),
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("/tm", "p/"), "a path of one machine; take a temporary directory"),
    (concat!("registry.", "npmjs"), "a package registry's host"),
    (concat!("pythonhosted", ".org"), "a package registry's host"),
    (concat!("pypi", ".org"), "a package registry's host"),
    (concat!("static.", "crates.io"), "a package registry's host"),
    (concat!("index.", "crates.io"), "a package registry's host"),
    (concat!("deb.", "debian.org"), "a package registry's host"),
    (concat!("\"resolved\": \"", "http"), "an address in a lock file; keep omit-lockfile-registry-resolved set"),
    (concat!("TO", "DO"), "unfinished work"),
    (concat!("FIX", "ME"), "unfinished work"),
    (concat!("unimpl", "emented!"), "unfinished work"),
    (concat!("to", "do!"), "unfinished work"),
    (concat!("thread::", "sleep"), SLEEP),
    (concat!("time.", "sleep("), SLEEP),
    (concat!("#[ig", "nore"), "a test that does not run"),
];

const SLEEP: &str = "a sleep; wait for a state or move the clock";

/// Measuring, and faults that last, are the one place where time itself is waited for.
const MEASUREMENTS: [&str; 4] = ["xtask/src/bench", "xtask/src/soak", "xtask/src/server.rs", "xtask/src/nodes.rs"];

pub(super) fn check(path: &str, text: &str, findings: &mut Findings) {
    for (number, line) in text.lines().enumerate() {
        for (forbidden, reason) in FORBIDDEN {
            if line.contains(forbidden)
                && !(reason == &SLEEP && MEASUREMENTS.iter().any(|place| path.starts_with(place)))
            {
                findings.error(format!("{path}:{}: `{forbidden}` ({reason})", number + 1));
            }
        }
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        "requirements.txt" => check_requirements(path, text, findings),
        "README.md" if path == name => check_says(path, text, "cargo xtask test", findings),
        "run" if path == ".ci/run" => check_says(path, text, "cargo xtask ci", findings),
        _ if has_extension(name, "rs") => check_rust(path, text, findings),
        _ => {}
    }
}

fn check_rust(path: &str, text: &str, findings: &mut Findings) {
    // A file of tests says in its module's opening what it is for.
    if path.ends_with("/tests.rs") {
        return;
    }
    let opening = text.lines().next().unwrap_or_default();
    if !opening.starts_with("//!") {
        findings.error(format!("{path}: the first line must say, after `//!`, what the file is for"));
    }
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
    if lines > LINES_EXPECTED_MAX && !opening.contains("generated") {
        findings.warning(format!("{path}: {lines} lines; are there two ideas in it?"));
    }
}

/// The clients that the compatibility tests drive are pinned, or a run says nothing about the next one.
fn check_requirements(path: &str, text: &str, findings: &mut Findings) {
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if !line.contains("==") {
            findings.error(format!("{path}: pin the version with `==`: {line}"));
        }
    }
}

fn check_says(path: &str, text: &str, expected: &str, findings: &mut Findings) {
    if !text.contains(expected) {
        findings.error(format!("{path}: must name the command `{expected}`"));
    }
}

fn has_extension(name: &str, extension: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|found| found == extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(path: &str, text: &str) -> Vec<String> {
        let mut findings = Findings::default();
        check(path, text, &mut findings);
        findings.errors
    }

    #[test]
    fn refuses_paths_of_one_machine_and_unfinished_work() {
        let text = format!("fine\nsee {}me/me/x\n", "/ho");
        assert_eq!(errors("docs/x.md", &text), [format!("docs/x.md:2: `{}me/` (a path of one machine)", "/ho")]);
        assert_eq!(errors("docs/x.md", &format!("{}DO: later", "TO")).len(), 1);
    }

    #[test]
    fn lets_only_measurements_sleep() {
        let text = format!("//! Waits.\n    std::{}{}(second);", "thread::", "sleep");
        assert_eq!(errors("crates/server/tests/it/main.rs", &text).len(), 1);
        assert!(errors("xtask/src/bench/ceiling.rs", &text).is_empty());
    }

    #[test]
    fn asks_each_source_file_what_it_is_for() {
        assert!(errors("a.rs", "//! Ids.\n").is_empty());
        assert_eq!(errors("a.rs", "use std;\n").len(), 1);
        assert_eq!(errors("a.rs", "").len(), 1);
        assert!(errors("a/tests.rs", "use super::*;\n").is_empty());
    }

    #[test]
    fn warns_of_long_files_unless_they_are_generated() {
        let long = |opening: &str| format!("{opening}\n{}", "x\n".repeat(LINES_EXPECTED_MAX));
        let mut findings = Findings::default();
        check("a.rs", &long("//! Ids."), &mut findings);
        check("b.rs", &long("//! Shapes, generated by `cargo xtask generate`."), &mut findings);
        assert_eq!(findings.warnings, ["a.rs: 401 lines; are there two ideas in it?"]);
    }

    #[test]
    fn asks_for_pinned_versions() {
        assert_eq!(errors("compat/requirements.txt", "# clients\na==1\nb\n").len(), 1);
    }

    #[test]
    fn asks_for_the_one_test_command() {
        assert_eq!(errors("README.md", "hello").len(), 1);
        assert!(errors("README.md", "cargo xtask test").is_empty());
        assert_eq!(errors(".ci/run", "hello").len(), 1);
    }
}
