//! Answers the requests for the live page.
//!
//! | request | answer |
//! |---|---|
//! | `GET /?token=TOKEN` | a cookie, and a redirect to `/` |
//! | `GET /` | the page |
//! | `GET /events` | what it shows, as server-sent events: `now` and `report` are HTML, `over` says that nothing follows |
//! | `POST /pause`, `/resume`, `/drain` | 204, and the run gets the wish |

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Request;
use hyper::body::Incoming;

use super::connections::Times;
use super::gate::{Admission, Gate, random};
use super::updates::Updates;
use crate::coordinator::{Watch, Wish};
use crate::report;

/// How long a browser may take. It follows the events until the run ends.
pub(super) const TIMES: Times = Times { request: Duration::from_secs(5), whole: None };

/// What every answer forbids: to load anything, and to show the page in a frame.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("live.css");
const SCRIPT: &str = include_str!("live.js");

/// What whoever has neither the token nor the cookie sees. A browser that comes here by a link on another page does not
/// send a strict cookie, but does when the user goes on.
const WHO: &str = "<!doctype html>\n<title>Gleaner</title>\n<p>Open the address that gleaner printed. It has the token \
                   that opens this page. If you have just opened it, <a href=\"/\">go on</a>.\n";

/// The page of a run.
#[derive(Debug)]
pub(super) struct Page {
    gate: Gate,
    watch: Watch,
    updates: Arc<Updates>,
}

impl Page {
    pub(super) fn new(gate: Gate, watch: Watch, updates: Updates) -> Self {
        Self { gate, watch, updates: Arc::new(updates) }
    }

    pub(super) fn updates(&self) -> Arc<Updates> {
        Arc::clone(&self.updates)
    }

    fn introduce(&self) -> Response {
        let cookie = HeaderValue::try_from(self.gate.set_cookie());
        let cookie = cookie.map(|cookie| [(SET_COOKIE, cookie)]).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR);
        (StatusCode::SEE_OTHER, [(LOCATION, "/")], cookie).into_response()
    }

    fn route(&self, method: &Method, path: &str) -> Response {
        let wish = match path {
            "/pause" => Wish::Pause,
            "/resume" => Wish::Resume,
            "/drain" => Wish::Drain,
            "/" | "/events" if method != Method::GET => return not_allowed("GET"),
            "/" => return document(),
            "/events" => return self.events(),
            _ => return (StatusCode::NOT_FOUND, "there is nothing here\n").into_response(),
        };
        if method != Method::POST {
            return not_allowed("POST");
        }
        self.watch.wish(wish);
        StatusCode::NO_CONTENT.into_response()
    }

    fn events(&self) -> Response {
        match self.updates.events() {
            Some(events) => Sse::new(events).keep_alive(KeepAlive::default()).into_response(),
            None => (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "10")], "too many browsers\n").into_response(),
        }
    }
}

/// Answers a request.
pub(super) fn answer(page: &Page, request: Request<Incoming>) -> Response {
    let (request, _) = request.into_parts();
    let mut response = match page.gate.admit(&request) {
        Admission::Granted => page.route(&request.method, request.uri.path()),
        Admission::Introduced => page.introduce(),
        Admission::WrongHost => {
            let why = "this is the live page of gleaner; open it by the address that gleaner printed\n";
            (StatusCode::MISDIRECTED_REQUEST, why).into_response()
        }
        Admission::WrongOrigin => (StatusCode::FORBIDDEN, "pages of other origins may not ask\n").into_response(),
        Admission::Unknown => {
            (StatusCode::FORBIDDEN, [(CONTENT_TYPE, "text/html; charset=utf-8")], WHO).into_response()
        }
    };
    protect(response.headers_mut());
    response
}

/// Adds the headers that every answer has.
pub(super) fn protect(headers: &mut HeaderMap) {
    let all = [
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    headers.extend(all.map(|(name, value)| (name, HeaderValue::from_static(value))));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NOTHING));
}

fn not_allowed(method: &'static str) -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, method)]).into_response()
}

#[derive(Template)]
#[template(path = "live.html")]
struct Document<'a> {
    nonce: &'a str,
    report_style: &'static str,
    style: &'static str,
    script: &'static str,
}

fn document() -> Response {
    let Ok(nonce) = random::<18>() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let nonce = &STANDARD.encode(nonce);
    let html = Document { nonce, report_style: report::STYLE, style: STYLE, script: SCRIPT }.render();
    let Ok(html) = html else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let policy = format!("{NOTHING}; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'");
    ([(CONTENT_TYPE, "text/html; charset=utf-8".to_owned()), (CONTENT_SECURITY_POLICY, policy)], html).into_response()
}
