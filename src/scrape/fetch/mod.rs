//! Turns a URL into the bytes of a page, or into the URL of a redirect.
//!
//! - `address`: which addresses are not public; `guard`: who may reach them; `headers`: the headers of a request
//! - `route`: which proxy a URL uses; `clients`: which HTTP client; `limit`: a time limit that checks for data first
//! - `head`: what follows from status and headers; `retry_after`: when the server wants the next request
//! - `framing`: what the head says about the body; `body`: reads it, under limits; `coding`: decodes its encodings;
//!   `members`: decodes gzip; `cap`: limits the data between two decoders; `unlabelled`: finds compression that no
//!   header announces
//! - `first_contact`: how many connections a new https origin gets; `lost`: which requests are sent again at once
//! - `sent`: tells when a request is sent; `connecting`: measures how long connections take
//! - `classify`: turns errors of the client into failures; `tls_words`: explains TLS errors
//! - `shortage`: finds out which shortage of the system prevents a connection
//! - `robots`: fetches a robots.txt, which has its own rules; `listing`: fetches a sitemap, whatever its type
//! - `exchange`: what an archive keeps of a request and its response
//! - `stored`: makes a response of an answer that is stored somewhere; `chunks`: undoes its chunks; `stored_tests`: tests
//!   of `stored`
//!
//! Absent on purpose: following redirects, retries and politeness. The coordinator does them.

mod address;
mod body;
mod cap;
mod chunks;
mod classify;
mod clients;
mod coding;
mod connecting;
mod exchange;
mod first_contact;
mod framing;
mod guard;
mod head;
mod headers;
mod limit;
mod listing;
mod lost;
mod members;
mod retry_after;
mod robots;
mod route;
mod sent;
mod shortage;
mod stored;
mod tls_words;
mod unlabelled;

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, SET_COOKIE};
use reqwest::{Body, Response};
use tokio::time::Instant;
use url::Url;

use self::body::Body as PageBody;
pub(super) use self::cap::compressed;
use self::clients::{Clients, Prepared};
use self::connecting::Connecting;
use self::exchange::End;
pub(super) use self::exchange::Exchange;
pub(crate) use self::guard::SITE_HOST;

use self::guard::NotPublic;
use self::head::{Head, Refreshed};
pub use self::headers::RequestHeaders;
pub(crate) use self::listing::most_of_listing;
pub(super) use self::listing::{FoundListing, ListingBody};
use self::lost::{Memory, Sendings};
pub(super) use self::robots::RobotsFile;
use self::sent::EmptyBody;
use super::document_kind::DocumentKind;
use super::large::{LargePages, Turn};
use super::media_type::MediaType;
use super::settings::FetchSettings;
use super::{Error, sniff};
use crate::model::{Failure, FailureKind, Phases, Retry, Stage, Visit, how_long, shown_url, without_credentials};
use crate::warc::write::Truncated;

/// The result of a request.
#[derive(Debug)]
pub(super) enum Fetched {
    Page(Box<FetchedPage>),
    Redirect { status: u16, to: Url, bytes: u64 },
    NotModified { bytes: u64 },
}

/// A fetched page, decompressed.
#[derive(Debug)]
pub(super) struct FetchedPage {
    /// The URL of the page, without user name and password.
    pub(super) url: Url,
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) kind: DocumentKind,
    /// Whether a `<meta>` refresh may count as a redirect: the settings allow it, and no header has a refresh.
    pub(super) follows_meta: bool,
    pub(super) body: Bytes,
    /// The headers of the response, if a rule needs them. They are empty otherwise.
    pub(super) headers: HeaderMap,
    /// When the head of the response arrived, if that is known.
    pub(super) fetched_at: Option<SystemTime>,
    /// How long the request and its body took.
    pub(super) phases: Phases,
    /// The permit of a large page, held until its data is extracted.
    pub(super) _turn: Option<Turn>,
}

/// An answer whose body is not read yet.
struct Answered {
    response: Response,
    /// The time limit of its body.
    deadline: Instant,
    /// When its head arrived, if that is known.
    at: Option<SystemTime>,
}

/// What the rules need of a page besides its text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PageNeeds {
    /// Whether a rule needs the headers of the response.
    pub(super) headers: bool,
    /// Whether a rule can read JSON.
    pub(super) json: bool,
}

