//! Functions over HTTP, where what they do is a matter of time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use claviger_runtime::functions::{FunctionError, FunctionUrl, Functions, Invocation, Invoker};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:claims";

async fn function() -> (TcpListener, Arc<Functions>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let function = FunctionUrl::parse(&format!("{ARN}=http://{}/invoke", listener.local_addr().unwrap())).unwrap();
    (listener, Arc::new(Functions::new([function])))
}

fn call(functions: &Arc<Functions>, duration_max: Duration) -> tokio::task::JoinHandle<Result<Bytes, FunctionError>> {
    let functions = Arc::clone(functions);
    tokio::spawn(async move {
        let event = Bytes::from_static(b"{}");
        functions.call(Invocation { arn: ARN, event, duration_max, invoker: Invoker::Caller }).await
    })
}

/// Reads one request, of which only its end is known.
async fn request(stream: &mut TcpStream) {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n{}") {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_function_has_its_time_and_no_more() {
    let (listener, functions) = function().await;
    let limit = Duration::from_millis(50);
    // One that never accepts, one that never answers, one that never ends its answer.
    assert_eq!(call(&functions, limit).await.unwrap(), Err(FunctionError::TimedOut(limit)));
    let silent = call(&functions, limit);
    let (_first, _) = listener.accept().await.unwrap();
    assert_eq!(silent.await.unwrap(), Err(FunctionError::TimedOut(limit)));
    let endless = call(&functions, Duration::from_secs(2));
    let (mut stream, _) = listener.accept().await.unwrap();
    request(&mut stream).await;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{").await.unwrap();
    assert_eq!(endless.await.unwrap(), Err(FunctionError::TimedOut(Duration::from_secs(2))));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_have_arrived_is_sent_three_times() {
    let (listener, functions) = function().await;
    drop(listener);
    let start = tokio::time::Instant::now();
    let outcome = call(&functions, Duration::from_secs(5)).await.unwrap();
    assert!(matches!(outcome, Err(FunctionError::Unreachable { .. })), "{outcome:?}");
    let paused = start.elapsed();
    assert!((150..200).contains(&paused.as_millis()), "{paused:?}");
}

#[tokio::test]
async fn an_event_that_may_have_arrived_is_sent_once() {
    let (listener, functions) = function().await;
    let called = call(&functions, Duration::from_secs(5));
    let (mut stream, _) = listener.accept().await.unwrap();
    request(&mut stream).await;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ntrue").await.unwrap();
    assert_eq!(called.await.unwrap(), Ok(Bytes::from_static(b"true")));

    // One that breaks off has perhaps done its work.
    let broken = call(&functions, Duration::from_secs(5));
    request(&mut stream).await;
    drop(stream);
    assert!(matches!(broken.await.unwrap(), Err(FunctionError::Unreachable { .. })));
}
