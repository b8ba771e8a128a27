//! shim
use super::super::document::Dom;
use super::link::Links;
pub(super) fn markdown(_: &Dom, _: u32, _: Option<&Links>) -> String {
    String::new()
}
pub(super) fn of_html(_: &str, _: Option<&Links>) -> Option<String> {
    None
}
