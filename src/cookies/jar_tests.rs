use std::fmt::Write as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use url::Url;

use super::Jar;
use super::jar::Bounds;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

fn url(text: &str) -> Url {
    Url::parse(text).expect(text)
}

/// A jar after these answers: (URL, line).
fn jar(answers: &[(&str, &str)]) -> Jar {
    let mut jar = Jar::new();
    for (from, line) in answers {
        jar.store(&url(from), [*line], at(0));
    }
    jar
}

fn header(jar: &Jar, to: &str) -> String {
    jar.header_for(&url(to), at(1)).unwrap_or_default()
}

#[test]
fn cookies_are_sent_only_to_the_hosts_and_paths_that_they_are_for() {
    // (the URL that sets the cookie, the line, then the requests and the cookies that are sent with them)
    type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)]);
    let table: &[Row] = &[
        (
            "http://h.example/a/b",
            "c=1",
            &[
                ("http://h.example/a", "c=1"),
                ("http://h.example/a/x", "c=1"),
                ("http://h.example/", ""),
                ("https://h.example/a", "c=1"),
                ("http://h.example:8080/a", "c=1"),
                ("http://www.h.example/a", ""),
                ("http://example/a", ""),
            ],
        ),
        (
            "http://www.h.example/",
            "c=1; Domain=h.example; Path=/p",
            &[
                ("http://h.example/p", "c=1"),
                ("http://a.b.h.example/p/q", "c=1"),
                ("http://h.example/", ""),
                ("http://oh.example/p", ""),
            ],
        ),
        ("https://h.example/", "c=1; Secure", &[("https://h.example/", "c=1"), ("http://h.example/", "")]),
        ("http://h.example/", "c=1; Secure", &[("https://h.example/", ""), ("http://h.example/", "")]),
        ("http://h.example/", "c=1; Domain=example", &[("http://h.example/", ""), ("http://example/", "")]),
        ("http://a.github.io/", "c=1; Domain=github.io", &[("http://a.github.io/", ""), ("http://b.github.io/", "")]),
        ("http://github.io/", "c=1; Domain=github.io", &[("http://github.io/", "c=1"), ("http://b.github.io/", "")]),
        ("http://h.example/", "c=1; Domain=other.example", &[("http://h.example/", ""), ("http://other.example/", "")]),
        ("http://1.2.3.4/", "c=1", &[("http://1.2.3.4/", "c=1"), ("http://4/", ""), ("http://2.3.4/", "")]),
        ("http://1.2.3.4/", "c=1; Domain=1.2.3.4", &[("http://1.2.3.4/", "c=1")]),
        ("http://[::1]/", "c=1", &[("http://[::1]/", "c=1"), ("http://[::2]/", "")]),
        ("http://h.example/", "c=1; HttpOnly; SameSite=Strict", &[("http://h.example/", "c=1")]),
        ("https://h.example/x/", "__Host-c=1; Secure; Path=/", &[("https://h.example/", "__Host-c=1")]),
        ("https://h.example/x/", "__Host-c=1; Secure", &[("https://h.example/x/", "")]),
        ("https://h.example/", "__Host-c=1; Path=/", &[("https://h.example/", "")]),
        ("https://h.example/", "__host-c=1; Secure; Path=/; Domain=h.example", &[("https://h.example/", "")]),
        ("https://h.example/", "__Secure-c=1", &[("https://h.example/", "")]),
        ("https://h.example/", "__Secure-c=1; Secure", &[("https://h.example/", "__Secure-c=1")]),
        ("https://h.example/", "__Host-c=1; Secure", &[("https://h.example/", "")]),
        ("https://h.example/", "__Host-c=1; Secure; Path=x", &[("https://h.example/", "__Host-c=1")]),
        ("https://h.example/", "__HOST-c=1; Secure; Path=/p", &[("https://h.example/p", "")]),
        ("https://h.example/", "__hostc=1", &[("https://h.example/", "__hostc=1")]),
        ("https://h.example/", "__SECURE-c=1", &[("https://h.example/", "")]),
        ("http://h.example/", "__Secure-c=1; Secure", &[("https://h.example/", "")]),
        ("http://h.example/", "c=a\tb", &[("http://h.example/", "c=a\tb")]),
        ("http://h.example/", "c=a\u{7}b", &[("http://h.example/", "")]),
        // Cookies without a name.
        ("http://h.example/", "c", &[("http://h.example/", "c")]),
        ("http://h.example/", "=c", &[("http://h.example/", "c")]),
        ("http://h.example/", "=", &[("http://h.example/", "")]),
        ("https://h.example/", "__Host-c; Secure; Path=/", &[("https://h.example/", "")]),
        ("https://h.example/", "=__secure-c=1; Secure", &[("https://h.example/", "")]),
        ("https://h.example/", "__Secur", &[("https://h.example/", "__Secur")]),
        ("http://www.h.example/", "c=1; Domain=.h.example", &[("http://h.example/", "c=1")]),
        ("http://www.h.example/", "c=1; Domain=.", &[("http://www.h.example/", "c=1"), ("http://h.example/", "")]),
        ("http://www.h.example/", "c=1; Domain=..h.example", &[("http://h.example/", "")]),
        ("http://h.example/", "c=1; SameSite=None", &[("http://h.example/", "c=1")]),
        ("http://h.example/", "c=\u{3b1}", &[("http://h.example/", "")]),
        ("http://user:password@h.example/", "c=1", &[("http://h.example/", "c=1")]),
    ];
    for (from, line, requests) in table {
        let jar = jar(&[(from, line)]);
        for (to, expected) in *requests {
            assert_eq!(header(&jar, to), *expected, "{line} from {from} to {to}");
        }
    }
}

