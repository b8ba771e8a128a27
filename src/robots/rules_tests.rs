//! Tables for RFC 9309 and Google's published rules, and the cost of hostile files.

use std::time::{Duration, Instant};

use url::Url;

use super::{MAX_FILE, Rules};

/// The slowest possible match takes a few milliseconds in a debug build, and far less in a release build. A match that
/// is not linear would take minutes.
const BOUNDED: Duration = Duration::from_secs(2);

fn url(path: &str) -> Url {
    Url::parse(&format!("http://h{path}")).expect(path)
}

/// A file, paths that it allows, and paths that it forbids.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

fn check(table: &[Row]) {
    for (file, yes, no) in table {
        let rules = Rules::parse(file.as_bytes(), "gleaner");
        for (paths, expected) in [(yes, true), (no, false)] {
            for path in *paths {
                assert_eq!(rules.allows(&url(path)), expected, "{path} by\n{file}");
            }
        }
    }
}

#[test]
fn the_groups_that_name_us_count_or_else_the_groups_for_all() {
    check(&[
        ("", &["/"], &[]),
        ("User-agent: *\nDisallow: /a", &["/b"], &["/a"]),
        ("User-agent: *\nDisallow: /\nUser-agent: gleaner\nDisallow: /a", &["/b"], &["/a"]),
        ("User-agent: gleaner\nDisallow: /a\nUser-agent: *\nDisallow: /", &["/b"], &["/a"]),
        // A group for us without rules still counts as our group.
        ("User-agent: *\nDisallow: /\nUser-agent: gleaner\nDisallow:", &["/a"], &[]),
        ("User-agent: *\nDisallow: /\nUser-agent: gleaner", &["/a"], &[]),
        ("User-agent: gleaner-images\nDisallow: /\nUser-agent: xgleaner\nDisallow: /", &["/a"], &[]),
        ("User-agent: GLEANER/7.1\nDisallow: /a", &["/b"], &["/a"]),
        ("User-agent: * but not you\nDisallow: /a", &["/b"], &["/a"]),
        ("Disallow: /\nUser-agent: *\nDisallow: /a", &["/b"], &["/a"]),
        ("Disallow: /", &["/a"], &[]),
    ]);
}

#[test]
fn groups_of_the_same_name_are_merged_and_names_in_a_row_share_their_rules() {
    check(&[
        (
            "User-agent: gleaner\nDisallow: /a\n\nUser-agent: x\nDisallow: /x\n\nUser-agent: gleaner\nDisallow: /b",
            &["/x"],
            &["/a", "/b"],
        ),
        (
            "User-agent: *\nDisallow: /a\nUser-agent: x\nDisallow: /x\nUser-agent: *\nDisallow: /b",
            &["/x"],
            &["/a", "/b"],
        ),
        ("User-agent: gleaner\nUser-agent: x\nDisallow: /a\nDisallow: /b", &["/c"], &["/a", "/b"]),
        ("User-agent: x\nUser-agent: gleaner\nDisallow: /a", &["/c"], &["/a"]),
        ("User-agent: x\n\n# one\n\nUser-agent: gleaner\n\nDisallow: /a\n\nDisallow: /b", &["/c"], &["/a", "/b"]),
        ("User-agent: gleaner\nDisallow: /a\nUser-agent: x\nDisallow: /b", &["/b"], &["/a"]),
        // RFC 9309 (2.2.4): other records do not interfere.
        ("User-agent: gleaner\nDisallow: /a\nSitemap: http://h/s\nDisallow: /b", &["/c"], &["/a", "/b"]),
        ("User-agent: gleaner\nSitemap: http://h/s\nUser-agent: x\nDisallow: /a", &["/b"], &["/a"]),
        ("User-agent: gleaner\nNoindex: /x\nUser-agent: x\nDisallow: /a", &["/b"], &["/a"]),
        // A delay counts as a rule, because it is obeyed.
        ("User-agent: *\nCrawl-delay: 10\n\nUser-agent: x\nDisallow: /", &["/a"], &[]),
    ]);
}

#[test]
fn the_longest_pattern_decides_and_allow_breaks_a_tie() {
    check(&[
        // RFC 9309, 5.2.
        (
            "User-agent: gleaner\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif",
            &["/example/page/", "/example/"],
            &["/example/page/disallowed.gif"],
        ),
        ("User-agent: *\nAllow: /p\nDisallow: /", &["/page"], &["/x"]),
        ("User-agent: *\nAllow: /folder\nDisallow: /folder", &["/folder/page"], &[]),
        ("User-agent: *\nDisallow: /folder\nAllow: /folder", &["/folder/page"], &[]),
        ("User-agent: *\nAllow: /page\nDisallow: /*.htm", &["/page"], &["/page.htm"]),
        ("User-agent: *\nAllow: /page\nDisallow: /*.ph", &["/page.php5"], &["/a.php"]),
        ("User-agent: *\nAllow: /$\nDisallow: /", &["/"], &["/page.htm"]),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c", &["/", "/a/b"], &["/a", "/a/x", "/a/b/c"]),
        // An asterisk is an octet of the pattern, even if it changes nothing.
        ("User-agent: *\nAllow: /a\nDisallow: /a*", &[], &["/a"]),
        ("User-agent: *\nAllow:\nDisallow: /", &[], &["/a"]),
        ("User-agent: *\nDisallow: /\nAllow: /", &["/a"], &[]),
    ]);
}

