//! Tasks and time as the controller uses them: tokio's. In tests without a tokio runtime, those of shuttle, which runs tasks in random orders and knows no time.

#[cfg(not(test))]
pub(super) use tokio::{
    spawn,
    task::JoinHandle,
    time::{sleep, sleep_until, timeout_at},
};

#[cfg(test)]
pub(super) use either::{JoinHandle, sleep, sleep_until, spawn, timeout_at};

#[cfg(test)]
pub(super) mod either {
    use futures_util::future::{AbortHandle, BoxFuture, abortable};
    use futures_util::{FutureExt, TryFutureExt};
    use std::cell::RefCell;
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Duration;
    use tokio::runtime::Handle;
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    /// How often others are let go first at the most where tokio would sleep.
    const MOST_YIELDS: u32 = 8;

    thread_local! {
        /// Tasks that shuttle has to start. It may let another task run while it starts one, and the controller starts tasks with locks held:
        /// so [`start`] does it.
        static NEW: RefCell<Vec<BoxFuture<'static, ()>>> = const { RefCell::new(Vec::new()) };
    }

    /// Starts what has been spawned under shuttle; to be called between tasks' steps until the end.
    pub(in crate::controller) fn start() {
        for task in NEW.take() {
            drop(shuttle::future::spawn(task));
        }
    }

    #[derive(Debug)]
    pub(in crate::controller) enum JoinHandle<T> {
        Tokio(tokio::task::JoinHandle<T>),
        Shuttle(oneshot::Receiver<T>, AbortHandle),
    }

    impl<T> JoinHandle<T> {
        pub(in crate::controller) fn abort(&self) {
            match self {
                Self::Tokio(handle) => handle.abort(),
                Self::Shuttle(_, handle) => handle.abort(),
            }
        }
    }

    impl<T> Future for JoinHandle<T> {
        type Output = Result<T, String>;

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
            match &mut *self {
                Self::Tokio(handle) => handle.map_err(|error| error.to_string()).poll_unpin(context),
                Self::Shuttle(handle, _) => handle.map_err(|error| error.to_string()).poll_unpin(context),
            }
        }
    }

    pub(in crate::controller) fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        if let Ok(runtime) = Handle::try_current() {
            return JoinHandle::Tokio(runtime.spawn(future));
        }
        let (sender, receiver) = oneshot::channel();
        let (future, handle) = abortable(future);
        let task = async move {
            if let Ok(output) = future.await {
                // Nobody may want to know.
                drop(sender.send(output));
            }
        };
        NEW.with_borrow_mut(|new| new.push(task.boxed()));
        JoinHandle::Shuttle(receiver, handle)
    }

    pub(in crate::controller) async fn sleep(time: Duration) {
        match Handle::try_current() {
            Ok(_) => tokio::time::sleep(time).await,
            Err(_) => a_while().await,
        }
    }

    pub(in crate::controller) async fn sleep_until(deadline: Instant) {
        match Handle::try_current() {
            Ok(_) => tokio::time::sleep_until(deadline).await,
            Err(_) => a_while().await,
        }
    }

    pub(in crate::controller) async fn timeout_at<F: Future>(
        deadline: Instant,
        future: F,
    ) -> Result<F::Output, ()> {
        match Handle::try_current() {
            Ok(_) => tokio::time::timeout_at(deadline, future).await.map_err(drop),
            // There is always time.
            Err(_) => Ok(future.await),
        }
    }

    async fn a_while() {
        use shuttle::rand::Rng;
        let times = shuttle::rand::thread_rng().gen_range(1..=MOST_YIELDS);
        for _ in 0..times {
            shuttle::future::yield_now().await;
        }
    }
}
