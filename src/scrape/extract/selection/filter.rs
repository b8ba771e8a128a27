//! Compiles a selector to conditions on masks. If masks express the whole selector, they decide alone; if not, they
//! preselect elements.

use std::fmt;

use selectors::Element as _;
use selectors::attr::{AttrSelectorOperation, AttrSelectorOperator, NamespaceConstraint, ParsedCaseSensitivity};
use selectors::matching::{select_name, to_unconditional_case_sensitivity};
use selectors::parser::{Combinator, Component, Selector, SelectorList};

use super::css::Css;
use super::element::Tree;
use super::marks::Marks;
use super::name::{LocalName, Prefix, Text};
use super::symbols::{ELEMENT, Mask, ROOT, SCOPE, Symbol, Symbols};

/// The conditions on masks for a selector.
#[derive(Debug)]
pub(super) struct Filter {
    /// Each element that the selector matches has at least one of these.
    pub(super) key: Mask,
    subject: Compound,
    /// The ancestors of a matching element have all of these.
    above: Mask,
    rest: Rest,
}

/// What remains to be checked for an element with the right masks.
#[derive(Debug)]
enum Rest {
    Nothing,
    /// Check that the ancestors are in the right order.
    Chain(Vec<Link>),
    /// Check everything: masks cannot express the whole selector.
    All,
}

/// The answer of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    No,
    /// Only the selector itself can tell.
    Perhaps,
}

/// A compound selector further left, and its relation to the one on its right.
#[derive(Debug)]
struct Link {
    is_parent: bool,
    compound: Compound,
}

/// A page, seen by a selector whose `:scope` is the element `scope`.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) tree: &'a Tree<'a>,
    pub(super) marks: &'a Marks,
    pub(super) scope: Option<u32>,
}

impl View<'_> {
    pub(super) fn own(&self, at: u32) -> Mask {
        let own = self.marks.own()[at as usize];
        if self.scope == Some(at) { own | SCOPE } else { own }
    }
}

impl Filter {
    /// Compiles a selector. The components before `offset` in matching order, the pseudo-element, are left out.
    pub(super) fn new(selector: &Selector<Css>, offset: usize, symbols: &mut Symbols) -> Self {
        let mut compounds = selector.iter_from(offset);
        let mut reader = Reader { symbols, exact: true };
        let (subject, key) = reader.compound(&mut compounds);
        let (mut above, mut links) = (0, Vec::new());
        while let Some(combinator) = compounds.next_sequence() {
            let (compound, _) = reader.compound(&mut compounds);
            match combinator {
                Combinator::Child | Combinator::Descendant => {
                    above |= compound.all & !SCOPE;
                    links.push(Link { is_parent: combinator == Combinator::Child, compound });
                }
                // The ancestors of a sibling are also those of the subject, so the compounds further left still count.
                _ => reader.exact = false,
            }
        }
        let rest = match &links[..] {
            _ if !reader.exact => Rest::All,
            [] => Rest::Nothing,
            [Link { is_parent: false, compound }] if compound.is_one_name() => Rest::Nothing,
            _ => Rest::Chain(links),
        };
        Self { key, subject, above, rest }
    }

    /// Whether masks alone decide.
    #[cfg(test)]
    pub(super) fn is_decided(&self) -> bool {
        !matches!(self.rest, Rest::All)
    }

    /// Returns the names that each matching element has, without `:scope`, and the names that its ancestors have.
    pub(super) fn needs(&self) -> (Mask, Mask) {
        (self.subject.all & !SCOPE, self.above)
    }

    /// Whether every element with the names from `needs` matches, without further checks.
    pub(super) fn masks_suffice(&self) -> bool {
        let Compound { all, any, none, tests } = &self.subject;
        matches!(self.rest, Rest::Nothing) && all & SCOPE == 0 && any.is_empty() && *none == 0 && tests.is_empty()
    }

