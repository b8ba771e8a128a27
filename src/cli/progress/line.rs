//! The progress line: what of a run is worth one line.

use super::fitted::{Ink, Part};
use super::waits::waits_for;
use crate::model::{about, stopwatch};
use crate::observation::{Glance, RunState, Total};
use crate::report::words::a_second;

/// The parts of the line, in their order.
pub(in crate::cli) fn parts(glance: &Glance) -> Vec<Part> {
    let waits = waits_for(glance);
    let mut parts = vec![count(glance.done, glance.total), Part::new(5, Ink::Plain, [stopwatch(glance.elapsed)])];
    if glance.rate > 0.0 {
        parts.push(Part::new(4, Ink::Plain, [format!("{}/s", a_second(glance.rate))]));
    }
    if glance.failed > 0 {
        parts.push(Part::new(2, Ink::Bad, [format!("{} failed", glance.failed)]));
    }
    if let Some(left) = glance.left.filter(|left| !left.is_zero() && glance.state == RunState::Running) {
        let left = about(left);
        parts.push(Part::new(3, Ink::Plain, [format!("about {left} left"), format!("{left} left")]));
    }
    parts.extend(waits.map(|forms| Part::new(1, Ink::Wait, forms)));
    parts
}

fn count(done: u64, total: Total) -> Part {
    let share = |total: u64| format!("{} %", (u128::from(done) * 100 / u128::from(total.max(1))).min(100));
    let forms = match total {
        Total::Unknown => vec![format!("{done}/?"), done.to_string()],
        Total::About(total) => vec![format!("{done}/~{}", total.max(done)), share(total.max(done))],
        Total::Known(total) => vec![format!("{done}/{}", total.max(done)), share(total.max(done))],
    };
    Part::new(0, Ink::Plain, forms)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cli::progress::fitted::{fit, width};
    use crate::model::WaitReason;
    use crate::observation::HostWait;

    fn line(glance: &Glance, total: Total, columns: usize) -> String {
        fit(&parts(&Glance { total, ..glance.clone() }), columns).into_iter().map(|span| span.text).collect()
    }

    fn busy() -> Glance {
        Glance {
            elapsed: Duration::from_secs(62),
            done: 1_234,
            failed: 12,
            rate: 123.4,
            left: Some(Duration::from_secs(170)),
            under_way: 40,
            ..Glance::default()
        }
    }

    fn waiting() -> Glance {
        let wait = HostWait {
            host: "shop.example".into(),
            why: WaitReason::RetryAfter,
            left: Duration::from_secs(41),
            waiting: 9,
        };
        Glance { rate: 0.0, quiet: Duration::from_secs(5), waits: vec![wait], waiting_hosts: 1, ..busy() }
    }

    #[test]
    fn the_line_says_what_fits_and_the_most_important_first() {
        let known = Total::Known(20_000);
        let table: [(Glance, Total, usize, &str); 16] = [
            (busy(), known, 200, "1234/20000  1:02  123/s  12 failed  about 3 min left"),
            (busy(), known, 80, "1234/20000  1:02  123/s  12 failed  about 3 min left"),
            (busy(), known, 45, "1234/20000  1:02  12 failed  about 3 min left"),
            (busy(), known, 38, "1234/20000  12 failed  3 min left"),
            (busy(), known, 30, "1234/20000  123/s  12 failed"),
            (busy(), known, 24, "1234/20000  12 failed"),
            (busy(), known, 14, "6 %  12 failed"),
            (busy(), Total::About(19_876), 200, "1234/~19876  1:02  123/s  12 failed  about 3 min left"),
            (Glance { left: None, ..busy() }, Total::Unknown, 80, "1234/?  1:02  123/s  12 failed"),
            (Glance { failed: 0, left: None, rate: 9.94, ..busy() }, Total::Unknown, 80, "1234/?  1:02  9.9/s"),
            (Glance { failed: 0, left: None, rate: 9.96, ..busy() }, Total::Unknown, 80, "1234/?  1:02  10/s"),
            (
                waiting(),
                known,
                200,
                "1234/20000  1:02  12 failed  about 3 min left  waiting for shop.example: Retry-After, 41 s",
            ),
            (waiting(), known, 80, "1234/20000  12 failed  3 min left  waiting for shop.example: Retry-After, 41 s"),
            (waiting(), known, 60, "1234/20000  12 failed  about 3 min left  shop.example, 41 s"),
            (waiting(), known, 40, "1234/20000  12 failed  Retry-After, 41 s"),
            (waiting(), known, 22, "1234/20000  wait 41 s"),
        ];
        for (glance, total, columns, expected) in table {
            assert_eq!(line(&glance, total, columns), expected, "{columns}");
        }
    }

    #[test]
    fn a_list_that_grows_never_has_fewer_tasks_than_are_done() {
        let done = |done| Glance { done, ..Glance::default() };
        for (glance, total, expected) in [
            (done(10), Total::About(7), "10/~10"),
            (done(0), Total::Known(0), "0/0"),
            (done(u64::MAX), Total::Known(u64::MAX), "18446744073709551615/18446744073709551615"),
        ] {
            assert!(line(&glance, total, 200).starts_with(expected), "{}", line(&glance, total, 200));
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_24_columns_say_something() {
        let states =
            [RunState::Running, RunState::Paused, RunState::Stopping(Duration::from_secs(5)), RunState::Writing];
        let host = "very-long-name.".repeat(17);
        for state in states {
            for total in [Total::Unknown, Total::About(2_000_000), Total::Known(10_000_000)] {
                let wait = HostWait { host: host.clone(), ..waiting().waits[0].clone() };
                let glance =
                    Glance { state, done: 1_234_567, failed: 1_234, in_flight: 12, waits: vec![wait], ..waiting() };
                for columns in 0..=300 {
                    let line = line(&glance, total, columns);
                    assert!(width(&line) <= columns, "{columns}: {line}");
                    let says = ["wait", "stopping", "paused", "writing", "41 s"];
                    assert!(columns < 24 || says.iter().any(|word| line.contains(word)), "{columns}: {line}");
                }
            }
        }
    }
}
