//! The sets of element names that the Standard repeats in its parsing rules (13.2.4.2).
//!
//! Each open element stores the sets that it belongs to as bits. So "is one of these in scope" is a test of bits.

#[cfg(any(test, fuzzing))]
use super::rules::Correction;
use crate::scrape::document::{KNOWN, Name, Namespace, known::*};

/// The sets of an element, one bit for each set.
pub(super) type Sets = u32;

/// "Special" elements. The search of an end tag for its element stops there.
pub(super) const SPECIAL: Sets = 1;
/// Elements that end "has an element in scope".
pub(super) const SCOPE: Sets = 1 << 1;
/// Elements that also end "in list item scope".
const LIST_ITEM: Sets = 1 << 2;
/// Elements that also end "in button scope".
const BUTTON_ITSELF: Sets = 1 << 3;
/// Elements that end "in table scope". "Clear the stack back to a table context" also stops there.
pub(super) const TABLE_SCOPE: Sets = 1 << 4;
/// Elements where "clear the stack back to a table body context" stops.
pub(super) const TABLE_BODY_CONTEXT: Sets = 1 << 5;
/// Elements where "clear the stack back to a table row context" stops.
pub(super) const TABLE_ROW_CONTEXT: Sets = 1 << 6;
pub(super) const CELL: Sets = 1 << 7;
/// Elements that "generate implied end tags" closes.
pub(super) const IMPLIED: Sets = 1 << 8;
/// Elements that "generate all implied end tags thoroughly" closes.
pub(super) const THOROUGHLY_IMPLIED: Sets = 1 << 9;
pub(super) const HEADING: Sets = 1 << 10;
/// Elements in which text, and elements that do not belong in tables, are foster parented.
pub(super) const FOSTERING: Sets = 1 << 11;
pub(super) const FORMATTING: Sets = 1 << 12;
/// `tbody`, `tfoot`, `thead`.
pub(super) const TABLE_BODY: Sets = 1 << 13;
/// A `MathML` text integration point.
pub(super) const MATHML_TEXT: Sets = 1 << 14;
/// An HTML integration point.
pub(super) const HTML_INTEGRATION: Sets = 1 << 15;
/// The elements that html5ever looks for instead of `TABLE_BODY`: `table`, `tbody`, `tfoot`.
pub(super) const TABLE_BODY_OR_TABLE: Sets = 1 << 16;

pub(super) const LIST_ITEM_SCOPE: Sets = SCOPE | LIST_ITEM;
pub(super) const BUTTON_SCOPE: Sets = SCOPE | BUTTON_ITSELF;

/// The special elements of HTML.
const SPECIAL_NAMES: &[Name] = &[
    ADDRESS, APPLET, AREA, ARTICLE, ASIDE, BASE, BASEFONT, BGSOUND, BLOCKQUOTE, BODY, BR, BUTTON, CAPTION, CENTER, COL,
    COLGROUP, DD, DETAILS, DIR, DIV, DL, DT, EMBED, FIELDSET, FIGCAPTION, FIGURE, FOOTER, FORM, FRAME, FRAMESET, H1,
    H2, H3, H4, H5, H6, HEAD, HEADER, HGROUP, HR, HTML, IFRAME, IMG, INPUT, KEYGEN, LI, LINK, LISTING, MAIN, MARQUEE,
    MENU, META, NAV, NOEMBED, NOFRAMES, NOSCRIPT, OBJECT, OL, P, PARAM, PLAINTEXT, PRE, SCRIPT, SEARCH, SECTION,
    SELECT, SOURCE, STYLE, SUMMARY, TABLE, TBODY, TD, TEMPLATE, TEXTAREA, TFOOT, TH, THEAD, TITLE, TR, TRACK, UL, WBR,
    XMP,
];

/// The sets of HTML elements.
const MEMBERS: &[(Sets, &[Name])] = &[
    (SPECIAL, SPECIAL_NAMES),
    (SCOPE, &[APPLET, CAPTION, HTML, TABLE, TD, TH, MARQUEE, OBJECT, SELECT, TEMPLATE]),
    (LIST_ITEM, &[OL, UL]),
    (BUTTON_ITSELF, &[BUTTON]),
    (TABLE_SCOPE, &[HTML, TABLE, TEMPLATE]),
    (TABLE_BODY_CONTEXT, &[TBODY, TFOOT, THEAD, TEMPLATE, HTML]),
    (TABLE_ROW_CONTEXT, &[TR, TEMPLATE, HTML]),
    (CELL, &[TD, TH]),
    (IMPLIED | THOROUGHLY_IMPLIED, &[DD, DT, LI, OPTION, OPTGROUP, P, RB, RP, RT, RTC]),
    (THOROUGHLY_IMPLIED, &[CAPTION, COLGROUP, TBODY, TD, TFOOT, TH, THEAD, TR]),
    (HEADING, &[H1, H2, H3, H4, H5, H6]),
    (FOSTERING, &[TABLE, TBODY, TFOOT, THEAD, TR]),
    (FORMATTING, &[A, B, BIG, CODE, EM, FONT, I, NOBR, S, SMALL, STRIKE, STRONG, TT, U]),
    (TABLE_BODY, &[TBODY, TFOOT, THEAD]),
    (TABLE_BODY_OR_TABLE, &[TABLE, TBODY, TFOOT]),
];

/// The sets of each known name, indexed by its number.
static SETS: [Sets; KNOWN] = {
    let mut sets = [0; KNOWN];
    let mut row = 0;
    while row < MEMBERS.len() {
        let mut nth = 0;
        while nth < MEMBERS[row].1.len() {
            sets[MEMBERS[row].1[nth].number() as usize] |= MEMBERS[row].0;
            nth += 1;
        }
        row += 1;
    }
    sets
};

/// Returns the sets that an element belongs to.
#[inline]
pub(super) fn sets(name: Name, namespace: Namespace) -> Sets {
    match namespace {
        Namespace::Html => SETS.get(name.number() as usize).copied().unwrap_or(0),
        Namespace::MathMl if matches!(name, MI | MO | MN | MS | MTEXT) => SPECIAL | SCOPE | MATHML_TEXT,
        Namespace::MathMl if name == ANNOTATION_XML => SPECIAL | SCOPE,
        Namespace::Svg if matches!(name, FOREIGN_OBJECT | DESC | TITLE) => SPECIAL | SCOPE | HTML_INTEGRATION,
        Namespace::MathMl | Namespace::Svg | Namespace::Other => 0,
    }
}

/// Returns the sets that an element belongs to by the rules of html5ever, if they differ.
#[cfg(any(test, fuzzing))]
pub(super) fn sets_of_html5ever(name: Name, namespace: Namespace) -> Option<(Correction, Sets)> {
    let standard = sets(name, namespace);
    match namespace {
        Namespace::Html if matches!(name, SEARCH | KEYGEN | ISINDEX) => {
            Some((Correction::SpecialElements, standard ^ SPECIAL))
        }
        Namespace::MathMl if name == ANNOTATION_XML => Some((Correction::AnnotationScope, 0)),
        Namespace::MathMl | Namespace::Svg if standard & SPECIAL != 0 => {
            Some((Correction::SpecialElements, standard ^ SPECIAL))
        }
        _ => None,
    }
}
