//! Whether there is memory for a profile. The profiler's tables take a lot, and a process that is killed for it helps nobody.

use super::Refused;
use std::path::{Path, PathBuf};

/// Bytes that have to be free: the tables are made twice for a moment. Measured: 235 MB at the most, with 0.8 MB before.
const NEEDED: u64 = 320 * 1024 * 1024;

/// Checks the machine and the control groups around this process.
pub(super) fn check() -> Result<(), Refused> {
    let free = free();
    if free.is_none_or(|free| free >= NEEDED) {
        return Ok(());
    }
    Err(Refused::NoRoom {
        needed: NEEDED >> 20,
        free: free.unwrap_or(0) >> 20,
    })
}

/// The least of what the machine and each control group have left; `None` where nothing says so.
fn free() -> Option<u64> {
    let machine = procfs::Current::current()
        .ok()
        .and_then(|info: procfs::Meminfo| info.mem_available);
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = own
        .lines()
        .find_map(|line| line.strip_prefix("0::"))
        .unwrap_or("/");
    let root = Path::new("/sys/fs/cgroup");
    let group = root.join(group.trim_start_matches('/'));
    let groups = group.ancestors().take_while(|path| path.starts_with(root));
    let left = |folder: PathBuf, (limit, used): (&str, &str)| {
        let number = |name: &str| {
            let text = std::fs::read_to_string(folder.join(name)).ok()?;
            text.trim().parse::<u64>().ok()
        };
        // No limit is written as a word, which is no number.
        Some(number(limit)?.saturating_sub(number(used)?))
    };
    let second = groups.filter_map(|folder| left(folder.to_owned(), ("memory.max", "memory.current")));
    let first = left(
        root.join("memory"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes"),
    );
    machine.into_iter().chain(second).chain(first).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_says_how_much_is_free() {
        assert!(free().is_some_and(|free| free > 0));
    }
}