#[test]
fn paths_are_compared_octet_by_octet_in_normal_form() {
    check(&[
        // RFC 9309, 2.2.2, row by row.
        ("User-agent: *\nDisallow: /foo/bar?baz=quz", &["/foo/bar"], &["/foo/bar?baz=quz"]),
        (
            "User-agent: *\nDisallow: /foo/bar?baz=https://foo.bar",
            &["/foo/bar?baz=https"],
            &["/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar"],
        ),
        ("User-agent: *\nDisallow: /foo/bar?baz=https%3a%2f%2ffoo.bar", &[], &["/foo/bar?baz=https://foo.bar"]),
        (
            "User-agent: *\nDisallow: /foo/bar/ツ",
            &["/foo/bar/"],
            &["/foo/bar/ツ", "/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84"],
        ),
        ("User-agent: *\nDisallow: /foo/bar/%E3%83%84", &[], &["/foo/bar/ツ"]),
        ("User-agent: *\nDisallow: /foo/bar/%62%61%7A", &[], &["/foo/bar/baz", "/foo/bar/%62a%7a"]),
        // 2.2.3: special characters are encoded to be taken literally.
        (
            "User-agent: *\nDisallow: /path/file-with-a-%2A.html\nDisallow: /path/foo-%24",
            &["/path/file-with-a-x.html", "/path/foo-"],
            &["/path/file-with-a-*.html", "/path/file-with-a-%2a.html", "/path/foo-$", "/path/foo-%24x"],
        ),
        ("User-agent: *\nDisallow: /a$b", &["/a"], &["/a$b"]),
        ("User-agent: *\nDisallow: /a/b", &["/a%2Fb"], &["/a/b"]),
        ("User-agent: *\nDisallow: /a%2fb", &["/a/b"], &["/a%2Fb"]),
        ("User-agent: *\nDisallow: /*%2F", &["/a/b", "/?/"], &["/a%2Fb", "/?a%2fb"]),
        ("User-agent: *\nDisallow: /*//", &["/?a%3Db", "/a%2F%2Fb"], &["/?a//b", "/?a%2F%2Fb"]),
        ("User-agent: *\nDisallow: /{a}|\"", &["/{a}"], &["/{a}|\"", "/%7Ba%7D%7C%22"]),
        ("User-agent: *\nDisallow: /a b", &["/a"], &["/a b", "/a%20b"]),
        ("User-agent: *\nDisallow: /*?", &["/a"], &["/a?", "/a?b"]),
        ("User-agent: *\nDisallow: /a$", &["/a?", "/ab"], &["/a", "/a#b"]),
        ("User-agent: *\nDisallow: a\nDisallow: http://h/a\nDisallow: ?a", &["/a", "/?a"], &[]),
    ]);
}

#[test]
fn the_robots_txt_itself_may_always_be_fetched() {
    check(&[(
        "User-agent: *\nDisallow: /",
        &["/robots.txt", "/robots.txt#a"],
        &["/robots.txt?", "/robots.txt/", "/a/robots.txt", "/Robots.txt"],
    )]);
}

#[test]
fn a_delay_is_a_number_of_seconds_and_our_longest_one_counts() {
    let seconds = |seconds| Some(Duration::from_secs_f64(seconds));
    let table = [
        ("10", seconds(10.0)),
        ("1.5", seconds(1.5)),
        (".5", seconds(0.5)),
        ("2.", seconds(2.0)),
        ("0", seconds(0.0)),
        ("86400", seconds(86400.0)),
        ("1\nCrawl-delay: 3\nDisallow: /\nCrawl-delay: 2", seconds(3.0)),
        ("1\nCrawl-delay: soon", seconds(1.0)),
        ("1\nUser-agent: x\nDisallow: /\nCrawl-delay: 3\nUser-agent: gleaner\nCrawl-delay: 2", seconds(2.0)),
        ("-1", None),
        ("+1", None),
        ("NaN", None),
        ("inf", None),
        ("1e3", None),
        ("99999999999999999999", None),
        ("5s", None),
        ("1,5", None),
        ("1.2.3", None),
        (".", None),
        ("", None),
        ("\u{b2}", None),
    ];
    for (value, expected) in table {
        let file = format!("User-agent: *\nCrawl-delay: 7\n\nUser-agent: gleaner\nCrawl-delay: {value}\n");
        assert_eq!(Rules::parse(file.as_bytes(), "gleaner").crawl_delay(), expected, "{value}");
    }
    assert_eq!(Rules::parse(b"User-agent: *\nCrawl-delay: 7", "gleaner").crawl_delay(), seconds(7.0));
    assert_eq!(Rules::allow_all().crawl_delay(), None);
}