    /// Decides whether the selector matches the element at `at`, as far as masks can tell. The element has the names
    /// from `needs`.
    pub(super) fn judge(&self, view: &View<'_>, at: u32) -> Verdict {
        if !self.subject.may_fit(view.own(at)) {
            return Verdict::No;
        }
        let matches = match &self.rest {
            Rest::All => return Verdict::Perhaps,
            Rest::Nothing => self.subject.passes_tests(view, at),
            Rest::Chain(links) => ancestors_fit(links, view, at) && self.subject.passes_tests(view, at),
        };
        if matches { Verdict::Yes } else { Verdict::No }
    }
}

/// Whether the ancestors of the element at `at` fit the links, from the nearest on.
///
/// Among the ancestors that fit a compound, the nearest one leaves the most for the other links. So it only ever goes
/// back to the last link that may skip elements: if the parents of its ancestor do not fit, it continues further up.
fn ancestors_fit(links: &[Link], view: &View<'_>, mut at: u32) -> bool {
    let dom = view.tree.dom();
    let mut next = 0;
    let mut skipping = None;
    while let Some(link) = links.get(next) {
        let mut parent = dom.node(at).parent();
        if link.is_parent {
            if link.compound.fits(view, parent) {
                (at, next) = (parent, next + 1);
                continue;
            }
            match skipping {
                Some((its_next, its_at)) => (next, at) = (its_next, its_at),
                None => return false,
            }
        } else {
            while parent != 0 && !link.compound.fits(view, parent) {
                parent = dom.node(parent).parent();
            }
            if parent == 0 {
                return false;
            }
            skipping = Some((next, parent));
            (at, next) = (parent, next + 1);
        }
    }
    true
}

/// The conditions on a single element.
#[derive(Debug)]
struct Compound {
    /// The element has all of these.
    all: Mask,
    /// The element has at least one name from each of these: `:is(h1, h2)`.
    any: Vec<Mask>,
    /// The element has none of these: `:not(.x)`.
    none: Mask,
    tests: Vec<Test>,
}

impl Compound {
    fn fits(&self, view: &View<'_>, at: u32) -> bool {
        self.may_fit(view.own(at)) && self.passes_tests(view, at)
    }

    #[inline]
    fn may_fit(&self, own: Mask) -> bool {
        own & self.all == self.all && own & self.none == 0 && self.any.iter().all(|any| own & any != 0)
    }

    fn passes_tests(&self, view: &View<'_>, at: u32) -> bool {
        self.tests.iter().all(|test| test.holds(view.tree, at))
    }

    /// Whether the only condition is a single name, which any one of several ancestors may have.
    fn is_one_name(&self) -> bool {
        let names = self.all & !ELEMENT;
        names.is_power_of_two() && names != SCOPE && self.any.is_empty() && self.none == 0 && self.tests.is_empty()
    }
}

/// A test of an attribute without a namespace.
struct Test {
    lower: LocalName,
    exact: LocalName,
    value: Option<(AttrSelectorOperator, Text, ParsedCaseSensitivity)>,
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Test").field("name", &self.exact).finish_non_exhaustive()
    }
}

impl Test {
    fn holds(&self, tree: &Tree<'_>, at: u32) -> bool {
        let element = tree.element(at);
        let operation = match &self.value {
            None => AttrSelectorOperation::Exists,
            Some((operator, value, case)) => AttrSelectorOperation::WithValue {
                operator: *operator,
                case_sensitivity: to_unconditional_case_sensitivity(*case, &element),
                value,
            },
        };
        let name = select_name(&element, &self.exact, &self.lower);
        element.attr_matches(&NamespaceConstraint::Specific(&Prefix::default()), name, &operation)
    }
}

/// How rare a name is on a page, by its kind. A higher value is rarer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rarity {
    Any,
    OneOfSeveral,
    Tag,
    Attribute,
    Class,
    Id,
    One,
}

/// Reads the compounds of one selector.
struct Reader<'s> {
    symbols: &'s mut Symbols,
    /// Whether masks and tests express everything that was read so far.
    exact: bool,
}

