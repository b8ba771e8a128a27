//! A `<template for>` (4.12.3, 13.2.6.4.4): its content replaces a `<?marker>`, or everything from a `<?start>` to its
//! `<?end>`. Such a template is never part of the document.
//!
//! This code runs only on pages with a template that has a `for` attribute.

use std::borrow::Cow;

use super::super::rules::Correction;
use super::insertion::Place;
use super::open_elements::Open;
use super::{Construction, NONE, Run, Tag};
use crate::scrape::document::{Kind, known};

/// An open template whose content is inserted elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patch {
    template: u32,
    /// "The insertion start marker".
    start: u32,
    /// "The insertion end marker", or `NONE`.
    end: u32,
}

impl Construction<'_> {
    /// Inserts a template, or opens one whose content is inserted at its markers.
    pub(super) fn insert_template(&mut self, tag: Tag) {
        match self.markers_for(tag) {
            Some((start, end)) if self.applies(Correction::TemplateFor) => self.prepare_patching(tag, start, end),
            _ => self.insert_html(tag),
        }
    }

    /// Returns the markers that the `for` attribute of a template names.
    fn markers_for(&mut self, tag: Tag) -> Option<(u32, u32)> {
        let mode = self.attribute(tag.attributes, known::SHADOWROOTMODE);
        if mode.is_some_and(|mode| mode.eq_ignore_ascii_case("open") || mode.eq_ignore_ascii_case("closed")) {
            // Without shadow roots, this is a plain template.
            return None;
        }
        let name = self.attribute(tag.attributes, known::FOR).filter(|name| !name.is_empty())?.to_owned();
        self.link_all();
        let mut scope = self.insertion_parent();
        if self.is_html(scope, known::BODY) && self.dom.nodes[scope as usize].parent == self.lists.open[0].node {
            // A template in the body may replace markers in the head.
            scope = self.lists.open[0].node;
        }
        self.find_markers(scope, &name)
    }

    /// "Find markers."
    fn find_markers(&mut self, scope: u32, name: &str) -> Option<(u32, u32)> {
        let mut at = scope;
        loop {
            at = self.following(scope, at, true)?;
            let Some((target @ ("marker" | "start"), data)) = self.instruction(at) else { continue };
            let (is_start, length) = (target == "start", data.len());
            let is_named = pseudo_attribute(data, "name").as_deref() == Some(name);
            self.work.look(length);
            if is_named {
                return Some((at, if is_start { self.end_marker(at) } else { at }));
            }
        }
    }

    /// Returns the `<?end>` of a `<?start>`. Starts and ends nest. Without an end, the rest of the parent is meant.
    fn end_marker(&mut self, start: u32) -> u32 {
        let mut nesting = 0;
        let mut at = start;
        while let Some(next) = self.next(at) {
            self.work.look(1);
            at = next;
            match self.instruction(at) {
                Some(("start", _)) => nesting += 1,
                Some(("end", _)) if nesting == 0 => return at,
                Some(("end", _)) => nesting -= 1,
                _ => {}
            }
        }
        NONE
    }

    /// "Prepare content patching": removes what is between the markers.
    fn prepare_patching(&mut self, tag: Tag, start: u32, end: u32) {
        while start != end
            && let Some(next) = self.next(start).filter(|next| *next != end)
        {
            self.work.look(1);
            self.detach(next);
        }
        let target = self.dom.nodes[start as usize].parent;
        let open = self.create_detached(tag.name, tag.attributes);
        self.push(Open { target, ..open });
        self.lists.patches.push(Patch { template: open.node, start, end });
    }

    /// The last steps of "the appropriate place for inserting a node" if the parent is a template.
    #[cold]
    pub(super) fn place_in_template(&mut self, template: Open) -> Place {
        let Open { node, target, .. } = template;
        self.work.look(self.lists.patches.len());
        match self.lists.patches.iter().rfind(|patch| patch.template == node) {
            Some(&Patch { end, .. }) if end != NONE && self.dom.nodes[end as usize].parent == target => {
                Place::Before { sibling: end, otherwise: target }
            }
            _ => Place::Last(target),
        }
    }

    /// "An end tag whose tag name is template": removes the markers of the last open template.
    pub(super) fn finish_patching(&mut self) {
        let Some(&Patch { template, start, end }) = self.lists.patches.last() else { return };
        let last = self.lists.open.iter().rfind(|open| open.is(known::TEMPLATE));
        self.work.look(self.lists.open.len());
        if last.is_some_and(|last| last.node == template) {
            self.lists.patches.pop();
            self.detach(start);
            if end != NONE {
                self.detach(end);
            }
        }
    }

    /// Returns the target and the data of a processing instruction.
    fn instruction(&self, at: u32) -> Option<(&str, &str)> {
        let node = &self.dom.nodes[at as usize];
        let text =
            (node.kind == Kind::Instruction).then(|| self.stretch(Run { start: node.start, length: node.length }))?;
        Some(text.split_once(' ').unwrap_or((text, "")))
    }
}

