//! Environment variables in settings, and what is shown of secrets.

use super::{Case, file, nothing};
use crate::config::Flag;

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
        assert_eq!(loaded.plan.from_environment["fetch.headers.x"], "a ${TOKEN}");
    }
    assert_eq!(header(&nothing().set("fetch.headers.X=$$ 5$")), "$ 5$");
    assert!(nothing().set("fetch.headers.X=$$").plan().from_environment.is_empty());
}

#[test]
fn credentials_come_from_the_environment_too() {
    let plan = file("[hosts.\"a\"]\nbasic = \"u:${PASSWORD}\"\n[hosts.\"b\"]\nbearer = \"${TOKEN}\"\n")
        .variable("PASSWORD", "p")
        .variable("TOKEN", "t")
        .plan();
    let sent: Vec<&str> = plan.scrape.fetch.hosts.values().map(|host| host.headers[0].1.as_str()).collect();
    assert_eq!(sent, ["Basic dTpw", "Bearer t"]);
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
            "`hosts.\"h\".basic` must be user name and password with a colon between them\n --> gleaner.toml:2:9\n  |\n\
             2 | basic = \"******\"\n  |         ^^^^^^^^\n  = help: write \"user:${PASSWORD}\"",
        ),
        (
            format!("{HOST}bearer = \"Bearer s3cret\"\n"),
            "`hosts.\"h\".bearer` must be a token without spaces, and without \"Bearer\" before it\n \
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
            "`fetch.headers.a b` is no header name\n --> gleaner.toml:2:32\n  |\n\
             2 | headers = { Cookie = \"******\", \"a b\" = \"\" }\n  |                                ^^^^^\n  \
             = help: letters, digits and any of !#$%&'*+-.^_`|~ may stand in one",
        ),
        (
            "[fetch]\nheaders = { X = \"${LINES}\" }\n".to_owned(),
            "`fetch.headers.x` needs the environment variable `LINES`, which holds a control character\n \
             --> gleaner.toml:2:18\n  |\n2 | headers = { X = \"${LINES}\" }\n  |                  ^^^^^^^^\n  \
             = help: a line break at its end, perhaps, from the file it was read of",
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