#[test]
fn longer_paths_come_first_and_then_cookies_that_were_set_earlier() {
    let jar = jar(&[
        ("http://h.example/", "a=1"),
        ("http://h.example/", "b=1; Path=/p"),
        ("http://h.example/", "c=1; Domain=h.example"),
        ("http://h.example/", "d=1; Path=/p"),
        ("http://h.example/", "e=1; Path=/p/"),
        // A new value does not change the position.
        ("http://h.example/", "a=2"),
        ("http://h.example/", "a=3; Domain=h.example"),
    ]);
    assert_eq!(header(&jar, "http://h.example/p/"), "e=1; b=1; d=1; a=2; c=1; a=3");
}

#[test]
fn a_cookie_lasts_until_it_expires_or_is_deleted() {
    let from = url("http://h.example/");
    let table = [
        ("c=1; Max-Age=10", 9, "c=1"),
        ("c=1; Max-Age=10", 10, ""),
        ("c=1", 1_000_000_000, "c=1"),
        ("c=1; Expires=Tue, 14 Nov 2023 22:13:30 GMT", 9, "c=1"),
        ("c=1; Expires=Tue, 14 Nov 2023 22:13:30 GMT", 10, ""),
        ("c=1; Expires=Tue, 14 Nov 2023 22:13:30 GMT; Max-Age=20", 10, "c=1"),
    ];
    for (line, later, expected) in table {
        let mut jar = Jar::new();
        jar.store(&from, [line], at(0));
        assert_eq!(jar.header_for(&from, at(later)).unwrap_or_default(), expected, "{line} after {later} s");
    }
    for end in ["c=; Max-Age=0", "c=x; Max-Age=-1", "c=; Expires=Thu, 1-Jan-1970 00:00:00 UTC"] {
        let mut jar = jar(&[("http://h.example/", "c=1")]);
        jar.store(&from, [end], at(1));
        assert!(jar.is_empty(), "{end}");
    }
}

