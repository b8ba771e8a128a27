//! The entities that a document declares, and references to them (XML 1.0, 4).
//!
//! A declaration of a few bytes can stand for gigabytes of text (`billion laughs`), and many references to one long
//! entity can too. So a budget limits how much a document gains from its declarations. External entities are never
//! read.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use html5ever::data::NAMED_ENTITIES;

use super::Faults;
use super::characters::{is_allowed, is_name};
use super::fault::shorten;

/// The most that the declarations of a document may add to it, in bytes.
const MOST_ADDED: usize = 1 << 20;

/// What a reference adds besides its text, so that a reference to an empty entity also counts.
const EACH: usize = 32;

/// How deep entities may refer to one another.
pub(super) const DEEPEST: u32 = 20;

/// The content of a general entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entity {
    /// The replacement text.
    Internal(Rc<str>),
    /// A file elsewhere, which is never read.
    External,
    /// A file that is not XML (`NDATA`).
    Unparsed,
}

/// What a reference stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Characters that are text, whatever they are.
    Text(String),
    /// A text that is read like the document.
    Replacement(Rc<str>),
    /// The content of a file that is not read.
    Nothing,
}

/// A default value of an attribute, from `<!ATTLIST>`.
#[derive(Debug, Clone)]
pub(super) struct AttributeDefault {
    pub(super) name: String,
    /// The value as it is written.
    pub(super) value: Rc<str>,
}

/// The declarations of one document.
#[derive(Debug, Default)]
pub(super) struct Entities {
    general: HashMap<String, Entity>,
    /// `None` is an external one.
    parameter: HashMap<String, Option<Rc<str>>>,
    /// By the name of the element as it is written.
    pub(super) defaults: HashMap<String, Rc<Vec<AttributeDefault>>>,
    /// The elements and attributes that are declared.
    attributes: HashSet<(String, String)>,
    /// Whether there are declarations in files that are not read: a reference to an unknown entity may be valid.
    pub(super) are_incomplete: bool,
    /// Whether the document type names a file. Those of XHTML and of old RSS declare the entities of HTML.
    pub(super) has_external_subset: bool,
    pub(super) is_standalone: bool,
    /// How faults in references are read.
    faults: Faults,
    added: usize,
}

impl Entities {
    pub(super) fn new(faults: Faults) -> Self {
        Self { faults, ..Self::default() }
    }

    /// Whether faults are repaired.
    pub(super) fn is_lenient(&self) -> bool {
        self.faults == Faults::Repaired
    }

    /// Declares a general entity. The first declaration of a name counts.
    pub(super) fn declare(&mut self, name: &str, entity: Entity) {
        self.general.entry(name.to_owned()).or_insert(entity);
    }

    /// Declares a parameter entity.
    pub(super) fn declare_parameter(&mut self, name: &str, text: Option<Rc<str>>) {
        self.parameter.entry(name.to_owned()).or_insert(text);
    }

    /// Declares an attribute, with its default value if it has one. The first declaration of an attribute counts.
    pub(super) fn declare_attribute(&mut self, element: &str, name: &str, value: Option<&str>) -> Result<(), String> {
        self.add(element.len() + name.len() + value.map_or(0, str::len))?;
        if self.attributes.insert((element.to_owned(), name.to_owned()))
            && let Some(value) = value
        {
            let defaults = Rc::make_mut(self.defaults.entry(element.to_owned()).or_default());
            defaults.push(AttributeDefault { name: name.to_owned(), value: value.into() });
        }
        Ok(())
    }

    /// Returns the text of a parameter entity, if it is declared and not external.
    pub(super) fn parameter(&self, name: &str) -> Option<Rc<str>> {
        self.parameter.get(name)?.clone()
    }

    /// Counts a text that a declaration adds to the document.
    pub(super) fn add(&mut self, length: usize) -> Result<(), String> {
        self.added = self.added.saturating_add(length).saturating_add(EACH);
        if self.added <= MOST_ADDED {
            return Ok(());
        }
        Err(format!("the entities and default values of the document add more than {MOST_ADDED} bytes to it"))
    }

    /// Returns what `&name;` stands for.
    ///
    /// # Errors
    /// Fails if the reference is not valid.
    pub(super) fn meaning(&mut self, name: &str) -> Result<Meaning, String> {
        if let Some(number) = name.strip_prefix('#') {
            return match character(number) {
                Some(character) => Ok(Meaning::Text(character.to_string())),
                None => self.or_literal(name, || "does not stand for a character that XML allows"),
            };
        }
        if let Some(character) = predefined(name) {
            return Ok(Meaning::Text(character.to_owned()));
        }
        match self.general.get(name) {
            Some(Entity::Internal(text)) => {
                let text = Rc::clone(text);
                self.add(text.len())?;
                Ok(Meaning::Replacement(text))
            }
            Some(Entity::External) => Ok(Meaning::Nothing),
            Some(Entity::Unparsed) => self.or_literal(name, || "stands for a file that is not XML"),
            None => self.undeclared(name),
        }
    }

    fn undeclared(&self, name: &str) -> Result<Meaning, String> {
        if !is_name(name) {
            return self.or_literal(name, || "is not a valid reference: write `&` as `&amp;`");
        }
        let is_elsewhere = (self.has_external_subset || self.are_incomplete) && !self.is_standalone;
        if (self.has_external_subset || self.is_lenient())
            && let Some(text) = of_html(name)
        {
            return Ok(Meaning::Text(text));
        }
        if is_elsewhere {
            return Ok(Meaning::Text(format!("&{name};")));
        }
        self.or_literal(name, || "refers to an entity that is not declared")
    }

    fn or_literal(&self, name: &str, problem: impl Fn() -> &'static str) -> Result<Meaning, String> {
        if self.is_lenient() {
            return Ok(Meaning::Text(format!("&{name};")));
        }
        Err(format!("`&{};` {}", shorten(name), problem()))
    }
}

/// Returns the character of a reference `&#..;`.
pub(super) fn character(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    // `from_str_radix` also accepts a sign.
    let are_digits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    let code = u32::from_str_radix(digits, radix).ok().filter(|_| are_digits)?;
    char::from_u32(code).filter(|c| is_allowed(*c))
}

fn predefined(name: &str) -> Option<&'static str> {
    Some(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    })
}

/// Returns the text of an entity of HTML.
fn of_html(name: &str) -> Option<String> {
    let (first, second) = *NAMED_ENTITIES.get(format!("{name};").as_str()).filter(|(first, _)| *first != 0)?;
    let chars = [first, second].map(|code| char::from_u32(code).filter(|c| *c != '\0'));
    Some(chars.into_iter().flatten().collect())
}
