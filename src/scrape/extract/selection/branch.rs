//! One branch of a selector.

use selectors::parser::{Combinator, Component, Selector};

use super::css::Css;
use super::take::Take;

/// A CSS selector, and what is taken from the elements that it matches.
#[derive(Debug, Clone)]
pub(in crate::scrape::extract) struct Branch {
    pub(super) selector: Selector<Css>,
    /// The number of components at the front of `selector` that do not take part in matching: the pseudo-element.
    pub(super) offset: usize,
    /// Whether it contains `:has(..)`.
    pub(in crate::scrape::extract) has: bool,
    pub(in crate::scrape::extract) take: Take,
}

impl Branch {
    /// Compiles a selector, usually to one branch.
    ///
    /// `p *::text` and `p *::attr(x)` become two branches. For them, parsel takes all texts or attributes below `p` and
    /// also those of `p` itself, because it applies the `*` to the text and attribute nodes themselves and not to an
    /// element around them.
    pub(super) fn all_of(selector: &Selector<Css>, has: bool) -> impl Iterator<Item = Self> {
        // Components are in matching order, right to left: the pseudo-element, its combinator, then the rightmost
        // compound.
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

    /// Whether it contains `:scope`.
    pub(super) fn names_scope(&self) -> bool {
        self.selector.has_scope_selector()
    }
}

/// Returns the position of `left` in a selector of the form `left *`.
fn below_any(selector: &Selector<Css>, offset: usize) -> Option<usize> {
    let mut rest = selector.iter_raw_match_order().skip(offset).enumerate();
    let (at, combinator) = rest.find(|(_, component)| !matches!(component, Component::ExplicitUniversalType))?;
    matches!(combinator, Component::Combinator(Combinator::Descendant)).then_some(offset + at + 1)
}