#[test]
fn plain_http_does_not_replace_a_cookie_that_was_set_over_tls() {
    let secure = [("https://www.h.example/", "c=1; Secure; Path=/p")];
    // (the URL and the line of a cookie that is set over plain http or https, whether it is kept)
    let table = [
        ("http://www.h.example/", "c=2; Path=/p", false),
        ("http://www.h.example/", "c=2; Path=/p/q", false),
        ("http://www.h.example/", "c=2; Path=/p; Domain=h.example", false),
        ("http://www.h.example/", "c=2; Max-Age=0; Path=/p", false),
        ("http://www.h.example/", "c=2", true),
        ("http://www.h.example/", "d=2; Path=/p", true),
        // Parent domains and subdomains.
        ("http://h.example/", "c=2; Path=/p", false),
        ("http://a.www.h.example/", "c=2; Path=/p; Domain=h.example", false),
        ("http://a.h.example/", "c=2; Path=/p; Domain=h.example", false),
        ("http://a.www.h.example/", "c=2; Path=/p", false),
        ("http://h.example/", "c=2", true),
        ("http://a.h.example/", "c=2; Path=/p", true),
        ("http://w.h.example/", "c=2; Path=/p", true),
        ("http://example/", "c=2; Path=/p", false),
        ("http://oh.example/", "c=2; Path=/p", true),
        ("https://www.h.example/", "c=2; Path=/p/q", true),
    ];
    for (from, line, kept) in table {
        let mut jar = jar(&secure);
        jar.store(&url(from), [line], at(0));
        assert_eq!(jar.len(), if kept { 2 } else { 1 }, "{line} from {from}");
        assert!(header(&jar, "https://www.h.example/p").contains("c=1"), "{line} from {from}");
    }
}

#[test]
fn no_cookie_is_longer_than_4096_bytes_and_no_header_is_longer_than_8190() {
    let from = url("http://h.example/");
    let mut jar = Jar::new();
    let value = "\u{e9}".repeat(4095);
    jar.store(&from, [format!("a={value}").as_str(), &format!("bb={value}")], at(0));
    assert_eq!(jar.len(), 1, "each character is one byte");
    let value = "x".repeat(4000);
    let lines: Vec<String> = (0..9).map(|n| format!("c{n}={value}")).chain(["d=1".to_owned()]).collect();
    let mut jar = Jar::new();
    jar.store(&from, lines.iter().map(String::as_str), at(0));
    assert_eq!(header(&jar, "http://h.example/"), format!("c0={value}; c1={value}; d=1"));
}

#[test]
fn a_domain_has_at_most_180_cookies_and_the_least_recently_used_is_removed_first() {
    let from = url("http://h.example/");
    let mut jar = Jar::new();
    jar.store(&url("http://www.h.example/"), ["other=1"], at(0));
    for n in 0..180 {
        jar.store(&from, [format!("c{n}=1; Path=/{n}").as_str()], at(0));
    }
    assert_eq!(header(&jar, "http://h.example/0"), "c0=1");
    jar.store(&from, ["new=1"], at(0));
    assert_eq!(jar.len(), 181);
    assert_eq!(header(&jar, "http://h.example/0"), "c0=1; new=1");
    assert_eq!(header(&jar, "http://h.example/1"), "new=1");
    jar.store(&from, ["c2=2; Path=/2; Max-Age=5"], at(0));
    jar.store(&from, ["newer=1"], at(10));
    assert_eq!(header(&jar, "http://h.example/2"), "new=1; newer=1", "an expired cookie is removed before all others");
    assert_eq!(header(&jar, "http://h.example/3"), "c3=1; new=1; newer=1");
    assert_eq!(header(&jar, "http://www.h.example/"), "other=1");
}

#[test]
fn the_jar_is_bounded_and_cookies_in_use_stay() {
    let mut jar = Jar::within(Bounds { of_a_domain: 180, count: 1000, bytes: 1 << 20 });
    let used = url("http://used.example/");
    jar.store(&used, ["c=1"], at(0));
    for n in 0..2500 {
        jar.store(&url(&format!("http://h{n}.example/")), ["c=1"], at(0));
        if n % 100 == 0 {
            assert!(jar.header_for(&used, at(0)).is_some(), "after {n} others");
        }
        assert!(jar.len() <= 1000);
    }
    assert!(jar.len() > 800, "{}", jar.len());
    assert_eq!(header(&jar, "http://h2499.example/"), "c=1");
    assert_eq!(header(&jar, "http://h0.example/"), "");
    let mut jar = Jar::within(Bounds { of_a_domain: 180, count: 1000, bytes: 1 << 20 });
    let value = "x".repeat(4000);
    for n in 0..500 {
        jar.store(&url(&format!("http://big{n}.example/")), [format!("c={value}").as_str()], at(0));
    }
    assert!((200..=1 << 8).contains(&jar.len()), "{} of 4,000 bytes in 1 MiB", jar.len());
    assert_eq!(header(&jar, "http://big499.example/").len(), 4002);
    // Expired cookies are removed before unused ones.
    let mut jar = Jar::within(Bounds { of_a_domain: 180, count: 10, bytes: 1 << 20 });
    for n in 0..10 {
        let life = if n < 5 { "" } else { "; Max-Age=5" };
        jar.store(&url(&format!("http://h{n}.example/")), [format!("c=1{life}").as_str()], at(0));
    }
    jar.store(&used, ["c=1"], at(10));
    assert_eq!((jar.len(), header(&jar, "http://h0.example/").as_str()), (6, "c=1"));
}

