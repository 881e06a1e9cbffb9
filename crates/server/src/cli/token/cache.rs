//! Tokens on disk, one file each, for their owner only. A file's name tells whose the token is, by digest, and when it
//! expires, so that old ones are removed without being read.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value};

use super::Granted;
use crate::cli::trust::write_private;

/// A token that lives for less is fetched anew: whoever asked still has to use it.
const REMAINING_SECONDS_MIN: i64 = 60;
/// The most tokens that are kept.
const TOKENS_MAX: usize = 256;
/// Bytes of the largest answer that is kept and read back.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What a token is found again by.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key(String);

impl Key {
    /// The key of a token that this client asked of this URL; `scopes` are sorted.
    pub(super) fn of(token_url: &str, client_id: &str, scopes: &[String]) -> Self {
        // As JSON, no two requests have the same text.
        let text = serde_json::json!([token_url, client_id, scopes]).to_string();
        let mut key = String::with_capacity(64);
        for byte in digest(&SHA256, text.as_bytes()).as_ref() {
            let _ = write!(key, "{byte:02x}");
        }
        Self(key)
    }
}

/// The directory of kept tokens.
pub(super) struct Cache(PathBuf);

/// A file in it, as its name tells.
struct Entry {
    path: PathBuf,
    key: String,
    expires_at: i64,
}

impl Cache {
    /// The user's cache: under `XDG_CACHE_HOME`, else `~/.cache`; `None` for a user without a home.
    pub(super) fn of_user() -> Option<Self> {
        let of = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let cache = of("XDG_CACHE_HOME").or_else(|| Some(of("HOME")?.join(".cache")))?;
        Some(Self(cache.join("claviger").join("tokens")))
    }

    /// A token that was kept under this key and still lives long enough.
    pub(super) fn find(&self, key: &Key, now_seconds: i64) -> Option<Granted> {
        let usable = |entry: &Entry| {
            entry.key == key.0
                && entry.expires_at.saturating_sub(now_seconds) >= REMAINING_SECONDS_MIN
                && entry.path.extension().is_some_and(|extension| extension == "json")
        };
        let entry = self.entries().ok()?.into_iter().filter(usable).max_by_key(|entry| entry.expires_at)?;
        let mut bytes = Vec::new();
        File::open(&entry.path).ok()?.take(ANSWER_BYTES_MAX as u64).read_to_end(&mut bytes).ok()?;
        let answer: Map<String, Value> = serde_json::from_slice(&bytes).ok()?;
        let access_token = answer.get("access_token")?.as_str()?.to_owned();
        Some(Granted { answer, access_token, expires_at: Some(entry.expires_at) })
    }

    /// Keeps a token, and removes those it replaces, those that have expired, and beyond the bound those next to expire.
    pub(super) fn keep(&self, key: &Key, granted: &Granted, now_seconds: i64) -> io::Result<()> {
        let Some(expires_at) = granted.expires_at else { return Ok(()) };
        let text = serde_json::to_string(&granted.answer)?;
        if text.len() > ANSWER_BYTES_MAX || expires_at.saturating_sub(now_seconds) < REMAINING_SECONDS_MIN {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        // It may have been there before, open to others; and only its owner may change that.
        fs::set_permissions(&self.0, Permissions::from_mode(0o700))?;
        let mut kept = Vec::new();
        for entry in self.entries()? {
            if entry.key == key.0 || entry.expires_at <= now_seconds {
                remove(&entry.path)?;
            } else {
                kept.push(entry);
            }
        }
        kept.sort_by_key(|entry| std::cmp::Reverse(entry.expires_at));
        for entry in kept.iter().skip(TOKENS_MAX - 1) {
            remove(&entry.path)?;
        }
        write_private(&self.0.join(format!("{}-{expires_at}.json", key.0)), &text)
    }

    fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for file in fs::read_dir(&self.0)? {
            entries.extend(Entry::of(&file?.path()));
        }
        Ok(entries)
    }
}

