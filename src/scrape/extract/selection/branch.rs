//! One branch of a selector.

use selectors::parser::{Combinator, Component, Selector};

use super::css::Css;
use super::take::Take;

/// A CSS selector and what is taken from the elements it matches.
#[derive(Debug, Clone)]
pub(in crate::scrape::extract) struct Branch {
    pub(super) selector: Selector<Css>,
    /// How many components at the front of `selector` are no matter of matching: the pseudo-element.
    pub(super) offset: usize,
    /// Whether `:has(..)` stands anywhere in it.
    pub(in crate::scrape::extract) has: bool,
    pub(in crate::scrape::extract) take: Take,
}

impl Branch {
    /// Compiles a selector, mostly to one branch.
    ///
    /// `p *::text` and `p *::attr(x)` are two: parsel gives all texts and attributes *below* `p` for them, its own
    /// included, since it takes the `*` for the nodes themselves and not for an element around them.
    pub(super) fn all_of(selector: &Selector<Css>, has: bool) -> impl Iterator<Item = Self> {
        // Components stand right to left: the pseudo-element, the combinator before it, then the rightmost compound.
        let (take, offset) = match selector.pseudo_element() {
            Some(take) => (take.clone(), 2),
            None => (Take::OuterHtml, 0),
        };
        let own = match take {
            Take::Text | Take::Attribute(_) => below_any(selector, offset),
            _ => None,
        };
        let branch = move |offset| Self { selector: selector.clone(), offset, has, take: take.clone() };
        [Some(offset), own].into_iter().flatten().map(branch)
    }

    /// Whether `:scope` stands anywhere in it.
    pub(super) fn names_scope(&self) -> bool {
        self.selector.has_scope_selector()
    }
}

/// For `left *`: where `left` starts.
fn below_any(selector: &Selector<Css>, offset: usize) -> Option<usize> {
    let mut rest = selector.iter_raw_match_order().skip(offset).enumerate();
    let (at, combinator) = rest.find(|(_, component)| !matches!(component, Component::ExplicitUniversalType))?;
    matches!(combinator, Component::Combinator(Combinator::Descendant)).then_some(offset + at + 1)
}
