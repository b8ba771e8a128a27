//! The insertion modes after the body, of templates and of framesets (13.2.6.4.16 - 13.2.6.4.22).

use super::{Construction, Flow, Mode, Split, Tag, Token};
use crate::scrape::document::known::*;

use Flow::{Done, Reprocess};

impl Construction<'_> {
    /// 13.2.6.4.16, "in template".
    pub(super) fn in_template(&mut self, token: Token) -> Flow {
        match token {
            Token::Text(..) | Token::Comment(_) => self.in_body(token),
            Token::Start(Tag {
                name: BASE | BASEFONT | BGSOUND | LINK | META | NOFRAMES | SCRIPT | STYLE | TEMPLATE | TITLE,
                ..
            })
            | Token::End(TEMPLATE) => self.in_head(token),
            Token::Start(tag) => {
                let mode = match tag.name {
                    CAPTION | COLGROUP | TBODY | TFOOT | THEAD => Mode::InTable,
                    COL => Mode::InColumnGroup,
                    TR => Mode::InTableBody,
                    TD | TH => Mode::InRow,
                    _ => Mode::InBody,
                };
                self.lists.template_modes.pop();
                self.lists.template_modes.push(mode);
                Reprocess(mode)
            }
            Token::Eof if self.is_open(TEMPLATE) => {
                self.pop_until_named(TEMPLATE);
                self.clear_formats_to_marker();
                self.lists.template_modes.pop();
                Reprocess(self.appropriate_mode())
            }
            Token::End(_) | Token::Null | Token::Eof => Done,
        }
    }

    /// 13.2.6.4.17, "after body".
    pub(super) fn after_body(&mut self, token: Token) -> Flow {
        match token {
            Token::Text(_, Split::Not) => Flow::Split,
            Token::Text(_, Split::Space) | Token::Start(Tag { name: HTML, .. }) => self.in_body(token),
            Token::Comment(remark) => {
                self.append_comment(self.lists.open[0].node, remark);
                Done
            }
            Token::End(HTML) => {
                self.mode = Mode::AfterAfterBody;
                Done
            }
            Token::Eof => Done,
            _ => Reprocess(Mode::InBody),
        }
    }

    /// 13.2.6.4.18, "in frameset".
    pub(super) fn in_frameset(&mut self, token: Token) -> Flow {
        match token {
            Token::Text(_, Split::Not) => return Flow::Split,
            Token::Text(run, Split::Space) => self.insert_text(run),
            Token::Comment(remark) => self.insert_comment(remark),
            Token::Start(tag) => match tag.name {
                HTML => return self.in_body(token),
                FRAMESET => self.insert_html(tag),
                FRAME => {
                    self.insert_void(tag);
                }
                NOFRAMES => return self.in_head(token),
                _ => {}
            },
            Token::End(FRAMESET) => {
                if self.lists.open.len() > 1 {
                    self.pop();
                    if !self.current_is(FRAMESET) {
                        self.mode = Mode::AfterFrameset;
                    }
                }
            }
            Token::Text(_, Split::Other) | Token::End(_) | Token::Null | Token::Eof => {}
        }
        Done
    }

    /// 13.2.6.4.19, "after frameset".
    pub(super) fn after_frameset(&mut self, token: Token) -> Flow {
        match token {
            Token::Text(_, Split::Not) => return Flow::Split,
            Token::Text(run, Split::Space) => self.insert_text(run),
            Token::Comment(remark) => self.insert_comment(remark),
            Token::Start(Tag { name: HTML, .. }) => return self.in_body(token),
            Token::Start(Tag { name: NOFRAMES, .. }) => return self.in_head(token),
            Token::End(HTML) => self.mode = Mode::AfterAfterFrameset,
            _ => {}
        }
        Done
    }

    /// 13.2.6.4.20, "after after body".
    pub(super) fn after_after_body(&mut self, token: Token) -> Flow {
        match token {
            Token::Text(_, Split::Not) => Flow::Split,
            Token::Text(_, Split::Space) | Token::Start(Tag { name: HTML, .. }) => self.in_body(token),
            Token::Comment(remark) => {
                self.append_comment(0, remark);
                Done
            }
            Token::Eof => Done,
            _ => Reprocess(Mode::InBody),
        }
    }

    /// 13.2.6.4.21, "after after frameset".
    pub(super) fn after_after_frameset(&mut self, token: Token) -> Flow {
        match token {
            Token::Text(_, Split::Not) => return Flow::Split,
            Token::Text(_, Split::Space) | Token::Start(Tag { name: HTML, .. }) => return self.in_body(token),
            Token::Comment(remark) => self.append_comment(0, remark),
            Token::Start(Tag { name: NOFRAMES, .. }) => return self.in_head(token),
            _ => {}
        }
        Done
    }
}
