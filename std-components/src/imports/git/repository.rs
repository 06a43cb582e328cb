//! A clone of a repository in the import's own folder, and the tree of one revision as files.

use super::ssh::{Login, Ready};
use gix::bstr::ByteSlice;
use gix::objs::tree::EntryKind;
use gix::protocol::transport::client::blocking_io::connect;
use gix::remote::Direction;
use river_eval::Secret;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Files of a tree at the most.
const MAX_FILES: usize = 20_000;

/// Bytes of a tree at the most.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Folders in one another at the most.
const MAX_DEPTH: usize = 100;

/// A repository, the revision that is wanted of it, and where the clone is kept.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) folder: PathBuf,
    pub(super) address: String,
    pub(super) revision: String,
    pub(super) login: Option<(String, Secret)>,
    pub(super) ssh: Login,
}

/// The files of a revision.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// The root.
    pub(super) folder: PathBuf,
    /// Why it may not be the newest.
    pub(super) stale: Option<String>,
}

impl Source {
    /// Fetches, and writes the files of the revision where they are not there yet. Where the repository cannot be reached, what an
    /// earlier fetch left is used.
    pub(super) fn bring_up_to_date(&self, interrupt: &AtomicBool) -> Result<Tree, String> {
        let name = super::target(&self.address);
        let failed = |what: &str, error: &dyn std::fmt::Display| format!("failed to {what} {name}: {error}");
        let clone = self.clone_folder();
        let repository = match gix::open_opts(&clone, gix::open::Options::isolated()) {
            Ok(repository) => repository,
            Err(_) => {
                fs::create_dir_all(&clone).map_err(|error| failed("keep a clone of", &error))?;
                gix::init_bare(&clone).map_err(|error| failed("keep a clone of", &error))?
            }
        };
        let fetched = self.fetch(&repository, interrupt);
        let found = self.find(&repository);
        let (commit, stale) = match (fetched, found) {
            (Ok(()), Ok(commit)) => (commit, None),
            (Ok(()), Err(reason)) => return Err(failed("find the revision in", &reason)),
            (Err(reason), Ok(commit)) => (commit, Some(failed("fetch", &reason))),
            (Err(reason), Err(_)) => return Err(failed("fetch", &reason)),
        };
        let folder = self
            .write(&repository, commit)
            .map_err(|error| failed("write the files of", &error))?;
        Ok(Tree { folder, stale })
    }

    /// Clones of different addresses are kept apart.
    fn clone_folder(&self) -> PathBuf {
        use sha2::{Digest, Sha256};
        let mut name = String::from("repo-");
        for byte in Sha256::digest(self.address.as_bytes()).iter().take(8) {
            name.push_str(&format!("{byte:02x}"));
        }
        self.folder.join(name)
    }

    fn fetch(&self, repository: &gix::Repository, interrupt: &AtomicBool) -> Result<(), String> {
        // The client of this library asks for the process' provider; a second installation fails, and the first one serves.
        drop(rustls::crypto::ring::default_provider().install_default());
        let text = |error: gix::Error| with_causes(&error);
        let remote = repository
            .remote_at(self.address.as_str())
            .map_err(text)?
            .with_refspecs(
                ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"],
                Direction::Fetch,
            )
            .map_err(text)?;
        let (mut url, version) = remote.sanitized_url_and_version(Direction::Fetch).map_err(text)?;
        let mut ssh = None;
        if url.scheme == gix::url::Scheme::Ssh {
            if let Some(username) = &self.ssh.username {
                url.set_user(Some(username.clone()));
            }
            ssh = Some(self.ssh.ready()?);
        }
        let options = connect::Options {
            version,
            ssh: ssh.as_ref().map(Ready::options).unwrap_or_default(),
            ..connect::Options::default()
        };
        let transport = connect::connect(url, options).map_err(text)?;
        let mut connection = remote.to_connection_with_transport(transport);
        let login = self.login.clone();
        // Never the terminal, which the library would ask otherwise.
        connection.set_credentials(move |action| match (action, &login) {
            (gix::credentials::helper::Action::Get(context), Some((username, password))) => {
                Ok(Some(gix::credentials::protocol::Outcome {
                    identity: gix::sec::identity::Account {
                        username: username.clone(),
                        password: password.reveal().to_string(),
                        oauth_refresh_token: None,
                    },
                    next: context.into(),
                }))
            }
            _ => Ok(None),
        });
        let received = connection
            .prepare_fetch(gix::progress::Discard, Default::default())
            .and_then(|fetch| fetch.receive(gix::progress::Discard, interrupt));
        match (received, ssh.as_mut().and_then(Ready::said)) {
            (Ok(_), _) => Ok(()),
            (Err(error), None) => Err(with_causes(&error)),
            // The library knows only that the program has ended.
            (Err(_), Some(said)) => Err(format!("ssh: {said}")),
        }
    }

