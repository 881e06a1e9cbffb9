//! Writes a backup with as many app clients as one likes, every one of which gets tokens once it is restored.
//!
//! `cargo run -p claviger-server --example app_clients -- --master-key FILE --clients 1000000 --list LIST BACKUP`; then
//! `claviger restore BACKUP` with that master key. The same seed makes the same clients; signing keys are new in every run.

#![expect(clippy::print_stdout, reason = "the figures are the command's result")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser as _;
use claviger_resources::app_client::{AppClient, ClientSecret, OAuthFlow};
use claviger_resources::resource_server::{ResourceServer, Scope};
use claviger_resources::signing_key::{KeyPolicy, SigningAlgorithm, SigningKeys};
use claviger_resources::user_pool::{IssuerType, UserPool};
use claviger_resources::{AccountId, ClientId, Random, Region, Sealed, Tenant, Timestamp, UserPoolId};
use claviger_runtime::signing_keys::PrivateKeys;
use claviger_runtime::vault::{SealedFor, Vault};
use claviger_server::backup::Writer;
use claviger_server::master_key::MasterKeySource;
use claviger_store::{NamedRow, Revision};
use claviger_testkit::SeededRandom;
use serde_json::Map;

/// Writes a backup with as many app clients as one likes.
#[derive(clap::Parser)]
struct Arguments {
    /// The backup to make
    backup: PathBuf,
    /// The master key of the store it is for: a file with 64 hexadecimal digits, mode 0600
    #[arg(long)]
    master_key: PathBuf,
    /// App clients
    #[arg(long, default_value_t = 1_000_000)]
    clients: u64,
    /// Pools that they are dealt out to
    #[arg(long, default_value_t = 10)]
    pools: u64,
    /// Where chance begins
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A file for the clients: on each line a pool, a client id and its secret
    #[arg(long)]
    list: Option<PathBuf>,
}

/// What the clients are made with.
struct Maker {
    vault: Vault,
    random: SeededRandom,
    tenant: Tenant,
    now: Timestamp,
}

fn main() -> anyhow::Result<()> {
    let (arguments, started) = (Arguments::parse(), Instant::now());
    let master = MasterKeySource::File(arguments.master_key).read()?;
    let mut random = SeededRandom::new(arguments.seed);
    let (vault, keyring) = Vault::create(&master.current, &mut random)?;
    let tenant = Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() };
    let mut maker = Maker { vault, random, tenant, now: Timestamp::from_seconds(1_767_225_600) };
    let file = File::create_new(&arguments.backup).context("cannot make the backup")?;
    let mut backup = Writer::begin(BufWriter::new(file), Revision(1), maker.now)?;
    let mut list = arguments.list.map(File::create).transpose()?.map(BufWriter::new);
    backup.record(NamedRow::of(&keyring)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut pools = Vec::new();
    for number in 0..arguments.pools.max(1) {
        let pool = UserPoolId::generate(&maker.tenant.region, &mut maker.random);
        let keys = runtime.block_on(PrivateKeys::make(SigningAlgorithm::default()))?;
        for record in maker.pool(&pool, number, &keys)? {
            backup.record(record)?;
        }
        pools.push(pool);
    }
    for (number, pool) in (0..arguments.clients).zip(pools.iter().cycle()) {
        let (client, secret) = maker.client(pool, number)?;
        if let Some(list) = &mut list {
            writeln!(list, "{pool} {} {secret}", client.id)?;
        }
        backup.record(NamedRow::of(&client)?)?;
    }
    let (file, manifest) = backup.finish()?;
    let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    if let Some(list) = list {
        list.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{} records in {seconds:.1} s, {} bytes", manifest.records(), file.metadata()?.len());
    Ok(())
}

impl Maker {
    /// A pool with its keys and a resource server.
    fn pool(&mut self, id: &UserPoolId, number: u64, keys: &PrivateKeys) -> anyhow::Result<[NamedRow; 3]> {
        let (tenant, now) = (self.tenant.clone(), self.now);
        let pool = UserPool {
            id: id.clone(),
            tenant: tenant.clone(),
            name: format!("pool-{number}"),
            created: now,
            modified: now,
            deletion_protection: false,
            issuer: IssuerType::default(),
            tags: std::collections::BTreeMap::new(),
            configuration: Map::new(),
        };
        let keys = keys.records(id, &self.vault, &mut self.random, now)?;
        let keys = SigningKeys { pool: id.clone(), tenant: tenant.clone(), policy: KeyPolicy::default(), keys };
        let scope = Scope { name: "read".to_owned(), description: "read".to_owned() };
        let server = ResourceServer {
            pool: id.clone(),
            tenant,
            identifier: "api".to_owned(),
            name: "api".to_owned(),
            scopes: vec![scope],
            created: now,
        };
        Ok([NamedRow::of(&pool)?, NamedRow::of(&keys)?, NamedRow::of(&server)?])
    }

    /// An app client, and its secret.
    fn client(&mut self, pool: &UserPoolId, number: u64) -> anyhow::Result<(AppClient, String)> {
        let id = ClientId::generate(&mut self.random);
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes);
        let digits = bytes.iter().filter_map(|byte| char::from_digit(u32::from(byte % 32), 36));
        let secret: String = digits.collect();
        let stored = ClientSecret {
            id: format!("{id}--{}", self.now.milliseconds()),
            created: self.now,
            digest: Sealed::from_bytes(self.vault.digest(&id, secret.as_bytes()).0),
            sealed: self.vault.seal(SealedFor::ClientSecret(&id), secret.as_bytes(), &mut self.random)?,
            original: true,
        };
        let client = AppClient {
            id,
            pool: pool.clone(),
            tenant: self.tenant.clone(),
            name: format!("client-{number}"),
            created: self.now,
            modified: self.now,
            secrets: vec![stored],
            oauth_enabled: true,
            oauth_flows: Some(vec![OAuthFlow::ClientCredentials]),
            oauth_scopes: Some(vec!["api/read".to_owned()]),
            access_token_validity: None,
            access_token_unit: None,
            limits: None,
            extra_claims: Map::new(),
            configuration: Map::new(),
        };
        Ok((client, secret))
    }
}