/// Fetches URLs one by one. Each worker makes one, so that it can keep connections open between requests.
#[derive(Debug)]
pub(super) struct Fetcher {
    clients: Clients,
    memory: Memory,
    large: LargePages,
    needs: PageNeeds,
    settings: FetchSettings,
}

impl Fetcher {
    pub(super) fn new(settings: FetchSettings, needs: PageNeeds) -> Result<Self, Error> {
        Ok(Self {
            clients: Clients::new(&settings)?,
            memory: Memory::default(),
            large: LargePages::new(&settings),
            needs,
            settings,
        })
    }

    /// Requests the visit's URL once, or reads the answer that the visit brings. Adds the response headers that the
    /// settings name to `kept`, if a server sent them. Puts what an archive keeps of the request into `exchange`, if the
    /// visit asks for that.
    pub(super) async fn fetch(
        &self,
        visit: &Visit,
        sent: impl Fn() + Send + Sync + 'static,
        kept: &mut Vec<(String, String)>,
        exchange: &mut Option<Box<Exchange>>,
    ) -> Result<Fetched, Failure> {
        let shown = without_credentials(&visit.url);
        let (begun, connecting) = (Instant::now(), Connecting::default());
        let answered = if let Some(stored) = &visit.stored {
            let deadline = Instant::now() + self.settings.timeout;
            Answered { response: stored::response(stored, &shown)?, deadline, at: stored.at }
        } else {
            let (response, deadline) = connecting.during(self.ask(&shown, visit, sent, exchange)).await?;
            keep(&self.settings.kept_headers, response.headers(), kept);
            Answered { response, deadline, at: Some(SystemTime::now()) }
        };
        let (first_byte, connect) = (begun.elapsed(), connecting.took());
        let mut fetched = self.read(visit, shown, answered, exchange).await;
        if let Ok(Fetched::Page(page)) = &mut fetched
            && visit.stored.is_none()
        {
            let body = Some(begun.elapsed().saturating_sub(first_byte));
            page.phases = Phases { connect, first_byte: Some(first_byte), body, ..Phases::default() };
        }
        fetched
    }

    /// Reads an answer: everything that follows from its head, and the body if it is a page.
    async fn read(
        &self,
        visit: &Visit,
        shown: Url,
        answered: Answered,
        exchange: &mut Option<Box<Exchange>>,
    ) -> Result<Fetched, Failure> {
        let (url, is_stored) = (&visit.url, visit.stored.is_some());
        let Answered { response, deadline, at: fetched_at } = answered;
        let status = response.status();
        let head = Head { url, shown: &shown, status, headers: response.headers(), settings: &self.settings };
        let answered =
            |failure: Failure| Failure { final_url: Some(shown.to_string()), status: Some(status.as_u16()), ..failure };
        let hop = head.next_hop();
        if let Ok(Some(to)) = &hop
            && is_stored
        {
            return Err(answered(head.stored_redirect(to)));
        }
        let refusal = head.refusal();
        let is_confirmed = head.confirms(visit);
        let has_page = matches!(hop, Ok(None)) && refusal.is_none() && !is_confirmed;
        let refreshed = if has_page && !is_stored { head.refresh() } else { Refreshed::No };
        let follows_meta = self.settings.meta_refresh && !is_stored && refreshed == Refreshed::No;
        let hop = if let Refreshed::Elsewhere(to) = refreshed { Ok(Some(to)) } else { hop };
        let content_type = header_text(head.headers, &CONTENT_TYPE);
        let media_type = content_type.as_deref().and_then(MediaType::extract).filter(|found| !found.is_unknown());
        let mut kind = None;
        if let Some(MediaType { essence, .. }) = &media_type
            && has_page
            && matches!(hop, Ok(None))
        {
            kind = DocumentKind::of(essence, &self.settings.content_types, self.needs.json);
            if kind.is_none() {
                // Leaves the body unread: closing the connection costs less than downloading an image.
                exchange.iter_mut().for_each(|exchange| exchange.end(End::Cut(Truncated::Unspecified)));
                return Err(answered(head::no_page(&shown, "its type is", essence)));
            }
        }
        let headers = if self.needs.headers { response.headers().clone() } else { HeaderMap::new() };
        let mut body =
            PageBody::new(response, &shown, deadline, &self.settings, &self.large).kept_in(exchange.as_deref_mut());
        let next = match hop {
            Ok(next) => next,
            Err(failure) => {
                body.keep_rest().await;
                return Err(answered(failure));
            }
        };
        if let Some(to) = next {
            let bytes = body.drain().await;
            return Ok(Fetched::Redirect { status: status.as_u16(), to, bytes });
        }
        if is_confirmed {
            return Ok(Fetched::NotModified { bytes: body.drain().await });
        }
        if let Some(refusal) = refusal {
            let bytes = body.drain().await;
            return Err(answered(Failure { bytes, ..refusal }));
        }
        let read = self.read_page(&mut body, kind).await;
        if read.as_ref().is_err_and(|failure| failure.kind != FailureKind::TooLarge) {
            body.keep_rest().await;
        }
        let (bytes, kind) = read.map_err(answered)?;
        let (url, status, turn) = (shown.clone(), status.as_u16(), body.turn.take());
        let page = FetchedPage {
            url,
            status,
            content_type,
            kind,
            follows_meta,
            body: bytes,
            headers,
            fetched_at,
            phases: Phases::default(),
            _turn: turn,
        };
        Ok(Fetched::Page(Box::new(page)))
    }

