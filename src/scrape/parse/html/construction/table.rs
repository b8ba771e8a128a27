//! The insertion modes in tables (13.2.6.4.9 - 13.2.6.4.15).

use super::super::rules::Correction;
use super::super::tags::{
    CELL, FOSTERING, IMPLIED, TABLE_BODY, TABLE_BODY_CONTEXT, TABLE_BODY_OR_TABLE, TABLE_ROW_CONTEXT, TABLE_SCOPE,
};
use super::{Construction, Flow, Mode, NONE, Split, Tag, Token};
use crate::scrape::document::{Name, known::*};

use Flow::{Done, Reprocess};

impl Construction<'_> {
    /// 13.2.6.4.9, "in table".
    pub(super) fn in_table(&mut self, token: Token) -> Flow {
        match token {
            Token::Null | Token::Text(..) => return self.text_in_table(token),
            Token::Comment(remark) => self.insert_comment(remark),
            Token::Start(tag) => return self.start_in_table(tag),
            Token::End(name) => return self.end_in_table(name),
            Token::Eof => return self.in_body(token),
        }
        Done
    }

    fn text_in_table(&mut self, token: Token) -> Flow {
        let is_template = self.current_is(TEMPLATE);
        if self.current().is_in(FOSTERING) || is_template && self.applies(Correction::TextInTableTemplate) {
            self.original_mode = self.mode;
            return Reprocess(Mode::InTableText);
        }
        self.foster(token)
    }

    fn start_in_table(&mut self, tag: Tag) -> Flow {
        match tag.name {
            CAPTION => {
                self.pop_until_current(TABLE_SCOPE);
                self.push_marker();
                self.insert_html(tag);
                self.mode = Mode::InCaption;
            }
            COLGROUP => {
                self.pop_until_current(TABLE_SCOPE);
                self.insert_html(tag);
                self.mode = Mode::InColumnGroup;
            }
            COL => {
                self.pop_until_current(TABLE_SCOPE);
                self.insert_phantom(COLGROUP);
                return Reprocess(Mode::InColumnGroup);
            }
            TBODY | TFOOT | THEAD => {
                self.pop_until_current(TABLE_SCOPE);
                self.insert_html(tag);
                self.mode = Mode::InTableBody;
            }
            TD | TH | TR => {
                self.pop_until_current(TABLE_SCOPE);
                self.insert_phantom(TBODY);
                return Reprocess(Mode::InTableBody);
            }
            TABLE => {
                if self.has_in_scope(TABLE_SCOPE, TABLE) {
                    self.pop_until_named(TABLE);
                    return Reprocess(self.appropriate_mode());
                }
            }
            STYLE | SCRIPT | TEMPLATE => return self.in_head(Token::Start(tag)),
            INPUT if self.is_hidden_input(tag) => {
                self.insert_void(tag);
            }
            FORM => {
                if !self.is_open(TEMPLATE) && self.form == NONE {
                    self.form = self.insert_void(tag);
                }
            }
            _ => return self.foster(Token::Start(tag)),
        }
        Done
    }

    fn end_in_table(&mut self, name: Name) -> Flow {
        match name {
            TABLE => {
                if self.has_in_scope(TABLE_SCOPE, TABLE) {
                    self.pop_until_named(TABLE);
                    self.mode = self.appropriate_mode();
                }
                Done
            }
            BODY | CAPTION | COL | COLGROUP | HTML | TBODY | TD | TFOOT | TH | THEAD | TR => Done,
            TEMPLATE => self.in_head(Token::End(name)),
            _ => self.foster(Token::End(name)),
        }
    }

    /// "Enable foster parenting, process the token using the rules for the in body insertion mode, and then disable
    /// foster parenting."
    fn foster(&mut self, token: Token) -> Flow {
        self.foster_parenting = true;
        let flow = self.in_body(token);
        self.foster_parenting = false;
        flow
    }

    /// 13.2.6.4.10, "in table text".
    pub(super) fn in_table_text(&mut self, token: Token) -> Flow {
        match token {
            Token::Null => Done,
            Token::Text(run, _) => {
                self.lists.pending_table_text.push(run);
                Done
            }
            _ => {
                self.flush_table_text();
                Reprocess(self.original_mode)
            }
        }
    }

    /// Inserts the pending text. If it has a character that is not white space, all of it is foster parented.
    pub(super) fn flush_table_text(&mut self) {
        let pending = std::mem::take(&mut self.lists.pending_table_text);
        let is_space = pending.iter().all(|run| self.is_space(*run));
        for run in &pending {
            if is_space {
                self.insert_text(*run);
            } else {
                self.foster(Token::Text(*run, Split::Not));
            }
        }
        self.lists.pending_table_text = pending;
        self.lists.pending_table_text.clear();
    }

    /// 13.2.6.4.11, "in caption".
    pub(super) fn in_caption(&mut self, token: Token) -> Flow {
        match token {
            Token::Start(Tag { name: CAPTION | COL | COLGROUP | TBODY | TD | TFOOT | TH | THEAD | TR, .. })
            | Token::End(TABLE | CAPTION) => {
                if !self.has_in_scope(TABLE_SCOPE, CAPTION) {
                    return Done;
                }
                self.generate_implied_end_tags(IMPLIED, None);
                self.pop_until_named(CAPTION);
                self.clear_formats_to_marker();
                if matches!(token, Token::End(CAPTION)) {
                    self.mode = Mode::InTable;
                    return Done;
                }
                Reprocess(Mode::InTable)
            }
            Token::End(BODY | COL | COLGROUP | HTML | TBODY | TD | TFOOT | TH | THEAD | TR) => Done,
            _ => self.in_body(token),
        }
    }

    /// 13.2.6.4.12, "in column group".
    pub(super) fn in_column_group(&mut self, token: Token) -> Flow {
        match token {
            Token::Text(_, Split::Not) => return Flow::Split,
            Token::Text(run, Split::Space) => self.insert_text(run),
            Token::Comment(remark) => self.insert_comment(remark),
            Token::Start(Tag { name: HTML, .. }) | Token::Eof => return self.in_body(token),
            Token::Start(tag) if tag.name == COL => {
                self.insert_void(tag);
            }
            Token::End(COLGROUP) => {
                if self.current_is(COLGROUP) {
                    self.pop();
                    self.mode = Mode::InTable;
                }
            }
            Token::End(COL) => {}
            Token::Start(Tag { name: TEMPLATE, .. }) | Token::End(TEMPLATE) => return self.in_head(token),
            _ => {
                if self.current_is(COLGROUP) {
                    self.pop();
                    return Reprocess(Mode::InTable);
                }
            }
        }
        Done
    }

    /// 13.2.6.4.13, "in table body".
    pub(super) fn in_table_body(&mut self, token: Token) -> Flow {
        match token {
            Token::Start(tag) if tag.name == TR => {
                self.pop_until_current(TABLE_BODY_CONTEXT);
                self.insert_html(tag);
                self.mode = Mode::InRow;
                Done
            }
            Token::Start(Tag { name: TH | TD, .. }) => {
                self.pop_until_current(TABLE_BODY_CONTEXT);
                self.insert_phantom(TR);
                Reprocess(Mode::InRow)
            }
            Token::End(name @ (TBODY | TFOOT | THEAD)) => {
                if self.has_in_scope(TABLE_SCOPE, name) {
                    self.pop_until_current(TABLE_BODY_CONTEXT);
                    self.pop();
                    self.mode = Mode::InTable;
                }
                Done
            }
            Token::Start(Tag { name: CAPTION | COL | COLGROUP | TBODY | TFOOT | THEAD, .. }) | Token::End(TABLE) => {
                let bodies = if self.is_open(THEAD) && !self.applies(Correction::TableBodyInScope) {
                    TABLE_BODY_OR_TABLE
                } else {
                    TABLE_BODY
                };
                if self.in_scope(TABLE_SCOPE, |open| open.is_in(bodies)) {
                    self.pop_until_current(TABLE_BODY_CONTEXT);
                    self.pop();
                    return Reprocess(Mode::InTable);
                }
                Done
            }
            Token::End(BODY | CAPTION | COL | COLGROUP | HTML | TD | TH | TR) => Done,
            _ => self.in_table(token),
        }
    }

    /// 13.2.6.4.14, "in row".
    pub(super) fn in_row(&mut self, token: Token) -> Flow {
        match token {
            Token::Start(tag) if matches!(tag.name, TH | TD) => {
                self.pop_until_current(TABLE_ROW_CONTEXT);
                self.insert_html(tag);
                self.mode = Mode::InCell;
                self.push_marker();
                Done
            }
            Token::End(TR) => {
                if self.end_row() {
                    self.mode = Mode::InTableBody;
                }
                Done
            }
            Token::Start(Tag { name: CAPTION | COL | COLGROUP | TBODY | TFOOT | THEAD | TR, .. })
            | Token::End(TABLE) => {
                if self.end_row() {
                    return Reprocess(Mode::InTableBody);
                }
                Done
            }
            Token::End(name @ (TBODY | TFOOT | THEAD)) => {
                if self.has_in_scope(TABLE_SCOPE, name) && self.end_row() {
                    return Reprocess(Mode::InTableBody);
                }
                Done
            }
            Token::End(BODY | CAPTION | COL | COLGROUP | HTML | TD | TH) => Done,
            _ => self.in_table(token),
        }
    }

    /// Closes the row if one is in scope. Returns whether one was in scope.
    fn end_row(&mut self) -> bool {
        let is_open = self.has_in_scope(TABLE_SCOPE, TR);
        if is_open {
            self.pop_until_current(TABLE_ROW_CONTEXT);
            self.pop();
        }
        is_open
    }

    /// 13.2.6.4.15, "in cell".
    pub(super) fn in_cell(&mut self, token: Token) -> Flow {
        match token {
            Token::End(name @ (TD | TH)) => {
                if self.has_in_scope(TABLE_SCOPE, name) {
                    self.generate_implied_end_tags(IMPLIED, None);
                    self.pop_until_named(name);
                    self.clear_formats_to_marker();
                    self.mode = Mode::InRow;
                }
                Done
            }
            Token::Start(Tag { name: CAPTION | COL | COLGROUP | TBODY | TD | TFOOT | TH | THEAD | TR, .. }) => {
                if self.in_scope(TABLE_SCOPE, |open| open.is_in(CELL)) {
                    return self.close_cell();
                }
                Done
            }
            Token::End(BODY | CAPTION | COL | COLGROUP | HTML) => Done,
            Token::End(name @ (TABLE | TBODY | TFOOT | THEAD | TR)) => {
                if self.has_in_scope(TABLE_SCOPE, name) {
                    return self.close_cell();
                }
                Done
            }
            _ => self.in_body(token),
        }
    }

    /// "Close the cell", and reprocess the token in the row.
    fn close_cell(&mut self) -> Flow {
        self.generate_implied_end_tags(IMPLIED, None);
        self.pop_until(|open| open.is_in(CELL));
        self.clear_formats_to_marker();
        Reprocess(Mode::InRow)
    }
}
