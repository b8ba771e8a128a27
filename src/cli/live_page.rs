//! Serves the live page (`--ui`) and the metrics (`--metrics`) of a run, and says where they are.

use super::words;
use crate::coordinator::Watch;
use crate::live::{self, Live, Sockets};
use crate::observation::CommandLine;

/// Starts to serve. A quiet run says where its page is, too, because nobody could open it otherwise.
pub(super) fn serve(sockets: Sockets, watch: &Watch, command: CommandLine, quiet: bool) -> Result<Live, live::Error> {
    let live = sockets.serve(watch, command)?;
    if live.opens_page_to_others() {
        tracing::warn!(
            "other machines can reach the live page (--ui): whoever can read the network to it can stop the run; to look at \
             it from another machine, leave the address out and forward the port (ssh -L)"
        );
    }
    if live.opens_metrics_to_others() {
        tracing::warn!(
            "other machines can reach the metrics (--metrics): whoever can reach this machine can read them"
        );
    }
    if let Some(url) = live.url() {
        words::say(&format!("live page: {url}"));
    }
    if let Some(url) = live.metrics_url().filter(|_| !quiet) {
        words::say(&format!("metrics: {url}"));
    }
    Ok(live)
}
