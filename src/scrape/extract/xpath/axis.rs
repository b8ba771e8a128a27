//! Walks along axes (`XPath` 1.0, section 2.2). Every node that a walk looks at costs a unit of work.

use std::collections::HashSet;

use super::expression::{Axis, Test};
use super::name;
use super::tree::{Place, TooMuchWork, Tree};
use crate::scrape::document::Kind;

/// A walk along an axis from one node, in the order of the axis: nearest first.
#[derive(Debug)]
pub(super) enum Walk {
    Nothing,
    One(Place),
    /// The attributes of the element at this place, from the one with this number on.
    Attributes(u32, u32),
    /// A range of the document, from its start on.
    Forward(u32, u32),
    /// The document before the first place, from its end on, without the ancestors of the second place.
    Backward(u32, u32),
    /// A node and its ancestors.
    Up(Option<Place>),
    /// A node and its siblings after it.
    After(Option<u32>),
    /// A node and its siblings before it.
    Before(Option<u32>),
}

impl Walk {
    pub(super) fn new(tree: &Tree<'_>, axis: Axis, from: Place) -> Self {
        let (dom, at) = (tree.dom, from.at());
        let (node, whole) = (dom.node(at), dom.whole().end);
        if from.is_attribute() {
            return match axis {
                Axis::Itself | Axis::DescendantOrSelf => Self::One(from),
                Axis::Parent => Self::One(Place::node(at)),
                Axis::Ancestor => Self::Up(parent(tree, from)),
                Axis::AncestorOrSelf => Self::Up(Some(from)),
                Axis::Following => Self::Forward(at + 1, whole),
                Axis::Preceding => Self::Backward(at, at),
                _ => Self::Nothing,
            };
        }
        match axis {
            Axis::Itself => Self::One(from),
            Axis::Parent => parent(tree, from).map_or(Self::Nothing, Self::One),
            Axis::Ancestor => Self::Up(parent(tree, from)),
            Axis::AncestorOrSelf => Self::Up(Some(from)),
            Axis::Attribute => Self::Attributes(at, 0),
            Axis::Child => Self::After(dom.first_child(at)),
            Axis::Descendant => Self::Forward(at + 1, node.end),
            Axis::DescendantOrSelf => Self::Forward(at, node.end),
            Axis::Following => Self::Forward(node.end, whole),
            Axis::FollowingSibling => Self::After(dom.next_sibling(at)),
            Axis::Preceding => Self::Backward(at, at),
            Axis::PrecedingSibling => Self::Before(tree.previous(at)),
        }
    }

