//! Who has the last word, and where each sort of source is read.

use std::ffi::OsString;
use std::time::Duration;

use super::{Case, file, nothing, number};
use crate::config::{Flag, Origin};
use crate::scrape::extract::{Arity, Rule, ValueRule};
use crate::sink::Order;

fn in_force(case: &Case, name: &str) -> (String, String) {
    let loaded = case.load().expect("the settings are right");
    let found = loaded.in_force.into_iter().find(|setting| setting.name == name);
    let found = found.expect("the setting is in force");
    (found.value, found.place.to_string())
}

#[test]
fn flags_override_the_environment_which_overrides_the_file_which_overrides_the_default() {
    let cases = [
        (nothing(), 16, "default"),
        (file("[pool]\nconcurrency = 1\n"), 1, "gleaner.toml:2:15"),
        (
            file("[pool]\nconcurrency = 1\n").variable("GLEANER_POOL_CONCURRENCY", "2"),
            2,
            "environment variable GLEANER_POOL_CONCURRENCY",
        ),
        (
            file("[pool]\nconcurrency = 1\n").variable("GLEANER_POOL_CONCURRENCY", "2").flag(Flag::new(
                "--concurrency",
                "pool.concurrency",
                "3",
            )),
            3,
            "flag --concurrency",
        ),
        (
            nothing().flag(Flag::new("--concurrency", "pool.concurrency", "3")).set("pool.concurrency=4"),
            4,
            "flag --set",
        ),
    ];
    for (case, expected, source) in cases {
        assert_eq!(case.plan().pool.concurrency, number(expected), "{source}");
        assert_eq!(in_force(&case, "pool.concurrency"), (expected.to_string(), source.to_owned()));
    }
}

#[test]
fn auto_workers_are_the_cpus_and_a_number_is_that_number() {
    assert_eq!(nothing().plan().pool.workers, number(6));
    assert_eq!(nothing().set("pool.workers=auto").plan().pool.workers, number(6));
    assert_eq!(nothing().set("pool.workers=\"auto\"").plan().pool.workers, number(6));
    assert_eq!(file("pool.workers = 4").plan().pool.workers, number(4));
}

#[test]
fn the_cache_is_a_path_as_it_is_written_or_none() {
    for (written, meant) in [("", None), ("~/a b.cache", Some("~/a b.cache"))] {
        let meant = meant.map(std::path::PathBuf::from);
        assert_eq!(file(format!("[cache]\npath = '{written}'\n")).plan().cache, meant);
        assert_eq!(nothing().set(&format!("cache.path={written}")).plan().cache, meant);
        assert_eq!(nothing().variable("GLEANER_CACHE_PATH", written).plan().cache, meant);
    }
}

#[test]
fn private_addresses_are_for_listed_urls_for_everyone_or_for_nobody() {
    use crate::scrape::PrivateAddresses::{Allow, Deny, Direct};
    for (word, meant) in [("direct", Direct), ("allow", Allow), ("deny", Deny)] {
        let plan = file(format!("[network]\nprivate_addresses = '{word}'\n")).plan();
        assert_eq!(plan.scrape.fetch.private_addresses, meant);
        let plan = nothing().variable("GLEANER_NETWORK_PRIVATE_ADDRESSES", word).plan();
        assert_eq!(plan.scrape.fetch.private_addresses, meant);
    }
}

#[test]
fn a_file_that_was_asked_for_is_read_and_the_usual_one_is_not() {
    let case = file("[pool]\nworkers = 1\n")
        .with_file("other.toml", "[output]\norder = \"completion\"\n")
        .config("other.toml");
    let plan = case.plan();
    assert_eq!(plan.pool.workers, number(6));
    assert_eq!(plan.sink.order, Order::Completion);
}

#[test]
fn a_file_may_begin_with_a_byte_order_mark_and_have_carriage_returns() {
    let plan = file("\u{feff}[pool]\r\nworkers = 3\r\n").plan();
    assert_eq!(plan.pool.workers, number(3));
}

