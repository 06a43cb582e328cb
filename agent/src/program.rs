//! Letting go of pages of the program's own code and constants that only its start, or a load, needed.

use procfs::process::{MMPermissions, MemoryMap, Process};

/// Unmaps the pages of the program's code and constants, and answers how many bytes of them were in memory. Those that are needed come back when they are
/// next touched: from the kernel's page cache, which goes on holding them for as long as it has room, else from the file.
///
/// # Errors
/// Where `/proc` cannot be read.
pub(crate) fn release_pages() -> procfs::ProcResult<u64> {
    let maps = Process::myself()?.smaps()?;
    let here = release_pages as *const () as usize as u64;
    let is_of_program = |map: &&MemoryMap| maps.iter().any(|own| holds(own, here) && is_same_file(own, map));
    Ok(maps
        .iter()
        .filter(is_of_program)
        .filter(|map| is_as_in_file(map))
        .map(release)
        .sum())
}

fn holds(map: &MemoryMap, address: u64) -> bool {
    (map.address.0..map.address.1).contains(&address)
}

fn is_same_file(one: &MemoryMap, other: &MemoryMap) -> bool {
    one.inode != 0 && (one.dev, one.inode, &one.pathname) == (other.dev, other.inode, &other.pathname)
}

/// Whether every page is what the file has there. Tables that the loader has filled in and code in which a debugger or a probe has set a breakpoint have
/// pages of the process' own; they would be lost.
fn is_as_in_file(map: &MemoryMap) -> bool {
    let constants = MMPermissions::READ | MMPermissions::PRIVATE;
    let code = constants | MMPermissions::EXECUTE;
    let own = |name| map.extension.map.get(name).copied();
    (map.perms == constants || map.perms == code) && own("Anonymous") == Some(0) && own("Swap") == Some(0)
}

/// Answers how many bytes were in memory; 0 where the kernel keeps them, as it does with locked memory.
fn release(map: &MemoryMap) -> u64 {
    let (Ok(start), Ok(end)) = (usize::try_from(map.address.0), usize::try_from(map.address.1)) else {
        return 0;
    };
    #[expect(
        unsafe_code,
        reason = "no crate of the tree lets go of pages that it has not mapped itself"
    )]
    // SAFETY: the range is one mapping of the program's file, private and not writable, and no page of it differs from the file, so that the kernel brings
    // the same bytes back whenever one is touched, in this thread or another. The mapping stays: the program's code is never unmapped. Nothing is written
    // through the pointer.
    let status = unsafe {
        libc::madvise(
            std::ptr::with_exposed_provenance_mut(start),
            end - start,
            libc::MADV_DONTNEED,
        )
    };
    match status {
        0 => map.extension.map.get("Rss").copied().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;

    /// All bytes of the program's mappings, writable ones left out: those change.
    fn bytes() -> Vec<(u64, Vec<u8>)> {
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        let maps = Process::myself().unwrap().maps().unwrap();
        let here = release_pages as *const () as usize as u64;
        let program = maps.iter().find(|map| holds(map, here)).unwrap();
        let read_only = maps
            .iter()
            .filter(|map| is_same_file(map, program) && !map.perms.contains(MMPermissions::WRITE));
        read_only
            .map(|map| {
                let mut bytes = vec![0; (map.address.1 - map.address.0) as usize];
                memory.read_exact_at(&mut bytes, map.address.0).unwrap();
                (map.address.0, bytes)
            })
            .collect()
    }

    #[test]
    fn every_byte_is_the_same_afterwards() {
        let before = bytes();
        assert!(before.len() >= 2, "code, constants");
        let released = release_pages().unwrap();
        assert!(
            released > 100 * 1024,
            "the code that has just run was in memory: {released}"
        );
        // Not by assert_eq!, which would print megabytes.
        assert!(before == bytes());
    }

    #[test]
    fn threads_at_work_do_not_notice() {
        let work = || {
            let text = (0..1000)
                .map(|number: i32| format!("{number:>7}"))
                .collect::<String>();
            text.split_whitespace()
                .map(|number| number.parse::<i32>().unwrap())
                .sum::<i32>()
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..3)
                .map(|_| scope.spawn(move || (0..200).all(|_| work() == 499_500)))
                .collect();
            while !workers.iter().all(|worker| worker.is_finished()) {
                release_pages().unwrap();
            }
            assert!(workers.into_iter().all(|worker| worker.join().unwrap()));
        });
    }
}
