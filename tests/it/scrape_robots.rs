//! Requests for robots.txt, answered by servers with exact bytes.

use std::time::Duration;

use crate::raw_server::settings::patient;
use crate::raw_server::{RawServer, Reply, Then};
use gleaner::model::{Failure, FailureKind, Reach, Retry, Stage, Visit};
use gleaner::robots::{Answer, MAX_FILE, Rules};
use gleaner::scrape::{FetchSettings, PrivateAddresses, Scraper, Settings};
use url::Url;

/// A time limit that a test waits for: long enough for loopback on a busy machine.
const SHORT_TIMEOUT: Duration = Duration::from_millis(150);

const FILE: &str = "User-agent: tester\nDisallow: /private\nCrawl-delay: 2\n\nUser-agent: *\nDisallow: /\n";

fn with(change: impl FnOnce(&mut FetchSettings)) -> Scraper {
    // A robots.txt may be larger than this: it has its own limit.
    let mut fetch = FetchSettings { user_agent: "Tester/1 (+http://h/)".to_owned(), ..patient(1000) };
    change(&mut fetch);
    Scraper::new(Settings { fetch, ..Settings::default() }).expect("valid settings")
}

fn scraper() -> Scraper {
    with(|_| {})
}

async fn rules(scraper: &Scraper, url: &str) -> Rules {
    match scraper.robots(&Visit::new(url.parse().expect("a URL"), Reach::Listed), || {}).await {
        Answer::Rules(rules) => rules,
        other => panic!("{url} gave {other:?}"),
    }
}

async fn failure(scraper: &Scraper, url: &str) -> Failure {
    match scraper.robots(&Visit::new(url.parse().expect("a URL"), Reach::Listed), || {}).await {
        Answer::Failed(failure) => failure,
        other => panic!("{url} gave {other:?}"),
    }
}

fn allows(rules: &Rules, path: &str) -> bool {
    rules.allows(&Url::parse(&format!("http://h{path}")).expect(path))
}

/// A complete answer with a length.
fn answer(status: &str, headers: &str, body: &[u8]) -> Reply {
    let mut bytes = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Reply::new(bytes)
}

#[tokio::test]
async fn a_file_gives_the_rules_for_our_user_agent_with_any_type_and_success_status() {
    let heads = [
        ("200 OK", "content-type: text/plain\r\n"),
        ("200 OK", "content-type: image/png\r\n"),
        ("200 OK", "content-type: text/plain; charset=utf-16\r\n"),
        ("203 Non-Authoritative Information", ""),
    ];
    let replies = heads.iter().map(|(status, headers)| answer(status, headers, FILE.as_bytes())).collect();
    let server = RawServer::start(replies).await;
    let scraper = scraper();
    for head in heads {
        let rules = rules(&scraper, &server.url("robots.txt")).await;
        assert_eq!(rules, Rules::parse(FILE.as_bytes(), "tester"), "{head:?}");
        assert!(allows(&rules, "/a") && !allows(&rules, "/private/a"), "{head:?}");
        assert_eq!(rules.crawl_delay(), Some(Duration::from_secs(2)), "{head:?}");
    }
    assert_eq!(server.connections(), 1);
    let request = server.requests()[0].to_ascii_lowercase();
    for header in ["get /robots.txt http/1.1", "user-agent: tester/1 (+http://h/)", "accept-encoding: gzip"] {
        assert!(request.contains(header), "{request}");
    }
}

#[tokio::test]
async fn rules_are_chosen_by_the_user_agent_that_is_sent() {
    let server =
        RawServer::start(vec![answer("200 OK", "", FILE.as_bytes()), answer("200 OK", "", FILE.as_bytes())]).await;
    let other = with(|it| it.user_agent = "other/1".to_owned());
    assert!(!allows(&rules(&other, &server.url("")).await, "/a"));
    let header = with(|it| {
        it.user_agent = "other/1".to_owned();
        it.headers = vec![("USER-AGENT".to_owned(), "tester".to_owned())];
    });
    assert!(allows(&rules(&header, &server.url("")).await, "/a"));
}

