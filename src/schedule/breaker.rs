//! When a host is left alone for a while, and when it is given up.
//!
//! A circuit breaker for one host. It counts different pages in a row, not requests: the same page failing again says
//! nothing new about its host. There are three rows, since three things can be wrong:
//!
//! - *Unanswered* pages got no answer, or a 429. Any other answer, whatever its status, shows that the host lives and ends
//!   the row.
//! - *Unserved* pages got no answer or a 5xx. Some pages of a living host may fail that way, so this row must be long. The
//!   first page that is served ends it.
//! - *Unwelcome* pages were answered with a `Retry-After` that is longer than anybody waits.
//!
//! A row of the first two kinds opens the breaker: nobody asks the host for a while, then one request at a time tries
//! whether it is back. Each page that fails then makes the next pause twice as long, until the host is given up.

use std::time::{Duration, Instant};

use crate::model::{Failure, FailureKind, Retry};

/// Different pages in a row without an answer that open the breaker.
const UNANSWERED: usize = 5;
/// Different pages in a row that the host did not serve, and that open the breaker.
const UNSERVED: usize = 20;
/// Different pages in a row with a `Retry-After` that is too long, after which the host is taken at its word.
const UNWELCOME: usize = 3;
/// The first pause. Each further one is twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// Pauses until a host is given up that has answered before: two minutes in all.
const PAUSES: u32 = 7;
/// The same for a host that has never answered: seven seconds in all.
const PAUSES_OF_A_STRANGER: u32 = 3;
/// How long a host stays given up.
pub(super) const REST: Duration = Duration::from_secs(600);
/// The most pages that a row remembers. Only what was in flight when the breaker opened can make it longer.
const LONGEST_ROW: usize = 64;

/// What a request says about its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// The host serves: a page, a redirect, a 404.
    Served,
    /// It lives but does not serve this page: a 5xx.
    Unserved,
    /// It answers that it wants fewer requests: a 429 without a time.
    TurnedAway,
    /// It does not answer.
    Silent,
    /// It answers when to ask again (`Retry-After`).
    Later(Duration),
    /// Nothing: the failure is this machine's, or another try would not help.
    Nothing,
}

impl Sign {
    /// `None` for `failure` is an answer without one.
    pub(super) fn of(failure: Option<&Failure>) -> Self {
        let Some(failure) = failure else { return Self::Served };
        match (failure.status, failure.retry) {
            (_, Retry::After(pause)) => Self::Later(pause),
            (Some(429), _) if failure.kind == FailureKind::HttpStatus => Self::TurnedAway,
            (Some(500..), _) if failure.kind == FailureKind::HttpStatus => Self::Unserved,
            (Some(_), _) => Self::Served,
            // A request that was lost twice got no answer either.
            (None, Retry::Yes | Retry::Again) => Self::Silent,
            (None, Retry::No | Retry::Local) => Self::Nothing,
        }
    }
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Fine,
    /// Nobody asks the host for so long.
    Pause(Duration),
    /// Its tasks fail at once, for [`REST`].
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

/// Different pages in a row, by their numbers.
#[derive(Debug, Clone, Default)]
struct Row(Vec<u64>);

impl Row {
    /// Whether the page is a new one.
    fn add(&mut self, page: u64) -> bool {
        let is_new = !self.0.contains(&page);
        if is_new && self.0.len() < LONGEST_ROW {
            self.0.push(page);
        }
        is_new
    }
}

impl Breaker {
    /// Whether one request at a time has to do until the host answers.
    pub(super) fn is_trying(&self) -> bool {
        self.opened.is_some()
    }

    /// Notes what a request for `page`, handed out at `since`, said about the host.
    ///
    /// `page` is `None` where somebody else's redirect has led there: no host can make another one fail, so only what is
    /// good about the host counts then.
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
            // It was silent, and now it lives.
            self.opened = None;
            self.pauses = 0;
            return Verdict::Fine;
        }
        // Where nothing was ever answered there is no reason to tell its pages apart.
        let is_news = is_news || (self.is_trying() && !self.has_answered);
        // What was in flight when the breaker opened says nothing about what is true after the pause.
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

    /// Notes that `page` was answered with a `Retry-After` that is too long. Whether that goes for the whole host.
    pub(super) fn is_unwelcome(&mut self, page: Option<u64>) -> bool {
        self.has_answered = true;
        page.is_some_and(|page| self.unwelcome.add(page)) && self.unwelcome.0.len() >= UNWELCOME
    }

    /// What is wrong with the host, as in "host h .."
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

    /// A breaker, the number of the next page, and the time.
    struct World {
        breaker: Breaker,
        next: u64,
        now: Instant,
    }

    impl World {
        fn new() -> Self {
            Self { breaker: Breaker::default(), next: 0, now: Instant::now() }
        }

        /// Another page was asked for just now.
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
            panic!("it is never given up: {pauses:?}");
        }
    }

    #[test]
    fn a_host_that_has_answered_before_is_waited_for_longer() {
        // (what it said first, what it says then, the pauses)
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
            assert_eq!(world.another(then), Verdict::GiveUp, "still");
            assert_eq!(world.another(Sign::Served), Verdict::Fine);
            assert!(!world.breaker.is_trying());
        }
    }

    #[test]
    fn so_many_different_pages_in_a_row_open_it_and_what_is_better_ends_the_row() {
        const AWAY: Sign = Sign::Silent;
        const SOON: Sign = Sign::Later(FIRST);
        type Signs = &'static [(Sign, usize)];
        // (a row of signs and how often each comes, whether the last one opens it)
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
    fn the_same_page_says_nothing_new_unless_the_host_has_never_said_anything() {
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
    fn what_was_in_flight_when_it_opened_does_not_make_the_pause_longer() {
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
    fn a_silent_host_that_answers_with_an_error_lives() {
        let mut world = World::new();
        for _ in 0..5 {
            world.another(Sign::Silent);
        }
        assert!(world.breaker.is_trying());
        assert_eq!(world.another(Sign::Unserved), Verdict::Fine);
        assert!(!world.breaker.is_trying());
    }

    #[test]
    fn what_follows_from_a_redirect_only_speaks_for_a_host() {
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
    fn three_different_pages_in_a_row_speak_for_a_host_that_wants_to_be_left_alone() {
        // Pages with a time that is too long; 0 is a page that is served, 10 one that is not answered.
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
    fn a_failure_says_of_its_host_what_it_can() {
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
            // A page that was there and gave no data.
            (Failure { status: Some(200), ..unanswered(FailureKind::Truncated, Retry::Yes) }, Sign::Served),
            (Failure { status: Some(500), ..unanswered(FailureKind::Protocol, Retry::No) }, Sign::Served),
        ];
        for (failure, sign) in table {
            assert_eq!(Sign::of(Some(&failure)), sign, "{failure:?}");
        }
        assert_eq!(Sign::of(None), Sign::Served);
    }
}