impl Entry {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.split('.').next()?;
        let (key, expires_at) = name.split_once('-')?;
        Some(Self { key: key.to_owned(), expires_at: expires_at.parse().ok()?, path: path.to_owned() })
    }
}

/// Removes a file; one that another process has removed already is gone as well.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(token: &str, expires_at: Option<i64>) -> Granted {
        let answer = [("access_token".to_owned(), Value::from(token))].into_iter().collect();
        Granted { answer, access_token: token.to_owned(), expires_at }
    }

    fn key(client_id: &str) -> Key {
        Key::of("http://localhost:4566/oauth2/token", client_id, &[])
    }

    #[test]
    fn keys_differ_with_each_of_their_parts() {
        let of = |url: &str, client: &str, scopes: &[&str]| {
            Key::of(url, client, &scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>())
        };
        let keys = [of("u", "c", &[]), of("v", "c", &[]), of("u", "d", &[]), of("u", "c", &["a"]), of("u", "c", &[""])];
        for (index, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|other| other == key), Some(index));
        }
        assert_eq!(of("u", "c", &["a", "b"]), of("u", "c", &["a", "b"]));
    }

    #[test]
    fn gives_back_tokens_that_live_for_another_minute() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache(directory.path().join("claviger").join("tokens"));
        assert_eq!(cache.find(&key("a"), 0), None);
        cache.keep(&key("a"), &granted("first", Some(1000)), 0).unwrap();
        assert_eq!(cache.find(&key("a"), 940), Some(granted("first", Some(1000))));
        assert_eq!(cache.find(&key("a"), 941), None);
        assert_eq!(cache.find(&key("b"), 0), None);
        cache.keep(&key("a"), &granted("second", Some(2000)), 941).unwrap();
        assert_eq!(cache.find(&key("a"), 941), Some(granted("second", Some(2000))));
        assert_eq!(cache.entries().unwrap().len(), 1);
        // What would never be given back is not kept.
        cache.keep(&key("b"), &granted("short", Some(59)), 0).unwrap();
        cache.keep(&key("b"), &granted("unknown", None), 0).unwrap();
        cache.keep(&key("b"), &granted(&"x".repeat(ANSWER_BYTES_MAX), Some(1000)), 0).unwrap();
        assert_eq!(cache.entries().unwrap().len(), 1);
    }

    #[test]
    fn keeps_files_for_their_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let cache = Cache(directory.path().to_owned());
        cache.keep(&key("a"), &granted("token", Some(1000)), 0).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(directory.path()), 0o700);
        assert_eq!(mode(&cache.entries().unwrap()[0].path), 0o600);
    }

    #[test]
    fn removes_what_has_expired_and_stays_within_its_bound() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache(directory.path().to_owned());
        for index in 0..TOKENS_MAX + 3 {
            let expires_at = 1000 + i64::try_from(index).unwrap();
            cache.keep(&key(&index.to_string()), &granted("token", Some(expires_at)), 0).unwrap();
        }
        assert_eq!(cache.entries().unwrap().len(), TOKENS_MAX);
        assert_eq!(cache.find(&key("2"), 0), None);
        assert!(cache.find(&key("3"), 0).is_some());
        fs::write(directory.path().join("not-ours"), "").unwrap();
        cache.keep(&key("last"), &granted("token", Some(9000)), 5000).unwrap();
        assert_eq!(cache.entries().unwrap().len(), 1);
        assert!(directory.path().join("not-ours").exists());
    }

    #[test]
    fn does_not_trust_what_it_cannot_read() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache(directory.path().to_owned());
        for text in ["", "[]", "{}", r#"{"access_token":1}"#, "\u{0}"] {
            fs::write(directory.path().join(format!("{}-1000.json", key("a").0)), text).unwrap();
            assert_eq!(cache.find(&key("a"), 0), None, "{text:?}");
        }
    }
}
