use bytes::Bytes;
use reqwest::header::CONTENT_TYPE;
use tokio::time::Instant;
use url::Url;

use super::body::Body;
use super::head::Head;
use super::{Exchange, Fetcher, header_text, keep, stored, unlabelled};
use crate::model::{Failure, FailureKind, MAX_SITEMAP, Visit, without_credentials};
use crate::scrape::large::Turn;
use crate::scrape::settings::FetchSettings;

/// The result of a request for a sitemap.
#[derive(Debug)]
pub(in crate::scrape) enum ListingBody {
    Found(FoundListing),
    Redirect { status: u16, to: Url, bytes: u64 },
}

/// The body of a sitemap, decompressed.
#[derive(Debug)]
pub(in crate::scrape) struct FoundListing {
    /// The URL that answered, without user name and password.
    pub(in crate::scrape) url: Url,
    pub(in crate::scrape) status: u16,
    pub(in crate::scrape) content_type: Option<String>,
    pub(in crate::scrape) body: Bytes,
    /// The permit of a large file, held until it is read.
    pub(in crate::scrape) _turn: Option<Turn>,
}

impl Fetcher {
    /// Requests a sitemap once, or reads the file that the visit brings, whatever its `Content-Type`. Undoes gzip and
    /// zstd by the first bytes, also inside a `Content-Encoding`. Adds the response headers that the settings name to
    /// `kept`.
    ///
    /// # Errors
    /// Fails as a page does. The body may have [`most_of_listing`] bytes.
    pub(in crate::scrape) async fn listing(
        &self,
        visit: &Visit,
        sent: impl Fn() + Send + Sync + 'static,
        kept: &mut Vec<(String, String)>,
        exchange: &mut Option<Box<Exchange>>,
    ) -> Result<ListingBody, Failure> {
        let url = &visit.url;
        let shown = without_credentials(url);
        let (response, deadline) = if let Some(stored) = &visit.stored {
            (stored::response(stored, &shown)?, Instant::now() + self.settings.timeout)
        } else {
            let (response, deadline) = self.ask(&shown, visit, sent, exchange).await?;
            let most = FetchSettings::longest_kept_body(most_of_listing(&self.settings));
            exchange.iter_mut().for_each(|exchange| exchange.keep_up_to(most));
            keep(&self.settings.kept_headers, response.headers(), kept);
            (response, deadline)
        };
        let status = response.status();
        let head = Head { url, shown: &shown, status, headers: response.headers(), settings: &self.settings };
        let answered =
            |failure: Failure| Failure { final_url: Some(shown.to_string()), status: Some(status.as_u16()), ..failure };
        let next = head.next_hop();
        let refusal = head.refusal();
        let content_type = header_text(head.headers, &CONTENT_TYPE);
        let mut body =
            Body::new(response, &shown, deadline, &self.settings, &self.large).kept_in(exchange.as_deref_mut());
        let next = match next {
            Ok(next) => next,
            Err(failure) => {
                body.keep_rest().await;
                return Err(answered(failure));
            }
        };
        if let Some(to) = next {
            let bytes = body.drain().await;
            return Ok(ListingBody::Redirect { status: status.as_u16(), to, bytes });
        }
        if let Some(refusal) = refusal {
            let bytes = body.drain().await;
            return Err(answered(Failure { bytes, ..refusal }));
        }
        body.max = most_of_listing(&self.settings);
        let read = match body.read().await {
            Ok(bytes) => unlabelled::undo(&mut body, bytes).await,
            Err(failure) => Err(failure),
        };
        if read.as_ref().is_err_and(|failure| failure.kind != FailureKind::TooLarge) {
            body.keep_rest().await;
        }
        let bytes = read.map_err(answered)?;
        let (turn, status) = (body.turn.take(), status.as_u16());
        drop(body);
        Ok(ListingBody::Found(FoundListing { url: shown, status, content_type, body: bytes, _turn: turn }))
    }
}

/// The largest sitemap that is read, in decompressed bytes.
pub(crate) fn most_of_listing(settings: &FetchSettings) -> u64 {
    settings.max_body.max(MAX_SITEMAP)
}