#[test]
fn values_outside_of_files_are_bare_or_toml() {
    let plan = nothing()
        .variable("GLEANER_FETCH_MAX_BODY", "1MiB")
        .variable("GLEANER_FETCH_TIMEOUT", "\"5s\"")
        .variable("GLEANER_FETCH_HEADERS", "{ X = \"1\" }")
        .variable("GLEANER_EXTRACT_TITLE", "h1::text")
        .set("pool.max_tasks_per_worker=1_000")
        .set(" fetch . user_agent = me ")
        .set("fetch.headers.\"A.B\"=2")
        .set("extract.link=[href]")
        .set("extract.links=['a::url']")
        .set("extract.'a=b'=\"p, q\"")
        .plan();
    assert_eq!(plan.scrape.fetch.max_body, 1 << 20);
    assert_eq!(plan.scrape.fetch.timeout, Duration::from_secs(5));
    assert_eq!(plan.scrape.fetch.user_agent, "me");
    let headers = [("X", "1"), ("A.B", "2")];
    assert_eq!(plan.scrape.fetch.headers, headers.map(|(name, value)| (name.into(), value.into())));
    assert_eq!(plan.pool.quota.map(u32::from), Some(1000));
    let fields = [
        ("title", "h1::text", Arity::One),
        ("link", "[href]", Arity::One),
        ("links", "a::url", Arity::Many),
        ("a=b", "p, q", Arity::One),
    ];
    let expected = fields.map(|(name, css, arity)| (name.to_owned(), Rule::Value(ValueRule::new(css, arity))));
    assert_eq!(plan.scrape.extract.fields, expected);
}

#[test]
fn what_a_flag_of_its_own_says_is_taken_as_it_is() {
    let plan = nothing()
        .flag(Flag::new("-u", "fetch.user_agent", "\"me\" {x}"))
        .flag(Flag::header("-H", "Accept:  text/html; q=\"1\" "))
        .flag(Flag::header("-H", "Empty:"))
        .plan();
    assert_eq!(plan.scrape.fetch.user_agent, "\"me\" {x}");
    let headers = [("Accept", "text/html; q=\"1\""), ("Empty", "")];
    assert_eq!(plan.scrape.fetch.headers, headers.map(|(name, value)| (name.into(), value.into())));
}

#[test]
fn headers_join_and_those_of_the_same_name_replace_each_other_in_place() {
    let case = file("[fetch]\nheaders = { Accept = \"a\", Cookie = \"secret\" }\n")
        .flag(Flag::header("-H", "accept: b"))
        .flag(Flag::header("-H", "DNT: 1"));
    let headers = [("accept", "b"), ("Cookie", "secret"), ("DNT", "1")];
    assert_eq!(case.plan().scrape.fetch.headers, headers.map(|(name, value)| (name.into(), value.into())));
    assert_eq!(in_force(&case, "fetch.headers.accept"), ("b".to_owned(), "flag -H".to_owned()));
    assert_eq!(in_force(&case, "fetch.headers.cookie").0, "(hidden)");
}

#[test]
fn fields_join_and_those_of_the_same_name_replace_each_other_in_place() {
    let plan = file("[extract]\nb = { css = \"b\", type = \"number\" }\na = \"a\"\n")
        .set("extract.b=h2")
        .set("extract.c=h3")
        .plan();
    let fields = [("b", "h2"), ("a", "a"), ("c", "h3")];
    let expected = fields.map(|(name, css)| (name.to_owned(), Rule::Value(ValueRule::new(css, Arity::One))));
    assert_eq!(plan.scrape.extract.fields, expected);
}

#[test]
fn variables_that_name_no_section_are_left_alone() {
    let case = nothing()
        .variable("GLEANER_LOG", "debug")
        .variable("GLEANER_POOL", "4")
        .variable("GLEANER_POOL_", "4")
        .variable("GLEANER_POOLWORKERS", "4")
        .variable("POOL_WORKERS", "4")
        .variable("gleaner_pool_workers", "4");
    assert_eq!(case.plan(), nothing().plan());
}

#[cfg(unix)]
#[test]
fn variables_that_are_no_text_are_an_error_only_if_they_are_ours() {
    use std::os::unix::ffi::OsStringExt as _;
    let broken = || OsString::from_vec(b"\xff4".to_vec());
    let mut case = nothing();
    case.sources.environment.push(("OTHER".into(), broken()));
    case.sources.environment.push((broken(), "4".into()));
    assert_eq!(case.plan(), nothing().plan());
    case.sources.environment.push(("GLEANER_POOL_WORKERS".into(), broken()));
    assert_eq!(
        case.error().to_string(),
        "`pool.workers` must be UTF-8\n --> environment variable GLEANER_POOL_WORKERS\n  |\n  \
         | GLEANER_POOL_WORKERS=\u{fffd}4\n  |                      ^^"
    );
}

#[test]
fn the_order_of_the_environment_means_nothing() {
    let one = nothing().variable("GLEANER_EXTRACT_A", "a").variable("GLEANER_EXTRACT_B", "b");
    let other = nothing().variable("GLEANER_EXTRACT_B", "b").variable("GLEANER_EXTRACT_A", "a");
    assert_eq!(one.plan(), other.plan());
}

