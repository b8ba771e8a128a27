//! What a panic said, and where: `catch_unwind` alone gives the first and not the second.

use std::any::Any;
use std::backtrace::Backtrace;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, PoisonError};

use super::JobError;

/// Characters of a message, or of a backtrace, that are worth their way to the parent. What is longer could fill a frame.
const LIMIT: usize = 16 << 10;

/// The most bytes that such a text has.
pub(super) const MOST_BYTES: usize = LIMIT * char::MAX.len_utf8();

/// Of a panic that was not noted: in the parent, whose panic hook is its program's own, and prints the place.
const UNKNOWN_PLACE: &str = "an unknown place";

struct Noted {
    location: String,
    backtrace: String,
}

/// The last panic of this process. The worker's jobs share one thread; one that panics on a thread of its own and is
/// resumed here has noted its place as well.
static LAST: Mutex<Option<Noted>> = Mutex::new(None);

/// Notes the place of each panic from now on, and prints nothing: the error value tells it all.
pub(super) fn note_places() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let location = info.location().map_or_else(|| UNKNOWN_PLACE.to_owned(), ToString::to_string);
        let mut backtrace = Backtrace::force_capture().to_string();
        shorten(&mut backtrace);
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Noted { location, backtrace });
    }));
}

/// Runs what may panic, and gives the panic as a value.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, JobError> {
    std::panic::catch_unwind(AssertUnwindSafe(run)).map_err(|payload| to_error(&*payload))
}

/// The error that a caught panic stands for.
pub(super) fn to_error(payload: &(dyn Any + Send)) -> JobError {
    let noted = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (location, backtrace) =
        noted.map_or_else(|| (UNKNOWN_PLACE.to_owned(), String::new()), |noted| (noted.location, noted.backtrace));
    let mut message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned());
    shorten(&mut message);
    JobError::Panic { message, location, backtrace }
}

/// The error of a value that cannot be read or written. The value's own words may be as long as they like.
pub(super) fn unserializable(error: &postcard::Error) -> JobError {
    let mut reason = error.to_string();
    shorten(&mut reason);
    JobError::Unserializable(reason)
}

/// Cuts a text for the parent where it becomes too long.
pub(super) fn shorten(text: &mut String) {
    if let Some((cut, _)) = text.char_indices().nth(LIMIT) {
        text.truncate(cut);
    }
}
