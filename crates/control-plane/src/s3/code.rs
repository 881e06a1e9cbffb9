//! Objects that other services read whole: the code of functions, the templates of stacks.

use bytes::{Bytes, BytesMut};

use super::errors::Error;
use super::object::find;
use super::work::read as look;
use crate::operation::Caller;
use crate::services::Services;

/// The content of an object, when it has no more bytes than this; `EntityTooLarge` when it has.
pub async fn read(
    services: &Services,
    caller: &Caller,
    bucket: &str,
    key: &str,
    bytes_max: usize,
) -> Result<Bytes, Error> {
    let place = (bucket.to_owned(), key.to_owned());
    let object = look(services, caller, &place, |cx, (bucket, key)| Box::pin(find(cx, bucket, key))).await?;
    let length = object.bytes();
    if length > bytes_max as u64 {
        return Err(Error::EntityTooLarge);
    }
    let mut pieces = services.blobs.read(&object.blobs, 0, length).await?;
    let mut content = BytesMut::new();
    while let Some(piece) = pieces.recv().await {
        content.extend_from_slice(&piece?);
    }
    Ok(content.freeze())
}
