//! The lines that Lambda writes around what a function prints (AWS Lambda, "Working with Lambda function logs").

use std::time::Duration;

use bytes::Bytes;
use claviger_resources::function::Function;

use super::Failure;
use super::output::last_bytes;
use super::process::Done;

/// The end of the log of one event, as a caller who asks for it gets it.
pub(super) fn log_tail(request_id: &str, function: &Function, done: &Done) -> Vec<u8> {
    let mut log = start_line(request_id, &function.version).into_bytes();
    log.extend(&done.tail);
    if done.tail.last().is_some_and(|byte| *byte != b'\n') {
        log.push(b'\n');
    }
    log.extend(end_lines(request_id, function.memory_mib, &done.result, done.duration, done.init).as_bytes());
    last_bytes(log)
}

/// The line before what an event prints.
pub(super) fn start_line(request_id: &str, version: &str) -> String {
    format!("START RequestId: {request_id} Version: {version}\n")
}

/// The lines behind it.
pub(super) fn end_lines(
    request_id: &str,
    memory_mib: u32,
    result: &Result<Bytes, Failure>,
    duration: Duration,
    init: Option<Duration>,
) -> String {
    let status = match result {
        Err(failure) if failure.error_type == "Sandbox.Timedout" => "\tStatus: timeout",
        Err(failure) if failure.error_type == "Runtime.ExitError" => "\tStatus: error\tError Type: Runtime.ExitError",
        _ => "",
    };
    let init = init.map(|init| format!("\tInit Duration: {} ms", milliseconds(init))).unwrap_or_default();
    let billed = duration.as_millis().saturating_add(u128::from(!duration.subsec_nanos().is_multiple_of(1_000_000)));
    format!(
        "END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {} ms\tBilled Duration: {billed} ms\t\
         Memory Size: {memory_mib} MB{init}{status}\t\n",
        milliseconds(duration)
    )
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use claviger_resources::{AccountId, Region, Tenant, Timestamp};
    use serde_json::json;

    use super::*;

    fn function() -> Function {
        let code = json!({ "sha256": "0".repeat(64), "bytes": 1 });
        let stored = json!({
            "name": "storms", "tenant": Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
            "runtime": "python3.12", "handler": "index.handler", "role": "", "description": "", "timeoutSeconds": 3,
            "memoryMib": 128, "code": code, "lastModified": Timestamp::default(), "revisionId": "",
        });
        serde_json::from_value(stored).unwrap()
    }

    fn tail(result: Result<Bytes, Failure>, printed: &str, init: Option<Duration>) -> String {
        let duration = Duration::from_micros(1_500);
        let done = Done { result, tail: printed.as_bytes().to_vec(), duration, init, alive: true };
        String::from_utf8(log_tail("id", &function(), &done)).unwrap()
    }

    #[test]
    fn what_was_printed_stands_between_lambdas_own_lines() {
        assert_eq!(
            tail(Ok(Bytes::new()), "hello", Some(Duration::from_millis(20))),
            "START RequestId: id Version: $LATEST\nhello\nEND RequestId: id\nREPORT RequestId: id\tDuration: 1.50 ms\t\
             Billed Duration: 2 ms\tMemory Size: 128 MB\tInit Duration: 20.00 ms\t\n"
        );
        let timed_out = tail(Err(Failure::new("Sandbox.Timedout", String::new())), "", None);
        assert!(timed_out.ends_with("Memory Size: 128 MB\tStatus: timeout\t\n"), "{timed_out}");
    }
}