#[test]
fn a_look_up_searches_only_the_cookies_of_the_host() {
    let filled = |hosts: usize| {
        let mut jar = Jar::new();
        for n in 0..hosts {
            jar.store(&url(&format!("http://www.h{n}.example/")), ["a=1", "b=2; Domain=example", "c=3"], at(0));
        }
        jar
    };
    let time = |jar: &Jar| {
        let urls: Vec<Url> = (0..1000).map(|n| url(&format!("http://www.h{}.example/a/b", n % 10))).collect();
        let once = || {
            let begun = Instant::now();
            urls.iter().for_each(|url| assert!(jar.header_for(url, at(0)).is_some()));
            begun.elapsed()
        };
        (0..20).map(|_| once()).min().expect("twenty times")
    };
    let (small, large) = (time(&filled(10)), time(&filled(20_000)));
    // A search through all cookies would take 2,000 times as long.
    assert!(large < small * 50, "{small:?} for 1,000 with 10 hosts, {large:?} with 20,000");
}

#[test]
fn a_tls_cookie_of_a_subdomain_is_found_until_it_expires_and_among_a_thousand_subdomains() {
    let mut jar = Jar::new();
    let above = url("http://h.example/");
    jar.store(&url("https://www.h.example/"), ["c=1; Secure; Max-Age=5"], at(0));
    jar.store(&above, ["c=2"], at(0));
    assert_eq!(jar.len(), 1);
    jar.store(&above, ["c=2"], at(5));
    assert_eq!(header(&jar, "http://h.example/"), "c=2", "the other one has expired");
    jar.store(&above, ["c=; Max-Age=0"], at(5));
    // None of these prevents a new cookie, because they have other paths. But the search stops after a thousand
    // subdomains.
    let mut below = |n: u32| jar.store(&url(&format!("https://h{n}.h.example/")), ["d=1; Secure; Path=/p"], at(0));
    // Together with the expired one of www, these are a thousand.
    (0..999).for_each(&mut below);
    jar.store(&above, ["d=2"], at(6));
    assert_eq!(header(&jar, "http://h.example/"), "d=2");
    jar.store(&url("https://h1000.h.example/"), ["d=1; Secure; Path=/p"], at(0));
    jar.store(&above, ["d=3"], at(6));
    assert_eq!(header(&jar, "http://h.example/"), "d=2", "there are too many to be sure");
}

#[test]
fn a_host_name_that_is_too_long_costs_time_linear_in_its_length() {
    let long = url(&format!("http://{}example/", "a.".repeat(100_000)));
    let mut jar = Jar::new();
    jar.store(&url("http://a.example/"), ["c=1; Domain=a.example"], at(0));
    let begun = Instant::now();
    for _ in 0..10 {
        jar.store(&long, ["d=1", "e=1; Domain=a.example"], at(0));
        assert_eq!(jar.header_for(&long, at(0)).as_deref(), Some("d=1"));
    }
    // Otherwise each of its 100,000 parent domains would be searched.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn debug_output_of_a_jar_shows_no_secrets() {
    let mut shown = String::new();
    write!(shown, "{:?}", jar(&[("http://h.example/", "name=value")])).expect("text");
    assert_eq!(shown, "Jar { len: 1, .. }");
}
