//! Crashes: what was acknowledged outlives a process that is killed.
//!
//! The process that is killed is this test binary itself, started to run [`writes_until_it_is_killed`] alone.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use claviger_resources::Random as _;
use claviger_store::{Key, Kind, Name, Namespace, Revision, Store, StoreError, keyring_tenant};
use claviger_store_sqlite::SqliteStore;
use claviger_testkit::SeededRandom;
use rusqlite::Connection;
use tokio::task::JoinSet;

/// Environment of the child: the file to write to, a prefix for its ids, how many tasks write and how much each.
const FILE: &str = "CLAVIGER_CRASH_TEST_FILE";
const PREFIX: &str = "CLAVIGER_CRASH_TEST_PREFIX";
const TASKS: &str = "CLAVIGER_CRASH_TEST_TASKS";
const OPERATIONS: &str = "CLAVIGER_CRASH_TEST_OPERATIONS";

const KILLS: usize = 100;

fn key(parent: &str, id: &str) -> Key {
    Key { kind: Kind::AppClient, tenant: keyring_tenant(), parent: parent.to_owned(), id: id.to_owned() }
}

fn name(id: &str) -> Name {
    Name::new(Namespace::ClientId, id)
}

/// The child's work. Run among the other tests, nobody has told it what to write, and it ends at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_until_it_is_killed() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let number = |name| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let (prefix, tasks_count, operations) = (std::env::var(PREFIX).unwrap(), number(TASKS), number(OPERATIONS));
    let store = Arc::new(SqliteStore::open(file).unwrap());
    // The test runner has begun a line.
    say("");
    let mut tasks = JoinSet::new();
    for task in 0..tasks_count {
        let (store, prefix) = (Arc::clone(&store), prefix.clone());
        tasks.spawn(async move {
            for operation in 0..operations {
                let revision = write_pair(&store, &prefix, task, operation).await.unwrap();
                say(&format!("acknowledged {revision} {task} {operation}"));
            }
        });
    }
    tasks.join_all().await;
}

/// Writes a line at once, so that it is read whole or not at all.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    output.write_all(format!("{line}\n").as_bytes()).and_then(|()| output.flush()).unwrap();
}

/// One operation: inserts a pair of records, or takes back the task's last pair, and keeps count in a third record.
async fn write_pair(store: &SqliteStore, prefix: &str, task: u64, operation: u64) -> Result<Revision, StoreError> {
    let mut tx = store.write().await?;
    let counter = tx.row(&key("counters", "pairs")).await?;
    let before: u64 = counter.as_ref().map_or(0, |row| row.body.parse().unwrap());
    let after = if takes_back(operation) {
        let id = pair_id(prefix, task, operation - 1);
        assert!(tx.delete_row(&key("left", &id)).await? && tx.delete_row(&key("right", &id)).await?);
        before - 1
    } else {
        let id = pair_id(prefix, task, operation);
        tx.insert_row(&key("left", &id), &[name(&id)], &"x".repeat(500)).await?;
        tx.insert_row(&key("right", &id), &[], "{}").await?;
        before + 1
    };
    match counter {
        None => tx.insert_row(&key("counters", "pairs"), &[], &after.to_string()).await?,
        Some(row) => tx.replace_row(&row.key, row.version, &[], &after.to_string()).await?,
    }
    tx.commit().await
}

fn takes_back(operation: u64) -> bool {
    operation % 4 == 3
}

fn pair_id(prefix: &str, task: u64, operation: u64) -> String {
    format!("{prefix}-{task}-{operation}")
}

/// An acknowledgement that the child printed.
struct Acknowledged {
    revision: u64,
    task: u64,
    operation: u64,
}

impl Acknowledged {
    fn parse(line: &str) -> Option<Self> {
        let mut numbers = line.strip_prefix("acknowledged ")?.split(' ').map(|number| number.parse().unwrap());
        Some(Self { revision: numbers.next()?, task: numbers.next()?, operation: numbers.next()? })
    }
}

