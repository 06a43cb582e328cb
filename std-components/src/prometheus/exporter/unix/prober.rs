//! Asking mounts for their usage without waiting for those that hang.
//!
//! `statfs` on a dead network mount blocks its thread for as long as the kernel likes. So a small, bounded set of threads asks, and a scrape waits
//! a bounded time. A mount that has not answered is not asked again before it does, so a dead one holds one thread and no more; the last
//! free thread is kept for mounts that have answered before, so that many dead ones cannot starve those that are well.

use parking_lot::{Condvar, Mutex};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// At most this many threads ask.
const MAX_THREADS: usize = 8;

/// The stack of a thread, in bytes: it makes one system call.
const STACK_BYTES: usize = 128 << 10;

/// A scrape waits this long at most for all mounts together, whatever `mount_timeout` says: a scraper's own timeout must not run out.
const MAX_PATIENCE: Duration = Duration::from_millis(800);

/// When a thread has not come back from a mount for so long, another one takes what waits behind it.
const SLICE: Duration = Duration::from_millis(10);

/// Answers of mounts that nobody asks for any more are forgotten above this many.
const MAX_REMEMBERED: usize = 8192;

/// What `statfs` says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// The file system's size in bytes.
    pub size: f64,
    /// Free bytes.
    pub free: f64,
    /// Bytes free to users who are not root.
    pub available: f64,
    /// All file nodes.
    pub files: f64,
    /// Free file nodes.
    pub files_free: f64,
}

/// How a mount answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// With this.
    Usage(Usage),
    /// With an error.
    Error(String),
    /// Not yet, for so long.
    Waiting(Duration),
}

type Ask = dyn Fn(&Path) -> io::Result<Usage> + Send + Sync;

#[derive(Default)]
struct Mount {
    answer: Option<Result<Usage, String>>,
    /// Since when an answer is awaited.
    asked: Option<Instant>,
    /// In which round it was asked.
    round: u64,
    /// Whether the last question was answered; not so before the first.
    responsive: bool,
}

#[derive(Default)]
struct State {
    queue: VecDeque<PathBuf>,
    mounts: HashMap<PathBuf, Mount>,
    threads: usize,
    idle: usize,
    ended: bool,
    round: u64,
    /// How many mounts of this round have not answered.
    awaited: usize,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
    answered: Condvar,
    ask: Box<Ask>,
}

/// Asks mounts. See the module.
pub struct Prober {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Prober {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prober")
    }
}

impl Default for Prober {
    fn default() -> Self {
        Self::new(statfs)
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.shared.state.lock().ended = true;
        self.shared.work.notify_all();
    }
}

fn statfs(path: &Path) -> io::Result<Usage> {
    let found = rustix::fs::statfs(path)?;
    let block = found.f_bsize as f64;
    Ok(Usage {
        size: found.f_blocks as f64 * block,
        free: found.f_bfree as f64 * block,
        available: found.f_bavail as f64 * block,
        files: found.f_files as f64,
        files_free: found.f_ffree as f64,
    })
}

impl Prober {
    /// Asks with this function, which may block.
    pub fn new(ask: impl Fn(&Path) -> io::Result<Usage> + Send + Sync + 'static) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                work: Condvar::new(),
                answered: Condvar::new(),
                ask: Box::new(ask),
            }),
        }
    }

    /// Asks all of them and waits until every one has answered, for `timeout` and 800 ms at most. The answers stand in the order of the paths.
    pub fn ask(&self, paths: &[PathBuf], timeout: Duration) -> Vec<Answer> {
        let now = Instant::now();
        let deadline = now + timeout.min(MAX_PATIENCE);
        let mut state = self.shared.state.lock();
        if state.mounts.len() > MAX_REMEMBERED {
            state
                .mounts
                .retain(|path, mount| mount.asked.is_some() || paths.contains(path));
        }
        state.round += 1;
        state.awaited = 0;
        // Those that answered last time come first: they need a thread only for a moment.
        for responsive in [true, false] {
            for path in paths {
                let state = &mut *state;
                let mount = match state.mounts.get_mut(path) {
                    Some(mount) => mount,
                    None => state.mounts.entry(path.clone()).or_default(),
                };
                if mount.responsive == responsive && mount.asked.is_none() && mount.round != state.round {
                    mount.asked = Some(now);
                    mount.round = state.round;
                    state.awaited += 1;
                    state.queue.push_back(path.clone());
                }
            }
        }
        self.wake(&mut state);
        while state.awaited > 0 && Instant::now() < deadline {
            let slice = deadline.min(Instant::now() + SLICE);
            if self.shared.answered.wait_until(&mut state, slice).timed_out() {
                // The thread that is at it may hang: another one takes the rest.
                self.wake(&mut state);
            }
        }
        let answer = |path: &PathBuf| match state.mounts.get(path) {
            Some(Mount {
                asked: Some(asked), ..
            }) => Answer::Waiting(asked.elapsed()),
            Some(Mount {
                answer: Some(Ok(usage)),
                ..
            }) => Answer::Usage(*usage),
            Some(Mount {
                answer: Some(Err(error)),
                ..
            }) => Answer::Error(error.clone()),
            _ => Answer::Error("the mount was not asked".into()),
        };
        let answers = paths.iter().map(answer).collect();
        for path in paths {
            if let Some(mount) = state.mounts.get_mut(path) {
                mount.responsive = mount.asked.is_none();
            }
        }
        answers
    }

    /// Wakes a thread, or starts one where none is free and there may be more.
    fn wake(&self, state: &mut State) {
        if state.queue.is_empty() {
            return;
        }
        if state.idle > 0 {
            self.shared.work.notify_one();
        } else if state.threads < MAX_THREADS {
            let shared = self.shared.clone();
            let thread = std::thread::Builder::new()
                .name("statfs".into())
                .stack_size(STACK_BYTES)
                .spawn(move || work(&shared));
            match thread {
                Ok(_) => state.threads += 1,
                Err(error) => tracing::error!(%error, "no thread could be started to look at file systems"),
            }
        }
    }
}

