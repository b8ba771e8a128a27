use bytes::Bytes;
use url::Url;

use super::Fetcher;
use super::body::Body;
use super::exchange::Exchange;
use super::head::Head;
use super::unlabelled;
use crate::model::{Failure, Visit, without_credentials};
use crate::robots::MAX_FILE;

/// The result of a request for robots.txt (RFC 9309, 2.3.1).
#[derive(Debug)]
pub(in crate::scrape) enum RobotsFile {
    /// The beginning of the file. It is longer than [`MAX_FILE`] only if the file is.
    Found(Bytes),
    /// The file does not exist.
    Absent,
    Redirect {
        status: u16,
        to: Url,
    },
}

impl Fetcher {
    /// Requests a robots.txt once, whatever its `Content-Type`. Fills `exchange` as [`Self::fetch`] does.
    ///
    /// # Errors
    /// Fails if the content of the file stays unknown: no answer, a broken one, a 5xx, or a 429. A 429 says nothing
    /// about the file, so it does not allow fetching (Google reads it the same way).
    pub(in crate::scrape) async fn robots(
        &self,
        visit: &Visit,
        sent: impl Fn() + Send + Sync + 'static,
        exchange: &mut Option<Box<Exchange>>,
    ) -> Result<RobotsFile, Failure> {
        let url = &visit.url;
        let shown = without_credentials(url);
        let (response, deadline) = self.ask(&shown, visit, sent, exchange).await?;
        let status = response.status();
        let head = Head { url, shown: &shown, status, headers: response.headers(), settings: &self.settings };
        let answered =
            |failure: Failure| Failure { final_url: Some(shown.to_string()), status: Some(status.as_u16()), ..failure };
        // A redirect without a valid target counts as a missing file.
        let next = head.next_hop().unwrap_or_default();
        let refusal = head.refusal().filter(|_| !status.is_client_error() || status.as_u16() == 429);
        let mut body =
            Body::new(response, &shown, deadline, &self.settings, &self.large).kept_in(exchange.as_deref_mut());
        if status.is_success() {
            // One more byte shows whether the last line is cut off.
            let mut body = body.only(MAX_FILE as u64 + 1);
            let file = body.read().await.map_err(answered)?;
            let file = unlabelled::undo(&mut body, file).await.map_err(answered)?;
            return Ok(RobotsFile::Found(file));
        }
        let bytes = body.drain().await;
        match (refusal, next) {
            (Some(refusal), _) => Err(answered(Failure { bytes, ..refusal })),
            (None, Some(to)) => Ok(RobotsFile::Redirect { status: status.as_u16(), to }),
            (None, None) => Ok(RobotsFile::Absent),
        }
    }
}
