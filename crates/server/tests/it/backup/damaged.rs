//! A backup that is cut off or changed restores nothing, and a restore that is cut off leaves nothing.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncWriteExt as _;

use super::{Data, noise};

async fn saved() -> (Data, Vec<u8>) {
    let data = Data::new();
    let server = data.serve();
    server.machine().await;
    server.object("PUT", "/reports", "").await;
    server.object("PUT", "/reports/noise", &noise(1, 300_000)).await;
    data.save().await;
    server.stop().await;
    let backup = fs::read(data.file()).unwrap();
    (data, backup)
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The place of the first of these bytes.
fn place_of(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap()
}

#[tokio::test]
async fn whatever_is_done_to_a_file_it_is_found_out_before_anything_is_kept() {
    let (data, backup) = saved().await;
    let mut tar = Vec::new();
    GzDecoder::new(&*backup).read_to_end(&mut tar).unwrap();
    let copy = Data::with_key_of(&data);
    let refused = async |what: &str, backup: &[u8], expected: &str| {
        let (status, complaints) = copy.restore_from(backup).await;
        assert_eq!(status, Some(1), "{what}: {complaints}");
        assert!(complaints.contains(expected), "{what}: {complaints}");
        assert!(complaints.contains("nothing was restored"), "{what}: {complaints}");
    };
    for tenths in 0..10 {
        refused("cut off", &backup[..backup.len() * tenths / 10], "").await;
    }
    for off in [1, 4, 9, 20] {
        refused("cut off at its end", &backup[..backup.len() - off], "cut off or damaged").await;
    }
    for tenths in 1..10 {
        let mut changed = backup.clone();
        changed[backup.len() * tenths / 10] ^= 0x10;
        refused("a changed byte", &changed, "").await;
    }
    // The same by somebody who compresses it anew.
    let manifest = place_of(&tar, "manifest.json");
    refused("without its end", &compressed(&tar[..manifest]), "it has no end").await;
    for text in ["weather-api/get", "objects/", "app_client"] {
        let mut changed = tar.clone();
        changed[place_of(&tar, text)] ^= 1;
        refused(text, &compressed(&changed), "").await;
    }
    let mut changed = tar.clone();
    let record = place_of(&tar, "weather-api/get");
    changed[record..record + 15].copy_from_slice(b"weather-api/all");
    refused("a record", &compressed(&changed), "it was changed after it was made").await;
    let mut changed = tar.clone();
    let content = place_of(&tar, &noise(1, 300_000)[..40]);
    changed[content] ^= 1;
    refused("what an object holds", &compressed(&changed), "it was changed after it was made").await;
    let more = [&*backup, &compressed(&vec![0; 100_000])].concat();
    let behind = compressed(&[&tar[..], &*vec![7; 200_000]].concat());
    refused("more behind it", &behind, "there is more behind its end").await;
    let mut later = tar.clone();
    let format = place_of(&tar, "\"format\": 1");
    later[format + 10] = b'7';
    refused("another format", &compressed(&later), "made by a newer Claviger").await;
    refused("no backup", &compressed(b"Dudley"), "").await;
    assert_eq!(copy.restore_from(&more).await.0, Some(0), "only the first of two that follow each other is a backup");
}

#[tokio::test]
async fn a_restore_that_is_killed_leaves_a_store_that_can_be_filled() {
    let (data, backup) = saved().await;
    let copy = Data::with_key_of(&data);
    for part in [backup.len() / 3, backup.len() - 1] {
        let mut command = copy.command(&["restore", "-"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&backup[..part]).await.unwrap();
        // The pipe is empty when all of it was read, and then the command waits for the rest.
        stdin.flush().await.unwrap();
        while !copy.path().join("claviger.db-wal").exists() {
            tokio::task::yield_now().await;
        }
        kill_process(Pid::from_raw(child.id().unwrap().cast_signed()).unwrap(), Signal::KILL).unwrap();
        child.wait().await.unwrap();
    }
    let (status, _, complaints) = copy.restore(&data.file()).await;
    assert_eq!(status, Some(0), "{complaints}");
    let server = copy.serve();
    assert_eq!(server.object("GET", "/reports/noise", "").await.body, noise(1, 300_000));
    server.stop().await;
}
