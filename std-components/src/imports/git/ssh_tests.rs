//! Repositories over ssh, against Debian's OpenSSH server.

use super::ssh::{Key, Login};
use super::tests::{Repository, get, read};
use super::*;
use river_eval::Secret;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const SERVER: &str = "/usr/sbin/sshd";

/// A server that lets in whoever has one of two keys: `plain`, and `locked`, whose passphrase is "open sesame".
struct Server {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Server {
    /// `None` where it is not installed.
    fn start() -> Option<Self> {
        for (program, package) in [(SERVER, "openssh-server"), ("/usr/bin/ssh", "openssh-client")] {
            if !Path::new(program).exists() {
                eprintln!("skipped: {program} is not installed (apt-get install {package})");
                return None;
            }
        }
        // What the package's own start makes; without it a server of root's does not run.
        drop(std::fs::create_dir_all("/run/sshd"));
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let mut allowed = String::new();
        for (name, passphrase) in [
            ("host", ""),
            ("plain", ""),
            ("locked", "open sesame"),
            ("stranger", ""),
        ] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", passphrase, "-f", &at(name)])
                .status()
                .unwrap();
            assert!(made.success());
            if ["plain", "locked"].contains(&name) {
                allowed += &std::fs::read_to_string(at(&format!("{name}.pub"))).unwrap();
            }
        }
        std::fs::write(at("allowed"), allowed).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n",
            at("host"),
            at("allowed"),
        );
        std::fs::write(at("config"), config).unwrap();
        let child = Command::new(SERVER)
            .args(["-D", "-f", &at("config"), "-E", &at("log")])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { folder, port, child };
        let since = std::time::Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                since.elapsed() < Duration::from_secs(10),
                "{}",
                server.text("log")
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        let host = server.text("host.pub");
        std::fs::write(
            server.at("known hosts 100%"),
            format!("[127.0.0.1]:{port} {host}"),
        )
        .unwrap();
        Some(server)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).unwrap()
    }

    fn source(&self, repository: &Repository, storage: &Path, login: Login) -> Source {
        Source {
            address: format!(
                "ssh://somebody@127.0.0.1:{}{}",
                self.port,
                repository.folder.path().display()
            ),
            ssh: login,
            ..repository.source(storage, "main")
        }
    }

    /// As the arguments of a user say it.
    fn login(&self, key: Key, passphrase: Option<&str>) -> Login {
        let key = match key {
            Key::Text(text) => format!("key = {:?}", text.reveal()),
            Key::File(path) => format!("key_file = {path:?}"),
        };
        let text = format!(
            "repository = \"\"\npath = \"\"\nssh_key {{\n\tusername = {:?}\n\t{key}\n\tpassphrase = {:?}\n}}\n",
            me(),
            passphrase.unwrap_or_default()
        );
        let arguments: Arguments = crate::component::testing::decode(&text).unwrap();
        Login {
            known_hosts: vec![self.at("known hosts 100%")],
            ..arguments.ssh_login()
        }
    }
}

fn me() -> String {
    let said = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_key_as_text_or_file_and_one_with_a_passphrase_open_the_repository() {
    let Some(server) = Server::start() else { return };
    let repository = Repository::new();
    repository.commit("lib/a.alloy", "one");
    // As a mounted secret often is: everybody may read it, which `ssh` itself would refuse.
    std::fs::set_permissions(server.at("plain"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let without_newline = Secret::new(server.text("plain").trim_end());
    for (key, passphrase) in [
        (Key::File(server.at("plain")), None),
        (Key::Text(without_newline), None),
        (Key::File(server.at("locked")), Some("open sesame")),
    ] {
        let storage = tempfile::tempdir().unwrap();
        let source = server.source(&repository, storage.path(), server.login(key, passphrase));
        let tree = get(&source).unwrap();
        assert_eq!(read(&tree, "lib/a.alloy"), "one");
        assert!(tree.stale.is_none(), "{tree:?}");
        repository.commit("lib/a.alloy", "two");
        assert_eq!(read(&get(&source).unwrap(), "lib/a.alloy"), "two");
        repository.commit("lib/a.alloy", "one");
        // Nothing of the key is left on the disk.
        let found = Command::new("grep")
            .args(["-rl", "PRIVATE KEY"])
            .arg(storage.path())
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    }
}

#[test]
fn what_keeps_the_door_shut_is_told_by_what_ssh_says() {
    let Some(server) = Server::start() else { return };
    let repository = Repository::new();
    repository.commit("a.alloy", "one");
    let error = |login: Login| {
        let storage = tempfile::tempdir().unwrap();
        let error = get(&server.source(&repository, storage.path(), login)).unwrap_err();
        assert!(!error.contains("/proc/") && !error.contains("sesame"), "{error}");
        error
    };
    let of = |name: &str| Key::File(server.at(name));

    let told = error(server.login(of("stranger"), None));
    assert!(told.contains("Permission denied (publickey)"), "{told}");
    let told = error(server.login(of("locked"), Some("sesame opens")));
    assert!(told.contains("passphrase does not open it"), "{told}");
    let told = error(server.login(of("locked"), None));
    assert!(told.contains("Permission denied (publickey)"), "{told}");
    let told = error(server.login(of("nothing"), None));
    assert!(told.contains("failed to read key_file"), "{told}");
    let told = error(server.login(Key::Text(Secret::new("no key")), None));
    assert!(told.contains("Load key \"ssh_key\""), "{told}");

    std::fs::write(server.at("empty"), "").unwrap();
    let nobody_known = Login {
        known_hosts: vec![server.at("empty")],
        ..server.login(of("plain"), None)
    };
    let told = error(nobody_known);
    assert!(
        told.contains("Host key verification failed") && told.contains("SSH_KNOWN_HOSTS"),
        "{told}"
    );

    let storage = tempfile::tempdir().unwrap();
    let mut elsewhere = server.source(&repository, storage.path(), server.login(of("plain"), None));
    elsewhere.address.push_str("/nowhere");
    let told = get(&elsewhere).unwrap_err();
    assert!(told.contains("does not appear to be a git repository"), "{told}");
}

#[test]
fn a_key_for_http_and_a_passphrase_of_nothing_are_refused() {
    for (address, inside, told) in [
        (
            "https://git.example.com/lib.git",
            "key = \"k\"",
            "is for addresses of ssh",
        ),
        (
            "git@git.example.com:lib.git",
            "passphrase = \"p\"",
            "no key that it opens",
        ),
    ] {
        let text = format!(
            "repository = \"{address}\"\npath = \"lib\"\nssh_key {{\n\tusername = \"git\"\n\t{inside}\n}}\n"
        );
        let refused = crate::component::testing::decode::<Arguments>(&text).unwrap_err();
        assert!(format!("{refused:?}").contains(told), "{refused:?}");
    }
}
