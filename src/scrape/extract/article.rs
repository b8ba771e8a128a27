//! shim
use super::super::document::Dom;
use super::link::Links;
use crate::scrape::json::Json;
pub(super) fn article(_: &Dom, _: &Links, _: bool) -> Result<Option<Json>, String> {
    Ok(None)
}
