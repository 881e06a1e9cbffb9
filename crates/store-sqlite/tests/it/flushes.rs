//! Flushes: an acknowledgement leaves when the disk has what it acknowledges. A kill cannot show this, because the
//! operating system keeps what a killed process wrote; the system calls can.

use std::process::{Command, Stdio};

use crate::crashes::child;

#[test]
fn flushes_the_log_between_a_write_and_its_acknowledgement() {
    const OPERATIONS: u64 = 25;
    let directory = tempfile::tempdir().unwrap();
    let trace = directory.path().join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o"]).arg(&trace);
    let run = child(Some(strace), &directory.path().join("store.db"), "0", 1, OPERATIONS)
        .stderr(Stdio::piped())
        .output()
        .unwrap_or_else(|error| {
            panic!("cannot start strace, which this test needs: {error}; install the package strace")
        });
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let trace = std::fs::read_to_string(trace).unwrap();
    assert_eq!(acknowledgements_after_a_flush(&trace), Ok(OPERATIONS), "{trace}");
}

/// Counts the acknowledgements in a trace; an error is one that came before what it acknowledges was flushed.
fn acknowledgements_after_a_flush(trace: &str) -> Result<u64, String> {
    let (mut is_written, mut is_flushed) = (false, false);
    // Threads whose flush of the log has begun after the last write to it, and not ended.
    let mut flushing: Vec<&str> = Vec::new();
    let mut acknowledgements = 0;
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap_or_default();
        let call = call.trim_start();
        let is_of_log = call.contains("store.db-wal>");
        if call.starts_with("pwrite64(") && is_of_log {
            (is_written, is_flushed) = (true, false);
            flushing.clear();
        } else if (call.starts_with("fsync(") || call.starts_with("fdatasync(")) && is_of_log {
            if call.ends_with("<unfinished ...>") {
                flushing.push(thread);
            }
            is_flushed |= call.ends_with("= 0");
        } else if call.contains("sync resumed>") && flushing.contains(&thread) {
            flushing.retain(|other| *other != thread);
            is_flushed |= call.ends_with("= 0");
        } else if call.starts_with("write(1<") && call.contains("acknowledged ") {
            if !(is_written && is_flushed) {
                return Err(line.to_owned());
            }
            (is_written, is_flushed) = (false, false);
            acknowledgements += 1;
        }
    }
    Ok(acknowledgements)
}

#[test]
fn would_notice_an_acknowledgement_before_its_flush() {
    let check = |lines: &[&str], expected: Result<u64, &str>| {
        assert_eq!(acknowledgements_after_a_flush(&lines.join("\n")), expected.map_err(str::to_owned));
    };
    let (write, flush) = (r#"7 pwrite64(9</d/store.db-wal>, "x", 24, 0) = 24"#, "8 fdatasync(9</d/store.db-wal>) = 0");
    let (begun, ended) = ("8 fsync(9</d/store.db-wal> <unfinished ...>", "8 <... fsync resumed>) = 0");
    let told = r#"7 write(1<pipe:[1]>, "acknowledged 1 0 0\n", 19) = 19"#;
    check(&[write, flush, told, write, flush, told], Ok(2));
    check(&[write, begun, ended, told], Ok(1));
    check(&[write, begun, told, ended], Err(told));
    check(&[begun, write, ended, told], Err(told));
    check(&[write, told, flush], Err(told));
    check(&[flush, write, told], Err(told));
    check(&[write, flush, told, told], Err(told));
    check(&[write, "8 fdatasync(9</d/store.db>) = 0", told], Err(told));
    check(&[write, "8 fdatasync(9</d/store.db-wal>) = -1 EIO (Input/output error)", told], Err(told));
}
