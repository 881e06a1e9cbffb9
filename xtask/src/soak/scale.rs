//! Whether a store of 100,000 app clients is served as fast as one of 10.
//!
//! Two servers run side by side. Each kind of request goes to both in turn, one after the other, and then to each under
//! load; a page of a list has as many entries in both, so that what differs is only what lies around it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::comparison::Comparison;
use crate::http;
use crate::load::{self, Connection, Requests, machine, median};
use crate::server::{Server, binary, cognito, token};

/// The most that the large store may be slower.
const RATIO_MAX: f64 = 1.3;
/// Pools and app clients per pool of the small and the large store; the latter are as many as AWS's quota allows.
const SMALL: (usize, usize) = (1, 10);
const LARGE: (usize, usize) = (100, 1_000);
/// Entries of the pages of app clients that are asked for: half of the small store.
const PAGE: usize = 5;
/// Connections that create.
const CREATING_CONNECTIONS: usize = 128;
/// How long the pools may take to get their keys.
const KEYS_WAIT_MAX: Duration = Duration::from_mins(5);
/// Starts whose median is told.
const STARTS: usize = 3;

struct Client {
    pool: usize,
    id: String,
    secret: String,
}

/// A server with what it was given.
struct Store {
    directory: TempDir,
    server: Server,
    pools: Vec<String>,
    clients: Vec<Client>,
}

#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn run(rounds: usize) -> anyhow::Result<()> {
    ensure!(rounds > 0, "--rounds must be at least 1");
    let binary = binary()?;
    println!("{}", machine());
    let mut small = Store::fill(&binary, SMALL)?;
    let mut large = Store::fill(&binary, LARGE)?;
    println!("\n{:24}  {:>16}  {:>16}", "", small.named(), large.named());
    let row = |what: &str, small: f64, large: f64, unit: &str| {
        println!("{what:24}  {:>16}  {:>16}", format!("{small:.1} {unit}"), format!("{large:.1} {unit}"));
    };
    row("memory (PSS) when filled", small.server.pss_mebibytes()?, large.server.pss_mebibytes()?, "MiB");
    row("start to ready", small.restart(&binary)?, large.restart(&binary)?, "ms");
    row("memory (PSS) idle", small.server.pss_mebibytes()?, large.server.pss_mebibytes()?, "MiB");
    let mut comparison = Comparison::new([small.clients.len(), large.clients.len()], rounds);
    for ((what, few), (_, many)) in small.requests()?.into_iter().zip(large.requests()?) {
        comparison.measure(what, [(small.server.address, &few), (large.server.address, &many)])?;
    }
    println!();
    row("memory (PSS) after load", small.server.pss_mebibytes()?, large.server.pss_mebibytes()?, "MiB");
    comparison.check(RATIO_MAX)
}

