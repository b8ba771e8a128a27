//! shim
use super::super::document::Dom;
use super::link::Links;
use crate::scrape::json::Json;
pub(super) fn json_ld(_: &Dom) -> (Json, Vec<String>) {
    (Json::Null, Vec::new())
}
