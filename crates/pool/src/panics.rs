//! Turns panics into errors, with the message and the place. `catch_unwind` alone gives the message and not the place.

use std::any::Any;
use std::backtrace::Backtrace;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, PoisonError};

use super::JobError;

/// How many characters of a message or backtrace are sent to the parent. A longer text could fill a frame.
const MOST_CHARS: usize = 16 << 10;

/// The most bytes that such a text can have.
pub(super) const MOST_BYTES: usize = MOST_CHARS * char::MAX.len_utf8();

/// The place of a panic that was not recorded. This happens in the parent, which keeps the panic hook of its program. That
/// hook prints the place.
const UNKNOWN_PLACE: &str = "an unknown place";

struct Place {
    location: String,
    backtrace: String,
}

/// The last panic of this process. The worker's jobs share one thread. A panic on another thread that is resumed here has
/// also recorded its place.
static LAST: Mutex<Option<Place>> = Mutex::new(None);

/// Records the place of each panic from now on. Nothing is printed, because the error value has all details.
pub(super) fn note_places() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let location = info.location().map_or_else(|| UNKNOWN_PLACE.to_owned(), ToString::to_string);
        let mut backtrace = Backtrace::force_capture().to_string();
        shorten(&mut backtrace);
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Place { location, backtrace });
    }));
}

/// Runs a function, and returns a panic as an error.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, JobError> {
    std::panic::catch_unwind(AssertUnwindSafe(run)).map_err(|payload| to_error(&*payload))
}

/// Converts a caught panic to an error.
pub(super) fn to_error(payload: &(dyn Any + Send)) -> JobError {
    let place = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (location, backtrace) =
        place.map_or_else(|| (UNKNOWN_PLACE.to_owned(), String::new()), |place| (place.location, place.backtrace));
    let mut message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned());
    shorten(&mut message);
    JobError::Panic { message, location, backtrace }
}

/// Returns the error for a value that cannot be serialized or deserialized. The value's own error text may be of any
/// length, so it is cut.
pub(super) fn unserializable(error: &postcard::Error) -> JobError {
    let mut reason = error.to_string();
    shorten(&mut reason);
    JobError::Unserializable(reason)
}

/// Cuts a text for the parent if it is too long.
pub(super) fn shorten(text: &mut String) {
    if let Some((cut, _)) = text.char_indices().nth(MOST_CHARS) {
        text.truncate(cut);
    }
}
