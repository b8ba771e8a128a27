//! `[limits]`

use std::time::Duration;

use super::{Affects, Keys, Node, Read, Section, Setting, put};
use crate::config::element::{count, duration, failures};
use crate::config::error::Complaint;

pub(super) const LIMITS: Section = Section {
    name: "limits",
    doc: "When a run stops before the end of its list. What is done is kept, and --resume continues from there.",
    keys: Keys::Known(&[
        Setting {
            name: "max_failures",
            read: Read::Value(|s, n| put(&mut s.plan.limits.max_failures, n, failures::read)),
            form: failures::form,
            default: "\"none\"",
            affects: Affects::Nothing,
            doc: "How many records may be failures: a number (100), a percentage of all finished tasks (\"5%\", which counts \
                  once 100 tasks are finished), or \"none\" for no limit.",
        },
        Setting {
            name: "max_host_failures",
            read: Read::Value(|s, n| put(&mut s.plan.schedule.max_host_failures, n, |n| count::any(n).map(u64::from))),
            form: count::any_form,
            default: "0",
            affects: Affects::Nothing,
            doc: "After this many failures of one host, its other tasks fail at once, and the run continues with the \
                  other hosts; 0 = no limit. Only requests that were sent count. A failure after a redirect counts for the host of \
                  the URL in the list.",
        },
        Setting {
            name: "deadline",
            read: Read::Value(|s, n| put(&mut s.plan.limits.deadline, n, deadline)),
            form: duration::form,
            default: "\"0s\"",
            affects: Affects::Nothing,
            doc: "How long the run may take; \"0s\" = no limit. What is in flight then has a few more seconds to finish.",
        },
    ]),
    remarks: "",
};

/// A time; zero means that there is no deadline.
fn deadline(node: &Node) -> Result<Option<Duration>, Complaint> {
    Ok(Some(duration::read(node)?).filter(|time| !time.is_zero()))
}