fn work(shared: &Shared) {
    let mut state = shared.state.lock();
    loop {
        if state.ended {
            state.threads -= 1;
            return;
        }
        let Some(path) = next(&mut state) else {
            state.idle += 1;
            shared.work.wait(&mut state);
            state.idle -= 1;
            continue;
        };
        drop(state);
        let answer = (shared.ask)(&path).map_err(|error| error.to_string());
        state = shared.state.lock();
        let state = &mut *state;
        if let Some(mount) = state.mounts.get_mut(&path) {
            mount.answer = Some(answer);
            mount.asked = None;
            if mount.round == state.round {
                state.awaited = state.awaited.saturating_sub(1);
            }
        }
        if state.awaited == 0 {
            shared.answered.notify_all();
        }
    }
}

/// What to ask next; the last thread takes only what has answered before.
fn next(state: &mut State) -> Option<PathBuf> {
    let mounts = &state.mounts;
    let asked = mounts.values().filter(|mount| mount.asked.is_some()).count();
    if asked.saturating_sub(state.queue.len()) + 1 < MAX_THREADS {
        return state.queue.pop_front();
    }
    let at = state
        .queue
        .iter()
        .position(|path| mounts.get(path).is_some_and(|mount| mount.responsive))?;
    state.queue.remove(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const USAGE: Usage = Usage {
        size: 1.0,
        free: 1.0,
        available: 1.0,
        files: 1.0,
        files_free: 1.0,
    };

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    /// A prober whose mounts with `dead` in their path hang until the sender is dropped.
    fn prober() -> (Prober, mpsc::Sender<()>) {
        let (alive, hang) = mpsc::channel::<()>();
        let hang = Mutex::new(hang);
        let prober = Prober::new(move |path| {
            if path.to_string_lossy().contains("dead") {
                // Ends with an error when the sender is gone; only one dead mount can take the lock, the others hang at it.
                let _ = hang.lock().recv();
                return Err(io::Error::other("stale file handle"));
            }
            Ok(USAGE)
        });
        (prober, alive)
    }

    #[test]
    fn a_dead_mount_does_not_hold_the_others() {
        let (prober, alive) = prober();
        let timeout = Duration::from_millis(100);
        let mounts = paths(&["/dead", "/a", "/b"]);
        for _ in 0..3 {
            let answers = prober.ask(&mounts, timeout);
            assert!(matches!(answers[0], Answer::Waiting(_)), "{answers:?}");
            assert_eq!(answers[1..], [Answer::Usage(USAGE), Answer::Usage(USAGE)]);
        }
        assert_eq!(
            prober.shared.state.lock().threads,
            2,
            "a dead mount holds one thread"
        );
        drop(alive);
        // It is asked again once it has answered.
        let answered = (0..500).any(|_| matches!(prober.ask(&mounts, timeout)[0], Answer::Error(_)));
        assert!(answered);
    }

    #[test]
    fn many_dead_mounts_leave_a_thread_for_those_that_are_well() {
        let (prober, _alive) = prober();
        let timeout = Duration::from_millis(200);
        assert_eq!(prober.ask(&paths(&["/a"]), timeout), [Answer::Usage(USAGE)]);
        let mut names: Vec<String> = (0..20).map(|at| format!("/dead{at}")).collect();
        names.push("/a".into());
        let mounts: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        for _ in 0..3 {
            let answers = prober.ask(&mounts, timeout);
            assert_eq!(answers.last(), Some(&Answer::Usage(USAGE)));
        }
        assert!(prober.shared.state.lock().threads <= MAX_THREADS);
    }

    #[test]
    fn a_real_root_has_a_size() {
        let answers = Prober::default().ask(&paths(&["/", "/no/such/folder"]), Duration::from_secs(5));
        assert!(matches!(&answers[0], Answer::Usage(usage) if usage.size > 0.0 && usage.free <= usage.size));
        assert!(matches!(&answers[1], Answer::Error(_)));
    }
}
