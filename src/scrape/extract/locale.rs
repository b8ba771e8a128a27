//! shim
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Locale;
impl Locale {
    pub(super) fn find(_: &str) -> Option<Self> {
        Some(Self)
    }
}
