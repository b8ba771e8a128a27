//! Decides when a host is paused, and when it is given up.
//!
//! A circuit breaker for one host. It counts different pages in a row, not requests: if the same page fails again, that
//! says nothing new about the host. There are three counters, because three things can be wrong:
//!
//! - *Unanswered* pages got no answer, or a 429. Any other answer, whatever its status, shows that the host works, and
//!   resets the counter.
//! - *Unserved* pages got no answer or a 5xx. Some pages of a working host may fail that way, so this limit is high.
//!   The first page that is served resets the counter.
//! - *Unwelcome* pages were answered with a `Retry-After` that is longer than the limit.
//!
//! When one of the first two counters reaches its limit, the breaker opens: the host gets no requests for a while, and
//! then one at a time, to find out whether it works again. Each further page that fails doubles the next pause, until
//! the host is given up.

use std::time::{Duration, Instant};

use crate::model::{Failure, FailureKind, Retry};

/// The number of different pages in a row without an answer that opens the breaker.
const UNANSWERED: usize = 5;
/// The number of different pages in a row that were not served, which opens the breaker.
const UNSERVED: usize = 20;
/// The number of different pages in a row with a `Retry-After` that is too long, after which the host is given up.
const UNWELCOME: usize = 3;
/// The first pause. Each further one is twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// The number of pauses before a host that has answered before is given up: about two minutes in all.
const PAUSES: u32 = 7;
/// The same for a host that has never answered: seven seconds in all.
const PAUSES_OF_A_STRANGER: u32 = 3;
/// How long a host stays given up.
pub(super) const REST: Duration = Duration::from_secs(600);
/// The most pages that a row remembers. A row gets that long only through answers that were under way when the breaker
/// opened.
const LONGEST_ROW: usize = 64;

/// What the result of a request says about its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// The host serves: a page, a redirect, a 404.
    Served,
    /// It works, but does not serve this page: a 5xx.
    Unserved,
    /// It asks for fewer requests: a 429 without `Retry-After`.
    TurnedAway,
    /// It does not answer.
    Silent,
    /// It says when to try again (`Retry-After`).
    Later(Duration),
    /// Nothing: the failure is the fault of this machine, or another try would not help.
    Nothing,
}

impl Sign {
    /// `failure` is `None` for an answer that is not a failure.
    pub(super) fn of(failure: Option<&Failure>) -> Self {
        let Some(failure) = failure else { return Self::Served };
        match (failure.status, failure.retry) {
            (_, Retry::After(pause)) => Self::Later(pause),
            (Some(429), _) if failure.kind == FailureKind::HttpStatus => Self::TurnedAway,
            (Some(500..), _) if failure.kind == FailureKind::HttpStatus => Self::Unserved,
            (Some(_), _) => Self::Served,
            // A request that was lost twice did not get an answer either.
            (None, Retry::Yes | Retry::Again) => Self::Silent,
            (None, Retry::No | Retry::Local) => Self::Nothing,
        }
    }
}

/// What follows from a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Fine,
    /// The host gets no requests for this long.
    Pause(Duration),
    /// The tasks of the host fail at once, for [`REST`].
    GiveUp,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Breaker {
    has_answered: bool,
    unanswered: Row,
    unserved: Row,
    unwelcome: Row,
    pauses: u32,
    opened: Option<Instant>,
}

/// The different pages of a row, by their numbers.
#[derive(Debug, Clone, Default)]
struct Row(Vec<u64>);

impl Row {
    /// Adds a page. Returns whether it is a new one.
    fn add(&mut self, page: u64) -> bool {
        let is_new = !self.0.contains(&page);
        if is_new && self.0.len() < LONGEST_ROW {
            self.0.push(page);
        }
        is_new
    }
}

impl Breaker {
    /// Whether requests are sent one at a time until the host works again.
    pub(super) fn is_trying(&self) -> bool {
        self.opened.is_some()
    }

