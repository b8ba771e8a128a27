//! The rules for parsing tokens in foreign content: SVG and `MathML` (13.2.6.5).

use super::super::rules::Correction;
use super::super::tags::{HTML_INTEGRATION, MATHML_TEXT};
use super::foreign_names::{mathml_attribute, prefixed_attribute, svg_attribute, svg_element};
use super::{Construction, Flow, Tag, Token};
use crate::scrape::document::{Name, Namespace, known::*};

use Flow::Done;

impl Construction<'_> {
    /// 13.2.6: whether the rules for foreign content apply to a token. They never apply to the end of the page.
    #[inline]
    pub(super) fn is_foreign(&self, token: &Token) -> bool {
        !self.current_is_html() && self.is_for_foreign_content(token)
    }

    fn is_for_foreign_content(&self, token: &Token) -> bool {
        let current = self.current();
        match token {
            Token::Eof => false,
            Token::Text(..) | Token::Null => !current.is_in(MATHML_TEXT | HTML_INTEGRATION),
            Token::Start(tag) => {
                let is_text_of_math = current.is_in(MATHML_TEXT) && !matches!(tag.name, MGLYPH | MALIGNMARK);
                let is_annotation = current.name == ANNOTATION_XML && current.namespace == Namespace::MathMl;
                let is_in_annotation = is_annotation && tag.name == SVG;
                !(current.is_in(HTML_INTEGRATION) || is_text_of_math || is_in_annotation)
            }
            Token::End(_) | Token::Comment(_) => true,
        }
    }

    pub(super) fn in_foreign_content(&mut self, token: Token) -> Flow {
        match token {
            Token::Null => {
                let run = self.replacement();
                self.insert_text(run);
            }
            Token::Text(run, _) => {
                if self.frameset_ok && !self.is_space(run) {
                    self.frameset_ok = false;
                }
                self.insert_text(run);
            }
            Token::Comment(remark) => self.insert_comment(remark),
            Token::Start(tag) if self.is_html_start(tag) => return self.leave_foreign(token),
            Token::Start(tag) => {
                let namespace = self.current().namespace;
                self.insert_foreign(tag, namespace);
            }
            Token::End(BR | P) => return self.leave_foreign(token),
            Token::End(name) => return self.end_in_foreign_content(name),
            Token::Eof => {}
        }
        Done
    }

    /// Whether a start tag is one of those that end foreign content.
    fn is_html_start(&self, tag: Tag) -> bool {
        match tag.name {
            B | BIG | BLOCKQUOTE | BODY | BR | CENTER | CODE | DD | DIV | DL | DT | EM | EMBED | H1 | H2 | H3 | H4
            | H5 | H6 | HEAD | HR | I | IMG | LI | LISTING | MENU | META | NOBR | OL | P | PRE | RUBY | S | SMALL
            | SPAN | STRONG | STRIKE | SUB | SUP | TABLE | TT | U | UL | VAR => true,
            FONT => [COLOR, FACE, SIZE].iter().any(|name| self.attribute(tag.attributes, *name).is_some()),
            _ => false,
        }
    }

    /// Pops elements until HTML is allowed, and then processes the token.
    fn leave_foreign(&mut self, token: Token) -> Flow {
        while !self.current_is_html() && !self.current().is_in(MATHML_TEXT | HTML_INTEGRATION) {
            self.pop();
        }
        self.step(self.mode, token)
    }

    fn end_in_foreign_content(&mut self, name: Name) -> Flow {
        let written = svg_element(name).unwrap_or(name);
        let last = self.lists.open.len() - 1;
        for at in (1..=last).rev() {
            self.work.look(1);
            let open = self.lists.open[at];
            if at < last && open.namespace == Namespace::Html {
                return self.step(self.mode, Token::End(name));
            }
            // The comparison ignores case.
            if open.name == name || open.name == written {
                self.truncate(at);
                return Done;
            }
        }
        Done
    }

    /// Inserts an `<svg>` or `<math>` that is in HTML.
    pub(super) fn enter_foreign(&mut self, tag: Tag, namespace: Namespace) {
        self.adjust_attributes(tag, namespace);
        self.insert_adjusted(tag, namespace);
    }

    /// "Any other start tag".
    fn insert_foreign(&mut self, tag: Tag, namespace: Namespace) {
        let name = match namespace {
            Namespace::Svg => svg_element(tag.name).unwrap_or(tag.name),
            Namespace::MathMl | Namespace::Html | Namespace::Other => tag.name,
        };
        self.adjust_attributes(tag, namespace);
        self.insert_adjusted(Tag { name, ..tag }, namespace);
    }

    fn insert_adjusted(&mut self, tag: Tag, namespace: Namespace) {
        let mut open = self.insert_element(tag.name, namespace, tag.attributes);
        if tag.name == ANNOTATION_XML
            && namespace == Namespace::MathMl
            && self.has_type_of_html(tag)
            && self.applies(Correction::AnnotationHoldsHtml)
        {
            open.sets |= HTML_INTEGRATION;
        }
        if !tag.self_closing {
            self.push(open);
        }
    }

    /// Whether the `encoding` of an `annotation-xml` makes it an "HTML integration point" (13.2.6).
    fn has_type_of_html(&self, tag: Tag) -> bool {
        let encoding = self.attribute(tag.attributes, ENCODING);
        encoding
            .is_some_and(|it| it.eq_ignore_ascii_case("text/html") || it.eq_ignore_ascii_case("application/xhtml+xml"))
    }

    /// "Adjust `MathML` attributes", "adjust SVG attributes", "adjust foreign attributes".
    fn adjust_attributes(&mut self, tag: Tag, namespace: Namespace) {
        let attributes = &mut self.dom.attributes[tag.attributes.start as usize..tag.attributes.end() as usize];
        for attribute in attributes {
            let written = match namespace {
                Namespace::Svg => svg_attribute(attribute.name),
                Namespace::MathMl => mathml_attribute(attribute.name),
                Namespace::Html | Namespace::Other => None,
            };
            if let Some(name) = written {
                attribute.name = name;
            } else if let Some((name, namespace)) = prefixed_attribute(attribute.name) {
                attribute.name = name;
                attribute.namespace = namespace;
            }
        }
    }
}
