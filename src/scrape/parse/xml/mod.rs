//! Turns XML into a document, by the rules of XML 1.0 (fifth edition) and Namespaces in XML 1.0.
//!
//! The crate `quick-xml` cuts the text into tags, texts and other pieces. It does not check everything that XML demands,
//! and expands no entities: `construction` does both, and fills the document. A text that breaks a rule is not
//! well-formed. The error says where and why, and the caller decides what to do. Nothing outside the text is ever read.
//!
//! - `fault`: why a text is not well-formed
//! - `construction`: makes nodes of the pieces
//! - `namespaces`: which namespace each prefix stands for
//! - `attributes`: the attributes of a tag
//! - `entities`: references, within a budget
//! - `declaration`: `<?xml ..?>`; `doctype`: `<!DOCTYPE ..>` with its declarations
//! - `cursor`: reads the inside of declarations; `characters`: the classes of characters
//! - `tests`: tables of texts
//! - `peers_tests`: writes documents as text, to compare them with those of lxml
//!
//! Absent on purpose: XML 1.1, which is read as 1.0; validation.

mod attributes;
mod characters;
mod construction;
mod cursor;
mod declaration;
mod doctype;
mod entities;
mod fault;
mod namespaces;
#[cfg(test)]
mod peers_tests;
#[cfg(test)]
mod tests;

use encoding_rs::Encoding;

use crate::scrape::document::Dom;
use characters::{is_allowed, is_space};
use construction::Construction;
use fault::Fault;
pub use fault::NotWellFormed;

use super::html::normalize_line_ends;

/// The length of the longest text, in bytes. Positions are 32-bit numbers, and the side text may be as long as the text
/// itself.
const LONGEST: usize = 1 << 28;

/// How a text with faults is read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Faults {
    /// Any fault is an error.
    #[default]
    Refused,
    /// Faults that many feeds have are repaired: white space before the XML declaration, characters that XML does not
    /// allow, a bare `&`, and the entities of HTML. Any other fault is an error.
    Repaired,
}

/// Parses a text that was written in `encoding` into `dom`. After an error, the document is empty.
///
/// # Errors
/// Fails at the first fault.
pub(crate) fn parse(
    text: &str,
    encoding: &'static Encoding,
    faults: Faults,
    dom: &mut Dom,
) -> Result<(), NotWellFormed> {
    dom.clear(encoding);
    if text.len() > LONGEST {
        let reason = format!("the document is longer than {} MiB", LONGEST >> 20);
        return Err(NotWellFormed { line: 1, column: 1, reason });
    }
    dom.is_xml = true;
    // Taken out of the document, because it is read while the document changes.
    let mut page = std::mem::take(&mut dom.page);
    match faults {
        Faults::Refused => normalize_line_ends(text, &mut page),
        Faults::Repaired => {
            let allowed: String = text.trim_start_matches(is_space).chars().filter(|c| is_allowed(*c)).collect();
            normalize_line_ends(&allowed, &mut page);
        }
    }
    let done = check_characters(&page).and_then(|()| Construction::new(&page, dom, faults).run());
    if let Err(Fault { offset, reason }) = done {
        dom.clear(encoding);
        return Err(NotWellFormed::at(&page, offset, reason));
    }
    dom.page = page;
    dom.seal();
    Ok(())
}

fn check_characters(page: &str) -> Result<(), Fault> {
    match page.char_indices().find(|(_, c)| !is_allowed(*c)) {
        None => Ok(()),
        Some((offset, c)) => {
            Err(Fault::new(offset, format!("XML does not allow the character U+{:04X}", u32::from(c))))
        }
    }
}
