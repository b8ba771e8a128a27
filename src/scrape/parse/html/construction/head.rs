//! The insertion modes up to the body (13.2.6.4.1 - 13.2.6.4.6), and "text" (13.2.6.4.8).

use html5ever::tree_builder::QuirksMode;

use super::super::rules::Correction;
use super::super::tags::{THOROUGHLY_IMPLIED, sets};
use super::open_elements::Open;
use super::{Construction, Flow, Mode, NONE, Run, Split, State, Tag, Token};
use crate::scrape::document::{Namespace, known::*};

use Flow::{Done, Reprocess};

impl Construction<'_> {
    /// 13.2.6.4.1, "initial". The tokenizer handles document types.
    pub(super) fn initial(&mut self, token: Token) -> Flow {
        match token {
            Token::Text(_, Split::Not) => Flow::Split,
            Token::Text(_, Split::Space) => Done,
            Token::Comment(remark) => {
                self.append_comment(0, remark);
                Done
            }
            _ => {
                self.dom.quirks = QuirksMode::Quirks;
                Reprocess(Mode::BeforeHtml)
            }
        }
    }

    /// 13.2.6.4.2, "before html".
    pub(super) fn before_html(&mut self, token: Token) -> Flow {
        match token {
            Token::Comment(remark) => {
                self.append_comment(0, remark);
                Done
            }
            Token::Text(_, Split::Not) => Flow::Split,
            Token::Text(_, Split::Space) => Done,
            Token::Start(tag) if tag.name == HTML => {
                self.create_root(tag.attributes);
                self.mode = Mode::BeforeHead;
                Done
            }
            Token::End(name) if !matches!(name, HEAD | BODY | HTML | BR) => Done,
            _ => {
                self.create_root(Run::EMPTY);
                Reprocess(Mode::BeforeHead)
            }
        }
    }

    /// 13.2.6.4.3, "before head".
    pub(super) fn before_head(&mut self, token: Token) -> Flow {
        match token {
            Token::Text(_, Split::Not) => Flow::Split,
            Token::Text(_, Split::Space) => Done,
            Token::Comment(remark) => {
                self.insert_comment(remark);
                Done
            }
            Token::Start(Tag { name: HTML, .. }) => self.in_body(token),
            Token::Start(tag) if tag.name == HEAD => {
                self.insert_html(tag);
                self.head = self.current().node;
                self.mode = Mode::InHead;
                Done
            }
            Token::End(name) if !matches!(name, HEAD | BODY | HTML | BR) => Done,
            _ => {
                self.head = self.insert_phantom(HEAD);
                Reprocess(Mode::InHead)
            }
        }
    }

    /// 13.2.6.4.4, "in head".
    pub(super) fn in_head(&mut self, token: Token) -> Flow {
        match token {
            Token::Text(_, Split::Not) => return Flow::Split,
            Token::Text(run, Split::Space) => self.insert_text(run),
            Token::Comment(remark) => self.insert_comment(remark),
            Token::Start(tag) => return self.start_in_head(tag),
            Token::End(HEAD) => {
                self.pop();
                self.mode = Mode::AfterHead;
            }
            Token::End(TEMPLATE) => self.end_template(),
            Token::End(name) if !matches!(name, BODY | HTML | BR) => {}
            _ => {
                self.pop();
                return Reprocess(Mode::AfterHead);
            }
        }
        Done
    }

    fn start_in_head(&mut self, tag: Tag) -> Flow {
        match tag.name {
            HTML => return self.in_body(Token::Start(tag)),
            BASE | BASEFONT | BGSOUND | LINK | META => {
                self.insert_void(tag);
                self.declaring = tag.attributes;
            }
            TITLE => return self.parse_raw_text(tag, State::Rcdata),
            NOFRAMES | STYLE => return self.parse_raw_text(tag, State::Rawtext),
            // Scripting is off.
            NOSCRIPT => {
                self.insert_html(tag);
                self.mode = Mode::InHeadNoscript;
            }
            SCRIPT => return self.parse_raw_text(tag, State::ScriptData),
            TEMPLATE => {
                self.push_marker();
                self.frameset_ok = false;
                self.mode = Mode::InTemplate;
                self.lists.template_modes.push(Mode::InTemplate);
                self.insert_template(tag);
            }
            HEAD => {}
            _ => {
                self.pop();
                return Reprocess(Mode::AfterHead);
            }
        }
        Done
    }

    fn end_template(&mut self) {
        if !self.is_open(TEMPLATE) {
            return;
        }
        self.generate_implied_end_tags(THOROUGHLY_IMPLIED, None);
        self.finish_patching();
        self.pop_until_named(TEMPLATE);
        self.clear_formats_to_marker();
        self.lists.template_modes.pop();
        self.mode = self.appropriate_mode();
    }

    /// 13.2.6.4.5, "in head noscript".
    pub(super) fn in_head_noscript(&mut self, token: Token) -> Flow {
        match token {
            Token::Start(Tag { name: HTML, .. }) => self.in_body(token),
            Token::End(NOSCRIPT) => {
                self.pop();
                self.mode = Mode::InHead;
                Done
            }
            Token::Text(_, Split::Not) => Flow::Split,
            Token::Text(_, Split::Space)
            | Token::Comment(_)
            | Token::Start(Tag { name: BASEFONT | BGSOUND | LINK | META | NOFRAMES | STYLE, .. }) => {
                self.in_head(token)
            }
            Token::Start(Tag { name: HEAD | NOSCRIPT, .. }) => Done,
            Token::End(name) if name != BR => Done,
            _ => {
                self.pop();
                Reprocess(Mode::InHead)
            }
        }
    }

    /// 13.2.6.4.6, "after head".
    pub(super) fn after_head(&mut self, token: Token) -> Flow {
        match token {
            Token::Text(_, Split::Not) => return Flow::Split,
            Token::Text(run, Split::Space) => self.insert_text(run),
            Token::Comment(remark) => self.insert_comment(remark),
            Token::Start(tag) => match tag.name {
                HTML => return self.in_body(token),
                BODY => {
                    self.insert_html(tag);
                    self.frameset_ok = false;
                    self.mode = Mode::InBody;
                }
                FRAMESET => {
                    self.insert_html(tag);
                    self.mode = Mode::InFrameset;
                }
                BASE | BASEFONT | BGSOUND | LINK | META | NOFRAMES | SCRIPT | STYLE | TEMPLATE | TITLE => {
                    return self.late_in_head(tag);
                }
                HEAD => {}
                _ => return self.begin_body(),
            },
            Token::End(TEMPLATE) => return self.in_head(token),
            Token::End(name) if !matches!(name, BODY | HTML | BR) => {}
            _ => return self.begin_body(),
        }
        Done
    }

    fn begin_body(&mut self) -> Flow {
        self.insert_phantom(BODY);
        // Only a template in the head can have changed this.
        if !self.frameset_ok && self.applies(Correction::FramesetAfterTemplate) {
            self.frameset_ok = true;
        }
        Reprocess(Mode::InBody)
    }

    /// Inserts an element into the head although the head is closed.
    fn late_in_head(&mut self, tag: Tag) -> Flow {
        let node = self.head;
        if node == NONE {
            return Done;
        }
        self.push(Open {
            node,
            target: node,
            name: HEAD,
            sets: sets(HEAD, Namespace::Html),
            namespace: Namespace::Html,
        });
        let flow = self.in_head(Token::Start(tag));
        self.remove_from_stack(node);
        flow
    }

    /// 13.2.6.4.8, "text".
    pub(super) fn in_text(&mut self, token: Token) -> Flow {
        match token {
            Token::Text(run, _) => self.insert_text(run),
            Token::End(_) => {
                self.pop();
                self.mode = self.original_mode;
            }
            _ => {
                self.pop();
                return Reprocess(self.original_mode);
            }
        }
        Done
    }
}
