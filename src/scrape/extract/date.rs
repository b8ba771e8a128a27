//! shim
use super::locale::Locale;
#[derive(Debug)]
pub(super) struct Dates;
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DatesError {
    pub message: String,
}
impl Dates {
    pub(super) fn new(_: Option<Locale>, _: Option<&str>, _: Option<&str>) -> Result<Self, DatesError> {
        Ok(Self)
    }
    pub(super) fn date(&self, _: &str, _: std::time::SystemTime) -> Option<String> {
        None
    }
    pub(super) fn datetime(&self, _: &str, _: std::time::SystemTime) -> Option<String> {
        None
    }
}
