//! URL -> the bytes of a page, or where to go instead.
//!
//! - `address`: which addresses are not public; `guard`: who may reach them; `headers`: what a request says, and to whom
//! - `route`: which proxy a URL goes through; `clients`: which HTTP client; `limit`: a time limit that looks at the data first
//! - `head`: what follows from status and headers; `retry_after`: when the server wants to be asked again
//! - `body`: the pieces of a body, under limits; `coding`: its content encodings undone; `members`: those of gzip;
//!   `cap`: an end to what is between two of them
//! - `first_contact`: how many connections a new https origin gets
//! - `sent`: when a request is being sent; `classify`: what went wrong on the way, as failures; `tls_words`: what went
//!   wrong with TLS, for people
//! - `robots`: a robots.txt, by the rules that such a file has
//!
//! Absent on purpose: following redirects, retrying, politeness. Whoever hands out the URLs does that.

mod address;
mod body;
mod cap;
mod classify;
mod clients;
mod coding;
mod first_contact;
mod guard;
mod head;
mod headers;
mod limit;
mod members;
mod retry_after;
mod robots;
mod route;
mod sent;
mod shortage;
mod tls_words;

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Body, Response};
use tokio::time::Instant;
use url::Url;

use self::body::Body as PageBody;
use self::clients::{Clients, Request};
pub(crate) use self::guard::SITE_HOST;

use self::guard::NotPublic;
use self::head::Head;
pub use self::headers::RequestHeaders;
pub(super) use self::robots::RobotsFile;
use self::sent::Nothing;
use super::large::{LargePages, Turn};
use super::settings::FetchSettings;
use super::{Error, media_type};
use crate::model::{Failure, FailureKind, Stage, Visit, without_credentials};

/// A server that ends this many connections before it has looked at a request does not want it.
const MAX_SENDINGS: usize = 4;

/// What a request gave.
#[derive(Debug)]
pub(super) enum Fetched {
    Page(Fetch),
    Redirect { status: u16, to: Url, bytes: u64 },
    NotModified { bytes: u64 },
}

/// A page as it came, decompressed.
#[derive(Debug)]
pub(super) struct Fetch {
    /// Where it came from, without user name and password.
    pub(super) url: Url,
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) body: Bytes,
    /// A large page's turn lasts until it is data.
    pub(super) _turn: Option<Turn>,
}

/// Fetches URLs one by one; made once per worker, so that connections are kept alive between them.
#[derive(Debug)]
pub(super) struct Fetcher {
    clients: Clients,
    large: LargePages,
    settings: FetchSettings,
}

impl Fetcher {
    pub(super) fn new(settings: FetchSettings) -> Result<Self, Error> {
        Ok(Self { clients: Clients::new(&settings)?, large: LargePages::new(&settings), settings })
    }

    /// Asks for `url`, the visit's, once. The headers of the response that the settings ask for are added to `kept`.
    pub(super) async fn fetch(
        &self,
        url: &Url,
        visit: &Visit,
        sent: impl Fn() + Send + Sync + 'static,
        kept: &mut Vec<(String, String)>,
    ) -> Result<Fetched, Failure> {
        let shown = without_credentials(url);
        let (response, deadline) = self.ask(url, &shown, visit, sent).await?;
        let status = response.status();
        keep(&self.settings.kept_headers, response.headers(), kept);
        let head = Head { url, shown: &shown, status, headers: response.headers(), settings: &self.settings };
        let answered =
            |failure: Failure| Failure { final_url: Some(shown.to_string()), status: Some(status.as_u16()), ..failure };
        let next = head.next_hop().map_err(answered)?;
        let refusal = head.refusal();
        let is_confirmed = head.confirms(visit);
        let content_type = header_text(head.headers, &CONTENT_TYPE);
        if next.is_none()
            && refusal.is_none()
            && !is_confirmed
            && !media_type::is_page(content_type.as_deref(), &self.settings.content_types)
        {
            // The body is not read: the connection is given up rather than an image.
            return Err(answered(head.no_page(content_type.as_deref().unwrap_or_default())));
        }
        let codings = header_text(head.headers, &CONTENT_ENCODING).unwrap_or_default();
        let mut body = PageBody::new(response, &shown, deadline, &self.settings, &self.large);
        if let Some(to) = next {
            let bytes = body.drain(&codings).await;
            return Ok(Fetched::Redirect { status: status.as_u16(), to, bytes });
        }
        if is_confirmed {
            return Ok(Fetched::NotModified { bytes: body.drain(&codings).await });
        }
        if let Some(refusal) = refusal {
            let bytes = body.drain(&codings).await;
            return Err(answered(Failure { bytes, ..refusal }));
        }
        let bytes = body.read(&codings).await.map_err(answered)?;
        let turn = body.turn.take();
        Ok(Fetched::Page(Fetch { url: shown, status: status.as_u16(), content_type, body: bytes, _turn: turn }))
    }