    /// The commit of the revision: a branch, a tag, or a commit by its hash.
    fn find(&self, repository: &gix::Repository) -> Result<gix::ObjectId, String> {
        let revision = &self.revision;
        for name in [
            format!("refs/remotes/origin/{revision}"),
            format!("refs/tags/{revision}"),
        ] {
            if let Ok(Some(mut reference)) = repository.try_find_reference(name.as_str()) {
                let id = reference.peel_to_id().map_err(|error| error.to_string())?;
                return Ok(id.detach());
            }
        }
        let is_hash = revision.len() >= 4 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash && let Ok(id) = repository.rev_parse_single(revision.as_str()) {
            return Ok(id.detach());
        }
        Err(format!("there is no branch, tag or commit {revision:?}"))
    }

    /// Writes the files of a commit into a folder of its own, unless that is there, and takes the folders of others but the last away.
    fn write(&self, repository: &gix::Repository, commit: gix::ObjectId) -> Result<PathBuf, String> {
        let name = format!("tree-{commit}");
        let folder = self.clone_folder().join(&name);
        if folder.is_dir() {
            return Ok(folder);
        }
        let text = |error: gix::Error| with_causes(&error);
        let tree = repository
            .find_object(commit)
            .map_err(text)?
            .peel_to_tree()
            .map_err(text)?;
        let unfinished = self.clone_folder().join(format!("unfinished-{commit}"));
        let io = |error: std::io::Error| error.to_string();
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(io)?;
        }
        let mut room = Room {
            files: MAX_FILES,
            bytes: MAX_BYTES,
        };
        extract(&tree, &unfinished, &mut room, MAX_DEPTH)?;
        fs::rename(&unfinished, &folder).map_err(io)?;
        self.tidy(&name);
        Ok(folder)
    }

    /// Takes away all trees but this one and the newest of the others, which may still be in use.
    fn tidy(&self, keep: &str) {
        let Ok(entries) = fs::read_dir(self.clone_folder()) else {
            return;
        };
        let mut others: Vec<(std::time::SystemTime, PathBuf)> = entries
            .flatten()
            .filter(|entry| {
                let name = entry.file_name();
                name != *keep && name.to_string_lossy().starts_with("tree-")
            })
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        others.sort();
        others.pop();
        for (_, path) in others {
            if let Err(error) = fs::remove_dir_all(&path) {
                tracing::warn!(
                    "the files of an earlier revision cannot be taken away from {}: {error}",
                    path.display()
                );
            }
        }
    }
}

/// How much more may be written.
struct Room {
    files: usize,
    bytes: u64,
}

/// Writes a tree. Links and submodules are left out: a link may lead anywhere.
fn extract(tree: &gix::Tree<'_>, folder: &Path, room: &mut Room, depth: usize) -> Result<(), String> {
    let io = |error: std::io::Error| error.to_string();
    let text = |error: gix::Error| with_causes(&error);
    let depth = depth.checked_sub(1).ok_or("its folders are nested too deep")?;
    fs::create_dir_all(folder).map_err(io)?;
    for entry in tree.iter() {
        let entry = entry.map_err(text)?;
        let name = entry.filename().to_str_lossy().into_owned();
        if name.is_empty() || name == "." || name == ".." || name.contains('/') {
            return Err(format!("it holds a file with the name {name:?}"));
        }
        let path = folder.join(&name);
        match entry.mode().kind() {
            EntryKind::Tree => {
                let inner = entry.object().map_err(text)?.peel_to_tree().map_err(text)?;
                extract(&inner, &path, room, depth)?;
            }
            EntryKind::Blob | EntryKind::BlobExecutable => {
                let object = entry.object().map_err(text)?;
                room.files = room.files.checked_sub(1).ok_or("it holds too many files")?;
                room.bytes = room
                    .bytes
                    .checked_sub(object.data.len() as u64)
                    .ok_or("it is too large")?;
                fs::write(&path, &object.data).map_err(io)?;
            }
            EntryKind::Link | EntryKind::Commit => {}
        }
    }
    Ok(())
}

/// An error with what caused it, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = inner.source();
    }
    text
}
