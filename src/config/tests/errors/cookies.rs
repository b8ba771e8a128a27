//! `[cookies]`

use super::super::file;
use crate::config::{CookiesPlan, ProblemKind};

#[test]
fn files_of_cookies_without_cookies_are_a_contradiction() {
    let error = file("[cookies]\nload = \"in.txt\"\n").set("cookies.save=out.txt").error();
    let kinds: Vec<ProblemKind> = error.problems().iter().map(crate::config::Problem::kind).collect();
    assert_eq!(kinds, [ProblemKind::Conflict, ProblemKind::Conflict]);
    let expected = "2 errors in the settings\n\n\
                    `cookies.load` has no effect while `cookies.enabled` is false\n --> gleaner.toml:2:8\n  |\n\
                    2 | load = \"in.txt\"\n  |        ^^^^^^^^\n  \
                    = help: set cookies.enabled = true, or leave cookies.load out\n\n\
                    `cookies.save` has no effect while `cookies.enabled` is false\n --> flag --set\n  |\n  \
                    | --set cookies.save=out.txt\n  |                    ^^^^^^^\n  \
                    = help: set cookies.enabled = true, or leave cookies.save out";
    assert_eq!(error.to_string(), expected);
    let plan = file("[cookies]\nload = \"in.txt\"\n").set("cookies.enabled=true").plan();
    assert_eq!(plan.cookies, Some(CookiesPlan { load: Some("in.txt".into()), save: None }));
    assert_eq!(plan.scrape.fetch.kept_headers, ["set-cookie"]);
}
