//! A node whose connections to the database go dead: a proxy between them takes everything and passes nothing on.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use super::{Scene, database, go_on_for};
use crate::nodes::{Node, Nodes};
use crate::soak::world::World;

/// How long the node is cut off.
const CUT_OFF: Duration = Duration::from_secs(30);
/// After how long it refuses everything where it is told to.
const SHUT_AFTER: Duration = Duration::from_secs(10);
/// How long it may take to know everything again.
const CATCH_UP_MAX: Duration = Duration::from_secs(30);

/// Passes bytes between clients and a server, until it is told to keep them.
struct Proxy {
    port: u16,
    cut: Arc<AtomicBool>,
}

impl Proxy {
    fn start(server: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (port, cut) = (listener.local_addr()?.port(), Arc::<AtomicBool>::default());
        let told = Arc::clone(&cut);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    if let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) {
                        let told = Arc::clone(&told);
                        std::thread::spawn(move || pass(from, to, &told));
                    }
                }
            }
        });
        Ok(Self { port, cut })
    }
}

/// Passes bytes on in one direction, but for those that come while the way is cut: those are lost, and with them the connection.
fn pass(mut from: TcpStream, mut to: TcpStream, cut: &AtomicBool) {
    let mut piece = [0; 16_384];
    let mut is_dead = false;
    while let Ok(read) = from.read(&mut piece) {
        is_dead |= cut.load(Ordering::Relaxed);
        if read == 0 || (!is_dead && to.write_all(piece.get(..read).unwrap_or_default()).is_err()) {
            break;
        }
    }
    if !is_dead {
        let _ = to.shutdown(std::net::Shutdown::Both);
    }
}

/// With `cut_off_seconds`, what was revoked is refused everywhere after that time, by a node that cannot know of it, too.
#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn cut_off_and_shut(program: &Path) -> anyhow::Result<()> {
    let (cluster, _) = database(0)?;
    let proxy = Proxy::start(cluster.port())?;
    let through = cluster.url().replace(&format!(":{}/", cluster.port()), &format!(":{}/", proxy.port));
    let lines = format!("cut_off_seconds = {}", SHUT_AFTER.as_secs());
    let mut nodes = Nodes::start(program, &[cluster.url(), through], &lines)?;
    let [whole, alone] = *nodes.addresses().first_chunk().context("two nodes")?;
    let world = World::build(&nodes.key, whole)?;
    world.wait_until_open(alone)?;
    let bearer = world.bearer(alone)?;
    proxy.cut.store(true, Ordering::Relaxed);
    world.revoke(whole, &bearer)?;
    let revoked = Instant::now();
    let mut honoured = 0_u32;
    loop {
        match world.gate(alone, &bearer)? {
            200 => honoured += 1,
            503 => break,
            other => bail!("the gate answers {other}"),
        }
        ensure!(
            revoked.elapsed() < SHUT_AFTER,
            "a revoked token is honoured for {:.1} s",
            revoked.elapsed().as_secs_f64()
        );
    }
    let shut = revoked.elapsed();
    ensure!(!nodes.node(1)?.is_ready(), "a node that refuses says that it is ready");
    ensure!(world.gate(whole, &world.bearer(whole)?)? == 200, "the other node refuses, too");
    proxy.cut.store(false, Ordering::Relaxed);
    let healed = Instant::now();
    while world.gate(alone, &bearer)? == 503 {
        ensure!(healed.elapsed() < CATCH_UP_MAX, "the node goes on refusing:\n{}", nodes.logs());
        std::thread::sleep(Duration::from_millis(5));
    }
    let open = healed.elapsed();
    ensure!(world.gate(alone, &bearer)? == 401, "a revoked token is honoured");
    ensure!(world.gate(alone, &world.bearer(alone)?)? == 200, "the gate stays shut");
    println!(
        "  a revoked token was honoured {honoured} times more, for {:.1} s of at most {} s; open again after {:.1} s",
        shut.as_secs_f64(),
        SHUT_AFTER.as_secs(),
        open.as_secs_f64()
    );
    nodes.all.iter_mut().try_for_each(Node::stop)
}

#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn cut_off(program: &Path) -> anyhow::Result<()> {
    let (cluster, _) = database(0)?;
    let proxy = Proxy::start(cluster.port())?;
    let through = cluster.url().replace(&format!(":{}/", cluster.port()), &format!(":{}/", proxy.port));
    let scene = Scene::begin(program, &[cluster.url(), through])?;
    let [whole, alone] = *scene.nodes.addresses().first_chunk().context("two nodes")?;
    proxy.cut.store(true, Ordering::Relaxed);
    let made = scene.world.create_client(whole).done()?;
    let text = |name| made.pointer(name).and_then(Value::as_str).map(str::to_owned).context("no client");
    let client = (text("/UserPoolClient/ClientId")?, text("/UserPoolClient/ClientSecret")?);
    go_on_for(CUT_OFF);
    ensure!(World::token_status(alone, &client)? == 400, "a node that is cut off knows what it cannot have heard");
    proxy.cut.store(false, Ordering::Relaxed);
    let healed = Instant::now();
    while World::token_status(alone, &client)? != 200 {
        ensure!(
            healed.elapsed() < CATCH_UP_MAX,
            "the node does not know what happened meanwhile:\n{}",
            scene.nodes.logs()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    println!(
        "  it knew what had happened meanwhile {:.1} s after it was cut off no more",
        healed.elapsed().as_secs_f64()
    );
    go_on_for(Duration::from_secs(5));
    let ended = scene.end()?;
    println!("  the first call was done {:.1} s after that", ended.written.first_after(healed)?.as_secs_f64());
    Ok(())
}
