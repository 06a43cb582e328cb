//! How a repository is reached over ssh: by the `ssh` program, which is told the key and asks nobody.
//!
//! Key and passphrase are handed over in files that are in memory only and that this user alone may open, so neither a disk nor a process list ever
//! shows them. What the program says comes back in such a file, too, as it belongs into the import's health and not onto this process' stderr.

use gix::protocol::transport::client::blocking_io::ssh::{ProgramKind, connect::Options};
use river_eval::Secret;
use rustix::fs::{MemfdFlags, Mode};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

/// Characters of what the program says that a message quotes at the most.
const MAX_SAID: usize = 1_000;

/// What the program may write into its file of messages, in units of 512 bytes.
const MAX_SAID_BLOCKS: u32 = 128;

/// Bytes of a key at the most.
const MAX_KEY_BYTES: u64 = 64 * 1024;

/// Who logs in, with which key, and which servers are trusted.
#[derive(Clone, Debug, Default)]
pub(super) struct Login {
    /// The user's name, instead of the address' one.
    pub(super) username: Option<String>,
    /// The private key. Without one, those that `ssh` finds by itself.
    pub(super) key: Option<Key>,
    /// What opens the key.
    pub(super) passphrase: Option<Secret>,
    /// Files of the keys of servers, instead of the usual ones.
    pub(super) known_hosts: Vec<PathBuf>,
}

/// Where the private key is.
#[derive(Clone, Debug)]
pub(super) enum Key {
    /// Here.
    Text(Secret),
    /// In a file, read at each fetch.
    File(PathBuf),
}

/// The files of servers' keys that the environment names, as the reference reads it: `SSH_KNOWN_HOSTS`, a list like `PATH`.
pub(super) fn known_hosts() -> Vec<PathBuf> {
    std::env::var_os("SSH_KNOWN_HOSTS")
        .map(|list| {
            std::env::split_paths(&list)
                .filter(|path| !path.as_os_str().is_empty())
                .collect()
        })
        .unwrap_or_default()
}

/// An `ssh` that is ready to be started. Has to live until it has ended.
#[derive(Debug)]
pub(super) struct Ready {
    command: String,
    /// Key, passphrase and the program that says it.
    files: Vec<File>,
    said: File,
}

impl Login {
    /// Puts everything in place.
    ///
    /// # Errors
    /// Where the program is missing, or the key cannot be read or handed over.
    pub(super) fn ready(&self) -> Result<Ready, String> {
        if !is_in_path("ssh") {
            return Err(
                "the ssh program is missing, by which repositories with an ssh address are reached; install it (Debian: openssh-client)"
                    .into(),
            );
        }
        let handed = |error: std::io::Error| format!("failed to hand the key to ssh: {error}");
        let said = in_memory(b"").map_err(handed)?;
        let mut files = Vec::new();
        let mut command = format!("ulimit -f {MAX_SAID_BLOCKS} && ");
        let mut options = vec!["ConnectTimeout=30", "ServerAliveInterval=15", "UpdateHostKeys=no"];
        if let Some(key) = &self.key {
            let mut text = key.read()?;
            // `ssh` takes no key without an end of the last line, which a value from the environment seldom has.
            if !text.ends_with(b"\n") {
                text.push(b'\n');
            }
            files.push(in_memory(&text).map_err(handed)?);
            // Others than the one that is named would only use up the server's patience.
            options.extend([
                "IdentitiesOnly=yes",
                "PreferredAuthentications=publickey",
                "StrictHostKeyChecking=yes",
            ]);
        }
        match (&self.passphrase, &self.key) {
            (Some(passphrase), Some(_)) => {
                let passphrase = in_memory(passphrase.reveal().as_bytes()).map_err(handed)?;
                let script = format!("#!/bin/sh\nexec cat {}\n", path_of(&passphrase));
                let script = in_memory(script.as_bytes())
                    .and_then(executable)
                    .map_err(handed)?;
                command.push_str(&format!(
                    "export SSH_ASKPASS={} SSH_ASKPASS_REQUIRE=force && ",
                    path_of(&script)
                ));
                files.extend([passphrase, script]);
                options.extend(["BatchMode=no", "NumberOfPasswordPrompts=1"]);
            }
            _ => options.push("BatchMode=yes"),
        }
        command.push_str("exec ssh");
        for option in options {
            command.push_str(&format!(" -o {option}"));
        }
        if !self.known_hosts.is_empty() {
            let files: Vec<String> = self.known_hosts.iter().map(|path| for_option(path)).collect();
            let files = format!("UserKnownHostsFile={}", files.join(" "));
            command.push_str(&format!(" -o {} -o GlobalKnownHostsFile=none", quoted(&files)));
        }
        if let (Some(_), Some(key)) = (&self.key, files.first()) {
            command.push_str(&format!(" -i {}", path_of(key)));
        }
        command.push_str(&format!(" 2>{}", path_of(&said)));
        Ok(Ready { command, files, said })
    }
}

