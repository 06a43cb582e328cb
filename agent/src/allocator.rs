//! How the C library's allocator is set up, and told to give back, in a process that runs for months.

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

/// Gives free memory back to the system. By itself the C library gives back what is free at the end of its heap only, where something small that stays is
/// enough to keep it. Takes the time of a walk over the free pieces, in which others wait that allocate: below a millisecond for each 10,000 of them.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        #[expect(unsafe_code, reason = "the C library's own function; no crate wraps it")]
        // SAFETY: malloc_trim takes a number by value, may be called by any thread at any time, and touches free memory only.
        let _ = unsafe { libc::malloc_trim(0) };
    }
}

/// How much of the process' own memory nothing is allocated in, as far as it is in RAM.
pub(crate) fn free_bytes(own: u64) -> u64 {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        #[expect(
            unsafe_code,
            reason = "the C library's own function; no crate wraps it, and mallinfo2 would need a newer library"
        )]
        // SAFETY: mallinfo takes nothing, may be called by any thread at any time, and gives numbers by value.
        let heap = unsafe { libc::mallinfo() };
        // Its numbers are of 32 bits and start again at 4 GiB; the difference is right nevertheless, below 2 GiB.
        let used = heap.uordblks.wrapping_add(heap.hblkhd).cast_unsigned();
        let free = (own as u32).wrapping_sub(used).cast_signed();
        u64::try_from(free).unwrap_or(0)
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    {
        // What cannot be given back need not be told.
        let _ = own;
        0
    }
}
