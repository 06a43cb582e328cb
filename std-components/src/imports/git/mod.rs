//! `import.git`: a module in a git repository, fetched every `pull_frequency`.

mod repository;
mod ssh;
#[cfg(test)]
mod ssh_tests;
#[cfg(test)]
mod tests;

use super::Read;
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::http_client::safe_url;
use repository::{Source, Tree};
use river_eval::engine::Content;
use river_eval::{Checks, Secret, Str};
use std::path::{Component as PathPart, Path};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a fetch may take before it is given up.
const FETCH_TIMEOUT: Duration = Duration::from_secs(120);

/// The arguments of `import.git`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(super) struct Arguments {
    /// The repository's address, as `git clone` takes it.
    repository: String,
    /// A branch, a tag or a commit.
    #[river(default = "main".into())]
    revision: String,
    /// The file or folder in the repository that holds the module.
    path: String,
    /// How often to fetch; 0 for never again.
    #[river(default = Duration::from_secs(60))]
    pull_frequency: Duration,
    /// Name and password for the repository.
    #[river(block)]
    basic_auth: Option<BasicAuth>,
    /// A key for the repository.
    #[river(block)]
    ssh_key: Option<SshKey>,
}

/// Name and password.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct BasicAuth {
    /// The name.
    username: String,
    /// The password.
    password: Secret,
}

/// A key.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct SshKey {
    /// The user's name.
    username: String,
    /// The private key, as text.
    key: Option<Secret>,
    /// The file that holds the private key.
    #[river(default)]
    key_file: String,
    /// What opens the key.
    passphrase: Option<Secret>,
}

/// Names that mean something else in every clone.
const SPECIAL: [&str; 5] = [
    "HEAD",
    "FETCH_HEAD",
    "ORIG_HEAD",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
];

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if SPECIAL.contains(&arguments.revision.as_str()) {
        checks
            .attribute(
                "revision",
                "revision cannot be a special git reference such as HEAD, FETCH_HEAD, ORIG_HEAD, MERGE_HEAD, or CHERRY_PICK_HEAD",
            )
            .help = Some("name a branch, a tag or a commit".into());
    }
    let is_inside = Path::new(&arguments.path)
        .components()
        .all(|part| matches!(part, PathPart::Normal(_) | PathPart::CurDir));
    if !is_inside {
        checks
            .attribute("path", "the path has to lead into the repository")
            .help =
            Some("write it from the repository's root, without a slash before it and without ..".into());
    }
    if let Some(ssh_key) = &arguments.ssh_key {
        let scheme = arguments.repository.split_once("://").map(|(scheme, _)| scheme);
        let is_for_http = matches!(scheme, Some("http" | "https"));
        let has_key = ssh_key.key().is_some();
        if is_for_http {
            checks
                .block(
                    "ssh_key",
                    0,
                    "ssh_key is for addresses of ssh, and the repository's is one of http",
                )
                .help = Some("write the repository as ssh://HOST/PATH, or use basic_auth".into());
        } else if !has_key && ssh_key.passphrase.is_some() {
            checks
                .block("ssh_key", 0, "there is a passphrase and no key that it opens")
                .help = Some("name the key in key or key_file".into());
        }
    }
}

impl SshKey {
    /// The key; of two the one that is written here, as in the reference.
    fn key(&self) -> Option<ssh::Key> {
        match &self.key {
            Some(key) if !key.reveal().is_empty() => Some(ssh::Key::Text(key.clone())),
            _ if !self.key_file.is_empty() => Some(ssh::Key::File(self.key_file.clone().into())),
            _ => None,
        }
    }
}

impl Arguments {
    fn ssh_login(&self) -> ssh::Login {
        let ssh_key = self.ssh_key.as_ref();
        ssh::Login {
            username: ssh_key.map(|ssh_key| ssh_key.username.clone()),
            key: ssh_key.and_then(SshKey::key),
            passphrase: ssh_key
                .and_then(|ssh_key| ssh_key.passphrase.clone())
                .filter(|passphrase| !passphrase.reveal().is_empty()),
            known_hosts: ssh::known_hosts(),
        }
    }
}

/// `import.git`.
pub(super) struct ImportGit {
    context: Context<Read>,
    arguments: Arc<Arguments>,
    source: Source,
}

impl Component for ImportGit {
    const NAME: &'static str = "import.git";
    type Arguments = Arguments;
    type Exports = Read;

