//! What imports fetch over the network before they can be built. A load is evaluated without waiting for anything; an import that needs to
//! wait says so, the load ends, what is wanted is fetched, and the load is tried again.

use futures_util::future::{BoxFuture, join_all};
use parking_lot::Mutex;
use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

type Answer = Arc<dyn Any + Send + Sync>;

/// What is wanted and what has been fetched, by the global id of the import. Clones share it.
#[derive(Clone, Default)]
pub struct Fetches {
    state: Arc<Mutex<State>>,
    /// Loads, and changes that need something while it runs, fetch one after the other: none takes what the other waits for.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    wanted: HashMap<String, BoxFuture<'static, Answer>>,
    ready: HashMap<String, Answer>,
    /// Only looks for what has been fetched, and wants nothing.
    is_check: bool,
}

impl fmt::Debug for Fetches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        write!(
            f,
            "Fetches({} wanted, {} ready)",
            state.wanted.len(),
            state.ready.len()
        )
    }
}

/// What has been fetched, with what it was asked for with.
struct Fetched<A, T> {
    arguments: A,
    result: Result<T, String>,
}

impl Fetches {
    /// Fetches that are never made: for a check, which looks at no peer.
    pub(crate) fn for_check() -> Self {
        let fetches = Self::default();
        fetches.state.lock().is_check = true;
        fetches
    }

    /// What was fetched for an import with these arguments. `None` where that has still to be done: it is now wanted.
    pub(crate) fn get<A, T, F>(
        &self,
        id: &str,
        arguments: &A,
        fetch: impl FnOnce() -> F,
    ) -> Option<Result<T, String>>
    where
        A: Clone + PartialEq + Send + Sync + 'static,
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, String>> + Send + 'static,
    {
        let mut state = self.state.lock();
        let ready = state.ready.get(id).cloned();
        if let Some(fetched) = ready.and_then(|ready| ready.downcast::<Fetched<A, T>>().ok())
            && fetched.arguments == *arguments
        {
            return Some(fetched.result.clone());
        }
        if !state.is_check {
            let (arguments, fetch) = (arguments.clone(), fetch());
            let answer = async move {
                let result = fetch.await;
                Arc::new(Fetched { arguments, result }) as Answer
            };
            state.wanted.insert(id.to_owned(), Box::pin(answer));
        }
        None
    }

    /// Waits until nobody else fetches; others wait while the guard lives.
    pub(crate) async fn turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.turn.clone().lock_owned().await
    }

    /// Whether anything is wanted.
    pub(crate) fn has_wanted(&self) -> bool {
        !self.state.lock().wanted.is_empty()
    }

    /// Fetches all that is wanted, at the same time. Whether there was anything.
    pub(crate) async fn fetch(&self) -> bool {
        let wanted = std::mem::take(&mut self.state.lock().wanted);
        if wanted.is_empty() {
            return false;
        }
        let fetches = wanted
            .into_iter()
            .map(|(id, answer)| async move { (id, answer.await) });
        let answers = join_all(fetches).await;
        self.state.lock().ready.extend(answers);
        true
    }

    /// Forgets what was fetched: the load that wanted it is over.
    pub(crate) fn clear(&self) {
        let mut state = self.state.lock();
        state.ready.clear();
        state.wanted.clear();
    }
}
