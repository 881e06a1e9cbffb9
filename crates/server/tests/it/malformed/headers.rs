//! Headers that a client has no business to set, to hide, or to hop with.

use super::World;

#[tokio::test]
async fn what_the_backend_is_told_of_a_client_cannot_be_taken_away() {
    let world = World::start().await;
    let told = "Authorization: Bearer x\r\nCookie: a=b\r\nContent-Type: text/plain\r\nX-Forwarded-For: 192.0.2.1\r\n\
                X-Api-Key: k\r\nX-Amz-Meta: m\r\nX-Hop: 1\r\n";
    let brought = [
        "authorization: Bearer x",
        "cookie: a=b",
        "content-type: text/plain",
        "x-forwarded-for: 192.0.2.1",
        "x-api-key: k",
        "x-amz-meta: m",
    ];
    for connection in [
        "Authorization, Cookie, Content-Type, X-Forwarded-For, X-Api-Key, X-Amz-Meta, X-Hop",
        "authorization,cookie,content-type,x-forwarded-for,x-api-key,x-amz-meta,x-hop",
        "close, X-Hop, Host, Authorization, X-Amzn-Trace-Id, X-Amzn-Apigateway-Api-Id",
    ] {
        let headers = format!("Connection: {connection}\r\n{told}");
        world.brings(connection, &headers, &brought, &["x-hop"]).await;
    }
    let lines = format!("Connection: keep-alive\r\nConnection: x-hop\r\n{told}");
    world.brings("in lines of their own", &lines, &brought, &["x-hop"]).await;
}

#[tokio::test]
async fn what_is_for_one_hop_ends_here() {
    let world = World::start().await;
    let hop = "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nTrailer: X-A\r\n\
               Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nHTTP2-Settings: x\r\nVia: 1.1 x\r\nMax-Forwards: 1\r\n";
    let withheld =
        ["keep-alive", "proxy-connection", "te: ", "trailer", "upgrade", "http2-settings", "via", "max-forwards"];
    world.brings("hop by hop", hop, &[], &withheld).await;
    for protocol in ["h2c", "websocket", "TLS/1.0", "HTTP/2.0", ""] {
        let headers = format!("Upgrade: {protocol}\r\nConnection: upgrade, http2-settings\r\nHTTP2-Settings: AAMA\r\n");
        world.brings(protocol, &headers, &[], &["upgrade", "http2-settings"]).await;
    }
    world.brings("an expectation that nobody knows", "Expect: miracles\r\n", &[], &["expect"]).await;
}

#[tokio::test]
async fn the_gate_s_own_headers_cannot_be_forged() {
    let world = World::start().await;
    let api = world.host.split('.').next().unwrap().to_owned();
    let own = format!("x-amzn-apigateway-api-id: {api}");
    for forged in [
        "X-Amzn-Apigateway-Api-Id: forged\r\n",
        "x-amzn-apigateway-api-id: forged\r\nX-AMZN-APIGATEWAY-API-ID: forged\r\n",
        "X_Amzn_Apigateway_Api_Id: forged\r\n",
        "X-Amzn-Trace-Id: forged\r\n",
        "Host_: forged\r\nX-Amzn-Trace-Id: Root=forged; x\r\n",
    ] {
        world.brings(forged, forged, &[&own], &["api-id: forged", "api_id", "trace-id: forged"]).await;
    }
}
