//! `[politeness]`

use std::time::Duration;

use super::{Affects, Keys, Node, Read, Section, Setting, put};
use crate::config::element::{choice, count, decimal, duration, truth};
use crate::config::error::Complaint;
use crate::schedule::GroupBy;

pub(super) const POLITENESS: Section = Section {
    name: "politeness",
    doc: "How servers are kept from too much load. All of it counts for all workers together.",
    keys: Keys::Known(&[
        Setting {
            name: "robots",
            read: Read::Value(|s, n| put(&mut s.plan.schedule.politeness.robots, n, truth::read)),
            form: truth::form,
            default: "true",
            affects: Affects::Output,
            doc: "Whether robots.txt is requested (once for each site and run) and obeyed. A page that it denies is a \
                  failure (`robots_denied`).",
        },
        Setting {
            name: "per_host_concurrency",
            read: Read::Value(|s, n| put(&mut s.plan.schedule.politeness.concurrency, n, count::any)),
            form: count::any_form,
            default: "8",
            affects: Affects::Nothing,
            doc: "The most requests to one host at the same time; 0 = no limit. A host is a name, with the port if it is \
                  not 80 or 443: http and https on one server are one host.",
        },
        Setting {
            name: "delay",
            read: Read::Value(|s, n| put(&mut s.plan.schedule.politeness.delay, n, duration::read)),
            form: duration::form,
            default: "\"0s\"",
            affects: Affects::Nothing,
            doc: "The time from one request to a host to the next one; \"0s\" = none. A longer `Crawl-delay` in the \
                  robots.txt of the host overrides it.",
        },
        Setting {
            name: "delay_jitter",
            read: Read::Value(|s, n| put(&mut s.plan.schedule.politeness.delay_jitter, n, duration::read)),
            form: duration::form,
            default: "\"0s\"",
            affects: Affects::Nothing,
            doc: "Up to this much is added to the delay, at random for each request, so that requests do not come at \
                  regular intervals.",
        },
        Setting {
            name: "rate",
            read: Read::Value(|s, n| put(&mut s.plan.schedule.politeness.interval, n, interval)),
            form: decimal::form,
            default: "0",
            affects: Affects::Nothing,
            doc: "The most requests a second of the whole run, to all hosts together. It may have decimals (0.5 = one \
                  request in two seconds); 0 = no limit.",
        },
        Setting {
            name: "group_by",
            read: Read::Value(|s, n| put(&mut s.plan.schedule.politeness.group_by, n, |n| choice::read(n, GROUPS))),
            form: || choice::form(GROUPS),
            default: "\"host\"",
            affects: Affects::Nothing,
            doc: "What these limits count for: \"host\", or \"domain\" = all hosts of one registrable domain together \
                  (a.example.co.uk and b.example.co.uk), which often are one server. With \"domain\", the tables of \
                  [hosts] count for domains, too.",
        },
        Setting {
            name: "max_crawl_delay",
            read: Read::Value(|s, n| put(&mut s.plan.schedule.politeness.max_crawl_delay, n, duration::read)),
            form: duration::form,
            default: "\"30s\"",
            affects: Affects::Nothing,
            doc: "The longest `Crawl-delay` that is obeyed; a longer one in a robots.txt is shortened to this. Otherwise, \
                  a robots.txt could make a list take years.",
        },
        Setting {
            name: "adaptive",
            read: Read::Value(|s, n| put(&mut s.adaptive, n, truth::read)),
            form: truth::form,
            default: "false",
            affects: Affects::Nothing,
            doc: "Whether the delay follows how fast each host answers: a host that gets slower gets fewer requests. The \
                  delay is never shorter than `delay`.",
        },
        Setting {
            name: "adaptive_target",
            read: Read::Value(|s, n| put(&mut s.adaptation.target, n, decimal::positive)),
            form: decimal::positive_form,
            default: "1.0",
            affects: Affects::Nothing,
            doc: "How many requests to a host the adaptive delay keeps in flight on average.",
        },
        Setting {
            name: "max_delay",
            read: Read::Value(|s, n| put(&mut s.adaptation.max_delay, n, duration::positive)),
            form: duration::positive_form,
            default: "\"60s\"",
            affects: Affects::Nothing,
            doc: "The longest adaptive delay.",
        },
        Setting {
            name: "read_ahead",
            read: Read::Value(|s, n| put(&mut s.plan.read_ahead, n, lines)),
            form: count::positive_form,
            default: "100000",
            affects: Affects::Nothing,
            doc: "How many lines of the list may be read ahead to find hosts that are free now, so that a list sorted by \
                  host keeps all workers busy. Each line takes a little memory.",
        },
    ]),
    remarks: "",
};

const GROUPS: &[(&str, GroupBy)] = &[("host", GroupBy::Host), ("domain", GroupBy::Domain)];

/// Reads requests a second. Gives the time from one request to the next; zero for no limit.
fn interval(node: &Node) -> Result<Duration, Complaint> {
    // Longer than any run takes, and short enough for every clock.
    const LONGEST: f64 = 365.0 * 24.0 * 60.0 * 60.0;
    let rate = decimal::read(node)?;
    Ok(if rate > 0.0 { Duration::from_secs_f64((1.0 / rate).min(LONGEST)) } else { Duration::ZERO })
}

fn lines(node: &Node) -> Result<usize, Complaint> {
    count::positive(node).map(|lines| usize::try_from(lines).unwrap_or(usize::MAX))
}