impl Reader<'_> {
    /// Reads a compound. Also returns the key of the elements that match it.
    fn compound<'c>(&mut self, components: impl Iterator<Item = &'c Component<Css>>) -> (Compound, Mask) {
        let mut compound = Compound { all: ELEMENT, any: Vec::new(), none: 0, tests: Vec::new() };
        let mut key = (Rarity::Any, ELEMENT);
        for component in components {
            let fewest = if let Some((symbol, rarity)) = self.name(component) {
                self.exact &= symbol.exact;
                compound.all |= symbol.bit;
                (rarity, symbol.bit)
            } else {
                self.condition(component, &mut compound)
            };
            if fewest.0 > key.0 {
                key = fewest;
            }
        }
        if key.0 <= Rarity::OneOfSeveral
            && let Some(test) = compound.tests.first()
        {
            // The test stays, because the bit only shows that the element has the attribute.
            let symbol = self.symbols.attribute(&test.lower, &test.exact);
            compound.all |= symbol.bit;
            key = (Rarity::Attribute, symbol.bit);
        }
        (compound, key.1)
    }

    /// Returns the symbol of a component, if it is a name.
    fn name(&mut self, component: &Component<Css>) -> Option<(Symbol, Rarity)> {
        Some(match component {
            Component::LocalName(name) => (self.symbols.tag(&name.lower_name, &name.name), Rarity::Tag),
            Component::Class(class) => (self.symbols.class(class), Rarity::Class),
            Component::ID(id) => (self.symbols.id(id), Rarity::Id),
            Component::Root => (Symbol { bit: ROOT, exact: true }, Rarity::One),
            Component::Scope => (Symbol { bit: SCOPE, exact: true }, Rarity::One),
            _ => return None,
        })
    }

    /// Adds a component that is not a name, and returns its key.
    fn condition(&mut self, component: &Component<Css>, compound: &mut Compound) -> (Rarity, Mask) {
        match component {
            Component::ExplicitUniversalType | Component::ExplicitAnyNamespace => {}
            Component::AttributeInNoNamespaceExists { local_name, local_name_lower } => {
                let (exact, lower) = (local_name.clone(), local_name_lower.clone());
                compound.tests.push(Test { lower, exact, value: None });
            }
            Component::AttributeInNoNamespace { local_name, operator, value, case_sensitivity } => {
                let value = Some((*operator, value.clone(), *case_sensitivity));
                compound.tests.push(Test { lower: local_name.clone(), exact: local_name.clone(), value });
            }
            Component::Is(list) | Component::Where(list) => {
                if let Some(any) = self.any_of(list) {
                    compound.any.push(any);
                    return (Rarity::OneOfSeveral, any);
                }
            }
            Component::Negation(list) => match self.names(list) {
                Some(none) => compound.none |= none,
                None => self.exact = false,
            },
            _ => self.exact = false,
        }
        (Rarity::Any, ELEMENT)
    }

    /// Returns names of which each element that one of the selectors matches has at least one, if there are such names.
    fn any_of(&mut self, list: &SelectorList<Css>) -> Option<Mask> {
        if let Some(names) = self.names(list) {
            return Some(names);
        }
        self.exact = false;
        let mut any = 0;
        for selector in list.slice() {
            let mut names = Vec::new();
            for component in selector.iter() {
                names.extend(self.name(component).filter(|(symbol, _)| symbol.bit != SCOPE));
            }
            any |= names.into_iter().max_by_key(|(_, rarity)| *rarity)?.0.bit;
        }
        Some(any)
    }

    /// Returns the names of the selectors, if each is a single name with its own bit.
    fn names(&mut self, list: &SelectorList<Css>) -> Option<Mask> {
        let mut names = 0;
        for selector in list.slice() {
            let mut components = selector.iter_raw_match_order();
            let (Some(component), None) = (components.next(), components.next()) else { return None };
            let (symbol, _) = self.name(component).filter(|(symbol, _)| symbol.exact && symbol.bit != SCOPE)?;
            names |= symbol.bit;
        }
        Some(names)
    }
}
