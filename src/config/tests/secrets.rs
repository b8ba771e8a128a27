//! Environment variables in settings, and what is shown of secrets.

use super::{Case, file, nothing};
use crate::config::Flag;
use crate::config::schema::{self, Keys, Read};
use crate::model::Proxies;

const HOST: &str = "[hosts.\"h\"]\n";

fn header(case: &Case) -> String {
    case.plan().scrape.fetch.headers[0].1.clone()
}

#[test]
fn variables_are_filled_in_wherever_a_header_is_written() {
    let set = |case: Case| case.variable("TOKEN", "s3cret");
    let table = [
        set(file("[fetch]\nheaders = { X = \"a ${TOKEN}\" }\n")),
        set(nothing().flag(Flag::header("-H", "X: a ${TOKEN}"))),
        set(nothing().set("fetch.headers.X=a ${TOKEN}")),
        set(nothing().variable("GLEANER_FETCH_HEADERS", "{ X = \"a ${TOKEN}\" }")),
    ];
    for case in table {
        assert_eq!(header(&case), "a s3cret");
        let loaded = case.load().expect("good settings");
        let listed = loaded.in_force.iter().find(|setting| setting.name == "fetch.headers.x").expect("listed");
        assert!(listed.value.contains("${TOKEN}"), "as it was written: {}", listed.value);
        assert_eq!(loaded.plan.shaping.headers["fetch.headers.x"], "a ${TOKEN}");
    }
    assert_eq!(header(&nothing().set("fetch.headers.X=$$ 5$")), "$ 5$");
    assert_eq!(nothing().set("fetch.headers.X=$$").plan().shaping.headers["fetch.headers.x"], "$");
}

#[test]
fn credentials_come_from_the_environment_too() {
    let plan = file("[hosts.\"a\"]\nbasic = \"u:${PASSWORD}\"\n[hosts.\"b\"]\nbearer = \"${TOKEN}\"\n")
        .variable("PASSWORD", "p")
        .variable("TOKEN", "t")
        .plan();
    let sent: Vec<&str> = plan.hosts.values().map(|host| host.headers[0].1.as_str()).collect();
    assert_eq!(sent, ["Basic dTpw", "Bearer t"]);
}

#[test]
fn no_secret_of_a_single_host_is_in_the_settings_that_every_worker_gets() {
    let Some(Keys::Hosts(rows)) = schema::section("hosts").map(|section| &section.keys) else { panic!("no hosts") };
    let mut count = 0;
    for row in *rows {
        let value = match row.read {
            Read::Value(_) => continue,
            Read::Secret(_) => "\"u:secret\"",
            Read::Url(_) => "\"http://u:secret@p\"",
            Read::Headers(_) => "{ X = \"secret\" }",
        };
        let (plan, without) = (file(format!("{HOST}{} = {value}\n", row.name)).plan(), nothing().plan());
        assert_eq!(plan.scrape, without.scrape, "{}", row.name);
        assert_ne!(plan.hosts, without.hosts, "{}", row.name);
        count += 1;
    }
    assert_eq!(count, 4, "headers, basic, bearer and proxy");
}

#[test]
fn only_what_is_in_force_needs_its_variables() {
    let case = file("[fetch]\nheaders = { X = \"${NOPE}\" }\n").flag(Flag::header("-H", "x: 1"));
    assert_eq!(header(&case), "1");
}

