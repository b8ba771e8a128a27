//! Finds which elements contain a text, for `:contains(..)`.
//!
//! The texts of the document are joined to one. The text of an element is a stretch of it, so each text is searched once
//! for all elements, however deep they nest.

use std::cell::RefCell;
use std::ops::Range;

use memchr::memmem::Finder;

use crate::scrape::document::Dom;

/// The text of a document, and where searched texts stand in it.
#[derive(Debug)]
pub(super) struct Places {
    whole: String,
    /// For each node, where its text begins, and where that of the last node ends.
    starts: Vec<usize>,
    /// The texts that were searched, and where each begins, from first to last.
    found: RefCell<Vec<(Box<str>, Vec<u32>)>>,
}

impl Places {
    pub(super) fn new(dom: &Dom) -> Self {
        let mut whole = String::new();
        let mut starts = Vec::with_capacity(dom.nodes().len() + 1);
        for at in dom.walk(dom.whole()) {
            // The content of a template was left out.
            starts.resize(at as usize + 1, whole.len());
            if dom.node(at).is_text() {
                whole.push_str(dom.text(at));
            }
        }
        starts.resize(dom.nodes().len() + 1, whole.len());
        Self { whole, starts, found: RefCell::default() }
    }

    /// Whether the text of a node and of everything below it contains `text`.
    pub(super) fn has(&self, subtree: Range<u32>, text: &str) -> bool {
        let (start, end) = (self.starts[subtree.start as usize], self.starts[subtree.end as usize]);
        if text.is_empty() || end - start < text.len() {
            return text.is_empty();
        }
        let mut found = self.found.borrow_mut();
        let nth = found.iter().position(|(known, _)| **known == *text).unwrap_or_else(|| {
            found.push((text.into(), self.find(text)));
            found.len() - 1
        });
        let places = &found[nth].1;
        let first = places.partition_point(|place| (*place as usize) < start);
        places.get(first).is_some_and(|place| *place as usize + text.len() <= end)
    }

    /// Returns all places of a text, also those that overlap.
    fn find(&self, text: &str) -> Vec<u32> {
        let finder = Finder::new(text);
        let mut places = Vec::new();
        let mut from = 0;
        while let Some(next) = self.whole.get(from..).and_then(|rest| finder.find(rest.as_bytes())) {
            let place = from + next;
            places.push(u32::try_from(place).expect("a document has fewer than 2^32 bytes"));
            from = place + self.whole[place..].chars().next().map_or(1, char::len_utf8);
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::Places;
    use crate::scrape::parse::parse;

    #[test]
    fn a_text_is_found_in_exactly_the_elements_whose_text_contains_it() {
        let page = "<p>ab<b>c</b>d</p><template>abc</template><p>x</p>y<i></i><p>aaa<b>a</b></p><p>é<b>éé</b>日本</p>";
        let document = parse(page).expect("a page");
        let dom = &document.dom;
        let places = Places::new(dom);
        for text in
            ["", "a", "aa", "aaaa", "aaaaa", "abc", "bc", "c", "cd", "dx", "xy", "y", "é", "éé", "ééé", "é日", "本"]
        {
            for at in dom.walk(dom.whole()) {
                let whole: String = dom.texts(dom.subtree(at)).collect();
                assert_eq!(places.has(dom.subtree(at), text), whole.contains(text), "{text} in {whole}");
            }
        }
    }
}
