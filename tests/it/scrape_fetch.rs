//! Fetching from servers that answer with exact bytes.

use crate::raw_server::settings::patient;
use crate::raw_server::{RawServer, Reply, Then};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gleaner::model::{Answer, Failure, FailureKind, Page, Reach, Retry, Stage, Visit};
use gleaner::scrape::extract::{Arity, Rule, ValueRule};
use gleaner::scrape::{FetchSettings, Scraper, Settings};
use tokio::io::AsyncReadExt;

/// A time limit that a test waits for: long enough for loopback on a busy machine.
const SHORT_TIMEOUT: Duration = Duration::from_millis(150);

fn settings() -> Settings {
    let rules = vec![("t".to_owned(), Rule::Value(ValueRule::new("title::text", Arity::One)))];
    Settings { fetch: patient(1024 * 1024), extract: rules.into(), ..Settings::default() }
}

fn with(change: impl FnOnce(&mut FetchSettings)) -> Scraper {
    let mut settings = settings();
    change(&mut settings.fetch);
    Scraper::new(settings).expect("valid settings")
}

fn scraper() -> Scraper {
    with(|_| {})
}

async fn visit(scraper: &Scraper, url: &str) -> Answer {
    scraper.visit(&Visit::new(url.parse().expect("a URL"), Reach::Listed), || {}).await.answer
}

async fn page(scraper: &Scraper, url: &str) -> Page {
    match visit(scraper, url).await {
        Answer::Page(page) => page,
        other => panic!("{url} gave {other:?}"),
    }
}

async fn failure(scraper: &Scraper, url: &str) -> Failure {
    match visit(scraper, url).await {
        Answer::Failure(failure) => failure,
        other => panic!("{url} gave {other:?}"),
    }
}

/// A complete answer with a length.
fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn html(headers: &str, body: &[u8]) -> Reply {
    Reply::new(answer("200 OK", &format!("content-type: text/html\r\n{headers}"), body))
}

const PAGE: &[u8] = b"<title>T</title>";
const DATA: &[u8] = br#"{"t":"T"}"#;

#[tokio::test]
async fn pages_give_their_data_over_one_connection() {
    let server = RawServer::start(vec![html("", PAGE), html("", PAGE), html("", PAGE)]).await;
    let scraper = scraper();
    for path in ["a", "b#f", "c"] {
        let url = server.url(path);
        let page = page(&scraper, &url).await;
        assert_eq!((page.final_url, page.status, page.bytes, &page.data[..]), (url, 200, PAGE.len() as u64, DATA));
    }
    assert_eq!(server.connections(), 1);
    let request = server.requests()[0].to_ascii_lowercase();
    for header in
        ["get /a http/1.1", "user-agent: test/1", "accept-encoding: gzip, deflate, br, zstd", "accept: text/html"]
    {
        assert!(request.contains(header), "{request}");
    }
}

#[tokio::test]
async fn headers_of_the_settings_override_the_defaults() {
    let server = RawServer::start(vec![html("", PAGE)]).await;
    let headers = [("Accept-Encoding", "identity"), ("X-A", "1"), ("x-a", "2"), ("User-Agent", "mine")];
    let scraper = with(|it| it.headers = headers.map(|(name, value)| (name.into(), value.into())).into());
    page(&scraper, &server.url("")).await;
    let request = server.requests()[0].to_ascii_lowercase();
    for header in ["accept-encoding: identity\r\n", "x-a: 1\r\n", "x-a: 2\r\n", "user-agent: mine\r\n"] {
        assert!(request.contains(header), "{request}");
    }
    assert!(!request.contains("gzip") && !request.contains("test/1"), "{request}");
}

#[tokio::test]
async fn invalid_headers_are_refused_before_any_request() {
    for (name, value) in [("a b", "x"), ("a", "x\ny")] {
        let mut settings = settings();
        settings.fetch.headers = vec![(name.to_owned(), value.to_owned())];
        let error = Scraper::new(settings).expect_err(name).to_string();
        assert!(error.contains(&format!("`{name}`")), "{error}");
    }
}

