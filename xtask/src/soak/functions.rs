//! What a call of a warm function costs beyond what the function does: a Python function that does nothing, called over one
//! connection, again and again.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;

use crate::http;
use crate::load::machine;
use crate::server::{Server, binary};

/// The most that the median call may take.
const MEDIAN_MAX: Duration = Duration::from_millis(2);
/// Calls that are measured, after some that are not.
const CALLS: usize = 2_000;
const CALLS_BEFORE: usize = 200;
/// A zip of `index.py`, which says `def handler(event, context): pass`.
const ZIP: &str = "UEsDBBQAAAAAAAAAIVSvpYU8IgAAACIAAAAIAAAAaW5kZXgucHlkZWYgaGFuZGxlcihldmVudCwgY29udGV4dCk6IHBhc3MKUEsBAhQDFAAAAAAAAAAhVK+lhTwiAAAAIgAAAAgAAAAAAAAAAAAAAKQBAAAAAGluZGV4LnB5UEsFBgAAAAABAAEANgAAAEgAAAAAAA==";

#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn run() -> anyhow::Result<()> {
    let directory = tempfile::tempdir().context("no place for a data directory")?;
    let server = Server::start(&binary()?, directory.path())?;
    println!("{}", machine());
    let function = json!({
        "FunctionName": "nothing", "Runtime": "python3.12", "Handler": "index.handler", "Timeout": 60,
        "Role": "arn:aws:iam::000000000000:role/nothing", "Code": { "ZipFile": ZIP },
    });
    server.rest("POST", "/2015-03-31/functions", &function)?;
    let mut stream = TcpStream::connect(server.address)?;
    stream.set_nodelay(true)?;
    let call = http::request("POST", "/2015-03-31/functions/nothing/invocations", &[], b"{}");
    // What the same connection takes when there is no function to call.
    let other = http::request("GET", "/2015-03-31/functions/nothing/configuration", &[], b"");
    let mut measure = |request: &[u8]| -> anyhow::Result<Vec<Duration>> {
        let mut times = Vec::with_capacity(CALLS);
        for number in 0..CALLS_BEFORE + CALLS {
            let since = Instant::now();
            exchange(&mut stream, request)?;
            if number >= CALLS_BEFORE {
                times.push(since.elapsed());
            }
        }
        times.sort_unstable();
        Ok(times)
    };
    let (calls, others) = (measure(&call)?, measure(&other)?);
    let at = |times: &[Duration], part: usize| times.get(CALLS * part / 100).copied().unwrap_or_default();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "warm call of a function that does nothing: median {:.2} ms, 99th percentile {:.2} ms; GetFunctionConfiguration: \
         median {:.2} ms",
        milliseconds(at(&calls, 50)),
        milliseconds(at(&calls, 99)),
        milliseconds(at(&others, 50)),
    );
    ensure!(at(&calls, 50) < MEDIAN_MAX, "the median is not below {:.2} ms", milliseconds(MEDIAN_MAX));
    Ok(())
}

/// One request and its answer on a connection that is kept.
fn exchange(stream: &mut TcpStream, request: &[u8]) -> anyhow::Result<()> {
    stream.write_all(request)?;
    let (mut received, mut piece) = (Vec::new(), [0; 16_384]);
    loop {
        match stream.read(&mut piece)? {
            0 => bail!("the server closed the connection"),
            read => received.extend_from_slice(piece.get(..read).unwrap_or_default()),
        }
        if let Some((status, start, end)) = http::whole(&received)? {
            let body = String::from_utf8_lossy(received.get(start..end).unwrap_or_default());
            ensure!(status == 200 && !body.contains("errorType"), "answered {status}: {body}");
            return Ok(());
        }
    }
}
