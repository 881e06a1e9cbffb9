//! What objects hold stays until a backup has it, whatever becomes of the objects.

use std::fs;
use std::process::Stdio;

use tokio::io::AsyncReadExt as _;

use super::{Data, noise};

/// Larger than a pipe with all that stands before and behind it.
const LARGE: usize = 3_000_000;

fn blobs(data: &Data) -> usize {
    fs::read_dir(data.path().join("objects")).unwrap().count()
}

#[tokio::test]
async fn objects_that_are_deleted_or_written_anew_meanwhile_are_in_it_as_they_were() {
    let data = Data::new();
    let server = data.serve();
    server.object("PUT", "/reports", "").await;
    for number in 0..3 {
        server.object("PUT", &format!("/reports/{number}"), &noise(number, LARGE)).await;
    }
    let mut command = data.command(&["backup", "-"]);
    let mut saving = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = saving.stdout.take().unwrap();
    // When something comes the state is chosen, and nobody reads the rest yet.
    let mut backup = vec![0; 1];
    stdout.read_exact(&mut backup).await.unwrap();
    server.object("DELETE", "/reports/1", "").await;
    server.object("PUT", "/reports/2", "new").await;
    assert_eq!(blobs(&data), 4, "what was removed is still held");
    stdout.read_to_end(&mut backup).await.unwrap();
    let output = saving.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The next object that is removed goes at once, and the next start removes the rest.
    server.object("DELETE", "/reports/2", "").await;
    assert_eq!(blobs(&data), 3);
    server.stop().await;

    let copy = Data::with_key_of(&data);
    let (status, complaints) = copy.restore_from(&backup).await;
    assert_eq!(status, Some(0), "{complaints}");
    let server = copy.serve();
    for number in 0..3 {
        assert!(server.object("GET", &format!("/reports/{number}"), "").await.body == noise(number, LARGE), "{number}");
    }
    server.stop().await;
}

#[tokio::test]
async fn an_object_whose_contents_are_gone_is_named() {
    let data = Data::new();
    let server = data.serve();
    server.object("PUT", "/reports", "").await;
    server.object("PUT", "/reports/storms.txt", "Eunice").await;
    for blob in fs::read_dir(data.path().join("objects")).unwrap() {
        fs::remove_file(blob.unwrap().path()).unwrap();
    }
    let mut command = data.command(&["backup", data.file().to_str().unwrap()]);
    let (status, _, complaints) = crate::support::run(&mut command).await;
    assert_eq!(status, Some(1));
    assert!(complaints.contains("the object \"storms.txt\" in the bucket reports cannot be saved"), "{complaints}");
    assert!(!data.file().exists());
    server.stop().await;
}