/// "Get a processing instruction attribute" (DOM Standard, 4.13). The attributes are written as in XML. If one of them is
/// not, the processing instruction has none.
fn pseudo_attribute<'a>(data: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    let mut names = Vec::new();
    let mut found = None;
    let mut rest = data.trim_ascii_start();
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=')?;
        let name = name.trim_ascii_end();
        let is_name = !name.is_empty() && !name.contains(|c: char| c.is_ascii_whitespace() || "\"'/<>&".contains(c));
        let value = value.trim_ascii_start();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, after) = value[1..].split_once(quote)?;
        let value = unescaped(value)?;
        if !is_name || !(after.is_empty() || after.starts_with(|c: char| c.is_ascii_whitespace())) {
            return None;
        }
        if name == wanted {
            found = Some(value);
        }
        names.push(name);
        rest = after.trim_ascii_start();
    }
    names.sort_unstable();
    names.is_sorted_by(|one, next| one != next).then_some(found)?
}

/// Replaces the references of XML. Returns `None` if one is not valid, or if the value has a `<`.
fn unescaped(value: &str) -> Option<Cow<'_, str>> {
    if value.contains('<') {
        return None;
    }
    let mut pieces = value.split('&');
    let first = pieces.next()?;
    let mut text = Cow::Borrowed(first);
    for piece in pieces {
        let (reference, rest) = piece.split_once(';')?;
        let code = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        let char = match reference {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => match reference.strip_prefix("#x") {
                Some(digits) => code(digits, 16)?,
                None => code(reference.strip_prefix('#')?, 10)?,
            },
        };
        let text = text.to_mut();
        text.push(char);
        text.push_str(rest);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::pseudo_attribute;

    #[test]
    fn attributes_of_processing_instructions_are_those_of_xml() {
        let cases = [
            ("name=\"p\"", Some("p")),
            ("name='p'", Some("p")),
            (" name = \"p\" ", Some("p")),
            ("a=\"b\" name=\"p\"", Some("p")),
            ("a=\"name='p'\" name=\"q\"", Some("q")),
            ("name=\"&lt;&#65;&#x42;&quot;&apos;&gt;&amp;\"", Some("<AB\"'>&")),
            ("name=\"\"", Some("")),
            ("name=p", None),
            ("a=b name=\"p\"", None),
            ("name=\"p\" a=b", None),
            ("name=\"p\" a", None),
            ("name=\"p\"a=\"b\"", None),
            ("name=\"p", None),
            ("name=\"p\" name=\"q\"", None),
            ("name=\"a&b\"", None),
            ("name=\"a&nbsp;b\"", None),
            ("name=\"a<b\"", None),
            ("a name=\"p\"", None),
            ("Name=\"p\"", None),
            ("=\"p\"", None),
            ("", None),
        ];
        for (data, expected) in cases {
            assert_eq!(pseudo_attribute(data, "name").as_deref(), expected, "{data}");
        }
    }
}