#[tokio::test]
async fn content_encodings_are_decoded() {
    use crate::raw_server::compressed::{brotli, deflate, gzip, zlib, zstd};
    let whole = [PAGE, b"<p>more</p>"].concat();
    let members = [gzip(PAGE).await, gzip(b"<p>more</p>").await].concat();
    let frames = [zstd(PAGE).await, zstd(b"<p>more</p>").await].concat();
    let cases = [
        ("gzip", gzip(&whole).await),
        ("gzip", members.clone()),
        ("x-gzip", members.clone()),
        ("gzip", [&members[..], b"\0\0\n<!-- stray -->"].concat()),
        ("deflate", zlib(&whole).await),
        ("deflate", deflate(&whole).await),
        ("br", brotli(&whole).await),
        ("zstd", zstd(&whole).await),
        ("zstd", frames),
        ("deflate, gzip", gzip(&deflate(&whole).await).await),
        ("identity", whole.clone()),
        ("gzip\r\ncontent-encoding: br", brotli(&gzip(&whole).await).await),
    ];
    let count = cases.len();
    let replies = cases.iter().map(|(coding, body)| html(&format!("content-encoding: {coding}\r\n"), body));
    let server = RawServer::start(replies.collect()).await;
    let scraper = scraper();
    for (coding, _) in &cases {
        let page = page(&scraper, &server.url("")).await;
        assert_eq!((page.bytes, &page.data[..]), (whole.len() as u64, DATA), "{coding}");
    }
    assert_eq!((server.requests().len(), server.connections()), (count, 1), "connections are kept");
}

