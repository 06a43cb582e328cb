//! How the C library's allocator is set up for a process that runs for months.

/// One heap for all threads, instead of eight for each core: streams and files that come and go are made by one thread and let go of by another, which
/// leaves pieces in each of those heaps. Of 10,000 short-lived files they kept 5 MiB; with one heap it is 2 MiB, and less memory from the start
/// (docs/performance.md). Threads keep small pieces for themselves as before, so they seldom meet. To be called before there are threads; `MALLOC_ARENA_MAX`
/// of the environment goes before.
pub(crate) fn one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if std::env::var_os("MALLOC_ARENA_MAX").is_none() {
        #[expect(
            unsafe_code,
            reason = "the C library has no other way to this setting but the environment"
        )]
        // SAFETY: mallopt takes two numbers by value and only stores a setting; no other thread runs yet.
        let _ = unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
    }
}
