//! `[politeness]` and `[hosts]`.

use std::collections::HashMap;
use std::time::Duration;

use super::{file, nothing};
use crate::schedule::{Adaptive, GroupBy, HostRules, Politeness};

#[test]
fn politeness_is_read_from_file_and_flags() {
    let plan = file(
        "[politeness]\nrobots = false\nper_host_concurrency = 0\ndelay = \"2s\"\ndelay_jitter = \"500ms\"\nrate = 0.5\n\
         group_by = \"domain\"\nmax_crawl_delay = \"1m\"\nadaptive = true\nadaptive_target = 2\nmax_delay = \"5m\"\n",
    )
    .set("politeness.read_ahead=10")
    .plan();
    let expected = Politeness {
        robots: false,
        concurrency: 0,
        delay: Duration::from_secs(2),
        delay_jitter: Duration::from_millis(500),
        interval: Duration::from_secs(2),
        group_by: GroupBy::Domain,
        max_crawl_delay: Duration::from_secs(60),
        adaptive: Some(Adaptive { target: 2.0, max_delay: Duration::from_secs(300) }),
    };
    assert_eq!((plan.schedule.politeness, plan.read_ahead), (expected, 10));
}

#[test]
fn a_rate_is_an_interval_and_none_is_none() {
    let year = 365 * 24 * 60 * 60;
    for (rate, interval) in [("0", 0), ("4", 250), ("0.5", 2_000), ("1e-300", year * 1_000)] {
        let plan = nothing().set(&format!("politeness.rate={rate}")).plan();
        assert_eq!(plan.schedule.politeness.interval, Duration::from_millis(interval), "{rate}");
    }
}

#[test]
fn a_host_has_its_own_settings_and_no_others() {
    let plan = file(
        "[politeness]\ndelay = \"2s\"\n[hosts.\"Books.example\"]\nconcurrency = 1\n\
         [hosts.\"[::1]:8080\"]\nconcurrency = 0\nrobots = false\n",
    )
    .set("hosts.\"books.example.\".delay=5s")
    .plan();
    let ip = HostRules { delay: None, concurrency: Some(0), robots: Some(false) };
    let books = HostRules { delay: Some(Duration::from_secs(5)), concurrency: Some(1), robots: None };
    let expected = [("[::1]:8080".to_owned(), ip), ("books.example".to_owned(), books)];
    assert_eq!(plan.schedule.hosts, HashMap::from(expected));
}

#[test]
fn settings_of_hosts_are_listed_under_the_name_that_all_spellings_share() {
    let loaded = file("[hosts.\"BOOKS.example\"]\ndelay = \"1s\"\nheaders = { A = \"1\" }\n")
        .set("hosts.'books.example'.delay=2s")
        .load()
        .expect("good settings");
    let listed: Vec<String> = loaded
        .in_force
        .iter()
        .filter(|setting| setting.name.starts_with("hosts"))
        .map(|setting| format!("{} = {}  # {}", setting.name, setting.value, setting.place))
        .collect();
    let expected = [
        "hosts.\"books.example\".delay = 2s  # flag --set",
        "hosts.\"books.example\".headers.a = \"1\"  # gleaner.toml:3:17",
    ];
    assert_eq!(listed, expected);
}

