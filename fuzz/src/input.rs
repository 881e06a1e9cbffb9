//! Inputs of several parts, written so that people can read and write them.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

/// The parts of an input, between lines that hold nothing but `----`.
pub(crate) fn parts<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    const LINE: &[u8] = b"\n----\n";
    let mut rest = data;
    let mut parts = [&[][..]; N];
    for (place, part) in parts.iter_mut().enumerate() {
        let end = if place + 1 == N { None } else { rest.windows(LINE.len()).position(|window| window == LINE) };
        let (before, after) = end.map_or((rest, &[][..]), |end| {
            (rest.get(..end).unwrap_or_default(), rest.get(end + LINE.len()..).unwrap_or_default())
        });
        (*part, rest) = (before, after);
    }
    parts
}

/// The same of an input that is all text.
pub(crate) fn texts<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let text = std::str::from_utf8(data).ok()?;
    Some(parts::<N>(text.as_bytes()).map(|part| std::str::from_utf8(part).unwrap_or_default()))
}

/// A request: `METHOD URI`, a header on each line, an empty line, the body.
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: &'a [u8],
}

impl<'a> Request<'a> {
    /// Reads a request; nothing for what an HTTP server would not hand on.
    pub(crate) fn read(data: &'a [u8]) -> Option<Self> {
        let end = data.windows(2).position(|window| window == b"\n\n");
        let (head, body) = end.map_or((data, &[][..]), |end| {
            (data.get(..end).unwrap_or_default(), data.get(end + 2..).unwrap_or_default())
        });
        let mut lines = head.split(|byte| *byte == b'\n');
        let mut first = lines.next()?.splitn(2, |byte| *byte == b' ');
        let method = Method::from_bytes(first.next()?).ok()?;
        let uri = Uri::try_from(first.next()?).ok()?;
        let mut headers = HeaderMap::new();
        for line in lines.take(100) {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(line.get(..colon)?).ok()?;
            headers.append(name, HeaderValue::from_bytes(line.get(colon + 1..)?.trim_ascii()).ok()?);
        }
        Some(Self { method, uri, headers, body })
    }
}