    /// Returns the next node, until there is none.
    pub(super) fn next(&mut self, tree: &Tree<'_>) -> Result<Option<Place>, TooMuchWork> {
        loop {
            tree.work(1)?;
            match self.step(tree) {
                Some(place) if !self.passes_over(tree, place) => return Ok(Some(place)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    fn passes_over(&self, tree: &Tree<'_>, place: Place) -> bool {
        let is_ancestor = |of: u32| tree.dom.node(place.at()).end > of;
        !place.is_attribute()
            && (!tree.is_visible(place.at()) || matches!(self, Self::Backward(_, of) if is_ancestor(*of)))
    }

    /// Returns the next node of any kind.
    #[inline]
    fn step(&mut self, tree: &Tree<'_>) -> Option<Place> {
        let dom = tree.dom;
        let at = match self {
            Self::Nothing => return None,
            Self::One(place) => {
                let place = *place;
                *self = Self::Nothing;
                return Some(place);
            }
            Self::Attributes(at, next) => {
                let nth = *next;
                *next += 1;
                let is_there = (nth as usize) < dom.attributes(*at).len();
                return is_there.then(|| Place::nth_attribute(*at, nth));
            }
            Self::Forward(next, end) => {
                let at = Some(*next).filter(|at| at < end)?;
                // The content of a template is left out, unless the walk begins inside it.
                *next = if dom.node(at).kind() == Kind::Fragment { dom.node(at).end } else { at + 1 };
                at
            }
            Self::Backward(end, _) => {
                let last = end.checked_sub(1).filter(|last| *last > 0)?;
                *end = tree.template_around(last).unwrap_or(last);
                *end
            }
            Self::Up(next) => {
                let place = next.take()?;
                *next = parent(tree, place);
                return Some(place);
            }
            Self::After(next) => {
                let at = next.take()?;
                *next = dom.next_sibling(at);
                at
            }
            Self::Before(next) => {
                let at = next.take()?;
                *next = tree.previous(at);
                at
            }
        };
        Some(Place::node(at))
    }
}

fn parent(tree: &Tree<'_>, place: Place) -> Option<Place> {
    match (place.is_attribute(), place.at()) {
        (true, at) => Some(Place::node(at)),
        (false, 0) => None,
        (false, at) => Some(Place::node(tree.dom.node(at).parent())),
    }
}

impl Tree<'_> {
    /// Returns the nodes on an axis from any of several nodes that pass a test, in document order. `from` is in
    /// document order.
    ///
    /// It takes work in proportion to the part of the document that the axes cover together, even if they overlap.
    pub(super) fn along(&self, axis: Axis, from: &[Place], test: &Test) -> Result<Vec<Place>, TooMuchWork> {
        let mut found = Vec::new();
        // The walks from all nodes but one are part of the walk from that one.
        let widest = match axis {
            Axis::Following => from.iter().min_by_key(|place| self.after(**place)),
            Axis::Preceding => from.last(),
            _ => None,
        };
        if let Some(widest) = widest {
            let mut walk = Walk::new(self, axis, *widest);
            while let Some(place) = walk.next(self)? {
                found.extend(Some(place).filter(|place| self.passes(axis, test, *place)));
            }
            return Ok(in_document_order(found));
        }
        let mut seen = Seen::new(axis, from.len());
        let reversed = axis == Axis::PrecedingSibling;
        for nth in 0..from.len() {
            let from = from[if reversed { from.len() - 1 - nth } else { nth }];
            if seen.covers(from) {
                continue;
            }
            let mut walk = Walk::new(self, axis, from);
            while let Some(place) = walk.next(self)? {
                if seen.is_old(place) {
                    break;
                }
                found.extend(Some(place).filter(|place| self.passes(axis, test, *place)));
            }
            seen.end(self, from);
        }
        Ok(in_document_order(found))
    }

    /// Returns where the axis `following` begins.
    fn after(&self, place: Place) -> u32 {
        if place.is_attribute() { place.at() + 1 } else { self.dom.node(place.at()).end }
    }

    /// Whether a node on an axis passes a test.
    #[inline]
    pub(super) fn passes(&self, axis: Axis, test: &Test, place: Place) -> bool {
        let kind = if place.is_attribute() { None } else { Some(self.dom.node(place.at()).kind()) };
        match test {
            Test::Node => true,
            Test::Text => kind == Some(Kind::Text),
            Test::Comment => kind == Some(Kind::Comment),
            Test::Instruction(target) => {
                kind == Some(Kind::Instruction)
                    && target.as_ref().is_none_or(|target| *target == self.target(place.at()))
            }
            Test::Name(name) => {
                let is_principal = if axis == Axis::Attribute { kind.is_none() } else { kind == Some(Kind::Element) };
                is_principal && name.fits(self.dom, place)
            }
        }
    }

    /// Returns the target of a processing instruction.
    pub(super) fn target(&self, at: u32) -> &str {
        let text = self.dom.text(at);
        text.split_once(' ').map_or(text, |(target, _)| target)
    }

    /// Returns the name of a node as it is written, if it has one: `name()`.
    pub(super) fn name(&self, place: Place) -> std::borrow::Cow<'_, str> {
        match self.dom.node(place.at()).kind() {
            Kind::Element => name::whole(self.dom, place),
            Kind::Instruction => self.target(place.at()).into(),
            _ => "".into(),
        }
    }
}

/// What walks from several nodes have in common, for axes whose walks are then part of each other.
enum Seen {
    /// Nothing is gained.
    Nothing,
    /// Walks go through the same nodes to the same end, as those to the root.
    Nodes(HashSet<Place>),
    /// The walk from a node below an earlier one is part of that walk, which ended here.
    Until(u32),
}

impl Seen {
    fn new(axis: Axis, from: usize) -> Self {
        match axis {
            _ if from < 2 => Self::Nothing,
            Axis::Ancestor | Axis::AncestorOrSelf | Axis::FollowingSibling | Axis::PrecedingSibling => {
                Self::Nodes(HashSet::new())
            }
            Axis::Descendant | Axis::DescendantOrSelf => Self::Until(0),
            _ => Self::Nothing,
        }
    }

    /// Whether the walk from here is part of an earlier one.
    fn covers(&self, from: Place) -> bool {
        matches!(self, Self::Until(end) if from.at() < *end && !from.is_attribute())
    }

    /// Whether an earlier walk came here, and went on to the same end.
    fn is_old(&mut self, place: Place) -> bool {
        match self {
            Self::Nodes(nodes) => !nodes.insert(place),
            _ => false,
        }
    }

    fn end(&mut self, tree: &Tree<'_>, from: Place) {
        if let Self::Until(end) = self
            && !from.is_attribute()
        {
            *end = tree.dom.node(from.at()).end;
        }
    }
}

/// Sorts nodes, and leaves out those that are there twice.
pub(super) fn in_document_order(mut places: Vec<Place>) -> Vec<Place> {
    if !places.is_sorted() {
        places.sort_unstable();
    }
    places.dedup();
    places
}