    fn new(context: Context<Read>, arguments: Arguments) -> Result<Self, BuildError> {
        let source = Source {
            folder: context.data_dir(),
            address: arguments.repository.clone(),
            revision: arguments.revision.clone(),
            login: (arguments.basic_auth.as_ref()).map(|auth| (auth.username.clone(), auth.password.clone())),
            ssh: arguments.ssh_login(),
        };
        let fetches = context.services.fetches.clone();
        let import = Self {
            context,
            arguments: Arc::new(arguments),
            source,
        };
        let id = import.context.id.to_string();
        let asked = import.source.clone();
        match fetches.get(&id, &*import.arguments, || fetch(asked)) {
            Some(Ok(tree)) => {
                import
                    .export(&tree)
                    .map_err(|reason| BuildError::at("path", reason))?;
                Ok(import)
            }
            Some(Err(reason)) => Err(BuildError::at("repository", reason)),
            None => Err(BuildError::at(
                "repository",
                format!(
                    "{} has not been asked yet; a check asks no peers",
                    import.target()
                ),
            )),
        }
    }

    fn update(&self, _: Arguments) -> Result<(), BuildError> {
        // Other arguments make another import.
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut told = None;
        loop {
            let pull = async {
                match self.arguments.pull_frequency {
                    Duration::ZERO => std::future::pending().await,
                    wait => tokio::time::sleep(wait).await,
                }
                fetch(self.source.clone()).await
            };
            let fetched = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                fetched = pull => fetched,
            };
            match fetched.and_then(|tree| self.export(&tree)) {
                Ok(()) => told = None,
                Err(reason) => {
                    self.context.health.unhealthy(&reason);
                    if told.as_ref() != Some(&reason) {
                        tracing::error!(component_id = %self.context.id, "{reason}; the last content stays in use, and it is tried again");
                        told = Some(reason);
                    }
                }
            }
        }
    }
}

impl ImportGit {
    /// The repository for messages.
    fn target(&self) -> String {
        target(&self.arguments.repository)
    }

    /// Reads the module from what was fetched and exports it. A tree that could not be brought up to date is used, and told.
    fn export(&self, tree: &Tree) -> Result<(), String> {
        let arguments = &self.arguments;
        let inside = Path::new(&arguments.path);
        let read = super::file::read(&tree.folder.join(inside)).map_err(|error| {
            format!(
                "failed to read {} in {} at {}: {error}",
                arguments.path,
                self.target(),
                arguments.revision
            )
        })?;
        // Named by where they come from, not by where they are kept.
        let root = format!("{}/", tree.folder.display());
        let name = |name: &Str| -> Str {
            let inside = name.strip_prefix(root.as_str()).unwrap_or(name);
            format!("{}@{}:{inside}", self.target(), arguments.revision).into()
        };
        self.context.export(&Read(Content {
            key: Some(format!("{}@{}:{}", self.target(), arguments.revision, arguments.path).into()),
            module_path: Some(tree.folder.display().to_string().into()),
            files: read
                .files
                .iter()
                .map(|(file, text)| (name(file), text.clone()))
                .collect(),
            is_secret: false,
        }));
        match &tree.stale {
            None => self.context.health.healthy("module updated"),
            Some(reason) => {
                self.context
                    .health
                    .unhealthy(format!("{reason}; the copy of an earlier fetch is used"));
            }
        }
        Ok(())
    }
}

/// An address without a password.
fn target(address: &str) -> String {
    match reqwest::Url::parse(address) {
        Ok(_) => safe_url(address),
        // A path, or the short form of ssh; neither holds a password.
        Err(_) => address.to_owned(),
    }
}

/// Fetches on a thread of its own, as git waits for peers and disks. Given up when it takes too long, or nobody waits for it any more.
async fn fetch(source: Source) -> Result<Tree, String> {
    struct Interrupt(Arc<AtomicBool>);
    impl Drop for Interrupt {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let interrupt = Interrupt(Arc::default());
    let flag = interrupt.0.clone();
    let name = target(&source.address);
    let work = tokio::task::spawn_blocking(move || source.bring_up_to_date(&flag));
    match tokio::time::timeout(FETCH_TIMEOUT, work).await {
        Ok(Ok(tree)) => tree,
        Ok(Err(error)) => Err(format!("failed to fetch {name}: {error}")),
        Err(_) => Err(format!(
            "failed to fetch {name}: no answer within {FETCH_TIMEOUT:?}"
        )),
    }
}
