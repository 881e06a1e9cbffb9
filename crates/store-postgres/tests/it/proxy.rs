//! A wire between a store and its server that can be cut at the worst of moments.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinSet;

/// What happens on the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Wire {
    /// Everything gets through.
    Whole,
    /// The next commit that the store sends is lost, and the connection with it.
    CutBeforeServer,
    /// The answer to the next commit is lost, and the connection with it.
    CutBeforeStore,
    /// Nothing gets through, and nobody is told.
    Silent,
}

/// What a commit ends with. The wire is not encrypted, so that it can be seen.
const COMMIT: &[u8] = b"COMMIT\0";

/// A proxy in front of a server, ended when dropped.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    wire: Arc<AtomicU8>,
    _accepting: JoinSet<()>,
}

impl Proxy {
    /// Puts a proxy in front of a server with this socket.
    pub(crate) async fn start(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let wire = Arc::new(AtomicU8::new(Wire::Whole as u8));
        let mut accepting = JoinSet::new();
        let shared = Arc::clone(&wire);
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((store, _)) = listener.accept().await {
                let (wire, socket) = (Arc::clone(&shared), socket.clone());
                connections.spawn(async move {
                    if let Ok(server) = UnixStream::connect(socket).await {
                        carry(store, server, &wire).await;
                    }
                });
            }
        });
        Self { port: own_port, wire, _accepting: accepting }
    }

    /// From now on, for one connection at most where it is cut.
    pub(crate) fn set(&self, wire: Wire) {
        self.wire.store(wire as u8, Ordering::SeqCst);
    }
}

async fn carry(mut store: TcpStream, mut server: UnixStream, wire: &AtomicU8) {
    let (mut said, mut answered, mut is_commit) = (vec![0; 64 * 1024], vec![0; 64 * 1024], false);
    // Whoever cuts makes the wire whole again for the connections that follow.
    let is_cut =
        |how: Wire| wire.compare_exchange(how as u8, Wire::Whole as u8, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    loop {
        let (from_store, count) = tokio::select! {
            count = store.read(&mut said) => (true, count.unwrap_or(0)),
            count = server.read(&mut answered) => (false, count.unwrap_or(0)),
        };
        if count == 0 {
            return;
        }
        let ends_commit = |bytes: &[u8]| bytes.windows(COMMIT.len()).any(|window| window == COMMIT);
        if from_store {
            is_commit = ends_commit(&said[..count]);
            if is_commit && is_cut(Wire::CutBeforeServer) {
                return;
            }
        } else if is_commit && wire.load(Ordering::SeqCst) == Wire::CutBeforeStore as u8 {
            // The server says the same when it is done; hung up on before, it would not begin.
            if ends_commit(&answered[..count]) && is_cut(Wire::CutBeforeStore) {
                return;
            }
            continue;
        }
        if wire.load(Ordering::SeqCst) == Wire::Silent as u8 {
            continue;
        }
        let carried =
            if from_store { server.write_all(&said[..count]).await } else { store.write_all(&answered[..count]).await };
        if carried.is_err() {
            return;
        }
    }
}
