//! How a server stops.

use rustix::process::Signal;

use super::Home;

#[tokio::test]
async fn load_balancers_are_told_before_the_server_stops() {
    let home = Home::new();
    let mut served = home.serve("listen.data = ['127.0.0.1:0']\ndrain_delay_seconds = 2").await;
    served.signal(Signal::TERM);
    served.notice_with("STOPPING=1").await;
    served.complaint_with("finishing running requests").await;
    // The server may have been told a moment before it says so.
    loop {
        let (status, body) = served.get(0, "/_claviger/ready").await;
        if status == 503 {
            assert_eq!(body, r#"{"status":"stopping"}"#);
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(served.get(0, "/_claviger/health").await.0, 200);
    assert_eq!(served.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_second_server_does_not_get_the_same_data() {
    let home = Home::new();
    let served = home.serve("listen.data = ['127.0.0.1:0']").await;
    let (status, said) = home.refused("listen.data = ['127.0.0.1:0']", &[]).await;
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("another process has this store open"), "{said}");
    served.stop().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_with_its_setting() {
    let home = Home::new();
    let served = home.serve("listen.data = ['127.0.0.1:0']").await;
    let other = Home::new();
    let lines = format!("listen.data = ['127.0.0.1:0']\nlisten.control = ['{}']", served.addresses[0]);
    let (status, said) = other.refused(&lines, &[]).await;
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("is taken") && said.contains("listen.control"), "{said}");
    served.stop().await;
}
