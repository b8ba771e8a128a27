//! One branch of a selector, compiled, and the state that matching many elements shares.

use selectors::Element as _;
use selectors::context::{
    MatchingContext, MatchingForInvalidation, MatchingMode, NeedsSelectorFlags, QuirksMode, SelectorCaches,
};
use selectors::matching::matches_selector;
use selectors::parser::{Combinator, Component, Selector};

use super::css::Css;
use super::element::{Element, Tree};
use super::name::{LocalName, Text};
use super::take::Take;
use crate::scrape::document::{Dom, known};

/// A CSS selector and what is taken from the elements it matches.
#[derive(Debug, Clone)]
pub(in crate::scrape::extract) struct Branch {
    selector: Selector<Css>,
    /// How many components at the front of `selector` are no matter of matching: the pseudo-element.
    offset: usize,
    key: Key,
    /// Whether `:has(..)` stands anywhere in it.
    pub(in crate::scrape::extract) has: bool,
    pub(in crate::scrape::extract) take: Take,
}

/// Something cheap that every element which matches must have. Nearly all elements of a page fail here.
#[derive(Debug, Clone)]
enum Key {
    Id(Text),
    Class(Text),
    Name { exact: LocalName, lower: LocalName },
    Attribute { exact: LocalName, lower: LocalName },
    Anything,
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
        let branch = move |offset| Self {
            selector: selector.clone(),
            offset,
            key: Key::of(selector, offset),
            has,
            take: take.clone(),
        };
        [Some(offset), own].into_iter().flatten().map(branch)
    }

    /// Whether `:scope` stands anywhere in it.
    pub(in crate::scrape::extract) fn names_scope(&self) -> bool {
        self.selector.has_scope_selector()
    }
}

/// For `left *`: where `left` starts.
fn below_any(selector: &Selector<Css>, offset: usize) -> Option<usize> {
    let mut rest = selector.iter_raw_match_order().skip(offset).enumerate();
    let (at, combinator) = rest.find(|(_, component)| !matches!(component, Component::ExplicitUniversalType))?;
    matches!(combinator, Component::Combinator(Combinator::Descendant)).then_some(offset + at + 1)
}

impl Key {
    fn of(selector: &Selector<Css>, offset: usize) -> Self {
        // The best key of the rightmost compound: the one that the fewest elements of a page have.
        let mut best = Self::Anything;
        for component in selector.iter_from(offset) {
            let key = match component {
                Component::ID(id) => Self::Id(id.clone()),
                Component::Class(class) => Self::Class(class.clone()),
                Component::LocalName(name) => Self::Name { exact: name.name.clone(), lower: name.lower_name.clone() },
                Component::AttributeInNoNamespaceExists { local_name, local_name_lower } => {
                    Self::Attribute { exact: local_name.clone(), lower: local_name_lower.clone() }
                }
                Component::AttributeInNoNamespace { local_name, .. } => {
                    Self::Attribute { exact: local_name.clone(), lower: local_name.clone() }
                }
                _ => continue,
            };
            if key.rank() > best.rank() {
                best = key;
            }
        }
        best
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Id(_) => 4,
            // Names are compared in one step, which beats the fewer elements that a class would leave.
            Self::Name { .. } => 3,
            Self::Class(_) => 2,
            Self::Attribute { .. } => 1,
            Self::Anything => 0,
        }
    }

    fn fits(&self, dom: &Dom, at: u32) -> bool {
        match self {
            Self::Id(id) => dom.attribute(at, known::ID) == Some(id.as_str()),
            Self::Class(class) => dom
                .attribute(at, known::CLASS)
                .is_some_and(|classes| classes.split_ascii_whitespace().any(|it| it == class.as_str())),
            Self::Name { exact, lower } => {
                let name = dom.node(at).name();
                lower.is(dom, name) || exact.is(dom, name)
            }
            Self::Attribute { exact, lower } => {
                dom.attributes(at).iter().any(|it| lower.is(dom, it.name()) || exact.is(dom, it.name()))
            }
            Self::Anything => true,
        }
    }
}

/// What matching keeps from element to element: without it `:nth-child` counts all siblings anew each time.
///
/// Lives as long as one page at most: its caches know elements by their address.
#[derive(Default)]
pub(in crate::scrape::extract) struct Matcher {
    caches: SelectorCaches,
}

impl Matcher {
    /// Calls `found` for each branch that matches each element, in the order of the elements.
    ///
    /// `scope` is what `:scope` means; the root element where there is none.
    pub(in crate::scrape::extract) fn scan<'a, 'b, T: 'b>(
        &mut self,
        tree: &'a Tree<'a>,
        elements: impl Iterator<Item = u32>,
        scope: Option<Element<'a>>,
        branches: &'b [(Branch, T)],
        mut found: impl FnMut(u32, &'b T),
    ) {
        if scope.is_some() && branches.iter().any(|(branch, _)| branch.names_scope()) {
            // `:has(:scope ..)` was cached for the scope before.
            let nth_index = std::mem::take(&mut self.caches.nth_index);
            self.caches = SelectorCaches { nth_index, ..SelectorCaches::default() };
        }
        // Always without quirks: parsel knows none, so `.Title` never matches `class="title"`.
        let mut context = MatchingContext::new(
            MatchingMode::Normal,
            None,
            &mut self.caches,
            QuirksMode::NoQuirks,
            NeedsSelectorFlags::No,
            MatchingForInvalidation::No,
        );
        context.scope_element = scope.map(|scope| scope.opaque());
        for at in elements {
            for (branch, of) in branches {
                if branch.key.fits(tree.dom(), at)
                    && matches_selector(&branch.selector, branch.offset, None, &tree.element(at), &mut context)
                {
                    found(at, of);
                }
            }
        }
    }
}
