//! A PostgreSQL of its own, in a temporary folder, with TLS, passwords and every commit on the disk. The tests of the
//! PostgreSQL backend take this file in as well, for servers that they kill.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;

/// The oldest version that will do.
const VERSION_MIN: u32 = 15;
/// The programs that must be in one folder.
const PROGRAMS: [&str; 4] = ["initdb", "postgres", "psql", "pg_basebackup"];
/// How long a server may take to start; after a crash it first recovers.
const START_MAX: Duration = Duration::from_mins(1);
/// What the server says when it can be used.
const READY: &str = "ready to accept";
/// The role that the program has, and the password of both roles. Only this machine can reach the server.
const ROLE: &str = "node";
const PASSWORD: &str = "between us";

/// A running server, ended when dropped.
pub(crate) struct Cluster {
    programs: Programs,
    directory: TempDir,
    port: u16,
    process: Option<Child>,
}

/// Where PostgreSQL's programs are, and who runs them.
#[derive(Clone)]
struct Programs {
    folder: PathBuf,
    /// PostgreSQL refuses to run as root.
    user: Option<&'static str>,
}

impl Cluster {
    /// Makes a server with these lines in its configuration, and starts it.
    pub(crate) fn start(configuration: &[&str]) -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        let directory = tempfile::Builder::new().prefix("claviger-postgres-").tempdir()?;
        let port = free_port()?;
        let cluster = Self { programs, directory, port, process: None };
        std::fs::write(cluster.path("password"), PASSWORD)?;
        cluster.make_certificates()?;
        cluster.own(cluster.directory.path())?;
        // The order of the database's own language is not that of bytes.
        let (data, password) = (cluster.path("data"), cluster.path("password"));
        let mut initdb = cluster.programs.command("initdb");
        initdb.arg("-D").arg(data).arg("--pwfile").arg(password).args(["--username=owner", "--encoding=UTF8"]);
        initdb.args(["--locale-provider=icu", "--icu-locale=und", "--locale=C", "--auth=scram-sha-256"]);
        succeed(&mut initdb)?;
        cluster.configure(configuration)?;
        let mut cluster = cluster;
        cluster.start_again()?;
        let database = format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'");
        cluster.sql("postgres", &database)?;
        cluster.sql("postgres", &format!("CREATE DATABASE store OWNER {ROLE}"))?;
        Ok(cluster)
    }

    /// The URL for the program: over TCP, with TLS, and the server's name verified.
    pub(crate) fn url(&self) -> String {
        self.url_with("localhost", &format!("sslmode=verify-full&sslrootcert={}", self.authority().display()))
    }

    /// A URL that calls the server by this name, with these parameters.
    pub(crate) fn url_with(&self, host: &str, parameters: &str) -> String {
        format!("postgres://{ROLE}:{}@{host}:{}/store?{parameters}", PASSWORD.replace(' ', "%20"), self.port)
    }

    /// The URL through its socket, which every client understands.
    pub(crate) fn socket_url(&self) -> String {
        self.url_with(&self.socket().display().to_string().replace('/', "%2F"), "")
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the authority that the server's is from.
    pub(crate) fn authority(&self) -> PathBuf {
        self.path("authority.crt")
    }

    /// A certificate from that authority, and its key.
    pub(crate) fn certificate(&self) -> [PathBuf; 2] {
        ["server.crt", "server.key"].map(|name| self.path(name))
    }

    /// From now on lets in over the network only who shows a certificate from its authority.
    pub(crate) fn ask_for_certificates(&self) -> anyhow::Result<()> {
        let access = "local all all scram-sha-256\nhostssl all all samehost scram-sha-256 clientcert=verify-ca\n";
        std::fs::write(self.path("data/pg_hba.conf"), access)?;
        self.sql("postgres", "SELECT pg_reload_conf()").map(|_| ())
    }

    /// The folder of its socket.
    pub(crate) fn socket(&self) -> &Path {
        self.directory.path()
    }

    /// Runs SQL as the owner of the server, and answers what it printed.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> anyhow::Result<String> {
        let mut psql = Command::new(self.programs.folder.join("psql"));
        psql.args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-U", "owner", "-d", database, "-c", sql]);
        psql.arg("-h").arg(self.socket()).args(["-p", &self.port.to_string()]).env("PGPASSWORD", PASSWORD);
        Ok(String::from_utf8_lossy(&succeed(&mut psql)?.stdout).trim().to_owned())
    }

    /// Ends every process of the server where it stands.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        // Its children end when they see that it is gone.
        if let Some(mut process) = self.process.take() {
            process.kill()?;
            process.wait()?;
        }
        Ok(())
    }

    /// Ends the server in order.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(mut process) = self.process.take() {
            succeed(Command::new("kill").args(["-INT", &process.id().to_string()]))?;
            process.wait()?;
        }
        Ok(())
    }

    /// Starts the server, and waits until it can be used.
    pub(crate) fn start_again(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            let mut postgres = self.programs.command("postgres");
            postgres.arg("-D").arg(self.path("data")).args(["-p", &self.port.to_string(), "-k"]).arg(self.socket());
            let mut process = postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
            let log = process.stderr.take().context("the server has no log")?;
            let mut log = BufReader::new(log).lines();
            let mut said = Vec::new();
            for line in log.by_ref() {
                let line = line?;
                let is_ready = line.contains(READY);
                said.push(line);
                if is_ready {
                    let mut file = File::options().create(true).append(true).open(self.path("log"))?;
                    std::thread::spawn(move || {
                        for line in said.into_iter().map(Ok).chain(log) {
                            let _ = line.and_then(|line| writeln!(file, "{line}"));
                        }
                    });
                    self.process = Some(process);
                    return Ok(());
                }
            }
            let status = process.wait()?;
            // Processes of a server that was killed may still be on their way out.
            let lingers = said.iter().any(|line| line.contains("still in use") || line.contains("lock file"));
            if !lingers || started.elapsed() > START_MAX {
                bail!("the server ended with {status}:\n{}", said.join("\n"));
            }
        }
    }

    /// Makes a standby of this server, which its commits wait for, and starts it.
    pub(crate) fn start_standby(&self) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("claviger-postgres-").tempdir()?;
        let mut standby = Self { programs: self.programs.clone(), directory, port: free_port()?, process: None };
        standby.own(standby.directory.path())?;
        let source = format!(
            "host={} port={} user=owner password='{PASSWORD}' application_name=standby",
            self.socket().display(),
            self.port
        );
        let mut copy = standby.programs.command("pg_basebackup");
        succeed(copy.arg("-D").arg(standby.path("data")).args(["-R", "-X", "stream", "-c", "fast", "-d", &source]))?;
        std::fs::copy(self.authority(), standby.authority())?;
        standby.start_again()?;
        self.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'")?;
        self.sql("postgres", "SELECT pg_reload_conf()")?;
        Ok(standby)
    }

    /// Makes a standby the primary.
    pub(crate) fn promote(&self) -> anyhow::Result<()> {
        self.sql("postgres", "SELECT pg_promote()").map(|_| ())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn configure(&self, lines: &[&str]) -> anyhow::Result<()> {
        let path = |name| self.path(name).display().to_string();
        let settings = format!(
            "listen_addresses = 'localhost'\nssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\nssl_ca_file = '{}'\nmax_connections = 300\n\
             fsync = on\nsynchronous_commit = on\n{}\n",
            path("server.crt"),
            path("server.key"),
            path("authority.crt"),
            lines.join("\n")
        );
        let mut file = File::options().append(true).open(self.path("data/postgresql.conf"))?;
        file.write_all(settings.as_bytes())?;
        let access = "local all,replication all scram-sha-256\nhostssl all,replication all samehost scram-sha-256\n";
        std::fs::write(self.path("data/pg_hba.conf"), access)?;
        Ok(())
    }

    /// An authority, and a certificate for `localhost` that is from it.
    fn make_certificates(&self) -> anyhow::Result<()> {
        let openssl = |arguments: &[&str]| {
            let mut command = Command::new("openssl");
            command.args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "30",
            ]);
            succeed(command.args(arguments).current_dir(self.directory.path())).map(|_| ())
        };
        openssl(&["-subj", "/CN=authority", "-keyout", "authority.key", "-out", "authority.crt"])?;
        let authority = ["-CA", "authority.crt", "-CAkey", "authority.key"];
        let leaf = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
        let use_ = ["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "server.key", "-out", "server.crt"];
        openssl(&[&authority[..], &leaf, &use_].concat())
    }

    /// Gives a folder to the user who runs the server.
    fn own(&self, folder: &Path) -> anyhow::Result<()> {
        if let Some(user) = self.programs.user {
            succeed(Command::new("chown").arg("-R").arg(format!("{user}:")).arg(folder))?;
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

impl Programs {
    /// Finds the newest PostgreSQL that is installed.
    fn find() -> anyhow::Result<Self> {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        // Debian keeps a server's programs off the path.
        let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let folders = std::env::split_paths(&paths).chain(debian.map(|entry| entry.path().join("bin")));
        let has_all = |folder: &PathBuf| PROGRAMS.iter().all(|program| folder.join(program).is_file());
        let found = folders.filter(has_all).filter_map(|folder| {
            let said = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
            let version = major_version(&String::from_utf8_lossy(&said.stdout))?;
            Some((version, folder))
        });
        let newest = found.max_by_key(|(version, _)| *version);
        let Some((_, folder)) = newest.filter(|(version, _)| *version >= VERSION_MIN) else {
            bail!(
                "PostgreSQL {VERSION_MIN} or newer is not installed (Debian: postgresql); install it and run this again"
            );
        };
        for program in ["openssl", "setpriv"] {
            ensure!(
                std::env::split_paths(&paths).any(|path| path.join(program).is_file()),
                "`{program}` is not on the path (it prepares the server); install it and run this again"
            );
        }
        let is = |user: &str, arguments: &[&str]| {
            let said = Command::new("id").args(arguments).output();
            said.is_ok_and(|said| {
                said.status.success() && (user.is_empty() || said.stdout.trim_ascii() == user.as_bytes())
            })
        };
        let user = match (is("0", &["-u"]), is("", &["-u", "postgres"])) {
            (false, _) => None,
            (true, true) => Some("postgres"),
            (true, false) => Some("nobody"),
        };
        Ok(Self { folder, user })
    }

    /// One of PostgreSQL's programs, run by someone who may; it ends with whoever started it.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new("setpriv");
        if let Some(user) = self.user {
            command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
        }
        command.args(["--pdeathsig", "INT"]).arg(self.folder.join(name));
        command
    }
}

/// The major version in `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major_version(said: &str) -> Option<u32> {
    said.split(' ').nth(2)?.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Runs a command to its end; an error says what it printed.
fn succeed(command: &mut Command) -> anyhow::Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{name}`"))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_a_server() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_version("no such thing"), None);
    }
}
