//! As little HTTP/1.1 as a load generator needs: prepared requests, and answers with a length.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The bytes of a request.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// Sends one request on a connection of its own.
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> anyhow::Result<Answer> {
    let mut stream = TcpStream::connect(address).context("cannot connect to the server")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request)?;
    let mut received = Vec::new();
    let mut piece = [0; 16_384];
    loop {
        if let Some((status, start, end)) = whole(&received)? {
            return Ok(Answer { status, body: received.get(start..end).unwrap_or_default().to_vec() });
        }
        match stream.read(&mut piece)? {
            0 => bail!("the server closed the connection before its answer was whole"),
            read => received.extend_from_slice(piece.get(..read).unwrap_or_default()),
        }
    }
}

/// Where the first answer's body begins and ends, once all of it has come.
pub(crate) fn whole(received: &[u8]) -> anyhow::Result<Option<(u16, usize, usize)>> {
    let Some(head_end) = received.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(received.get(..head_end).unwrap_or_default()).context("a head that is not text")?;
    let status = head.get(9..12).and_then(|digits| digits.parse().ok()).context("no status")?;
    let mut length = 0;
    for line in head.lines().skip(1) {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().context("no length")?;
        }
    }
    let start = head_end + 4;
    Ok((received.len() >= start + length).then_some((status, start, start + length)))
}
