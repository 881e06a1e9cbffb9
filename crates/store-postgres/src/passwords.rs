//! The file of passwords that libpq's clients share.

use std::path::Path;

use claviger_resources::Secret;

use crate::settings::{Host, SettingsError};

/// A file of passwords holds no more than this.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Gives each host the password that the first line for it says; hosts without a line stay without.
pub(crate) fn look_up(file: &Path, hosts: &mut [Host], database: &str, user: &str) -> Result<(), SettingsError> {
    let unusable = |reason: String| SettingsError::Passwords { file: file.to_owned(), reason };
    let metadata = std::fs::metadata(file).map_err(|error| unusable(error.to_string()))?;
    if metadata.len() > FILE_BYTES_MAX {
        return Err(unusable("it is too large".to_owned()));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return Err(unusable("other users may read it; its mode must be 0600".to_owned()));
    }
    let text = std::fs::read_to_string(file).map(Secret::new).map_err(|error| unusable(error.to_string()))?;
    for host in hosts {
        // As libpq has it, sockets are those of `localhost`.
        let name = if host.is_socket() { "localhost" } else { &host.name };
        let port = host.port.to_string();
        host.password = password(text.expose(), [name, &port, database, user]).map(Secret::new);
    }
    Ok(())
}

/// The password of the first line `host:port:database:user:password` that is for these four, where `*` is for any.
fn password(text: &str, asked: [&str; 4]) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut fields = fields(line);
        let password = fields.pop().filter(|_| fields.len() == asked.len())?;
        let is_for = |(field, asked): (&String, &str)| field == "*" || field == asked;
        fields.iter().zip(asked).all(is_for).then_some(password)
    })
}

/// The fields of a line. A backslash takes its meaning from the character that follows, be it a colon or a backslash.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let is_last = fields.len() == 5;
        match (character, fields.last_mut()) {
            (':', Some(_)) if !is_last => fields.push(String::new()),
            ('\\', Some(field)) => field.extend(characters.next()),
            (other, Some(field)) => field.push(other),
            (_, None) => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_line_that_is_for_the_connection() {
        let text =
            "# a comment\ndb:5432:claviger:nobody:no\ndb:5432:claviger:node:p\\:q\\\\r:s\n*:*:*:node:any\nshort:line\n";
        let check = |host, expected: Option<&str>| {
            assert_eq!(password(text, [host, "5432", "claviger", "node"]).as_deref(), expected, "{host}");
        };
        check("db", Some("p:q\\r:s"));
        check("other", Some("any"));
        assert_eq!(password(text, ["db", "5432", "claviger", "stranger"]), None);
        assert_eq!(password("", ["db", "5432", "claviger", "node"]), None);
    }

    #[cfg(unix)]
    #[test]
    fn refuses_a_file_that_others_may_read() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("passwords");
        std::fs::write(&file, "*:*:*:node:secret\n").unwrap();
        let read = |mode| {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let mut hosts = [Host { name: "db".to_owned(), port: 5432, password: None }];
            let outcome = look_up(&file, &mut hosts, "claviger", "node").map_err(|error| error.to_string());
            outcome.map(|()| hosts[0].password.as_ref().map(|password| password.expose().clone()))
        };
        assert!(read(0o640).unwrap_err().contains("its mode must be 0600"));
        assert_eq!(read(0o600), Ok(Some("secret".to_owned())));
    }
}