#[tokio::test]
async fn chunked_bodies_may_be_compressed() {
    use crate::raw_server::compressed::gzip;
    let compressed = gzip(PAGE).await;
    let (one, two) = compressed.split_at(7);
    let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-encoding: gzip\r\n\r\n".to_vec();
    for chunk in [one, two, b""] {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    let server = RawServer::start(vec![Reply::new(bytes), html("", PAGE)]).await;
    let scraper = scraper();
    assert_eq!(page(&scraper, &server.url("")).await.data, DATA);
    assert_eq!(page(&scraper, &server.url("")).await.data, DATA);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_empty_body_is_empty_with_any_encoding() {
    let server = RawServer::start(vec![html("content-encoding: gzip\r\n", b""), html("", b"")]).await;
    let scraper = scraper();
    for _ in 0..2 {
        let page = page(&scraper, &server.url("")).await;
        assert_eq!((page.bytes, &page.data[..]), (0, &br#"{"t":null}"#[..]));
    }
}

#[tokio::test]
async fn an_incomplete_body_is_truncated_and_never_parsed() {
    use crate::raw_server::compressed::{brotli, deflate, gzip, zlib, zstd};
    // Cuts into the data. The trailer of gzip, 8 bytes, may be missing.
    let cut = |mut body: Vec<u8>| {
        body.truncate(body.len() - 10);
        body
    };
    let long = PAGE.repeat(100);
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n<title>T</title>";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\n<title>T</title>\r\n";
    let mut cases = vec![
        ("short body", Reply::new(announced).then(Then::Close)),
        ("reset", Reply::new(announced).then(Then::Reset)),
        ("no last chunk", Reply::new(chunked).then(Then::Close)),
        ("reset amid chunks", Reply::new(chunked).then(Then::Reset)),
        (
            "short compressed body",
            Reply::new(
                [b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9999\r\n\r\n", &gzip(&long).await[..]]
                    .concat(),
            )
            .then(Then::Close),
        ),
    ];
    for (coding, body) in [
        ("gzip", gzip(&long).await),
        ("deflate", zlib(&long).await),
        ("deflate", deflate(&long).await),
        ("br", brotli(&long).await),
        ("zstd", zstd(&long).await),
    ] {
        cases.push((coding, html(&format!("content-encoding: {coding}\r\n"), &cut(body))));
    }
    let scraper = scraper();
    for (name, reply) in cases {
        let server = RawServer::start(vec![reply]).await;
        let failure = failure(&scraper, &server.url("")).await;
        assert_eq!(
            (failure.kind, failure.retry, failure.status),
            (FailureKind::Truncated, Retry::Yes, Some(200)),
            "{name}: {failure:?}"
        );
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_decompressed_is_a_decode_failure() {
    let cases = [
        ("compress", &b"x"[..]),
        ("gzip", b"this is not gzip"),
        ("zstd", b"this is not zstd"),
        ("gzip, gzip, gzip, gzip, gzip", b"x"),
    ];
    let server = RawServer::start(
        cases.iter().map(|(coding, body)| html(&format!("content-encoding: {coding}\r\n"), body)).collect(),
    )
    .await;
    let scraper = scraper();
    for (coding, _) in cases {
        let failure = failure(&scraper, &server.url("")).await;
        let found = (failure.kind, failure.stage, failure.retry);
        assert_eq!(found, (FailureKind::Decode, Stage::Decode, Retry::No), "{coding}: {failure:?}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large_in_any_encoding() {
    use crate::raw_server::compressed::{brotli, gzip, zstd};
    const MAX: usize = 10_000;
    let bomb = vec![b'a'; 100 * MAX];
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned() + &"5\r\naaaaa\r\n".repeat(MAX);
    let cases = [
        ("announced", Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 10001\r\n\r\n").then(Then::Hang)),
        ("streamed", Reply::new(endless).then(Then::Hang)),
        ("gzip", html("content-encoding: gzip\r\n", &gzip(&bomb).await)),
        ("gzip in gzip", html("content-encoding: gzip, gzip\r\n", &gzip(&gzip(&bomb).await).await)),
        ("br", html("content-encoding: br\r\n", &brotli(&bomb).await)),
        ("zstd", html("content-encoding: zstd\r\n", &zstd(&bomb).await)),
    ];
    let scraper = with(|it| it.max_body = MAX as u64);
    for (name, reply) in cases {
        let server = RawServer::start(vec![reply]).await;
        let failure = failure(&scraper, &server.url("")).await;
        assert_eq!((failure.kind, failure.retry), (FailureKind::TooLarge, Retry::No), "{name}: {failure:?}");
        assert!(failure.bytes <= MAX as u64, "{name}: {failure:?}");
    }
    // The limit itself is allowed.
    let fits = vec![b'a'; MAX];
    let server = RawServer::start(vec![html("", &fits), html("content-encoding: gzip\r\n", &gzip(&fits).await)]).await;
    for _ in 0..2 {
        assert_eq!(page(&scraper, &server.url("")).await.bytes, MAX as u64);
    }
}

#[tokio::test]
async fn redirects_are_returned_and_keep_the_connection() {
    let server = RawServer::start(vec![
        Reply::new(answer("301 Moved", "location: /next\r\n", b"moved")),
        Reply::new(answer("302 Found", "location: ../up?x#own\r\n", b"")),
        Reply::new(answer("308 Permanent", "location: https://else.example/\r\n", b"")),
        Reply::new(answer("304 Not Modified", "", b"")),
        html("", PAGE),
        Reply::new(answer("302 Found", "location: mailto:a@b\r\n", b"")),
    ])
    .await;
    let scraper = scraper();
    let url = server.url("a/b#frag");
    for (status, to, bytes) in [
        (301, server.url("next#frag"), 5),
        (302, server.url("up?x#own"), 0),
        (308, "https://else.example/#frag".to_owned(), 0),
    ] {
        let to = to.parse().expect("a URL");
        assert_eq!(visit(&scraper, &url).await, Answer::Redirect { status, to, bytes });
    }
    assert_eq!(page(&scraper, &url).await.status, 304);
    assert_eq!(page(&scraper, &url).await.status, 200);
    assert_eq!(server.connections(), 1);
    assert_eq!(failure(&scraper, &url).await.kind, FailureKind::Protocol);
}

#[tokio::test]
async fn statuses_of_400_and_above_are_failures() {
    let server = RawServer::start(vec![
        Reply::new(answer("404 Not Found", "content-type: image/png\r\n", b"four")),
        Reply::new(answer("503 Busy", "retry-after: 7\r\n", b"")),
        Reply::new(answer("500 Oops", "", b"")),
        html("", PAGE),
    ])
    .await;
    let scraper = scraper();
    let url = server.url("x");
    for (status, retry, bytes) in
        [(404, Retry::No, 4), (503, Retry::After(Duration::from_secs(7)), 0), (500, Retry::Yes, 0)]
    {
        let failure = failure(&scraper, &url).await;
        let found = (failure.kind, failure.stage, failure.retry, failure.status, failure.bytes);
        assert_eq!(found, (FailureKind::HttpStatus, Stage::Fetch, retry, Some(status), bytes));
        assert_eq!(failure.final_url.as_deref(), Some(&*url));
    }
    page(&scraper, &url).await;
    assert_eq!(server.connections(), 1, "bodies of error pages are read, so that the connection is reused");
}

#[tokio::test]
async fn a_body_with_another_content_type_is_not_read() {
    let image = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 99999999\r\n\r\n";
    let server = RawServer::start(vec![Reply::new(image).then(Then::Hang)]).await;
    let failure = failure(&scraper(), &server.url("")).await;
    assert_eq!((failure.kind, failure.stage), (FailureKind::ContentType, Stage::Fetch));
    assert!(failure.message.contains("`image/png`"), "{}", failure.message);
}

#[tokio::test]
async fn each_time_limit_is_enforced() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n";
    let cases = [
        ("no answer", Reply::new("").then(Then::Hang), with(|it| it.timeout = SHORT_TIMEOUT), None),
        ("no body", Reply::new(head).then(Then::Hang), with(|it| it.timeout = SHORT_TIMEOUT), Some(200)),
        (
            "idle",
            Reply::new(format!("{head}abc")).then(Then::Hang),
            with(|it| it.idle_timeout = SHORT_TIMEOUT),
            Some(200),
        ),
    ];
    for (name, reply, scraper, status) in cases {
        let server = RawServer::start(vec![reply]).await;
        let failure = failure(&scraper, &server.url("")).await;
        let found = (failure.kind, failure.stage, failure.retry, failure.status);
        assert_eq!(found, (FailureKind::Timeout, Stage::Fetch, Retry::Yes, status), "{name}: {failure:?}");
        assert!(failure.message.contains("150ms"), "{name}: {failure:?}");
    }
}

#[tokio::test]
async fn a_dripping_body_is_not_idle_but_exceeds_the_total_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    tokio::spawn(crate::raw_server::drip(listener, Duration::from_millis(10)));
    let scraper = with(|it| (it.idle_timeout, it.timeout) = (SHORT_TIMEOUT, 3 * SHORT_TIMEOUT));
    let failure = failure(&scraper, &url).await;
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(failure.message.contains("450ms") && failure.bytes > 0, "{failure:?}");
}

#[tokio::test]
async fn a_busy_thread_does_not_make_other_requests_time_out() {
    let server = RawServer::start(vec![html("", PAGE)]).await;
    let scraper = with(|it| it.timeout = SHORT_TIMEOUT);
    let started = std::time::Instant::now();
    let answered = server.first_request();
    tokio::spawn(async move {
        answered.notified().await;
        // The answer is written before this task runs, and waits in the socket meanwhile.
        while started.elapsed() < 2 * SHORT_TIMEOUT {
            std::hint::spin_loop();
        }
    });
    assert_eq!(page(&scraper, &server.url("")).await.data, DATA);
    assert!(started.elapsed() >= 2 * SHORT_TIMEOUT, "the thread was blocked for longer than the timeout");
}

#[tokio::test]
async fn connections_that_fail_may_be_retried() {
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        listener.local_addr().expect("bound")
    };
    let scraper = scraper();
    let refused = failure(&scraper, &format!("http://user:secret@{closed}/")).await;
    assert_eq!((refused.kind, refused.retry), (FailureKind::Connect, Retry::Yes));
    assert!(refused.causes.iter().any(|cause| cause.contains("refused")), "{refused:?}");
    assert!(!format!("{refused:?}").contains("secret"), "{refused:?}");

    for then in [Then::Close, Then::Reset] {
        let server = RawServer::start(vec![Reply::new("").then(then)]).await;
        let dropped = failure(&scraper, &server.url("")).await;
        assert_eq!((dropped.kind, dropped.retry), (FailureKind::Connect, Retry::Yes), "{dropped:?}");
        assert_eq!(server.requests().len(), 1, "the request is not repeated");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_protocol_failure() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n";
    for text in ["SSH-2.0-OpenSSH_9\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", chunked] {
        let server = RawServer::start(vec![Reply::new(text).then(Then::Hang)]).await;
        let failure = failure(&scraper(), &server.url("")).await;
        assert_eq!((failure.kind, failure.retry), (FailureKind::Protocol, Retry::No), "{text}: {failure:?}");
    }
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    let server = RawServer::start(vec![
        html("", PAGE),
        Reply::new(answer("403 No", "", b"")),
        Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n").then(Then::Close),
    ])
    .await;
    let scraper = scraper();
    let url = server.url("").replace("http://", "http://user:secret@");
    let page = page(&scraper, &url).await;
    assert_eq!(page.final_url, server.url(""));
    assert!(server.requests()[0].contains("Basic dXNlcjpzZWNyZXQ="), "{:?}", server.requests());
    for _ in 0..2 {
        let failure = failure(&scraper, &url).await;
        assert!(!format!("{failure:?}").contains("secret"), "{failure:?}");
        assert_eq!(failure.final_url, Some(server.url("")));
    }
}

#[tokio::test]
async fn the_site_of_the_run_answers_under_its_fixed_name() {
    let server = RawServer::start(vec![html("", PAGE)]).await;
    let address: SocketAddr = server.address();
    let scraper = with(|it| it.site = Some(address));
    let page = page(&scraper, "http://site.localhost/x").await;
    assert_eq!(page.final_url, "http://site.localhost/x");
    assert!(server.requests()[0].to_ascii_lowercase().contains("host: site.localhost\r\n"));
}

#[tokio::test]
async fn large_pages_are_parsed_elsewhere_with_the_same_result() {
    let large = [PAGE, " ".repeat(1024 * 1024).as_bytes()].concat();
    let server = RawServer::start(vec![html("", &large), html("", &large)]).await;
    let scraper = with(|it| it.max_body = 4 * 1024 * 1024);
    for _ in 0..2 {
        let page = page(&scraper, &server.url("")).await;
        assert_eq!((page.bytes, &page.data[..]), (large.len() as u64, DATA));
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn failures_of_extraction_name_the_page() {
    let mut settings = settings();
    let required = ValueRule { required: true, ..ValueRule::new("h1::text", Arity::One) };
    settings.extract = vec![("h".to_owned(), Rule::Value(required))].into();
    let server = RawServer::start(vec![html("", PAGE)]).await;
    let failure = failure(&Scraper::new(settings).expect("valid settings"), &server.url("")).await;
    assert_eq!((failure.kind, failure.stage), (FailureKind::MissingField, Stage::Extract));
    assert_eq!(
        (failure.final_url, failure.status, failure.bytes),
        (Some(server.url("")), Some(200), PAGE.len() as u64)
    );
}

#[tokio::test]
async fn the_charset_of_the_header_is_obeyed() {
    let bytes = answer("200 OK", "content-type: text/html; charset=windows-1251\r\n", b"<title>\xcf</title>");
    let server = RawServer::start(vec![Reply::new(bytes)]).await;
    assert_eq!(page(&scraper(), &server.url("")).await.data, r#"{"t":"П"}"#);
}

#[tokio::test]
async fn an_untrusted_certificate_is_not_retried() {
    let address = crate::raw_server::tls::self_signed();
    let url = format!("https://localhost:{}/", address.port());
    let failure = failure(&scraper(), &url).await;
    assert_eq!((failure.kind, failure.retry), (FailureKind::Tls, Retry::No), "{failure:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_a_tls_failure_or_a_timeout() {
    let server = RawServer::start(vec![]).await;
    let url = server.url("").replace("http:", "https:");
    let failed = failure(&scraper(), &url).await;
    assert_eq!(failed.kind, FailureKind::Tls, "{failed:?}");

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}/", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        let (mut silent, _) = listener.accept().await.expect("a client");
        silent.read_to_end(&mut Vec::new()).await
    });
    let failed = failure(&with(|it| it.connect_timeout = SHORT_TIMEOUT), &url).await;
    assert_eq!((failed.kind, failed.retry), (FailureKind::Timeout, Retry::Yes), "{failed:?}");
    assert!(failed.message.contains("connect to host `127.0.0.1` within 150ms"), "{failed:?}");
}

#[tokio::test]
async fn a_connection_made_while_the_thread_is_busy_does_not_time_out() {
    let server = RawServer::start(vec![html("", PAGE)]).await;
    let scraper = with(|it| it.connect_timeout = SHORT_TIMEOUT);
    let url = server.url("");
    let busy_task = async {
        let begun = Instant::now();
        while begun.elapsed() < 2 * SHORT_TIMEOUT {
            std::hint::spin_loop();
        }
    };
    // The page is polled first, so it has started its connection before the thread is busy.
    let (page, ()) = tokio::join!(page(&scraper, &url), busy_task);
    assert_eq!(page.data, DATA);
}

#[test]
fn a_visit_can_move_between_threads() {
    fn is_send<T: Send>(_: T) {}
    is_send(scraper().visit(&Visit::new("http://h/".parse().expect("a URL"), Reach::Listed), || {}));
}

#[tokio::test]
async fn the_caller_is_told_when_a_request_is_sent_and_not_before_there_is_a_connection() {
    let server = RawServer::start(vec![html("", PAGE), html("", PAGE)]).await;
    let sent = Arc::new(AtomicUsize::new(0));
    let scraper = with(|it| it.connect_timeout = SHORT_TIMEOUT);
    let ask = async |url: String, tell_when_sent| {
        let sent = Arc::clone(&sent);
        let visit = Visit { tell_when_sent, ..Visit::new(url.parse().expect("a URL"), Reach::Listed) };
        scraper.visit(&visit, move || _ = sent.fetch_add(1, Ordering::Relaxed)).await;
    };
    ask(server.url("untold"), false).await;
    assert_eq!(sent.load(Ordering::Relaxed), 0);
    ask(server.url("told"), true).await;
    assert_eq!(sent.load(Ordering::Relaxed), 1);
    // The request itself does not differ.
    let told = server.requests()[1].to_ascii_lowercase();
    assert_eq!(told.replace("/told", "/untold"), server.requests()[0].to_ascii_lowercase());

    // The connection is never established, because the handshake is not answered.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    ask(format!("https://{}/", listener.local_addr().expect("bound")), true).await;
    assert_eq!(sent.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn headers_of_a_visit_are_sent_only_with_it_and_requested_response_headers_are_returned() {
    let reply = || html("set-cookie: a=1\r\nset-cookie: b=2\r\nETag: \"x\"\r\nserver: s\r\n", PAGE);
    let server = RawServer::start(vec![reply(), reply()]).await;
    let scraper = with(|it| {
        it.headers = vec![("Cookie".to_owned(), "seen=1".to_owned()), ("If-None-Match".to_owned(), "no".to_owned())];
        it.kept_headers = vec!["set-cookie".to_owned(), "etag".to_owned(), "vary".to_owned()];
    });
    let own = [("cookie", "c=3"), ("if-none-match", "\"x\"")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let visit = Visit { headers: own.to_vec(), ..Visit::new(server.url("a").parse().expect("a URL"), Reach::Listed) };
    let visited = scraper.visit(&visit, || {}).await;
    let kept: Vec<String> = visited.headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(kept, ["set-cookie=a=1", "set-cookie=b=2", "etag=\"x\""]);
    scraper.visit(&Visit::new(server.url("a").parse().expect("a URL"), Reach::Listed), || {}).await;
    let [with_own, without] = [0, 1].map(|n| server.requests()[n].to_ascii_lowercase());
    assert!(
        with_own.contains("cookie: seen=1; c=3\r\n") && with_own.contains("if-none-match: \"x\"\r\n"),
        "{with_own}"
    );
    assert!(without.contains("cookie: seen=1\r\n") && without.contains("if-none-match: no\r\n"), "{without}");
}
