//! What `/proc` says of processes. Read file by file: the label of the control groups is the file itself, and of the rest only a word is wanted.

use super::join::CONTAINER_ID;
use crate::signals::Target;
use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of one of these files at the most.
const MAX_BYTES: u64 = 1024 * 1024;

/// Processes at the most; more than Linux allows by default on a large machine.
const MAX_PROCESSES: usize = 1_000_000;

/// Digits of a container's id.
const ID_DIGITS: usize = 64;

/// Which labels are wanted.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are the reference's")]
pub(super) struct Wanted {
    pub(super) cwd: bool,
    pub(super) exe: bool,
    pub(super) commandline: bool,
    pub(super) username: bool,
    pub(super) uid: bool,
    pub(super) container_id: bool,
    pub(super) cgroup_path: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// A target for each process.
    pub(super) targets: Vec<Target>,
    /// Processes of which something wanted cannot be read.
    pub(super) refused: Vec<(u32, io::Error)>,
}

/// Looks at all processes.
///
/// # Errors
/// Where the processes cannot be listed.
pub(super) fn processes(proc: &Path, passwd: &Path, wanted: Wanted) -> io::Result<Found> {
    let mut found = Found::default();
    let users = if wanted.username {
        users(passwd)
    } else {
        HashMap::new()
    };
    for entry in proc.read_dir()? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        if found.targets.len() >= MAX_PROCESSES {
            break;
        }
        match process(&proc.join(&name), pid, &users, wanted) {
            Ok(target) => found.targets.push(target),
            // It has ended, or is a thread of the kernel, which has no program.
            Err(error) if is_gone(&error) => {}
            Err(error) => found.refused.push((pid, error)),
        }
    }
    Ok(found)
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
        || error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error())
}

fn process(folder: &Path, pid: u32, users: &HashMap<String, String>, wanted: Wanted) -> io::Result<Target> {
    let mut labels = vec![("__process_pid__", pid.to_string())];
    let link = |name: &str| fs::read_link(folder.join(name)).map(|path| path.to_string_lossy().into_owned());
    if wanted.exe {
        labels.push(("__meta_process_exe", link("exe")?));
    }
    if wanted.cwd {
        labels.push(("__meta_process_cwd", link("cwd")?));
    }
    if wanted.commandline {
        let words = read(&folder.join("cmdline"))?;
        let words: Vec<&str> = words.split('\0').filter(|word| !word.is_empty()).collect();
        labels.push(("__meta_process_commandline", words.join(" ")));
    }
    if wanted.username || wanted.uid {
        let uid = uid(&read(&folder.join("status"))?).unwrap_or_default();
        if wanted.username {
            labels.push((
                "__meta_process_username",
                users.get(&uid).cloned().unwrap_or_default(),
            ));
        }
        if wanted.uid {
            labels.push(("__meta_process_uid", uid));
        }
    }
    if wanted.container_id || wanted.cgroup_path {
        let groups = read(&folder.join("cgroup"))?;
        if wanted.container_id {
            labels.push((CONTAINER_ID, container_id(&groups).unwrap_or_default().into()));
        }
        if wanted.cgroup_path {
            let lines: Vec<&str> = groups.lines().collect();
            labels.push(("__meta_process_cgroup_path", lines.join("|")));
        }
    }
    labels.retain(|(_, value)| !value.is_empty());
    Ok(Target::new(labels))
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The real user's number.
fn uid(status: &str) -> Option<String> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().next().map(str::to_owned)
}

/// Names of users by their numbers. Those that only a name service knows have none.
fn users(passwd: &Path) -> HashMap<String, String> {
    let text = read(passwd).unwrap_or_default();
    let mut users = HashMap::new();
    for line in text.lines() {
        let mut fields = line.split(':');
        if let (Some(name), Some(uid)) = (fields.next(), fields.nth(1)) {
            // The first one counts.
            users.entry(uid.to_owned()).or_insert_with(|| name.to_owned());
        }
    }
    users
}

/// The id of the container in the first line that has one: 64 hexadecimal digits behind a `/` or a `-`, then a `.` or the end.
fn container_id(groups: &str) -> Option<&str> {
    groups.lines().find_map(|line| {
        // What stands before the first slash is no path.
        let (_, path) = line.split_once('/')?;
        path.trim_end()
            .rsplit('/')
            .enumerate()
            .find_map(|(behind, name)| {
                let starts = std::iter::once(0).chain(name.match_indices('-').map(|(at, _)| at + 1));
                let mut ids = starts.filter_map(|start| {
                    let (id, rest) = name.get(start..)?.split_at_checked(ID_DIGITS)?;
                    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                    let ends = rest.starts_with('.') || (rest.is_empty() && behind == 0);
                    (id.bytes().all(is_hex) && ends).then_some(id)
                });
                ids.next_back()
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_of_containers_in_control_groups() {
        let id = "0123456789abcdef".repeat(4);
        for (line, wanted) in [
            (format!("0::/system.slice/docker-{id}.scope"), true),
            (format!("12:memory:/docker/{id}"), true),
            (format!("0::/../cri-containerd-{id}.scope "), true),
            (format!("1:x:/kubepods/besteffort/pod1-2-3/{id}\n"), true),
            (format!("1:x:/a-{id}/init.scope"), false),
            (format!("1:x:/docker/{id}0"), false),
            (format!("1:x:/docker/{}", id.to_uppercase()), false),
            (id.clone(), false),
            ("0::/".to_owned(), false),
        ] {
            assert_eq!(container_id(&line), wanted.then_some(&*id), "{line}");
        }
        let groups = format!("2:a:/\n1:b:/docker/{id}\n");
        assert_eq!(container_id(&groups), Some(&*id));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[-/.:0-9a-fé\n ]{0,200}") {
            let _ = (container_id(&text), uid(&text));
        }
    }
}