#[test]
fn rules_without_effect_are_not_kept() {
    let table = [
        "User-agent: *\nAllow: /\nAllow: /a*b\nSitemap: http://h/s",
        "User-agent: *\nDisallow:\nDisallow: a",
        "User-agent: *\nUser-agent: gleaner\nAllow: /\nUser-agent: x\nUser-agent: *\nDisallow: /x",
    ];
    for file in table {
        assert_eq!(Rules::parse(file.as_bytes(), "gleaner"), Rules::allow_all(), "{file}");
    }
    // Order, repetition and other spellings make no difference.
    let rules = |text: &str| Rules::parse(format!("User-agent: *\n{text}").as_bytes(), "gleaner");
    assert_eq!(
        rules("Disallow: /%61\nAllow: /bb\nDisallow: /a\nDisallow: /ccc\nAllow: /"),
        rules("Disallow: /ccc\nAllow: /b%62\nDisallow: /a"),
    );
}

#[test]
fn rules_stay_the_same_when_sent_between_processes() {
    for file in ["", "User-agent: *\nDisallow: /a*\u{e9}$\nAllow: /\nAllow: /a*b\nCrawl-delay: 1.5"] {
        let rules = Rules::parse(file.as_bytes(), "gleaner");
        let bytes = postcard::to_stdvec(&rules).expect("they fit memory");
        assert_eq!(postcard::from_bytes::<Rules>(&bytes), Ok(rules), "{file}");
    }
}

#[test]
fn rules_that_no_parser_made_cause_no_panic() {
    for lines in ["\n", "-", "+\n-\n\n", "é\n-/", "-/\u{e9}*", "x/"] {
        let bytes = postcard::to_stdvec(&(lines, None::<Duration>)).expect("they fit memory");
        let rules: Rules = postcard::from_bytes(&bytes).expect("text and no delay");
        rules.allows(&url("/a"));
    }
}

#[test]
fn only_rules_that_need_a_search_are_limited_in_number() {
    let file = |rule: &str| {
        let rules = (0..2000).map(|number| format!("Disallow: {}", rule.replace('N', &number.to_string())));
        let lines: Vec<String> = std::iter::once("User-agent: *".to_owned()).chain(rules).collect();
        Rules::parse(lines.join("\n").as_bytes(), "gleaner")
    };
    let searched = file("/*/N/");
    assert!(!searched.allows(&url("/a/999/")) && searched.allows(&url("/a/1000/")));
    for rule in ["/N/", "/N/*", "/N/**", "/N/$"] {
        let rules = file(rule);
        assert!(!rules.allows(&url("/1999/")) && rules.allows(&url("/2000/")), "{rule}");
    }
}

#[test]
fn hostile_files_take_a_bounded_time() {
    let full_of = |line: &dyn Fn(usize) -> String| {
        let mut file = String::from("User-agent: *\nDisallow: /zzz\n");
        for number in 0..MAX_FILE {
            file.push_str(&line(number));
            if file.len() > MAX_FILE {
                break;
            }
        }
        file
    };
    let files = [
        format!("User-agent: *\nDisallow: /{}b", "*a".repeat(100)),
        format!("User-agent: *\nDisallow: /{}b", "*a".repeat(255_000)),
        full_of(&|number| format!("Disallow: /shop/{number}\n")),
        full_of(&|number| format!("Disallow: /*aa*a*ab{number}\n")),
        full_of(&|_| "Disallow: /*a*a*a*a*a*a*a*a*b\n".to_owned()),
        full_of(&|number| format!("User-agent: gleaner{}\n", ["", "x"][number % 2])),
        "User-agent:".repeat(50_000),
    ];
    for file in files {
        let began = Instant::now();
        let rules = Rules::parse(file.as_bytes(), "gleaner");
        assert!(rules.allows(&url(&format!("/{}", "a".repeat(2000)))));
        assert!(began.elapsed() < BOUNDED, "{:?} for {}..", began.elapsed(), &file[..60]);
    }
}

#[test]
fn a_url_that_is_too_long_for_its_rules_is_quickly_rejected() {
    // Words that a search needs long to tell apart.
    let word = |number: u32| (0..11).map(|bit| if number >> bit & 1 == 1 { 'E' } else { '9' }).collect::<String>();
    let file = |rules: u32| {
        let lines: Vec<String> = (0..rules).map(|number| format!("Disallow: /*{}*x", word(number))).collect();
        Rules::parse(format!("User-agent: *\n{}", lines.join("\n")).as_bytes(), "gleaner")
    };
    // (number of rules, length of the query, whether the URL may be fetched)
    for (rules, length, expected) in
        [(1000, 1000, true), (20, 63_000, true), (1000, 63_000, false), (1000, 1_200_000, false)]
    {
        let url = url(&format!("/?{}", "%E9".repeat(length / 3)));
        let rules = file(rules);
        let began = Instant::now();
        assert_eq!(rules.allows(&url), expected, "a query of {length} octets");
        assert!(began.elapsed() < BOUNDED, "{:?} for {length} octets", began.elapsed());
    }
}