    /// Notes what a request for `page`, handed out at `since`, said about the host.
    ///
    /// `page` is `None` if a redirect from another host led there. In that case only good signs count, because no host
    /// may make another one fail.
    pub(super) fn note(&mut self, sign: Sign, page: Option<u64>, since: Instant, now: Instant) -> Verdict {
        self.has_answered |= !matches!(sign, Sign::Silent | Sign::Nothing);
        let is_news = match sign {
            Sign::Nothing => return Verdict::Fine,
            Sign::Later(_) => {
                self.unwelcome = Row::default();
                return Verdict::Fine;
            }
            Sign::Served => {
                *self = Self { has_answered: true, ..Self::default() };
                return Verdict::Fine;
            }
            Sign::Unserved => {
                self.unanswered = Row::default();
                self.unwelcome = Row::default();
                let Some(page) = page else { return Verdict::Fine };
                self.unserved.add(page)
            }
            Sign::TurnedAway | Sign::Silent => {
                let Some(page) = page else { return Verdict::Fine };
                self.unserved.add(page);
                self.unanswered.add(page)
            }
        };
        if self.unanswered.0.len() < UNANSWERED && self.unserved.0.len() < UNSERVED {
            // The host was paused, and now it works again.
            self.opened = None;
            self.pauses = 0;
            return Verdict::Fine;
        }
        // If a host has never answered, there is no reason to tell its pages apart.
        let is_news = is_news || (self.is_trying() && !self.has_answered);
        // An answer to a request from before the pause says nothing about the host after the pause.
        let is_late = self.opened.is_some_and(|opened| since < opened);
        if is_late || !is_news { Verdict::Fine } else { self.open(now) }
    }

    fn open(&mut self, now: Instant) -> Verdict {
        self.opened = Some(now);
        if self.pauses >= if self.has_answered { PAUSES } else { PAUSES_OF_A_STRANGER } {
            return Verdict::GiveUp;
        }
        self.pauses += 1;
        Verdict::Pause(FIRST * 2_u32.pow(self.pauses - 1))
    }

    /// Notes that `page` was answered with a `Retry-After` that is too long. Returns whether to give up the host.
    pub(super) fn is_unwelcome(&mut self, page: Option<u64>) -> bool {
        self.has_answered = true;
        page.is_some_and(|page| self.unwelcome.add(page)) && self.unwelcome.0.len() >= UNWELCOME
    }

