//! The cases in which html5ever 0.40 does not follow the Standard. This parser follows it. `docs/html.md` describes
//! each case.
//!
//! Each case has a name. The code that decides a case asks by that name which rule applies. In the program the answer
//! is always the Standard's rule, and the question costs nothing. Tests can also choose the rules of html5ever, so that
//! they can compare the two parsers node by node. Tests also see which cases a page has reached. A page that reaches no
//! case must give the same document by both rules.
//!
//! Both parsers share one rule that may surprise: no element gets a shadow root (`head`). The Standard allows
//! declarative shadow roots only in documents that a browser loads or that a script asks for.

#[cfg(any(test, fuzzing))]
use super::tags::sets_of_html5ever;
use super::tags::{Sets, sets as sets_of_standard};
use crate::scrape::document::{Name, Namespace};

/// A case in which html5ever does not follow the Standard. The comments say what the Standard does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(any(test, fuzzing)), expect(dead_code, reason = "only tests ask for the cases about sets of elements"))]
pub(crate) enum Correction {
    /// 13.2.4.2: `search` and some elements of SVG and `MathML` are special elements. `isindex` is not.
    SpecialElements,
    /// 13.2.4.2: an `annotation-xml` element of `MathML` ends a scope.
    AnnotationScope,
    /// 13.2.6: an `annotation-xml` element whose `encoding` is a media type of HTML contains HTML ("HTML integration
    /// point").
    AnnotationHoldsHtml,
    /// 13.2.3.5: U+FEFF is text. Decoding has already removed the byte-order mark.
    ByteOrderMark,
    /// 13.2.6.4.6: a `template` in the head does not forbid a `frameset`.
    FramesetAfterTemplate,
    /// 13.2.6.4.7: only the next token decides whether the line feed after `<pre>` is dropped. A parse error is not a
    /// token.
    LineEndAfterPre,
    /// 13.2.6.4.10: a document type in a table is a token, so it ends a run of text.
    DoctypeInTable,
    /// 13.2.6.4.9: text whose parent is a template follows the rules of other text in tables.
    TextInTableTemplate,
    /// 13.2.6.4.13: "in table body" looks for a `thead`, among others, but not for a `table`.
    TableBodyInScope,
    /// 13.2.5.72 - 13.2.5.76: `<?name ..>` is a processing instruction, not a comment.
    ProcessingInstruction,
    /// 4.12.3 and 13.2.6.4.4: the content of a `<template for>` replaces the markers that it names.
    TemplateFor,
    /// 4.10.10 and 4.10.17: a `selectedcontent` contains a copy of the content of the selected option.
    SelectedContent,
}

impl Correction {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 12] = [
        Self::SpecialElements,
        Self::AnnotationScope,
        Self::AnnotationHoldsHtml,
        Self::ByteOrderMark,
        Self::FramesetAfterTemplate,
        Self::LineEndAfterPre,
        Self::DoctypeInTable,
        Self::TextInTableTemplate,
        Self::TableBodyInScope,
        Self::ProcessingInstruction,
        Self::TemplateFor,
        Self::SelectedContent,
    ];
}

/// The cases in which a parser follows the rules of html5ever.
#[cfg(any(test, fuzzing))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Off {
    #[default]
    None,
    #[cfg_attr(fuzzing, allow(dead_code, reason = "the comparison with other parsers is a test"))]
    One(Correction),
    All,
}

/// Decides whose rules a parser follows if they differ, and records which cases a page has reached.
#[derive(Debug, Default)]
pub(super) struct Corrections {
    #[cfg(any(test, fuzzing))]
    pub(super) off: Off,
    #[cfg(any(test, fuzzing))]
    pub(super) reached: Vec<Correction>,
}

#[cfg(not(any(test, fuzzing)))]
#[expect(clippy::unused_self, reason = "only tests have the fields")]
impl Corrections {
    /// Prepares for a new page.
    pub(super) fn clear(&mut self) {}

    /// Whether the Standard's rule applies. The page has reached this case.
    #[inline]
    pub(super) fn apply(&mut self, _: Correction) -> bool {
        true
    }

    /// Returns the sets that an element belongs to.
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
