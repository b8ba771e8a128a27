//! Names that are similar to one that does not occur.

use std::collections::HashMap;

use crate::model::nearest;

/// The most names that are suggested.
const MOST: usize = 3;
/// The most different names that are compared, and their longest.
const COMPARED: usize = 2_000;
const LONGEST: usize = 80;
/// The most names that are listed if none is similar.
const LISTED: usize = 6;

/// Counts names.
#[derive(Debug, Default)]
pub(super) struct Names {
    counts: HashMap<String, u64>,
}

impl Names {
    pub(super) fn add(&mut self, name: &str) {
        if name.is_empty() || name.len() > LONGEST {
            return;
        }
        if let Some(count) = self.counts.get_mut(name) {
            *count += 1;
        } else if self.counts.len() < COMPARED {
            self.counts.insert(name.to_owned(), 1);
        }
    }

    /// Returns the names that are most similar to `name`, best first: those that consist of the same words or share a
    /// word, and then the one with the fewest other letters.
    pub(super) fn near(&self, name: &str) -> Vec<String> {
        let wanted = words(name);
        let shared = |known: &str| {
            let known = words(known);
            let count = wanted.iter().filter(|word| known.contains(word)).count();
            // One common word among many says little.
            if 2 * count >= wanted.len().min(known.len()).max(1) { count } else { 0 }
        };
        let mut found: Vec<(usize, &str)> = Vec::new();
        for known in self.by_frequency() {
            let count = shared(known);
            if count > 0 && known != name {
                found.push((count, known));
            }
        }
        found.sort_by_key(|(count, known)| (std::cmp::Reverse(*count), known.len()));
        let mut near: Vec<String> = found.into_iter().map(|(_, known)| known.to_owned()).collect();
        let others = self.by_frequency().into_iter().filter(|known| *known != name);
        // One letter is half of a name such as `h1`.
        let alike = if name.chars().count() <= 3 { 0.5 } else { 0.6 };
        if let Some(nearest) = nearest(name, others, alike)
            && !near.iter().any(|known| known == nearest)
        {
            near.insert(near.len().min(1), nearest.to_owned());
        }
        near.truncate(MOST);
        near
    }

    /// Returns the most frequent names.
    pub(super) fn frequent(&self) -> Vec<&str> {
        let mut names = self.by_frequency();
        names.truncate(LISTED);
        names
    }

    fn by_frequency(&self) -> Vec<&str> {
        let mut names: Vec<(&str, u64)> = self.counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        names.sort_by(|(one, its), (other, count)| count.cmp(its).then(one.cmp(other)));
        names.into_iter().map(|(name, _)| name).collect()
    }
}

/// The words of a name in lower case: `product_pod`, `product-pod` and `productPod` have two.
fn words(name: &str) -> Vec<String> {
    let (mut words, mut word, mut was_lower) = (Vec::new(), String::new(), false);
    for c in name.chars() {
        let begins = c.is_uppercase() && was_lower;
        was_lower = c.is_lowercase() || c.is_numeric();
        if !c.is_alphanumeric() || begins {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    words.push(word);
    words.retain(|word| word.chars().count() > 1);
    // `prices` has the word `price`.
    for word in &mut words {
        if word.len() > 3 && word.ends_with('s') {
            word.pop();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn near_names_share_words_or_most_letters() {
        let table = [
            ("product", vec!["product_pod", "col-xs-6", "row"], vec!["product_pod"]),
            ("price", vec!["price_color", "prices", "instock"], vec!["prices", "price_color"]),
            ("prise", vec!["price", "stock"], vec!["price"]),
            ("Product-Title", vec!["productTitle", "title", "subtitle"], vec!["productTitle", "title"]),
            ("xyz", vec!["price", "stock"], vec![]),
            ("a", vec!["a"], vec![]),
        ];
        for (name, known, expected) in table {
            let mut names = Names::default();
            known.iter().for_each(|known| names.add(known));
            let near = names.near(name);
            assert_eq!(near[..near.len().min(expected.len())], expected, "{name}: {near:?}");
            assert_eq!(near.is_empty(), expected.is_empty(), "{name}: {near:?}");
        }
    }

    #[test]
    fn frequent_names_come_first() {
        let mut names = Names::default();
        ["b", "a", "c", "c"].iter().for_each(|name| names.add(name));
        assert_eq!(names.frequent(), ["c", "a", "b"]);
    }
}