    /// What is wrong with the host. Continues a message that begins with "host h".
    pub(super) fn why(&self) -> String {
        if self.unanswered.0.len() >= UNANSWERED {
            format!("did not answer for {} different pages in a row", self.unanswered.0.len())
        } else {
            format!("failed to serve {} different pages in a row", self.unserved.0.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Stage;

    /// A breaker, the number of the last page, and the time.
    struct World {
        breaker: Breaker,
        next: u64,
        now: Instant,
    }

    impl World {
        fn new() -> Self {
            Self { breaker: Breaker::default(), next: 0, now: Instant::now() }
        }

        /// Notes a sign for another page that was requested just now.
        fn another(&mut self, sign: Sign) -> Verdict {
            self.next += 1;
            self.breaker.note(sign, Some(self.next), self.now, self.now)
        }

        /// The pauses in seconds until the host is given up, if each page fails the same way.
        fn pauses(&mut self, sign: Sign) -> Vec<u64> {
            let mut pauses = Vec::new();
            for _ in 0..100 {
                match self.another(sign) {
                    Verdict::Fine => {}
                    Verdict::Pause(pause) => {
                        pauses.push(pause.as_secs());
                        self.now += pause;
                    }
                    Verdict::GiveUp => return pauses,
                }
            }
            panic!("the host is never given up: {pauses:?}");
        }
    }

    #[test]
    fn a_host_that_has_answered_before_gets_more_pauses() {
        // (the first sign, the later signs, the pauses)
        let long = vec![1, 2, 4, 8, 16, 32, 64];
        let table = [
            (None, Sign::Silent, vec![1, 2, 4]),
            (Some(Sign::Served), Sign::Silent, long.clone()),
            (Some(Sign::Unserved), Sign::Silent, long.clone()),
            (Some(Sign::Later(FIRST)), Sign::Silent, long.clone()),
            (Some(Sign::Nothing), Sign::Silent, vec![1, 2, 4]),
            (None, Sign::Unserved, long.clone()),
            (None, Sign::TurnedAway, long),
        ];
        for (first, then, pauses) in table {
            let mut world = World::new();
            first.map(|sign| world.another(sign));
            assert_eq!(world.pauses(then), pauses, "{first:?}, {then:?}");
            assert!(world.breaker.is_trying());
            assert_eq!(world.another(then), Verdict::GiveUp, "it stays given up");
            assert_eq!(world.another(Sign::Served), Verdict::Fine);
            assert!(!world.breaker.is_trying());
        }
    }

    #[test]
    fn a_row_of_different_pages_opens_the_breaker_and_a_better_answer_ends_the_row() {
        const AWAY: Sign = Sign::Silent;
        const SOON: Sign = Sign::Later(FIRST);
        type Signs = &'static [(Sign, usize)];
        // (the signs in a row and how often each comes, whether the last one opens the breaker)
        let table: [(Signs, bool); 13] = [
            (&[(AWAY, 4)], false),
            (&[(AWAY, 5)], true),
            (&[(Sign::TurnedAway, 4)], false),
            (&[(Sign::TurnedAway, 5)], true),
            (&[(AWAY, 4), (Sign::TurnedAway, 1)], true),
            (&[(AWAY, 4), (Sign::Unserved, 1), (AWAY, 4)], false),
            (&[(AWAY, 4), (Sign::Served, 1), (AWAY, 4)], false),
            (&[(AWAY, 4), (SOON, 1), (AWAY, 1)], true),
            (&[(AWAY, 4), (Sign::Nothing, 9)], false),
            (&[(Sign::Unserved, 19)], false),
            (&[(Sign::Unserved, 20)], true),
            (&[(Sign::Unserved, 16), (AWAY, 4)], true),
            (&[(Sign::Unserved, 19), (Sign::Served, 1), (Sign::Unserved, 19)], false),
        ];
        for (signs, opens) in table {
            let mut world = World::new();
            let each = signs.iter().flat_map(|(sign, count)| std::iter::repeat_n(*sign, *count));
            let verdicts: Vec<Verdict> = each.map(|sign| world.another(sign)).collect();
            let (last, others) = verdicts.split_last().expect("some");
            assert!(others.iter().all(|verdict| *verdict == Verdict::Fine), "{signs:?}: {verdicts:?}");
            assert_eq!(*last == Verdict::Pause(FIRST), opens, "{signs:?}: {verdicts:?}");
        }
    }

    #[test]
    fn a_repeated_page_does_not_count_unless_the_host_has_never_answered() {
        for sign in [Sign::Unserved, Sign::TurnedAway, Sign::Silent] {
            let mut world = World::new();
            world.another(Sign::Served);
            for page in [7, 8, 9, 10].repeat(50) {
                let verdict = world.breaker.note(sign, Some(page), world.now, world.now);
                assert_eq!(verdict, Verdict::Fine, "{sign:?}");
            }
        }
        for (first, second) in [(None, Verdict::Pause(2 * FIRST)), (Some(Sign::Served), Verdict::Fine)] {
            let mut world = World::new();
            first.map(|sign| world.another(sign));
            assert_eq!((0..5).map(|_| world.another(Sign::Silent)).last(), Some(Verdict::Pause(FIRST)));
            let (page, now) = (Some(world.next), world.now + FIRST);
            assert_eq!(world.breaker.note(Sign::Silent, page, now, now), second, "{first:?}");
        }
    }

    #[test]
    fn answers_from_before_the_pause_do_not_make_it_longer() {
        let mut world = World::new();
        let before = world.now;
        world.now += FIRST;
        assert_eq!((0..5).map(|_| world.another(Sign::Silent)).last(), Some(Verdict::Pause(FIRST)));
        for page in 100..1_000 {
            assert_eq!(world.breaker.note(Sign::Silent, Some(page), before, world.now + FIRST), Verdict::Fine);
        }
        assert!(world.breaker.unanswered.0.len() <= LONGEST_ROW);
        world.now += FIRST;
        assert_eq!(world.another(Sign::Silent), Verdict::Pause(2 * FIRST));
    }

    #[test]
    fn an_error_answer_shows_that_a_silent_host_works() {
        let mut world = World::new();
        for _ in 0..5 {
            world.another(Sign::Silent);
        }
        assert!(world.breaker.is_trying());
        assert_eq!(world.another(Sign::Unserved), Verdict::Fine);
        assert!(!world.breaker.is_trying());
    }

    #[test]
    fn the_target_of_a_redirect_can_only_count_in_favour_of_its_host() {
        let mut world = World::new();
        for sign in [Sign::Silent, Sign::Unserved, Sign::TurnedAway] {
            for _ in 0..100 {
                assert_eq!(world.breaker.note(sign, None, world.now, world.now), Verdict::Fine);
            }
        }
        assert!((0..100).all(|_| !world.breaker.is_unwelcome(None)));
        world.pauses(Sign::Silent);
        assert_eq!(world.breaker.note(Sign::Served, None, world.now, world.now), Verdict::Fine);
        assert!(!world.breaker.is_trying());
    }

    #[test]
    fn three_different_pages_in_a_row_with_a_long_retry_after_count_for_the_whole_host() {
        // Pages with a pause that is too long. 0 is a page that is served, 10 a page that is not answered.
        let table: [(&[u64], bool); 6] = [
            (&[1, 2, 3], true),
            (&[1, 1, 1, 1], false),
            (&[1, 2, 1, 2], false),
            (&[1, 2, 0, 3], false),
            (&[1, 2, 10, 3], true),
            (&[1, 2, 0, 1, 2, 3], true),
        ];
        for (pages, is_unwelcome) in table {
            let mut world = World::new();
            let mut said = false;
            for page in pages {
                said = match page {
                    0 => world.another(Sign::Served) != Verdict::Fine,
                    10 => world.another(Sign::Silent) != Verdict::Fine,
                    page => world.breaker.is_unwelcome(Some(*page)),
                };
            }
            assert_eq!(said, is_unwelcome, "{pages:?}");
        }
    }

    #[test]
    fn each_failure_gives_the_right_sign_about_its_host() {
        let status = |status, retry| Failure {
            status: Some(status),
            retry,
            ..Failure::new(FailureKind::HttpStatus, Stage::Fetch, "no")
        };
        let unanswered = |kind, retry| Failure { retry, ..Failure::new(kind, Stage::Fetch, "no") };
        let late = Retry::After(FIRST);
        let table = [
            (unanswered(FailureKind::Connect, Retry::Yes), Sign::Silent),
            (unanswered(FailureKind::Timeout, Retry::Yes), Sign::Silent),
            (unanswered(FailureKind::Dns, Retry::Yes), Sign::Silent),
            (unanswered(FailureKind::Tls, Retry::No), Sign::Nothing),
            (unanswered(FailureKind::Connect, Retry::Local), Sign::Nothing),
            (unanswered(FailureKind::InvalidUrl, Retry::No), Sign::Nothing),
            (unanswered(FailureKind::BlockedAddress, Retry::No), Sign::Nothing),
            (status(404, Retry::No), Sign::Served),
            (status(408, Retry::Yes), Sign::Served),
            (status(429, Retry::Yes), Sign::TurnedAway),
            (status(429, Retry::No), Sign::TurnedAway),
            (status(429, late), Sign::Later(FIRST)),
            (status(500, Retry::Yes), Sign::Unserved),
            (status(501, Retry::No), Sign::Unserved),
            (status(503, Retry::Yes), Sign::Unserved),
            (status(503, late), Sign::Later(FIRST)),
            // A page that was served and gave no data.
            (Failure { status: Some(200), ..unanswered(FailureKind::Truncated, Retry::Yes) }, Sign::Served),
            (Failure { status: Some(500), ..unanswered(FailureKind::Protocol, Retry::No) }, Sign::Served),
        ];
        for (failure, sign) in table {
            assert_eq!(Sign::of(Some(&failure)), sign, "{failure:?}");
        }
        assert_eq!(Sign::of(None), Sign::Served);
    }
}
