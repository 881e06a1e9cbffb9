//! Certificates, and what speaks without any.

use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Home, certificate};
use crate::support::{get, send};

const TLS: &str = "listen.data = ['0.0.0.0:0']\n[[tls.certificates]]\ncertificate = 'HERE/it.pem'\nkey = 'HERE/it.key'";

#[tokio::test]
async fn a_certificate_is_renewed_without_a_pause() {
    let home = Home::new();
    let first = home.certificate("it", "auth.example.com");
    let mut served = home.serve(TLS).await;
    let before = served.encrypted(&first, "auth.example.com").await.unwrap();
    let second = home.certificate("it", "auth.example.com");
    served.signal(Signal::HUP);
    served.notice_with("RELOADING=1").await;
    served.notice_with("READY=1").await;
    assert!(served.encrypted(&first, "auth.example.com").await.is_err());
    let after = served.encrypted(&second, "auth.example.com").await.unwrap();
    for connection in [before, after] {
        let answer = send(connection, get("auth.example.com", "/_claviger/ready")).await;
        assert_eq!(answer.status, 200);
    }
    // What cannot be used changes nothing.
    home.write("it.pem", "nothing", 0o644);
    served.signal(Signal::HUP);
    served.complaint_with("the certificates stay as they were").await;
    served.notice_with("READY=1").await;
    served.encrypted(&second, "auth.example.com").await.unwrap();
    served.stop().await;
}

#[tokio::test]
async fn nothing_is_read_in_plain_http_from_other_machines() {
    let home = Home::new();
    home.certificate("it", "auth.example.com");
    let served = home.serve(TLS).await;
    let mut connection = served.connect(0).await;
    connection.write_all(b"GET /_claviger/ready HTTP/1.1\r\nhost: auth.example.com\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    // The server closes with the request unread, which some systems tell as a reset.
    let _ = connection.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    assert!(answer.contains(&format!("content-length: {}\r\n", body.len())), "{answer}");
    served.stop().await;
}

#[tokio::test]
async fn a_certificate_on_disk_is_the_one_that_is_shown() {
    let home = Home::new();
    home.certificate("it", "auth.example.com");
    let served = home.serve(TLS).await;
    let on_disk = certificate(&std::fs::read_to_string(home.path("it.pem")).unwrap());
    let connection = served.encrypted(&on_disk, "auth.example.com").await.unwrap();
    assert_eq!(connection.get_ref().1.peer_certificates().unwrap(), [on_disk]);
    served.stop().await;
}