    /// Sends the request and waits for the head of the answer. Gives with it until when the body must be complete.
    ///
    /// A request that the server says it has not seen is sent again: a server may end an HTTP/2 connection at any time
    /// (nginx does after a thousand requests), and those on their way to it are neither its fault nor the page's. Where
    /// the time between requests counts, though, all of them are the schedule's to send.
    async fn ask(
        &self,
        url: &Url,
        shown: &Url,
        visit: &Visit,
        sent: impl Fn() + Send + Sync + 'static,
    ) -> Result<(Response, Instant), Failure> {
        let sent = Arc::new(sent);
        let mut deadline = Instant::now() + self.settings.timeout;
        let mut patience = self.settings.connect_timeout;
        let tries_again = !visit.tell_when_sent;
        let mut sendings = 0;
        loop {
            let Request { mut builder, via, contact } = self.clients.get(url, visit)?;
            let via = via.as_ref();
            let tells = visit.tell_when_sent.then(|| Arc::clone(&sent));
            if let Some(contact) = &contact {
                let since = Instant::now();
                let turn = contact.turn(patience).await;
                // Waiting for another's connection is not this visit's own time.
                deadline += since.elapsed();
                patience = patience.saturating_sub(since.elapsed());
                builder = builder.body(Body::wrap(Nothing::new(move || {
                    turn.used();
                    tells.iter().for_each(|sent| sent());
                })));
            } else if let Some(sent) = tells {
                builder = builder.body(Body::wrap(Nothing::new(move || sent())));
            }
            sendings += 1;
            let answer = limit::until(deadline, builder.send()).await;
            if let (Some(contact), Some(Ok(response))) = (&contact, &answer) {
                contact.answered(response.version());
            }
            return match answer {
                Some(Ok(response)) => match classify::refused_by_proxy(response.status(), shown, via) {
                    Some(refused) => Err(refused),
                    None => Ok((response, deadline)),
                },
                Some(Err(error)) if tries_again && sendings < MAX_SENDINGS && classify::is_unseen(&error) => continue,
                Some(Err(error)) if Instant::now() + shortage::PAUSE < deadline && shortage::of(&error).is_some() => {
                    tokio::time::sleep(shortage::PAUSE).await;
                    sendings -= 1;
                    continue;
                }
                Some(Err(error)) => Err(match classify::not_public(&error) {
                    Some(NotPublic { kind }) => self.clients.guard.blocked(shown, kind),
                    None => classify::no_answer(error, shown, via, &self.settings),
                }),
                None => {
                    let message = format!("get an answer from {shown} within {:?}", self.settings.timeout);
                    Err(Failure::new(FailureKind::Timeout, Stage::Fetch, message).retryable())
                }
            };
        }
    }
}

/// Copies the headers with those names, which are in lower case; bytes above 0x7F as Latin-1.
fn keep(names: &[String], headers: &reqwest::header::HeaderMap, kept: &mut Vec<(String, String)>) {
    for (name, value) in headers {
        if names.iter().any(|wanted| wanted == name.as_str()) {
            kept.push((name.to_string(), encoding_rs::mem::decode_latin1(value.as_bytes()).into_owned()));
        }
    }
}

/// All values of a header, joined as RFC 9110 (5.3) joins them; bytes above 0x7F as Latin-1.
fn header_text(headers: &reqwest::header::HeaderMap, name: &reqwest::header::HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let mut text = encoding_rs::mem::decode_latin1(values.next()?.as_bytes()).into_owned();
    for value in values {
        text.push_str(", ");
        text.push_str(&encoding_rs::mem::decode_latin1(value.as_bytes()));
    }
    Some(text)
}