    /// Reads the body of a page. Checks its bytes if no header gives its type.
    async fn read_page(
        &self,
        body: &mut PageBody<'_>,
        kind: Option<DocumentKind>,
    ) -> Result<(Bytes, DocumentKind), Failure> {
        let bytes = body.read().await?;
        let bytes = unlabelled::undo(body, bytes).await?;
        if let Some(kind) = kind {
            return Ok((bytes, kind));
        }
        let essence = sniff::sniff(&bytes);
        if let Some(kind) = DocumentKind::of(essence, &self.settings.content_types, self.needs.json) {
            return Ok((bytes, kind));
        }
        let failure = head::no_page(body.shown, "no header gives its type, and its bytes look like", essence);
        Err(Failure { bytes: bytes.len() as u64, ..failure })
    }

    /// Sends the request and waits for the head of the answer. Also returns the deadline for the whole body.
    ///
    /// A lost request (see `lost`) is sent again at once. If politeness counts the time between requests
    /// (`tell_when_sent`), however, only the schedule sends requests. The server may have seen the first request, so
    /// the second one must wait for the delay, counted from when the first one was sent. The failure then says so
    /// (`Retry::Again`), and the schedule sends the request when it is due, without counting it as an attempt.
    async fn ask(
        &self,
        shown: &Url,
        visit: &Visit,
        sent: impl Fn() + Send + Sync + 'static,
        exchange: &mut Option<Box<Exchange>>,
    ) -> Result<(Response, Instant), Failure> {
        let url = &visit.url;
        let sent = Arc::new(sent);
        let mut deadline = Instant::now() + self.settings.timeout;
        let mut turn_limit = self.settings.connect_timeout;
        let mut sendings = Sendings::new(visit, self.memory.has_long_heads(url));
        loop {
            let Prepared { mut builder, via, contact } = self.clients.get(visit, sendings.manner)?;
            let via = via.as_ref();
            let tells = visit.tell_when_sent.then(|| Arc::clone(&sent));
            if let Some(contact) = &contact {
                let since = Instant::now();
                let turn = contact.turn(turn_limit).await;
                // Waiting for the connection of another visit does not count against the time of this one.
                deadline += since.elapsed();
                turn_limit = turn_limit.saturating_sub(since.elapsed());
                builder = builder.body(Body::wrap(EmptyBody::new(move || {
                    turn.used();
                    tells.iter().for_each(|sent| sent());
                })));
            } else if let Some(sent) = tells {
                builder = builder.body(Body::wrap(EmptyBody::new(move || sent())));
            }
            let answer = limit::until(deadline, builder.send()).await;
            if let (Some(contact), Some(Ok(response))) = (&contact, &answer) {
                contact.answered(response.version());
            }
            return match answer {
                Some(Ok(response)) => {
                    self.memory.answered(&response);
                    if let Some(refused) = classify::refused_by_proxy(response.status(), shown, via) {
                        return Err(refused);
                    }
                    *exchange = visit.archive.map(|id| {
                        let request = self.clients.harmless_headers(visit, via);
                        let most = FetchSettings::longest_kept_body(self.settings.max_body);
                        Box::new(Exchange::begun(id, shown, request, &response, via.is_some(), most))
                    });
                    Ok((response, deadline))
                }
                // This applies only if no connection was made. A request that was sent is not sent again here.
                Some(Err(error))
                    if error.is_connect()
                        && Instant::now() + shortage::PAUSE < deadline
                        && shortage::of(&error).is_some() =>
                {
                    tokio::time::sleep(shortage::PAUSE).await;
                    continue;
                }
                Some(Err(error)) => {
                    let is_lost = sendings.may_send_again(self.memory.lost(url, &error));
                    if is_lost && !visit.tell_when_sent {
                        continue;
                    }
                    let failure = match classify::not_public(&error) {
                        Some(NotPublic { kind }) => self.clients.guard.blocked(shown, kind),
                        None => classify::no_answer(error, shown, via, &self.settings),
                    };
                    let retry = if is_lost { Retry::Again } else { failure.retry };
                    Err(Failure { retry, ..failure })
                }
                None => {
                    let message =
                        format!("get an answer from {} within {}", shown_url(shown), how_long(self.settings.timeout));
                    Err(Failure::new(FailureKind::Timeout, Stage::Fetch, message).retryable())
                }
            };
        }
    }
}

