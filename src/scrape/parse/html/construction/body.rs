//! 13.2.6.4.7, the "in body" insertion mode: text, comments and start tags. `body_end` has the end tags.

use super::super::rules::Correction;
use super::super::tags::{HEADING, IMPLIED, SCOPE, SPECIAL};
use super::{Construction, Flow, Mode, NONE, Run, State, Tag, Token};
use crate::scrape::document::{Name, Namespace, known::*};
use html5ever::tree_builder::QuirksMode;

use Flow::Done;

impl Construction<'_> {
    pub(super) fn in_body(&mut self, token: Token) -> Flow {
        match token {
            Token::Start(tag) => return self.start_in_body(tag),
            Token::End(name) => return self.end_in_body(name),
            Token::Text(run, _) => self.text_in_body(run),
            Token::Comment(remark) => self.insert_comment(remark),
            Token::Eof if !self.lists.template_modes.is_empty() => return self.in_template(token),
            Token::Null | Token::Eof => {}
        }
        Done
    }

    #[inline]
    pub(super) fn text_in_body(&mut self, run: Run) {
        self.reconstruct_formats();
        if self.frameset_ok && !self.is_space(run) {
            self.frameset_ok = false;
        }
        self.insert_text(run);
    }

    fn start_in_body(&mut self, tag: Tag) -> Flow {
        match tag.name {
            HTML => self.html_in_body(tag),
            BASE | BASEFONT | BGSOUND | LINK | META | NOFRAMES | SCRIPT | STYLE | TEMPLATE | TITLE => {
                return self.in_head(Token::Start(tag));
            }
            BODY => self.second_body(tag),
            FRAMESET => self.frameset_in_body(tag),
            ADDRESS | ARTICLE | ASIDE | BLOCKQUOTE | CENTER | DETAILS | DIALOG | DIR | DIV | DL | FIELDSET
            | FIGCAPTION | FIGURE | FOOTER | HEADER | HGROUP | MAIN | MENU | NAV | OL | P | SEARCH | SECTION
            | SUMMARY | UL => {
                self.close_p_in_button_scope();
                self.insert_html(tag);
            }
            H1 | H2 | H3 | H4 | H5 | H6 => {
                self.close_p_in_button_scope();
                if self.current().is_in(HEADING) {
                    self.pop();
                }
                self.insert_html(tag);
            }
            PRE | LISTING => {
                self.close_p_in_button_scope();
                self.insert_html(tag);
                self.ignore_line_feed = true;
                self.frameset_ok = false;
            }
            FORM => self.form_in_body(tag),
            LI | DD | DT => self.item_in_body(tag),
            PLAINTEXT => {
                self.close_p_in_button_scope();
                self.insert_html(tag);
                self.state = State::Plaintext;
            }
            A => {
                self.end_misnested_a();
                self.reconstruct_formats();
                self.insert_formatting(tag);
            }
            B | BIG | CODE | EM | FONT | I | S | SMALL | STRIKE | STRONG | TT | U => {
                self.reconstruct_formats();
                self.insert_formatting(tag);
            }
            NOBR => self.nobr_in_body(tag),
            TABLE => self.table_in_body(tag),
            AREA | BR | EMBED | IMG | IMAGE | KEYGEN | WBR => self.void_in_body(tag),
            PARAM | SOURCE | TRACK => {
                self.insert_void(tag);
            }
            CAPTION | COL | COLGROUP | FRAME | HEAD | TBODY | TD | TFOOT | TH | THEAD | TR => {}
            _ => self.rarer_start_in_body(tag),
        }
        Done
    }

    fn rarer_start_in_body(&mut self, tag: Tag) {
        match tag.name {
            BUTTON => self.button_in_body(tag),
            APPLET | MARQUEE | OBJECT => {
                self.reconstruct_formats();
                self.insert_html(tag);
                self.push_marker();
                self.frameset_ok = false;
            }
            INPUT => self.input_in_body(tag),
            HR => self.hr_in_body(tag),
            TEXTAREA => {
                self.ignore_line_feed = true;
                self.frameset_ok = false;
                self.parse_raw_text(tag, State::Rcdata);
            }
            XMP => {
                self.close_p_in_button_scope();
                self.reconstruct_formats();
                self.frameset_ok = false;
                self.parse_raw_text(tag, State::Rawtext);
            }
            IFRAME => {
                self.frameset_ok = false;
                self.parse_raw_text(tag, State::Rawtext);
            }
            NOEMBED => {
                self.parse_raw_text(tag, State::Rawtext);
            }
            SELECT => self.select_in_body(tag),
            OPTION => self.option_in_body(tag, Some(OPTGROUP)),
            OPTGROUP => self.option_in_body(tag, None),
            RB | RTC => self.ruby_in_body(tag, None),
            RP | RT => self.ruby_in_body(tag, Some(RTC)),
            MATH => {
                self.reconstruct_formats();
                self.enter_foreign(tag, Namespace::MathMl);
            }
            SVG => {
                self.reconstruct_formats();
                self.enter_foreign(tag, Namespace::Svg);
            }
            SELECTEDCONTENT => {
                self.reconstruct_formats();
                self.insert_html(tag);
                if self.is_open(SELECT) && self.applies(Correction::SelectedContent) {
                    self.selectedcontent_inserted(self.current().node);
                }
            }
            // Any other start tag. This includes `noscript`, because scripting is off.
            _ => {
                self.reconstruct_formats();
                self.insert_html(tag);
            }
        }
    }

    fn html_in_body(&mut self, tag: Tag) {
        if !self.is_open(TEMPLATE) {
            self.add_missing_attributes(self.lists.open[0].node, tag.attributes);
        }
    }

    fn second_body(&mut self, tag: Tag) {
        if let Some(body) = self.body()
            && !self.is_open(TEMPLATE)
        {
            self.frameset_ok = false;
            self.add_missing_attributes(body.node, tag.attributes);
        }
    }

    fn frameset_in_body(&mut self, tag: Tag) {
        if let Some(body) = self.body()
            && self.frameset_ok
        {
            self.detach(body.node);
            self.truncate(1);
            self.insert_html(tag);
            self.mode = Mode::InFrameset;
        }
    }

    fn form_in_body(&mut self, tag: Tag) {
        if self.form != NONE && !self.is_open(TEMPLATE) {
            return;
        }
        self.close_p_in_button_scope();
        self.insert_html(tag);
        if !self.is_open(TEMPLATE) {
            self.form = self.current().node;
        }
    }

    /// Inserts an `li`, `dd` or `dt`, which closes the item before it.
    fn item_in_body(&mut self, tag: Tag) {
        self.frameset_ok = false;
        let is_list = tag.name == LI;
        let mut looks = 0;
        let found = self.lists.open.iter().rev().find_map(|open| {
            looks += 1;
            let closes = if is_list { open.is(LI) } else { open.is(DD) || open.is(DT) };
            if closes {
                return Some(Some(open.name));
            }
            let stops = open.is_in(SPECIAL) && !(open.is(ADDRESS) || open.is(DIV) || open.is(P));
            stops.then_some(None)
        });
        self.work.look(looks);
        if let Some(Some(name)) = found {
            self.generate_implied_end_tags(IMPLIED, Some(name));
            self.pop_until_named(name);
        }
        self.close_p_in_button_scope();
        self.insert_html(tag);
    }

    fn button_in_body(&mut self, tag: Tag) {
        if self.has_in_scope(SCOPE, BUTTON) {
            self.generate_implied_end_tags(IMPLIED, None);
            self.pop_until_named(BUTTON);
        }
        self.reconstruct_formats();
        self.insert_html(tag);
        self.frameset_ok = false;
    }

    fn nobr_in_body(&mut self, tag: Tag) {
        self.reconstruct_formats();
        if self.has_in_scope(SCOPE, NOBR) {
            self.adoption_agency(NOBR);
            self.reconstruct_formats();
        }
        self.insert_formatting(tag);
    }

    fn table_in_body(&mut self, tag: Tag) {
        if self.dom.quirks != QuirksMode::Quirks {
            self.close_p_in_button_scope();
        }
        self.insert_html(tag);
        self.frameset_ok = false;
        self.mode = Mode::InTable;
    }

    pub(super) fn void_in_body(&mut self, tag: Tag) {
        let name = if tag.name == IMAGE { IMG } else { tag.name };
        self.reconstruct_formats();
        self.insert_void(Tag { name, ..tag });
        self.frameset_ok = false;
    }

    fn input_in_body(&mut self, tag: Tag) {
        if self.has_in_scope(SCOPE, SELECT) {
            self.pop_until_named(SELECT);
        }
        self.reconstruct_formats();
        self.insert_void(tag);
        if !self.is_hidden_input(tag) {
            self.frameset_ok = false;
        }
    }

    /// Whether an `input` has `type=hidden`.
    pub(super) fn is_hidden_input(&self, tag: Tag) -> bool {
        self.attribute(tag.attributes, TYPE).is_some_and(|value| value.eq_ignore_ascii_case("hidden"))
    }

    fn hr_in_body(&mut self, tag: Tag) {
        self.close_p_in_button_scope();
        if self.has_in_scope(SCOPE, SELECT) {
            self.generate_implied_end_tags(IMPLIED, None);
        }
        self.insert_void(tag);
        self.frameset_ok = false;
    }

    fn select_in_body(&mut self, tag: Tag) {
        if self.has_in_scope(SCOPE, SELECT) {
            self.pop_until_named(SELECT);
        } else {
            self.reconstruct_formats();
            self.insert_html(tag);
            self.frameset_ok = false;
        }
    }

    fn option_in_body(&mut self, tag: Tag, except: Option<Name>) {
        if self.has_in_scope(SCOPE, SELECT) {
            self.generate_implied_end_tags(IMPLIED, except);
        } else if self.current_is(OPTION) {
            self.pop();
        }
        self.reconstruct_formats();
        self.insert_html(tag);
    }

    fn ruby_in_body(&mut self, tag: Tag, except: Option<Name>) {
        if self.has_in_scope(SCOPE, RUBY) {
            self.generate_implied_end_tags(IMPLIED, except);
        }
        self.insert_html(tag);
    }
}