#[test]
fn headers_of_a_host_are_its_own_and_credentials_become_one() {
    let plan = file(
        "[fetch]\nheaders = { A = \"all\" }\n[hosts.\"a.example\"]\nheaders = { A = \"a\", B = \"b\" }\n\
         basic = \"user:pass:word\"\n[hosts.\"b.example\"]\nbearer = \"t0ken==\"\n",
    )
    .set("hosts.\"a.example\".headers.b=c")
    .plan();
    let hosts = plan.hosts;
    let of = |host: &str| hosts[&host.parse().expect("a host")].headers.clone();
    let a = [("A", "a"), ("b", "c"), ("Authorization", "Basic dXNlcjpwYXNzOndvcmQ=")];
    let b = [("Authorization", "Bearer t0ken==")];
    assert_eq!(of("a.example"), a.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(of("b.example"), b.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(plan.scrape.fetch.headers, [("A".to_owned(), "all".to_owned())]);
}

#[test]
fn what_is_wrong_with_a_host_is_said_at_its_place_with_the_way_out() {
    let table = [
        (
            "[hosts.\"http://h/\"]\ndelay = \"1s\"\n",
            "`hosts.\"http://h/\"` must be a host such as \"books.example\" or \"books.example:8080\", without scheme, \
             path and user name\n --> gleaner.toml:1:8\n  |\n1 | [hosts.\"http://h/\"]\n  |        ^^^^^^^^^^^",
        ),
        (
            "[hosts.\"h:443\"]\n",
            "`hosts.\"h:443\"` must not have the port 80 or 443: leave it out, since the http and https servers of a name \
             count as one host\n --> gleaner.toml:1:8\n  |\n1 | [hosts.\"h:443\"]\n  |        ^^^^^^^",
        ),
        (
            "[hosts.\"*.h\"]\n",
            "`hosts.\"*.h\"` must be one host: wildcards (`*`) are not supported\n \
             --> gleaner.toml:1:8\n  |\n1 | [hosts.\"*.h\"]\n  |        ^^^^^",
        ),
        (
            "[hosts.\"h\"]\ndealy = \"1s\"\n",
            "unknown setting `hosts.\"h\".dealy`\n --> gleaner.toml:2:1\n  |\n2 | dealy = \"1s\"\n  | ^^^^^\n  \
             = help: did you mean `delay`?",
        ),
        (
            "[hosts.\"h\"]\nper_host_concurrency = 1\n",
            "unknown setting `hosts.\"h\".per_host_concurrency`\n --> gleaner.toml:2:1\n  |\n\
             2 | per_host_concurrency = 1\n  | ^^^^^^^^^^^^^^^^^^^^\n  = help: did you mean `concurrency`?",
        ),
        (
            "[hosts.\"h\"]\nmax_body = 1\n",
            "unknown setting `hosts.\"h\".max_body`\n --> gleaner.toml:2:1\n  |\n2 | max_body = 1\n  | ^^^^^^^^\n  \
             = help: the settings of a host are delay, concurrency, robots, headers, basic, proxy, bearer\n  \
             = help: `fetch.max_body` counts for all hosts",
        ),
        (
            "[hosts.books.example]\ndelay = \"1s\"\n",
            "unknown setting `hosts.\"books\".example`\n --> gleaner.toml:1:14\n  |\n1 | [hosts.books.example]\n  \
             |              ^^^^^^^\n  = help: put the name of the host in quotes: hosts.\"books.example\"",
        ),
        (
            "[hosts]\n\"h\" = 1\n",
            "`hosts.\"h\"` must be a table\n --> gleaner.toml:2:7\n  |\n2 | \"h\" = 1\n  |       ^\n  \
             = help: write [hosts.\"h\"] with its settings below it",
        ),
        (
            "[hosts.\"h\"]\nrobots = \"no\"\ndelay = 1\nheaders = 1\n",
            "3 errors in the settings\n\n`hosts.\"h\".robots` must be true or false\n --> gleaner.toml:2:10\n  |\n\
             2 | robots = \"no\"\n  |          ^^^^\n\n`hosts.\"h\".delay` must be a duration such as \"50ms\", \"2s\" or \
             \"1m\"\n --> gleaner.toml:3:9\n  |\n3 | delay = 1\n  |         ^\n  = help: give it a unit: \"1s\"\n\n\
             `hosts.\"h\".headers` must be a table\n --> gleaner.toml:4:11\n  |\n4 | headers = 1\n  |           ^\n  \
             = help: write { NAME = \"value\" }",
        ),
        (
            "[politeness]\nrate = -1\n",
            "`politeness.rate` must be a number, 0 or more, such as 2 or 0.5\n --> gleaner.toml:2:8\n  |\n\
             2 | rate = -1\n  |        ^^",
        ),
        (
            "[fetch]\nretry_statuses = [503, 200]\n",
            "`fetch.retry_statuses` must contain HTTP statuses from 400 to 599\n --> gleaner.toml:2:24\n  |\n\
             2 | retry_statuses = [503, 200]\n  |                        ^^^",
        ),
    ];
    for (written, expected) in table {
        assert_eq!(file(written).error().to_string(), expected, "{written}");
    }
}

#[test]
fn statuses_to_try_again_after_are_a_setting() {
    assert_eq!(file("[fetch]\nretry_statuses = [500, 429]\n").plan().scrape.fetch.retry_statuses, [500, 429]);
    assert_eq!(nothing().set("fetch.retry_statuses=[]").plan().scrape.fetch.retry_statuses, Vec::<u16>::new());
    assert_eq!(nothing().variable("GLEANER_FETCH_RETRY_STATUSES", "503").plan().scrape.fetch.retry_statuses, [503]);
    assert_eq!(nothing().set("fetch.max_host_retries=3").plan().schedule.max_host_retries, 3);
}