/// The most `Set-Cookie` lines that are kept of one answer. No jar keeps more cookies of a domain.
const MOST_COOKIES: usize = 180;

/// The size of all other headers from which on no further ones are kept of one answer, counted as in HTTP/2 (RFC 9113,
/// 6.5.2). No cache keeps an answer with so many.
const MANY_HEADERS: usize = 64 * 1024;

/// Keeps the headers that are asked for, up to a limit. An answer may have thousands of lines, and the coordinator
/// reads what is kept on the only thread that serves all hosts.
fn keep(names: &[String], headers: &reqwest::header::HeaderMap, kept: &mut Vec<(String, String)>) {
    let (mut cookies, mut size) = (0, 0);
    for (name, value) in headers {
        if !names.iter().any(|wanted| wanted == name.as_str()) {
            continue;
        }
        let has_room = if *name == SET_COOKIE { cookies < MOST_COOKIES } else { size < MANY_HEADERS };
        if !has_room {
            continue;
        }
        if *name == SET_COOKIE {
            cookies += 1;
        } else {
            size += name.as_str().len() + value.len() + 32;
        }
        kept.push((name.to_string(), encoding_rs::mem::decode_latin1(value.as_bytes()).into_owned()));
    }
}

/// Joins all values of a header with commas (RFC 9110, 5.3). Decodes bytes above 0x7F as Latin-1.
fn header_text(headers: &reqwest::header::HeaderMap, name: &reqwest::header::HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let mut text = encoding_rs::mem::decode_latin1(values.next()?.as_bytes()).into_owned();
    for value in values {
        text.push_str(", ");
        text.push_str(&encoding_rs::mem::decode_latin1(value.as_bytes()));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{MANY_HEADERS, MOST_COOKIES, keep};

    #[test]
    fn of_an_answer_with_very_many_headers_some_are_kept() {
        let names = ["set-cookie", "vary", "etag"].map(str::to_owned);
        let table = [("set-cookie", 24_000, MOST_COOKIES), ("vary", 24_000, MANY_HEADERS / 37 + 1), ("x", 24_000, 0)];
        for (name, lines, expected) in table {
            let mut headers = HeaderMap::new();
            for _ in 0..lines {
                headers.append(HeaderName::from_static(name), HeaderValue::from_static("a"));
            }
            headers.append("etag", HeaderValue::from_static("\"x\""));
            let mut kept = Vec::new();
            keep(&names, &headers, &mut kept);
            let count = |wanted: &str| kept.iter().filter(|(name, _)| name == wanted).count();
            assert_eq!(count(name), expected, "{name}");
            assert_eq!(count("etag"), usize::from(name != "vary"), "{name}");
        }
    }
}