#[test]
fn what_is_wrong_with_a_secret_is_said_at_its_place_without_it() {
    let table = [
        (
            "[fetch]\nheaders = { X = \"key ${NOPE}\" }\n".to_owned(),
            "`fetch.headers.x` needs the environment variable `NOPE`, which is not set\n --> gleaner.toml:2:22\n  |\n\
             2 | headers = { X = \"key ${NOPE}\" }\n  |                      ^^^^^^^\n  \
             = help: set it; for the text itself write $${NOPE}",
        ),
        (
            format!("{HOST}bearer = \"s3cret${{NOPE}}\"\n"),
            "`hosts.\"h\".bearer` needs the environment variable `NOPE`, which is not set\n --> gleaner.toml:2:17\n  |\n\
             2 | bearer = \"******${NOPE}\"\n  |                 ^^^^^^^\n  \
             = help: set it; for the text itself write $${NOPE}",
        ),
        (
            format!("{HOST}basic = \"s3cret\"\n"),
            "`hosts.\"h\".basic` must be a user name and a password with a colon between them\n --> gleaner.toml:2:9\n  |\n\
             2 | basic = \"******\"\n  |         ^^^^^^^^\n  = help: write \"user:${PASSWORD}\"",
        ),
        (
            format!("{HOST}bearer = \"Bearer s3cret\"\n"),
            "`hosts.\"h\".bearer` must be a token without spaces and without \"Bearer\" before it\n \
             --> gleaner.toml:2:10\n  |\n2 | bearer = \"*************\"\n  |          ^^^^^^^^^^^^^^^",
        ),
        (
            "[hosts]\n\"h\" = { basic = \"u:s3cret\", dealy = \"1s\" }\n".to_owned(),
            "unknown setting `hosts.\"h\".dealy`\n --> gleaner.toml:2:29\n  |\n\
             2 | \"h\" = { basic = \"********\", dealy = \"1s\" }\n  |                             ^^^^^\n  \
             = help: did you mean `delay`?",
        ),
        (
            "[fetch]\nheaders = { Cookie = \"s3cret\", \"a b\" = \"\" }\n".to_owned(),
            "`fetch.headers.a b` is not a valid header name\n --> gleaner.toml:2:32\n  |\n\
             2 | headers = { Cookie = \"******\", \"a b\" = \"\" }\n  |                                ^^^^^\n  \
             = help: a name has letters, digits and any of !#$%&'*+-.^_`|~",
        ),
        (
            "[fetch]\nheaders = { X = \"${LINES}\" }\n".to_owned(),
            "`fetch.headers.x` needs the environment variable `LINES`, which holds a control character\n \
             --> gleaner.toml:2:18\n  |\n2 | headers = { X = \"${LINES}\" }\n  |                  ^^^^^^^^\n  \
             = help: it may be a line break at the end, from the file that the value was read from",
        ),
    ];
    for (written, expected) in table {
        let error = file(&written).variable("LINES", "s3cret\n").error().to_string();
        assert_eq!(error, expected, "{written}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    let error = nothing().flag(Flag::header("-H", "Authorization: s3cret ${NOPE}")).error().to_string();
    assert!(error.contains("NOPE") && !error.contains("s3cret"), "{error}");
}

#[test]
fn a_host_has_one_way_to_say_who_we_are() {
    let error = file(format!("{HOST}basic = \"u:s3cret\"\nbearer = \"s3cret\"\n")).error().to_string();
    let expected = "`hosts.\"h\".bearer` contradicts `hosts.\"h\".basic`\n --> gleaner.toml:3:10\n  |\n\
                    3 | bearer = \"******\"\n  |          ^^^^^^^^\n  \
                    = help: keep one of them; the other was set by gleaner.toml:2:9";
    assert_eq!(error, expected);
    let error = file(format!("{HOST}basic = \"u:p\"\nheaders = {{ authorization = \"x\" }}\n")).error();
    assert!(error.to_string().starts_with("`hosts.\"h\".basic` contradicts `hosts.\"h\".headers.authorization`"));
}

#[test]
fn lists_of_settings_do_not_show_secrets() {
    let loaded = file(format!(
        "{HOST}bearer = \"s3cret\"\nheaders = {{ Cookie = \"s3cret\" }}\n[hosts.\"i\"]\nbasic = \"u:s3cret\"\n"
    ))
    .load()
    .expect("good settings");
    let listed = format!("{:?}", loaded.in_force.iter().map(|it| (&it.name, &it.value)).collect::<Vec<_>>());
    assert_eq!(listed.matches("(hidden)").count(), 3, "{listed}");
    assert!(!listed.contains("s3cret"), "{listed}");
}

#[test]
fn proxies_are_listed_in_turn_and_never_with_their_passwords() {
    let shown = |case: &Case, name: &str| {
        let loaded = case.load().expect("good settings");
        loaded.in_force.into_iter().find(|setting| setting.name == name).expect("listed").value
    };
    let text =
        "[network]\nproxies = [\"http://u:${P}@a:1\", \"socks5://b\"]\n[hosts.\"h\"]\nproxy = \"http://u:s3cret@c\"\n";
    let case = file(text).variable("P", "s3cret");
    assert_eq!(shown(&case, "network.proxies"), r#"["http://(hidden)@a:1", "socks5://b"]"#);
    assert_eq!(shown(&case, "hosts.\"h\".proxy"), r#""http://(hidden)@c""#);
    let fetch = case.plan().scrape.fetch;
    assert_eq!(format!("{:?}", fetch.proxies), "These([ProxyUrl(http://a:1), ProxyUrl(socks5://b:1080)])");
    let urls = ["http://u:p@a:1".to_owned(), "https://b".to_owned()];
    let two = nothing().flag(Flag::list("-x", "network.proxies", &urls)).plan().scrape.fetch.proxies;
    assert_eq!(format!("{two:?}"), "These([ProxyUrl(http://a:1), ProxyUrl(https://b:443)])");
    assert_eq!(nothing().set("network.proxies=none").plan().scrape.fetch.proxies, Proxies::None);
    let host = file("[hosts.\"h\"]\nproxy = \"none\"\n").plan().hosts.into_values().next();
    assert_eq!(host.expect("a host").proxy, Some(Proxies::None));
}

#[test]
fn what_is_no_proxy_is_said_at_its_place_without_its_password() {
    let no_url = "`network.proxies` must be the URL of a proxy, such as \"http://proxy.example:3128\"";
    let flags =
        nothing().flag(Flag::list("-x", "network.proxies", &["http://a".to_owned(), "u:s3cret@b c".to_owned()]));
    let table = [
        (
            file("[network]\nproxies = [\"http://a:1\", \"ftp://u:s3cret@b\"]\n"),
            "`network.proxies` must be a proxy of scheme http, https, socks5 or socks5h\n --> gleaner.toml:2:26\n  |\n\
             2 | proxies = [\"http://a:1\", \"ftp://********@b\"]\n  |                          ^^^^^^^^^^^^^^^^^^"
                .to_owned(),
        ),
        (
            flags,
            "`network.proxies` must be a proxy of scheme http, https, socks5 or socks5h\n --> flag -x\n  |\n  \
             | -x http://a -x ********@b c\n  |                ^^^^^^^^^^^^"
                .to_owned(),
        ),
        (
            file("[network]\nproxies = [\"none\", \"http://a\"]\n"),
            "`network.proxies` must not have \"none\" beside other proxies\n --> gleaner.toml:2:12\n  |\n\
             2 | proxies = [\"none\", \"http://a\"]\n  |            ^^^^^^"
                .to_owned(),
        ),
        (
            file("[network]\nproxies = \"http://u:s3cret@a\"\n"),
            "`network.proxies` must be a list\n --> gleaner.toml:2:11\n  |\n\
             2 | proxies = \"http://********@a\"\n  |           ^^^^^^^^^^^^^^^^^^^\n  = help: put it in brackets"
                .to_owned(),
        ),
        (
            file("[hosts.\"h\"]\nproxy = \"proxy\"\n"),
            format!(
                "{}\n --> gleaner.toml:2:9\n  |\n2 | proxy = \"proxy\"\n  |         ^^^^^^^",
                no_url.replace("network.proxies", "hosts.\"h\".proxy")
            ),
        ),
    ];
    for (case, expected) in table {
        assert_eq!(case.error().to_string(), expected);
    }
}