#[tokio::test]
async fn a_missing_file_allows_everything_and_its_connection_is_reused() {
    let statuses = ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "410 Gone", "451 No"];
    let mut replies: Vec<Reply> = statuses.iter().map(|status| answer(status, "", FILE.as_bytes())).collect();
    // Redirects without a usable target.
    replies.push(answer("302 Found", "", FILE.as_bytes()));
    replies.push(answer("301 Moved Permanently", "location: ftp://h/\r\n", b""));
    replies.push(answer("301 Moved Permanently", "location: http://[\r\n", b""));
    replies.push(answer("300 Multiple Choices", "location: /a\r\n", b""));
    replies.push(Reply::new("HTTP/1.1 204 No Content\r\n\r\n"));
    replies.push(answer("200 OK", "", b"<!doctype html><title>Not found</title>"));
    let count = replies.len();
    let server = RawServer::start(replies).await;
    let scraper = scraper();
    for number in 0..count {
        assert_eq!(rules(&scraper, &server.url("robots.txt")).await, Rules::allow_all(), "reply {number}");
    }
    assert_eq!((server.requests().len(), server.connections()), (count, 1));
}

#[tokio::test]
async fn a_redirect_is_returned_and_not_followed() {
    let statuses = [301, 302, 303, 307, 308];
    let replies = statuses.iter().map(|status| answer(&format!("{status} X"), "location: /r?a\r\n", b"gone")).collect();
    let server = RawServer::start(replies).await;
    let scraper = scraper();
    for status in statuses {
        let answer =
            scraper.robots(&Visit::new(server.url("robots.txt").parse().expect("a URL"), Reach::Listed), || {}).await;
        assert_eq!(answer, Answer::Redirect { status, to: server.url("r?a").parse().expect("a URL") });
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_server_error_is_a_failure_that_may_be_retried() {
    let table = [
        ("500 Internal Server Error", "", Retry::Yes),
        ("503 Service Unavailable", "retry-after: 120\r\n", Retry::After(Duration::from_secs(120))),
        ("429 Too Many Requests", "retry-after: 7\r\n", Retry::After(Duration::from_secs(7))),
        ("429 Too Many Requests", "", Retry::Yes),
        ("501 Not Implemented", "", Retry::No),
    ];
    let replies = table.iter().map(|(status, headers, _)| answer(status, headers, FILE.as_bytes())).collect();
    let server = RawServer::start(replies).await;
    let scraper = scraper();
    for (status, _, retry) in table {
        let url = server.url("robots.txt");
        let failure = failure(&scraper, &url).await;
        let seen = (failure.kind, failure.stage, failure.retry, failure.final_url);
        assert_eq!(seen, (FailureKind::HttpStatus, Stage::Robots, retry, Some(url)), "{status}");
        assert_eq!(failure.status.map(|code| code.to_string()).as_deref(), status.get(..3));
        assert!(failure.message.contains(status), "{}", failure.message);
    }
}

#[tokio::test]
async fn network_errors_give_the_same_kinds_of_failures_as_for_pages() {
    let cut = Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nUser-agent: *").then(Then::Close);
    let reset = Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nUser-agent: *").then(Then::Reset);
    let hang = Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nUser-agent: *").then(Then::Hang);
    let replies = vec![
        cut,
        reset,
        Reply::new("").then(Then::Close),
        Reply::new("SSH-2.0\r\n\r\n").then(Then::Close),
        answer("200 OK", "content-encoding: compress\r\n", b"x"),
        answer("200 OK", "content-encoding: gzip\r\n", b"no gzip at all"),
        hang,
    ];
    let server = RawServer::start(replies).await;
    let scraper = with(|it| it.idle_timeout = SHORT_TIMEOUT);
    let kinds = [
        FailureKind::Truncated,
        FailureKind::Truncated,
        FailureKind::Connect,
        FailureKind::Protocol,
        FailureKind::Decode,
        FailureKind::Decode,
        FailureKind::Timeout,
    ];
    for kind in kinds {
        let failure = failure(&scraper, &server.url("robots.txt")).await;
        assert_eq!((failure.kind, failure.stage), (kind, Stage::Robots), "{failure:?}");
    }
    let nobody = RawServer::start(Vec::new()).await.address().port();
    let failure = failure(&scraper, &format!("https://127.0.0.1:{nobody}/robots.txt")).await;
    assert_eq!((failure.kind, failure.stage), (FailureKind::Tls, Stage::Robots), "{failure:?}");
}

#[tokio::test]
async fn addresses_are_checked_and_secrets_protected_as_for_pages() {
    let server = RawServer::start(vec![answer("200 OK", "", b""), answer("200 OK", "", b"")]).await;
    let url = server.url("robots.txt");
    let secret = |it: &mut FetchSettings| it.headers = vec![("X-Token".to_owned(), "t0ken".to_owned())];
    let hop = Reach::Redirected { own: "http://h".to_owned() };
    let visit = Visit::new(url.parse().expect("a URL"), hop.clone());
    let Answer::Failed(blocked) = with(secret).robots(&visit, || {}).await else { panic!("loopback is not public") };
    assert_eq!((blocked.kind, blocked.stage), (FailureKind::BlockedAddress, Stage::Robots));
    let anywhere = with(|it| {
        secret(it);
        it.private_addresses = PrivateAddresses::Allow;
    });
    for reach in [hop, Reach::Listed] {
        assert_eq!(
            anywhere.robots(&Visit::new(url.parse().expect("a URL"), reach), || {}).await,
            Answer::Rules(Rules::allow_all())
        );
    }
    let has_secret: Vec<bool> = server.requests().iter().map(|head| head.contains("t0ken")).collect();
    assert_eq!(has_secret, [false, true]);
}

#[tokio::test]
async fn only_the_first_half_megabyte_of_a_file_is_read() {
    use crate::raw_server::compressed::{brotli, gzip};
    // The limit cuts off a rule in the middle. If the rest of that rule counted, it would allow everything.
    let mut file = b"User-agent: *\nDisallow: /\n".to_vec();
    file.resize(MAX_FILE - "Allow: /".len() - 1, b'#');
    file.extend_from_slice(b"\nAllow: /elsewhere\nUser-agent: tester\nAllow: /\n");
    file.resize(2 * MAX_FILE, b'#');
    let expected = Rules::parse(b"User-agent: *\nDisallow: /", "tester");
    let endless = "HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDisallow: /\n";
    let bomb = [b"User-agent: *\nDisallow: /\n", &vec![b'\n'; 16 << 20][..]].concat();
    let replies = vec![
        answer("200 OK", "", &file),
        answer("200 OK", "content-encoding: gzip\r\n", &gzip(&file).await),
        // Compressed, but no header announces it.
        answer("200 OK", "", &gzip(&file).await),
        answer("200 OK", "", &gzip(&bomb).await),
        answer("200 OK", "content-encoding: gzip\r\n", &gzip(&bomb).await),
        answer("200 OK", "content-encoding: br, gzip\r\n", &gzip(&brotli(&bomb).await).await),
        Reply::new(endless).then(Then::Repeat(b"# and so on\n")),
        // The announced length exceeds the limit, and the rest never arrives.
        Reply::new([b"HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n", &file[..]].concat()).then(Then::Hang),
    ];
    let count = replies.len();
    let server = RawServer::start(replies).await;
    let scraper = scraper();
    for number in 0..count {
        assert_eq!(rules(&scraper, &server.url("robots.txt")).await, expected, "reply {number}");
    }
}
