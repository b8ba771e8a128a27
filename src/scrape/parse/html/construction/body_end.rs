//! 13.2.6.4.7, the "in body" insertion mode: end tags.

use super::super::tags::{BUTTON_SCOPE, HEADING, IMPLIED, LIST_ITEM_SCOPE, SCOPE, SPECIAL, Sets};
use super::{Construction, Flow, Mode, NONE, Run, Tag, Token};
use crate::scrape::document::{Name, known::*};

use Flow::{Done, Reprocess};

impl Construction<'_> {
    pub(super) fn end_in_body(&mut self, name: Name) -> Flow {
        match name {
            TEMPLATE => return self.in_head(Token::End(name)),
            BODY => {
                if self.has_in_scope(SCOPE, BODY) {
                    self.mode = Mode::AfterBody;
                }
            }
            HTML => {
                if self.has_in_scope(SCOPE, BODY) {
                    return Reprocess(Mode::AfterBody);
                }
            }
            ADDRESS | ARTICLE | ASIDE | BLOCKQUOTE | BUTTON | CENTER | DETAILS | DIALOG | DIR | DIV | DL | FIELDSET
            | FIGCAPTION | FIGURE | FOOTER | HEADER | HGROUP | LISTING | MAIN | MENU | NAV | OL | PRE | SEARCH
            | SECTION | SELECT | SUMMARY | UL => {
                self.end_block(name);
            }
            FORM => self.end_form(),
            P => {
                if !self.has_in_scope(BUTTON_SCOPE, P) {
                    self.insert_phantom(P);
                }
                self.close_p();
            }
            LI => self.end_item(LI, LIST_ITEM_SCOPE),
            DD | DT => self.end_item(name, SCOPE),
            H1 | H2 | H3 | H4 | H5 | H6 => {
                if self.in_scope(SCOPE, |open| open.is_in(HEADING)) {
                    self.generate_implied_end_tags(IMPLIED, None);
                    self.pop_until(|open| open.is_in(HEADING));
                }
            }
            A | B | BIG | CODE | EM | FONT | I | NOBR | S | SMALL | STRIKE | STRONG | TT | U => {
                self.adoption_agency(name);
            }
            APPLET | MARQUEE | OBJECT => {
                if self.end_block(name) {
                    self.clear_formats_to_marker();
                }
            }
            // "Act as described in the next entry": as for the start tag, but without attributes.
            BR => self.void_in_body(Tag { name: BR, attributes: Run::EMPTY, self_closing: false }),
            _ => self.any_other_end_tag(name),
        }
        Done
    }

    /// Closes an element if it is in scope. Returns whether it was in scope.
    fn end_block(&mut self, name: Name) -> bool {
        let is_open = self.has_in_scope(SCOPE, name);
        if is_open {
            self.generate_implied_end_tags(IMPLIED, None);
            self.pop_until_named(name);
        }
        is_open
    }

    fn end_item(&mut self, name: Name, scope: Sets) {
        if self.has_in_scope(scope, name) {
            self.generate_implied_end_tags(IMPLIED, Some(name));
            self.pop_until_named(name);
        }
    }

    fn end_form(&mut self) {
        if self.is_open(TEMPLATE) {
            self.end_block(FORM);
            return;
        }
        let form = std::mem::replace(&mut self.form, NONE);
        if form != NONE && self.in_scope(SCOPE, |open| open.node == form) {
            self.generate_implied_end_tags(IMPLIED, None);
            // The form is removed and not popped, so that the elements inside it stay open.
            self.remove_from_stack(form);
        }
    }

    /// "Any other end tag".
    pub(super) fn any_other_end_tag(&mut self, name: Name) {
        let mut looks = 0;
        let found = self.lists.open.iter().enumerate().rev().find_map(|(at, open)| {
            looks += 1;
            if open.is(name) {
                return Some(Some(at));
            }
            open.is_in(SPECIAL).then_some(None)
        });
        self.work.look(looks);
        if let Some(Some(at)) = found {
            self.generate_implied_end_tags(IMPLIED, Some(name));
            self.truncate(at);
        }
    }
}
