//! The rules as tables, without a clock and without a file.

use super::*;
use crate::cache::request::tests::headers as map;

/// The time at which the pages of the tables arrived: `Thu, 01 Jan 2026 00:00:00 GMT`.
const RECEIVED: u64 = 1_767_225_600;
const DATE: &str = "Thu, 01 Jan 2026 00:00:00 GMT";
const HOUR_BEFORE: &str = "Wed, 31 Dec 2025 23:00:00 GMT";
const HOUR_AFTER: &str = "Thu, 01 Jan 2026 01:00:00 GMT";

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(RECEIVED + seconds)
}

fn list(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn kept() -> Kept {
    Kept { bytes: 7, data: bytes::Bytes::from_static(b"{}"), fit: crate::model::Fit::default() }
}

fn head(request: &[(&str, &str)], response: &[(&str, &str)]) -> Option<Head> {
    Head::new(&map(request), &list(response), &kept(), at(0))
}

#[test]
fn answers_that_are_useless_or_must_not_be_kept_are_not_kept() {
    type Headers = &'static [(&'static str, &'static str)];
    let table: [(Headers, Headers, bool); 26] = [
        (&[], &[("etag", "\"a\"")], true),
        (&[], &[("etag", "W/\"a\"")], true),
        (&[], &[("last-modified", HOUR_BEFORE)], true),
        (&[], &[("cache-control", "max-age=60")], true),
        (&[], &[("expires", HOUR_AFTER), ("date", DATE)], true),
        (&[], &[("cache-control", "private, max-age=60")], true),
        (&[("cache-control", "no-cache")], &[("cache-control", "max-age=60")], true),
        (&[("authorization", "Bearer x")], &[("cache-control", "max-age=60")], true),
        (&[], &[("cache-control", "no-cache"), ("etag", "\"a\"")], true),
        (&[], &[("cache-control", "max-age=60"), ("set-cookie", "a=b"), ("etag", "\"a\"")], true),
        (&[], &[], false),
        (&[], &[("date", DATE)], false),
        (&[], &[("cache-control", "max-age=0")], false),
        (&[], &[("cache-control", "s-maxage=60")], false),
        (&[], &[("expires", "0")], false),
        (&[], &[("cache-control", "no-store"), ("etag", "\"a\"")], false),
        (&[], &[("cache-control", "max-age=60, No-Store"), ("etag", "\"a\"")], false),
        (&[("cache-control", "no-store")], &[("etag", "\"a\"")], false),
        (&[("cache-control", "\u{e9}, no-store")], &[("etag", "\"a\"")], false),
        (&[], &[("cache-control", "ext=\"\u{e9}\", no-store"), ("etag", "\"a\"")], false),
        (&[], &[("cache-control", "ext=\"a, no-store"), ("etag", "\"a\"")], false),
        (&[], &[("cache-control", "ext=\"a, no-store\""), ("etag", "\"a\"")], true),
        (&[], &[("cache-control", "max-age"), ("expires", HOUR_AFTER)], false),
        (&[], &[("vary", "*"), ("etag", "\"a\"")], false),
        (&[], &[("vary", "accept, *"), ("etag", "\"a\"")], false),
        (&[], &[("cache-control", "max-age=60"), ("set-cookie", "a=b")], false),
    ];
    for (request, response, is_kept) in table {
        assert_eq!(head(request, response).is_some(), is_kept, "{request:?} {response:?}");
    }
    let long = "a".repeat(LONGEST);
    assert_eq!(head(&[], &[("cache-control", "max-age=60"), ("etag", &long)]), None);
    let of_data = |length| {
        let kept = Kept { bytes: 0, data: vec![b'1'; length].into(), fit: crate::model::Fit::default() };
        Head::new(&map(&[]), &list(&[("etag", "\"a\"")]), &kept, at(0)).is_some()
    };
    assert_eq!([MOST_DATA, MOST_DATA + 1].map(of_data), [true, false]);
    // Lines that are alike count as well: those that come after them may have been left out.
    let many = [&[("etag", "\"a\"")][..], &[("vary", "a"); LONGEST / 37]].concat();
    assert_eq!(head(&[], &many), None);
}

#[test]
fn an_answer_is_fresh_as_long_as_its_server_says_and_never_by_guess() {
    type Headers = &'static [(&'static str, &'static str)];
    // (the headers, how long the answer is fresh, in seconds)
    let table: [(Headers, u64); 44] = [
        (&[("cache-control", "max-age=60")], 60),
        (&[("cache-control", "Max-Age=60")], 60),
        (&[("cache-control", "public"), ("cache-control", "max-age=60")], 60),
        (&[("cache-control", "max-age=60, max-age=90"), ("etag", "\"a\"")], 60),
        (&[("cache-control", "max-age=60"), ("age", "20")], 40),
        (&[("cache-control", "max-age=60"), ("age", "18446744073709551615"), ("etag", "\"a\"")], 0),
        (&[("cache-control", "max-age=60"), ("age", "99999999999999999999"), ("etag", "\"a\"")], 0),
        (&[("cache-control", "max-age=60"), ("age", "-5")], 60),
        (&[("cache-control", "max-age=60"), ("age", "20, 50")], 40),
        (&[("cache-control", "max-age=60"), ("age", "20"), ("age", "50")], 40),
        (&[("cache-control", "max-age=60"), ("age", "x, 50")], 60),
        (&[("cache-control", "max-age=60"), ("age", "+20")], 60),
        (&[("cache-control", "max-age=60"), ("age", "20.5")], 60),
        (&[("cache-control", "max-age=60"), ("age", "")], 60),
        (&[("cache-control", "max-age=99999999999999999999")], 1 << 31),
        (&[("cache-control", "max-age=99999999999999999999"), ("age", "99999999999999999999"), ("etag", "\"a\"")], 0),
        (&[("cache-control", "max-age=\"60\"")], 60),
        (&[("cache-control", "max-age=60, ext=\"\u{e9}\"")], 60),
        (&[("cache-control", "private=\"a, max-age=90\", max-age=60")], 60),
        (&[("cache-control", "max-age=-1"), ("expires", HOUR_AFTER), ("etag", "\"a\"")], 0),
        (&[("cache-control", "max-age"), ("expires", HOUR_AFTER), ("etag", "\"a\"")], 0),
        (&[("cache-control", "max-age=x"), ("expires", HOUR_AFTER), ("etag", "\"a\"")], 0),
        (&[("cache-control", "no-cache=\"set-cookie\", max-age=60"), ("etag", "\"a\"")], 0),
        // Dates in all formats, missing, not valid, or of a clock that is wrong.
        (&[("expires", "Thursday, 01-Jan-26 01:00:00 GMT"), ("date", DATE)], 3600),
        (&[("expires", "Thu Jan  1 01:00:00 2026"), ("date", "Thursday, 01-Jan-26 00:00:00 GMT")], 3600),
        (&[("expires", HOUR_AFTER), ("date", "Thu Jan  1 00:00:00 2026")], 3600),
        (&[("expires", "Thursday, 01-Jan-75 00:00:00 GMT"), ("date", DATE)], 1_546_300_800),
        (&[("expires", "Saturday, 01-Jan-77 00:00:00 GMT"), ("date", DATE), ("etag", "\"a\"")], 0),
        (&[("expires", HOUR_AFTER)], 3600),
        (&[("expires", HOUR_AFTER), ("date", "today")], 3600),
        (&[("expires", HOUR_AFTER), ("date", "Thu, 01 Jan 2026 00:59:00 GMT")], 60),
        (&[("expires", HOUR_AFTER), ("date", "Thu, 01 Jan 2026 02:00:00 GMT"), ("etag", "\"a\"")], 0),
        (&[("cache-control", "max-age=60"), ("date", "Thu, 01 Jan 2026 02:00:00 GMT")], 60),
        (&[("expires", "-1"), ("etag", "\"a\"")], 0),
        (&[("expires", "0"), ("expires", HOUR_AFTER), ("etag", "\"a\"")], 0),
        (&[("cache-control", "max-age=3660"), ("date", HOUR_BEFORE)], 60),
        (&[("cache-control", "max-age=60"), ("expires", HOUR_AFTER), ("date", DATE)], 60),
        (&[("expires", HOUR_AFTER), ("date", DATE)], 3600),
        (&[("expires", HOUR_AFTER), ("date", HOUR_BEFORE)], 3600),
        (&[("expires", "0"), ("etag", "\"a\"")], 0),
        (&[("cache-control", "max-age=60, no-cache"), ("etag", "\"a\"")], 0),
        (&[("pragma", "no-cache"), ("expires", HOUR_AFTER), ("etag", "\"a\"")], 0),
        (&[("cache-control", "max-age=60"), ("set-cookie", "a=b"), ("etag", "\"a\"")], 0),
        (&[("last-modified", HOUR_BEFORE), ("cache-control", "public"), ("date", DATE)], 0),
    ];
    for (response, seconds) in table {
        let head = head(&[], response).expect("kept");
        let is_fresh = |seconds| head.is_fresh(&map(&[]), at(seconds));
        assert!(seconds == 0 || is_fresh(seconds - 1), "{response:?}");
        assert!(!is_fresh(seconds), "{response:?}");
    }
}

#[test]
fn a_request_may_require_that_the_server_is_asked() {
    let table = [
        (&[("cache-control", "no-cache")][..], false),
        (&[("cache-control", "No-Cache")], false),
        (&[("pragma", "no-cache")], false),
        (&[("cache-control", "max-age=0")], false),
        (&[("cache-control", "max-age=30")], true),
        (&[("cache-control", "min-fresh=50")], false),
        (&[("cache-control", "min-fresh=99999999999999999999")], false),
        (&[("cache-control", "max-age=\"0\"")], false),
        (&[("cache-control", "max-age=x")], false),
        (&[("cache-control", "ext=\"no-cache, no-store\"")], true),
        (&[("accept", "text/html")], true),
    ];
    let head = head(&[], &[("cache-control", "max-age=60")]).expect("kept");
    for (request, is_fresh) in table {
        assert_eq!(head.is_fresh(&map(request), at(20)), is_fresh, "{request:?}");
    }
}

#[test]
fn an_answer_is_used_for_requests_with_the_same_headers_that_vary_names() {
    let of = [("accept-language", "en"), ("cookie", "a=b")];
    let head = head(&of, &[("etag", "\"a\""), ("vary", "Accept-Language, Accept"), ("vary", "X-A")]).expect("kept");
    let table = [
        (&of[..], true),
        (&[("accept-language", "en"), ("cookie", "other")], true),
        (&[("accept-language", "de")], false),
        (&[], false),
        (&[("accept-language", "en"), ("accept", "*/*")], false),
        (&[("accept-language", "en"), ("x-a", "")], false),
        (&[("accept-language", "en"), ("accept-language", "en")], false),
    ];
    for (request, matches) in table {
        assert_eq!(head.matches(&map(request)), matches, "{request:?}");
    }
}

#[test]
fn conditional_requests_have_the_validators_of_the_answer() {
    let tag = ("if-none-match", "\"a\"");
    let past = ("if-modified-since", HOUR_BEFORE);
    let table = [
        (vec![("etag", "\"a\"")], vec![tag]),
        (vec![("etag", "W/\"a\"")], vec![("if-none-match", "W/\"a\"")]),
        (vec![("last-modified", HOUR_BEFORE)], vec![past]),
        (vec![("etag", "\"a\""), ("last-modified", HOUR_BEFORE), ("date", DATE)], vec![tag, past]),
        // The page changed in the second in which it was sent, so it may have changed again after that.
        (vec![("etag", "\"a\""), ("last-modified", DATE), ("date", DATE)], vec![tag]),
        (vec![("last-modified", HOUR_BEFORE), ("date", HOUR_BEFORE), ("expires", HOUR_AFTER)], vec![]),
        (
            vec![("last-modified", "Wednesday, 31-Dec-25 23:00:00 GMT")],
            vec![("if-modified-since", "Wednesday, 31-Dec-25 23:00:00 GMT")],
        ),
        (vec![("last-modified", "Wed Dec 31 23:00:00 2025")], vec![("if-modified-since", "Wed Dec 31 23:00:00 2025")]),
        (vec![("last-modified", "yesterday"), ("cache-control", "max-age=60")], vec![]),
        (vec![("etag", "\"\u{e9}\""), ("cache-control", "max-age=60")], vec![]),
        (vec![("etag", ""), ("cache-control", "max-age=60")], vec![]),
    ];
    for (response, expected) in table {
        let validators = head(&[], &response).expect("kept").validators();
        let validators = validators.map(|validators| validators.0).unwrap_or_default();
        assert_eq!(validators, list(&expected), "{response:?}");
    }
}

#[test]
fn a_304_confirms_only_the_answer_that_it_is_about() {
    let (a, weak, b) = (("etag", "\"a\""), ("etag", "W/\"a\""), ("etag", "\"b\""));
    let (before, now) = (("last-modified", HOUR_BEFORE), ("last-modified", DATE));
    let table = [
        (vec![a], vec![a], true),
        (vec![a], vec![weak], true),
        (vec![weak], vec![a], true),
        (vec![a], vec![b], false),
        (vec![a], vec![], true),
        (vec![a, before], vec![a, now], true),
        (vec![a, before], vec![now], false),
        (vec![before], vec![before], true),
        (vec![before], vec![now], false),
        (vec![before], vec![], true),
        (vec![before], vec![a], false),
        (vec![before], vec![weak], true),
    ];
    for (response, confirmation, confirms) in table {
        let head = head(&[], &response).expect("kept");
        assert_eq!(head.is_selected_by(&list(&confirmation)), confirms, "{response:?} {confirmation:?}");
    }
}

#[test]
fn a_304_brings_the_headers_up_to_date() {
    let first = [("etag", "\"a\""), ("cache-control", "max-age=60"), ("age", "50"), ("date", DATE), ("vary", "accept")];
    let head = head(&[], &first).expect("kept");
    let accept = map(&[("accept", "x")]);
    let table = [
        // The headers of the 304, and how long the answer is fresh after the confirmation.
        (vec![], Some(60)),
        (vec![("age", "10")], Some(50)),
        (vec![("cache-control", "max-age=90")], Some(90)),
        (vec![("cache-control", "no-cache")], Some(0)),
        (vec![("cache-control", "no-store")], None),
        (vec![("vary", "*")], None),
    ];
    for (confirmation, fresh) in table {
        let updated = head.clone().updated(&accept, &list(&confirmation), at(1000));
        assert_eq!(updated.is_some(), fresh.is_some(), "{confirmation:?}");
        let (Some(updated), Some(seconds)) = (updated, fresh) else { continue };
        assert!(seconds == 0 || updated.is_fresh(&accept, at(1000 + seconds - 1)), "{confirmation:?}");
        assert!(!updated.is_fresh(&accept, at(1000 + seconds)), "{confirmation:?}");
        assert_eq!((updated.bytes, updated.data), (head.bytes, head.data), "the data stays the same");
        assert!(updated.matches(&accept) && !updated.matches(&map(&[])), "it belongs to the later request");
        assert_eq!(updated.validators(), head.validators());
    }
    let other = head.clone().updated(&accept, &list(&[("etag", "W/\"a\""), ("etag", "\"a\"")]), at(0)).expect("kept");
    assert_eq!(other.value("etag"), Some("W/\"a\""));
}

#[test]
fn cookies_are_not_stored() {
    let head = head(&[], &[("etag", "\"a\""), ("set-cookie", "session=secret"), ("x-token", "secret")]).expect("kept");
    assert!(!format!("{head:?}").contains("secret"));
}

#[test]
fn an_answer_from_the_future_is_not_fresh() {
    let head = head(&[], &[("cache-control", "max-age=31536000"), ("etag", "\"a\"")]).expect("it is kept");
    for (now, is_fresh) in [(at(0), true), (at(1), true), (UNIX_EPOCH + Duration::from_secs(RECEIVED - 1), false)] {
        assert_eq!(head.is_fresh(&HeaderMap::new(), now), is_fresh, "{now:?}");
    }
}
