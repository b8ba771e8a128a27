//! Where html5ever 0.40 does not follow the Standard. This parser does; `docs/html.md` describes each case.
//!
//! Each case has a name, and the place that decides it asks for the rule by that name. In the program the answer is
//! always the Standard's rule, and asking costs nothing. Tests can also have the rules of html5ever, so that the two
//! parsers can be compared node by node, and they see which cases a page has reached: a page that reaches none of them must
//! give the same document by both rules.
//!
//! One rule is the same in both parsers and needs a word: no element gets a shadow root (`head`). The Standard allows
//! declarative shadow roots only in documents that a browser loads or that a script asks for.

#[cfg(any(test, fuzzing))]
use super::tags::sets_of_html5ever;
use super::tags::{Sets, sets as sets_of_standard};
use crate::scrape::document::{Name, Namespace};

/// A case in which html5ever does something else than the Standard. The comments say what the Standard does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(any(test, fuzzing)), expect(dead_code, reason = "tests alone ask for those of sets of elements"))]
pub(crate) enum Correction {
    /// 13.2.4.2: `search` and elements of SVG and `MathML` are special elements, `isindex` is not.
    SpecialElements,
    /// 13.2.4.2: an `annotation-xml` of `MathML` ends a scope.
    AnnotationScope,
    /// 13.2.6: an `annotation-xml` whose `encoding` is a type of HTML holds HTML ("HTML integration point").
    AnnotationHoldsHtml,
    /// 13.2.3.5: U+FEFF is text. Decoding has dropped the byte-order mark.
    ByteOrderMark,
    /// 13.2.6.4.7: only the next token decides whether the line end after `<pre>` stays; a parse error is not a token.
    LineEndAfterPre,
    /// 13.2.6.4.10: a late document type is a token, and ends a run of text in a table.
    DoctypeInTable,
    /// 13.2.6.4.9: text whose parent is a template is judged like other text in tables.
    TextInTableTemplate,
    /// 13.2.6.4.13: a `thead` is among the elements that "in table body" looks for, `table` is not.
    TableBodyInScope,
    /// 13.2.5.72 - 13.2.5.76: `<?name ..>` is a processing instruction, not a comment.
    ProcessingInstruction,
    /// 4.10.10 and 4.10.17: a `selectedcontent` shows what the selected option has.
    SelectedContent,
}

impl Correction {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 10] = [
        Self::SpecialElements,
        Self::AnnotationScope,
        Self::AnnotationHoldsHtml,
        Self::ByteOrderMark,
        Self::LineEndAfterPre,
        Self::DoctypeInTable,
        Self::TextInTableTemplate,
        Self::TableBodyInScope,
        Self::ProcessingInstruction,
        Self::SelectedContent,
    ];
}

/// In which cases a parser follows the rules of html5ever.
#[cfg(any(test, fuzzing))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Off {
    #[default]
    None,
    #[cfg_attr(fuzzing, expect(dead_code, reason = "the comparison with other parsers is a test"))]
    One(Correction),
    All,
}

/// Whose rules a parser follows where the two differ, and which of these cases a page has reached.
#[derive(Debug, Default)]
pub(super) struct Corrections {
    #[cfg(any(test, fuzzing))]
    pub(super) off: Off,
    #[cfg(any(test, fuzzing))]
    pub(super) reached: Vec<Correction>,
}

#[cfg(not(any(test, fuzzing)))]
#[expect(clippy::unused_self, reason = "what tests see is not there")]
impl Corrections {
    /// A new page begins.
    pub(super) fn clear(&mut self) {}

    /// Whether the Standard's rule holds in a case that a page has reached.
    #[inline]
    pub(super) fn apply(&mut self, _: Correction) -> bool {
        true
    }

    /// The sets that an element belongs to.
    #[inline]
    pub(super) fn sets(&mut self, name: Name, namespace: Namespace) -> Sets {
        sets_of_standard(name, namespace)
    }
}

#[cfg(any(test, fuzzing))]
impl Corrections {
    pub(super) fn clear(&mut self) {
        self.reached.clear();
    }

    pub(super) fn apply(&mut self, correction: Correction) -> bool {
        if !self.reached.contains(&correction) {
            self.reached.push(correction);
        }
        self.off != Off::All && self.off != Off::One(correction)
    }

    pub(super) fn sets(&mut self, name: Name, namespace: Namespace) -> Sets {
        match sets_of_html5ever(name, namespace) {
            Some((correction, theirs)) if !self.apply(correction) => theirs,
            _ => sets_of_standard(name, namespace),
        }
    }
}
