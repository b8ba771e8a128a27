//! Measures how long it takes to make a connection for a request: to look up the name, TCP, the tunnel of a proxy, TLS.
//!
//! The HTTP client does not report this. But it makes connections through a service that can be wrapped, and it begins
//! a connection while the request that needs it is polled. So the wrapper finds the request in a variable of the task.
//! A request that uses a kept connection makes none, so nothing is measured.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower_layer::{LayerFn, layer_fn};
use tower_service::Service;

tokio::task_local! {
    static REQUEST: Connecting;
}

/// How long the connections that were made for one request took.
#[derive(Debug, Clone, Default)]
pub(super) struct Connecting(Arc<AtomicU64>);

impl Connecting {
    /// Runs a request whose connections are measured.
    pub(super) async fn during<F: Future>(&self, request: F) -> F::Output {
        REQUEST.scope(self.clone(), request).await
    }

    /// The time that connections took; `None` if none was made. The client may have begun a connection and then used
    /// another one that became free before. Such a connection counts only if it was ready before this is called.
    pub(super) fn took(&self) -> Option<Duration> {
        let micros = self.0.load(Ordering::Relaxed);
        (micros > 0).then(|| Duration::from_micros(micros))
    }

    fn add(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
        self.0.fetch_add(micros, Ordering::Relaxed);
    }
}

/// Makes connections, and measures it for the request that needs them.
#[derive(Debug, Clone)]
pub(super) struct Measured<S>(S);

/// What wraps the connections of a client.
pub(super) fn measured<S>() -> LayerFn<fn(S) -> Measured<S>> {
    layer_fn(Measured)
}

impl<S, R> Service<R> for Measured<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, to: R) -> Self::Future {
        let request = REQUEST.try_with(Connecting::clone).ok();
        let begun = Instant::now();
        let connection = self.0.call(to);
        Box::pin(async move {
            let made = connection.await;
            if let (Some(request), Ok(_)) = (request, &made) {
                request.add(begun.elapsed());
            }
            made
        })
    }
}