impl Store {
    /// Starts a server on a store of its own and creates pools and app clients through its API.
    #[expect(clippy::print_stdout, reason = "the figures are the command's result")]
    fn fill(binary: &Path, (pools, clients_per_pool): (usize, usize)) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir().context("no place for a data directory")?;
        let server = Server::start(binary, directory.path())?;
        let pools: Vec<String> = (0..pools).map(|number| create_pool(&server, number)).collect::<Result<_, _>>()?;
        // Keys are made beside other work, which they must not slow down here.
        wait_for_keys(&server, &pools)?;
        let started = Instant::now();
        let clients = create_clients(&server, &pools, pools.len() * clients_per_pool)?;
        let seconds = started.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a count of app clients")]
        let per_second = clients.len() as f64 / seconds;
        println!("{} app clients created in {seconds:.1} s, {per_second:.0}/s", clients.len());
        Ok(Self { directory, server, pools, clients })
    }

    fn named(&self) -> String {
        format!("{} app clients", self.clients.len())
    }

    /// Kills the server and starts it again on what it has acknowledged; the median milliseconds from start to ready.
    fn restart(&mut self, binary: &Path) -> anyhow::Result<f64> {
        let mut times = Vec::new();
        for _ in 0..STARTS {
            self.server.kill();
            let (server, started, _) = Server::start_timed(binary, self.directory.path())?;
            self.server = server;
            let ready = self.server.rest("GET", "/_claviger/ready", &Value::Null)?;
            times.push(started.elapsed().as_secs_f64() * 1e3);
            let serving = ready.pointer("/serving/appClients").and_then(Value::as_u64);
            ensure!(serving == u64::try_from(self.clients.len()).ok(), "ready with {ready}");
        }
        Ok(median(&times))
    }

    /// The kinds of requests that are measured.
    fn requests(&self) -> anyhow::Result<Vec<(&'static str, Requests)>> {
        let middles: Vec<Value> = self.pools.iter().map(|pool| self.middle(pool)).collect::<Result<_, _>>()?;
        let pool = |client: &Client| self.pools.get(client.pool);
        let list = |client: &Client, next: Option<&Value>| {
            let input = json!({ "UserPoolId": pool(client), "MaxResults": PAGE, "NextToken": next });
            cognito("ListUserPoolClients", &input)
        };
        let of_client = |client: &Client| json!({ "UserPoolId": pool(client), "ClientId": client.id });
        Ok(vec![
            ("ListUserPools", Requests::from_iter([cognito("ListUserPools", &json!({ "MaxResults": 1 }))])),
            ("ListUserPoolClients", self.each(|client| list(client, None))),
            ("ListUserPoolClients, from the middle", self.each(|client| list(client, middles.get(client.pool)))),
            ("DescribeUserPoolClient", self.each(|client| cognito("DescribeUserPoolClient", &of_client(client)))),
            ("POST /oauth2/token", self.each(|client| token(&client.id, &client.secret))),
        ])
    }

    /// A request for each app client, in an order in which no two neighbours are near each other in the store.
    fn each(&self, request: impl Fn(&Client) -> Vec<u8>) -> Requests {
        /// A prime larger than a store, so that every client has its turn.
        const STRIDE: usize = 1_000_003;
        let places = (0..self.clients.len()).map(|number| number * STRIDE % self.clients.len());
        places.filter_map(|place| self.clients.get(place)).map(request).collect()
    }

    /// The token of a page in the middle of a pool's app clients, behind which there is one more.
    fn middle(&self, pool: &str) -> anyhow::Result<Value> {
        let in_pool = self.clients.len() / self.pools.len();
        let before = (in_pool / 2).min(in_pool - PAGE - 1);
        let size = before.min(50);
        let mut next = Value::Null;
        for _ in 0..before / size {
            let input = json!({ "UserPoolId": pool, "MaxResults": size, "NextToken": next });
            let page = self.server.cognito("ListUserPoolClients", &input)?;
            next = page.get("NextToken").cloned().context("a list that ends before its middle")?;
        }
        Ok(next)
    }
}

fn create_pool(server: &Server, number: usize) -> anyhow::Result<String> {
    let created = server.cognito("CreateUserPool", &json!({ "PoolName": format!("pool-{number}") }))?;
    let pool = created.pointer("/UserPool/Id").and_then(Value::as_str).context("a pool without an id")?;
    let scopes = json!([{ "ScopeName": "read", "ScopeDescription": "read" }]);
    let resource_server = json!({ "UserPoolId": pool, "Identifier": "api", "Name": "api", "Scopes": scopes });
    server.cognito("CreateResourceServer", &resource_server)?;
    Ok(pool.to_owned())
}

/// Each request waits in the server until the pool has its keys, or for as long as the server lets it.
fn wait_for_keys(server: &Server, pools: &[String]) -> anyhow::Result<()> {
    let until = Instant::now() + KEYS_WAIT_MAX;
    for pool in pools {
        let request = http::request("GET", &format!("/{pool}/.well-known/jwks.json"), &[], b"");
        while http::exchange(server.address, &request)?.status != 200 {
            ensure!(Instant::now() < until, "{pool} has no keys yet");
        }
    }
    Ok(())
}

/// Creates `count` app clients, dealt out to the pools, over many connections at once.
fn create_clients(server: &Server, pools: &[String], count: usize) -> anyhow::Result<Vec<Client>> {
    let (address, pools, next) = (server.address, Arc::<[String]>::from(pools), Arc::new(AtomicUsize::new(0)));
    load::runtime()?.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..CREATING_CONNECTIONS.min(count) {
            let (pools, next) = (Arc::clone(&pools), Arc::clone(&next));
            tasks.spawn(async move {
                let (mut connection, mut made) = (Connection::open(address).await?, Vec::new());
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return anyhow::Ok(made);
                    }
                    let pool = number % pools.len();
                    let input = json!({ "UserPoolId": pools.get(pool), "ClientName": format!("client-{number}"),
                        "GenerateSecret": true, "AllowedOAuthFlowsUserPoolClient": true,
                        "AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["api/read"] });
                    connection.send(&cognito("CreateUserPoolClient", &input)).await?;
                    let created: Value = serde_json::from_slice(connection.body()?)?;
                    let text = |name: &str| {
                        let value = created.pointer(name).and_then(Value::as_str);
                        value.map(str::to_owned).with_context(|| format!("an app client without {name}"))
                    };
                    let (id, secret) = (text("/UserPoolClient/ClientId")?, text("/UserPoolClient/ClientSecret")?);
                    made.push(Client { pool, id, secret });
                }
            });
        }
        let mut clients = Vec::with_capacity(count);
        while let Some(made) = tasks.join_next().await {
            clients.extend(made??);
        }
        Ok(clients)
    })
}