#[test]
fn the_place_of_a_setting_is_known_to_programs_too() {
    let loaded = file("\n[pool]\n  workers = 2\n").load().expect("the settings are right");
    let place = &loaded.in_force[0].place;
    assert_eq!(place.origin(), &Origin::File("gleaner.toml".into()));
    assert_eq!(place.line_and_column(), Some((3, 13)));
}

#[test]
fn a_fetch_ends_before_its_task_does() {
    let table: [(&[&str], Result<u64, &str>); 7] = [
        (&[], Ok(30_000)),
        (&["pool.task_timeout=20s"], Ok(15_000)),
        (&["pool.task_timeout=1s"], Ok(750)),
        (&["pool.task_timeout=20s", "fetch.timeout=19s"], Ok(19_000)),
        (&["pool.task_timeout=3m", "fetch.timeout=2m"], Ok(120_000)),
        (
            &["fetch.timeout=2m"],
            Err("`fetch.timeout` must be less than `pool.task_timeout`, which is 1m\n --> flag --set\n  |\n  \
                 | --set fetch.timeout=2m\n  |                     ^^\n  = help: that was set by default; it includes parsing"),
        ),
        (
            &["pool.task_timeout=5s", "fetch.timeout=5s"],
            Err("`fetch.timeout` must be less than `pool.task_timeout`, which is 5s\n --> flag --set\n  |\n  \
                 | --set fetch.timeout=5s\n  |                     ^^\n  = help: that was set by flag --set; it includes parsing"),
        ),
    ];
    for (settings, expected) in table {
        let loaded = settings.iter().fold(nothing(), |case, setting| case.set(setting)).load();
        let found = loaded.map(|loaded| loaded.plan.scrape.fetch.timeout).map_err(|error| error.to_string());
        assert_eq!(found, expected.map(Duration::from_millis).map_err(str::to_owned), "{settings:?}");
    }
}

#[test]
fn parts_of_a_field_that_are_set_one_by_one_make_one_table() {
    let each = "{ each = 'div', t = 'b::text', n = { css = 'i::text', type = 'number' } }";
    // What is set, and what that is in a file.
    let table: [(&[&str], &str); 7] = [
        (&["x.each=div", "x.t=b::text", "x.n.css=i::text", "x.n.type=number"], each),
        (
            &["x.t=b::text", "x.n={ css = 'i::text', type = 'number' }", "x.each=div"],
            "{ t = 'b::text', n = { css = 'i::text', type = 'number' }, each = 'div' }",
        ),
        (&["x={ each = 'div' }", "x.t=a", "x.t=b::text", "x.n={ css = 'i::text' }", "x.n.type=number"], each),
        (&["x.css=h1", "x.type=html"], "{ css = 'h1', type = 'html' }"),
        (&["x=h2", "x={ css = 'h1', type = 'html' }"], "{ css = 'h1', type = 'html' }"),
        (&["x={ css = 'h1', type = 'html' }", "x={ css = 'h2' }"], "{ css = 'h2' }"),
        (&["x.css=h1", "x=h2"], "'h2'"),
    ];
    for (parts, expected) in table {
        let case = parts.iter().fold(file("extract.x.css = 'p'"), |case, part| case.set(&format!("extract.{part}")));
        let expected = file(format!("extract.x = {expected}")).plan();
        assert_eq!(case.plan().scrape.extract, expected.scrape.extract, "{parts:?}");
    }
}

#[test]
fn fields_that_are_set_in_parts_keep_their_order_and_leave_others_alone() {
    let sets = ["extract.a.each=div", "extract.b=h1", "pool.workers=2", "extract.a.t=b", "extract.c.css=p"];
    let plan = sets.into_iter().fold(nothing(), Case::set).plan();
    let fields = plan.scrape.extract.fields;
    assert_eq!(fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(plan.pool.workers, number(2));
}

#[test]
fn what_differs_from_the_defaults_is_known_whoever_wrote_it() {
    let case = file("[fetch]\ntimeout = '30s'\nmax_retries = 2\n[pool]\nconcurrency = 3\n[extract]\nt = 'h1'\n")
        .set("pool.task_timeout=60s")
        .set("politeness.robots=false")
        .variable("GLEANER_OUTPUT_FORMAT", "auto")
        .flag(Flag::header("-H", "Accept: a"));
    let loaded = case.load().expect("the settings are right");
    let different = loaded.in_force.into_iter().filter(|setting| !setting.is_default).map(|setting| setting.name);
    let expected = ["pool.concurrency", "fetch.headers.accept", "politeness.robots", "extract.t"];
    assert_eq!(different.collect::<Vec<_>>(), expected);
}