/// The command that runs the child, beginning with `command` when that watches it.
pub(crate) fn child(watch: Option<Command>, file: &Path, prefix: &str, tasks: u64, operations: u64) -> Command {
    let this = std::env::current_exe().unwrap();
    let mut command = match watch {
        None => Command::new(this),
        Some(mut watch) => {
            watch.arg(this);
            watch
        }
    };
    command
        .args(["--exact", "crashes::writes_until_it_is_killed", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .env(PREFIX, prefix)
        .env(TASKS, tasks.to_string())
        .env(OPERATIONS, operations.to_string())
        .stdout(Stdio::piped());
    command
}

/// Starts the child, kills it at a random moment, and answers with what it acknowledged.
fn killed_run(file: &Path, round: usize, random: &mut SeededRandom) -> Vec<Acknowledged> {
    let mut process = child(None, file, &round.to_string(), 4, u64::MAX).spawn().unwrap();
    let lines = read_lines(&mut process);
    let mut acknowledged = Vec::new();
    // Every third is killed while it starts, the others once they are at work.
    let at_work = !round.is_multiple_of(3);
    if at_work {
        acknowledged.push(lines.iter().find_map(|line| Acknowledged::parse(&line)).unwrap());
    }
    let mut byte = [0];
    random.fill(&mut byte);
    let deadline = Instant::now() + Duration::from_micros(u64::from(byte[0]) * if at_work { 200 } else { 60 });
    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        acknowledged.extend(Acknowledged::parse(&line));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    acknowledged.extend(lines.iter().filter_map(|line| Acknowledged::parse(&line)));
    acknowledged
}

fn read_lines(process: &mut Child) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    let output = BufReader::new(process.stdout.take().unwrap());
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

#[tokio::test]
async fn loses_nothing_acknowledged_and_opens_clean_however_often_it_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    let mut random = SeededRandom::new(2);
    let mut expected: HashMap<String, bool> = HashMap::new();
    let mut acknowledgements = 0;
    for round in 0..KILLS {
        let acknowledged = killed_run(&file, round, &mut random);
        acknowledgements += acknowledged.len();
        let store = SqliteStore::open(&file).unwrap();
        let newest = acknowledged.iter().map(|acknowledged| acknowledged.revision).max().unwrap_or(0);
        assert!(store.revisions().borrow().0 >= newest, "round {round} acknowledged revision {newest}");
        let mut this_round = HashMap::new();
        for Acknowledged { task, operation, .. } in acknowledged {
            expect(&mut this_round, round, task, operation);
        }
        assert_there(&store, &this_round).await;
        expected.extend(this_round);
        drop(store);
        assert_consistent(&file);
    }
    assert_there(&SqliteStore::open(&file).unwrap(), &expected).await;
    assert!(acknowledgements > KILLS, "{acknowledgements} acknowledgements say little");
}

/// Notes what an acknowledgement promises: that a pair is there (`true`) or not. It says nothing of a pair that the same
/// task takes back next, which may have happened without anyone being told.
fn expect(expected: &mut HashMap<String, bool>, round: usize, task: u64, operation: u64) {
    if takes_back(operation) {
        expected.insert(pair_id(&round.to_string(), task, operation - 1), false);
    } else if !takes_back(operation + 1) {
        expected.insert(pair_id(&round.to_string(), task, operation), true);
    }
}

async fn assert_there(store: &SqliteStore, expected: &HashMap<String, bool>) {
    let mut tx = store.read().await.unwrap();
    for (id, &there) in expected {
        assert_eq!(tx.row(&key("left", id)).await.unwrap().is_some(), there, "{id}");
        assert_eq!(tx.row(&key("right", id)).await.unwrap().is_some(), there, "{id}");
        assert_eq!(tx.row_named(&name(id)).await.unwrap().is_some(), there, "{id}");
    }
}

/// Asserts that the file is sound and that everything in it that says the same thing twice says the same.
fn assert_consistent(file: &Path) {
    let connection = Connection::open(file).unwrap();
    let number = |sql: &str| connection.query_row(sql, [], |columns| columns.get::<_, i64>(0)).unwrap();
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |columns| columns.get(0)).unwrap();
    assert_eq!(sound, "ok");
    for (what, violations) in [
        ("names without a record", "SELECT count(*) FROM pragma_foreign_key_check"),
        (
            "pairs without a name, or with another's",
            "SELECT count(*) FROM record LEFT JOIN name ON record = number AND name = id
             WHERE parent = 'left' AND name IS NULL",
        ),
        ("names of other records", "SELECT (SELECT count(*) FROM name) - count(*) FROM record WHERE parent = 'left'"),
        (
            "halves of a pair",
            "SELECT count(*) FROM record AS half WHERE parent IN ('left', 'right') AND NOT EXISTS
             (SELECT 1 FROM record WHERE kind = half.kind AND account = half.account AND region = half.region
              AND parent = CASE half.parent WHEN 'left' THEN 'right' ELSE 'left' END AND id = half.id)",
        ),
        (
            "pairs that the counter missed",
            "SELECT coalesce((SELECT CAST(body AS INTEGER) FROM record WHERE parent = 'counters'), 0) - count(*)
             FROM record WHERE parent = 'left'",
        ),
        (
            "wrong tallies",
            "WITH counted AS (SELECT kind, account, region, parent, count(*) FROM record GROUP BY 1, 2, 3, 4)
             SELECT (SELECT count(*) FROM (SELECT * FROM counted EXCEPT SELECT * FROM tally))
                  + abs((SELECT count(*) FROM counted) - (SELECT count(*) FROM tally))",
        ),
        (
            "gaps in the feed",
            "SELECT coalesce(max(revision) - min(revision) + 1, 0) - count(DISTINCT revision) FROM change",
        ),
    ] {
        assert_eq!(number(violations), 0, "{what}");
    }
}