impl Key {
    fn read(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Text(key) => Ok(key.reveal().as_bytes().to_vec()),
            Self::File(path) => {
                let failed =
                    |error: std::io::Error| format!("failed to read key_file {}: {error}", path.display());
                let mut text = Vec::new();
                let file = File::open(path).map_err(failed)?;
                file.take(MAX_KEY_BYTES).read_to_end(&mut text).map_err(failed)?;
                Ok(text)
            }
        }
    }
}

impl Ready {
    /// How the library starts it.
    pub(super) fn options(&self) -> Options {
        Options {
            command: Some(self.command.clone().into()),
            disallow_shell: false,
            kind: Some(ProgramKind::Ssh),
        }
    }

    /// What the program said, and the way out where it is known.
    pub(super) fn said(&mut self) -> Option<String> {
        let mut text = Vec::new();
        self.said.seek(SeekFrom::Start(0)).ok()?;
        self.said.read_to_end(&mut text).ok()?;
        let mut text = String::from_utf8_lossy(&text).into_owned();
        for file in &self.files {
            text = text.replace(&path_of(file), "ssh_key");
        }
        let lines: Vec<&str> = text
            .lines()
            .map(|line| line.trim_matches(|at: char| at == '@' || at.is_whitespace()))
            .filter(|line| !line.is_empty() && !line.starts_with("Warning: Permanently added"))
            .collect();
        if lines.is_empty() {
            return None;
        }
        let mut said: String = lines.join("; ").chars().take(MAX_SAID).collect();
        if said.contains("Host key verification failed") {
            said.push_str(
                "; put the server's key into ~/.ssh/known_hosts of the user that this runs as (ssh-keyscan HOST shows it), or into a file that the environment variable SSH_KNOWN_HOSTS names",
            );
        } else if said.contains("Permission denied") && !self.files.is_empty() {
            said.push_str("; the server does not take ssh_key, or passphrase does not open it");
        }
        Some(said)
    }
}

/// A file that is nowhere but in memory, for this user only.
fn in_memory(content: &[u8]) -> std::io::Result<File> {
    let file = File::from(rustix::fs::memfd_create("ssh", MemfdFlags::CLOEXEC)?);
    rustix::fs::fchmod(&file, Mode::RUSR | Mode::WUSR)?;
    (&file).write_all(content)?;
    Ok(file)
}

/// The same file to be run; what can still be written cannot be.
fn executable(file: File) -> std::io::Result<File> {
    rustix::fs::fchmod(&file, Mode::RUSR | Mode::XUSR)?;
    File::open(path_of(&file))
}

/// How another process of this user opens a file of this one.
fn path_of(file: &File) -> String {
    format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd())
}

/// For the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A path as an option of `ssh` takes it, in which `%` begins a token.
fn for_option(path: &Path) -> String {
    let path = path
        .display()
        .to_string()
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    format!("\"{}\"", path.replace('%', "%%"))
}

fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
