//! Makes the nodes of a document from the pieces of its text.

use std::collections::HashSet;
use std::rc::Rc;

use quick_xml::Error;
use quick_xml::Reader;
use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::events::Event;

use super::Faults;
use super::attributes::Attributes;
use super::characters::{is_space, split_name};
use super::doctype::is_instruction;
use super::entities::{AttributeDefault, DEEPEST, Entities, Meaning};
use super::fault::{Fault, shorten};
use super::namespaces::Namespaces;
use super::{declaration, doctype};
use crate::scrape::document::{Attribute, AttributeNamespace, Dom, Kind, Name, Qualifier, place};

/// From this number of attributes on, a table finds attributes that occur twice.
const MANY: usize = 16;

/// A document that is being made.
#[derive(Debug)]
pub(super) struct Construction<'p> {
    /// The text, with LF line ends.
    page: &'p str,
    dom: &'p mut Dom,
    entities: Entities,
    namespaces: Namespaces,
    open: Vec<Open>,
    /// The start and length of the text that the next node ends.
    text: Option<(u32, u32)>,
    has_root: bool,
    has_doctype: bool,
    /// The position of the reference whose entity is being read. Faults in entities are reported there.
    reference: Option<usize>,
}

/// An open element.
#[derive(Debug)]
struct Open {
    at: u32,
    /// The number of namespace declarations before it.
    declarations: usize,
}

/// A piece of an attribute's value or of the document that an entity adds.
type Source<'t> = (&'t str, u32);

impl<'p> Construction<'p> {
    pub(super) fn new(page: &'p str, dom: &'p mut Dom, faults: Faults) -> Self {
        let namespaces = Namespaces::new(dom);
        let entities = Entities::new(faults);
        Self {
            page,
            dom,
            entities,
            namespaces,
            open: Vec::new(),
            text: None,
            has_root: false,
            has_doctype: false,
            reference: None,
        }
    }

    pub(super) fn run(mut self) -> Result<(), Fault> {
        if self.page.starts_with('\u{feff}') {
            return Err(self.fault(0, "there are two byte-order marks"));
        }
        self.read((self.page, 0))?;
        if self.has_root { Ok(()) } else { Err(self.fault(self.page.len(), "there is no root element")) }
    }

    /// Reads the document, or the replacement text of an entity. `depth` is the number of entities around the text.
    fn read(&mut self, (text, depth): Source<'_>) -> Result<(), Fault> {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = self.entities.is_lenient();
        // An entity must end the elements that it begins, and no others.
        let outside = self.open.len();
        loop {
            let start = position(reader.buffer_position());
            let event = reader.read_event().map_err(|error| {
                let at = position(reader.error_position());
                self.fault(at, described(&error))
            })?;
            let raw = &text[start..position(reader.buffer_position())];
            match event {
                Event::Eof => break,
                Event::Start(_) => self.start_tag(start, &raw[1..raw.len() - 1], false)?,
                Event::Empty(_) => self.start_tag(start, &raw[1..raw.len() - 2], true)?,
                Event::End(_) => self.end_tag(start, raw, outside)?,
                Event::Text(_) => self.character_data(start, raw, depth)?,
                Event::CData(_) => {
                    self.inside_root(start, "a CDATA section")?;
                    let inside = raw.strip_prefix("<![CDATA[").and_then(|raw| raw.strip_suffix("]]>"));
                    let inside = inside.ok_or_else(|| self.fault(start, "this is not a CDATA section"))?;
                    self.push_text(inside, (depth == 0).then_some(start + "<![CDATA[".len()));
                }
                Event::Comment(_) => self.comment(start, raw, depth)?,
                Event::PI(_) => self.instruction(start, raw, depth)?,
                Event::Decl(_) if start == 0 && depth == 0 => self.declaration(raw)?,
                Event::Decl(_) => return Err(self.fault(start, "an XML declaration must be at the very beginning")),
                Event::DocType(_) => self.doctype(start, raw, depth)?,
                Event::GeneralRef(_) => self.reference(start, &raw[1..raw.len() - 1], depth)?,
            }
        }
        if self.open.len() > outside {
            let name = self.name_of(self.open[self.open.len() - 1].at);
            return Err(self.fault(text.len(), format!("`<{}>` is not closed", shorten(&name))));
        }
        Ok(())
    }

    fn start_tag(&mut self, start: usize, tag: &str, is_empty: bool) -> Result<(), Fault> {
        if self.open.is_empty() && self.has_root {
            return Err(self.fault(start, "there is a second root element"));
        }
        self.has_root = true;
        self.end_text();
        let end = tag.find(is_space).unwrap_or(tag.len());
        let (full, rest) = tag.split_at(end);
        let (prefix, local) = split_name(full)
            .ok_or_else(|| self.fault(start, format!("`{}` is not a valid name of an element", shorten(full))))?;
        let declarations = self.namespaces.count();
        let attributes = self.attributes(start, full, rest)?;
        if prefix == "xmlns" {
            return Err(self.fault(start, "the prefix `xmlns` cannot be used for elements"));
        }
        let resolved = self.namespaces.resolve(self.dom, prefix, true);
        let (qualifier, _) = resolved.map_err(|reason| self.fault(start, reason))?;
        let name = self.dom.names.intern(local);
        let at = self.dom.push_qualified(name, qualifier, self.parent(), attributes);
        if is_empty {
            self.namespaces.leave(declarations);
        } else {
            self.open.push(Open { at, declarations });
        }
        Ok(())
    }

    /// Adds the attributes of a tag, and the default ones of its element. Returns their start and number.
    fn attributes(&mut self, start: usize, element: &str, rest: &str) -> Result<(u32, u32), Fault> {
        let first = self.dom.attributes.len();
        // Resolved once all declarations of the tag are known.
        let mut names: Vec<&str> = Vec::new();
        let mut attributes = Attributes { rest };
        loop {
            let next = attributes.next();
            let offset = start + 1 + element.len() + (rest.len() - attributes.rest.len());
            let Some(written) = next.map_err(|reason| self.fault(offset, reason))? else { break };
            let in_page = self.reference.is_none().then(|| offset - 1 - written.value.len());
            let value = self.value(written.value, in_page);
            let added = value.and_then(|value| self.attribute(written.name, value));
            added.map_err(|reason| self.fault(offset, reason))?;
            names.push(written.name);
        }
        let defaults = self.entities.defaults.get(element).map(Rc::clone);
        let defaults = defaults.as_deref().map_or(&[][..], Vec::as_slice);
        self.defaults(defaults, &mut names).map_err(|reason| self.fault(start, reason))?;
        self.resolve(first, &names).map_err(|reason| self.fault(start, reason))?;
        Ok((place(first), place(self.dom.attributes.len() - first)))
    }

    /// Adds the default attributes that are not among `names`.
    fn defaults<'t>(&mut self, defaults: &'t [AttributeDefault], names: &mut Vec<&'t str>) -> Result<(), String> {
        if defaults.is_empty() {
            return Ok(());
        }
        let written: HashSet<&str> = names.iter().copied().collect();
        for default in defaults.iter().filter(|default| !written.contains(&*default.name)) {
            self.entities.add(default.value.len())?;
            let value = self.value(&default.value, None)?;
            self.attribute(&default.name, value)?;
            names.push(&default.name);
        }
        Ok(())
    }

    /// Adds an attribute that is not in a namespace yet. Declarations of namespaces take effect.
    fn attribute(&mut self, full: &str, (start, length): (u32, u32)) -> Result<(), String> {
        let names = split_name(full);
        let (prefix, local) =
            names.ok_or_else(|| format!("`{}` is not a valid name of an attribute", shorten(full)))?;
        if prefix == "xmlns" || full == "xmlns" {
            let uri = self.slice((start, length)).to_owned();
            let declared = if prefix.is_empty() { "" } else { local };
            self.namespaces.declare(self.dom, declared, &uri)?;
        }
        let name = self.dom.names.intern(local);
        let (namespace, qualifier) = (AttributeNamespace::None, Qualifier::NONE);
        self.dom.attributes.push(Attribute { name, start, length, namespace, qualifier });
        Ok(())
    }

    /// Gives the attributes from `first` on their namespaces, and checks that none occurs twice.
    fn resolve(&mut self, first: usize, names: &[&str]) -> Result<(), String> {
        let mut few: Vec<(Name, u32)> = Vec::new();
        let mut many: HashSet<(Name, u32)> = HashSet::new();
        for (at, full) in (first..).zip(names) {
            let prefix = full.split_once(':').map_or("", |(prefix, _)| prefix);
            let (qualifier, uri) = self.namespaces.resolve(self.dom, prefix, false)?;
            let namespace = AttributeNamespace::of(self.dom.qualifiers.uri(qualifier));
            let attribute = &mut self.dom.attributes[at];
            attribute.namespace = if *full == "xmlns" { AttributeNamespace::Xmlns } else { namespace };
            attribute.qualifier = qualifier;
            let key = (attribute.name, uri);
            let occurs_twice = if names.len() < MANY { few.contains(&key) } else { !many.insert(key) };
            if occurs_twice {
                return Err(format!("attribute `{}` occurs twice", shorten(full)));
            }
            few.push(key);
        }
        Ok(())
    }

    /// Returns the place of an attribute's value, with references replaced and white space as spaces. `in_page` is its
    /// position, if the page contains it.
    fn value(&mut self, value: &str, in_page: Option<usize>) -> Result<(u32, u32), String> {
        if let Some(start) = in_page
            && !value.contains(['&', '\n', '\t'])
        {
            return Ok((place(start), place(value.len())));
        }
        let start = self.side_end();
        self.push_value((value, 0))?;
        Ok((start, self.side_end() - start))
    }

    fn push_value(&mut self, (value, depth): Source<'_>) -> Result<(), String> {
        if value.contains('<') {
            return Err("the value of an attribute contains an entity with a `<`".to_owned());
        }
        let mut rest = value;
        while let Some(at) = rest.find(['&', '\n', '\t', '\r']) {
            let (before, after) = rest.split_at(at);
            self.dom.side.push_str(before);
            rest = &after[1..];
            if !after.starts_with('&') {
                self.dom.side.push(' ');
                continue;
            }
            let Some((name, after)) = rest.split_once(';').filter(|(name, _)| !name.contains(['&', '<'])) else {
                if self.entities.is_lenient() {
                    self.dom.side.push('&');
                    continue;
                }
                return Err("a `&` in the value of an attribute must be written as `&amp;`".to_owned());
            };
            rest = after;
            match self.entities.meaning(name)? {
                Meaning::Text(text) => self.dom.side.push_str(&text),
                Meaning::Replacement(_) if depth >= DEEPEST => return Err(too_deep(name)),
                Meaning::Replacement(text) => self.push_value((&text, depth + 1))?,
                Meaning::Nothing => return Err(format!("the value of an attribute uses the external entity `{name}`")),
            }
        }
        self.dom.side.push_str(rest);
        Ok(())
    }

    fn end_tag(&mut self, start: usize, raw: &str, outside: usize) -> Result<(), Fault> {
        self.end_text();
        let name = raw[2..raw.len() - 1].trim_end_matches(is_space);
        let Some(last) = (self.open.len() > outside).then(|| self.open.pop()).flatten() else {
            return Err(self.fault(start, format!("`</{}>` closes an element that is not open", shorten(name))));
        };
        let opened = self.dom.node(last.at);
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        if self.dom.prefix(opened.qualifier()) != prefix || self.dom.name_text(opened.name()) != local {
            let opened = self.name_of(last.at);
            return Err(self.fault(start, format!("`</{}>` closes `<{}>`", shorten(name), shorten(&opened))));
        }
        self.namespaces.leave(last.declarations);
        Ok(())
    }

    fn character_data(&mut self, start: usize, raw: &str, depth: u32) -> Result<(), Fault> {
        if self.open.is_empty() {
            let Some(at) = raw.find(|c| !is_space(c)) else { return Ok(()) };
            return Err(self.fault(start + at, "there is text outside the root element"));
        }
        if let Some(at) = raw.find("]]>") {
            return Err(self.fault(start + at, "`]]>` in text must be written as `]]&gt;`"));
        }
        self.push_text(raw, (depth == 0).then_some(start));
        Ok(())
    }

    fn reference(&mut self, start: usize, name: &str, depth: u32) -> Result<(), Fault> {
        self.inside_root(start, "a reference")?;
        match self.entities.meaning(name).map_err(|reason| self.fault(start, reason))? {
            Meaning::Text(text) => self.push_text(&text, None),
            Meaning::Nothing => {}
            Meaning::Replacement(_) if depth >= DEEPEST => return Err(self.fault(start, too_deep(name))),
            Meaning::Replacement(text) => {
                let outer = self.reference;
                self.reference = Some(outer.unwrap_or(start));
                self.read((&text, depth + 1))?;
                self.reference = outer;
            }
        }
        Ok(())
    }

    fn comment(&mut self, start: usize, raw: &str, depth: u32) -> Result<(), Fault> {
        let inside = &raw["<!--".len()..raw.len() - "-->".len()];
        if inside.contains("--") || inside.ends_with('-') {
            return Err(self.fault(start, "a comment contains `--`"));
        }
        self.end_text();
        let extent = self.extent(inside, (depth == 0).then_some(start + "<!--".len()));
        self.dom.push(Kind::Comment, self.parent(), extent);
        Ok(())
    }

    fn instruction(&mut self, start: usize, raw: &str, depth: u32) -> Result<(), Fault> {
        let inside = &raw["<?".len()..raw.len() - "?>".len()];
        if !is_instruction(inside) {
            return Err(self.fault(start, "this is not a valid processing instruction"));
        }
        self.end_text();
        let (target, data) = inside.split_once(is_space).unwrap_or((inside, ""));
        let data = data.trim_start_matches(is_space);
        // One space stands between the target and the data.
        let text = if data.is_empty() { target.to_owned() } else { [target, " ", data].concat() };
        let in_page = (depth == 0 && text == inside).then_some(start + "<?".len());
        let extent = self.extent(&text, in_page);
        self.dom.push(Kind::Instruction, self.parent(), extent);
        Ok(())
    }

    fn declaration(&mut self, raw: &str) -> Result<(), Fault> {
        let inside = &raw["<?xml".len()..raw.len() - "?>".len()];
        let read = declaration::read(inside).map_err(|(at, reason)| self.fault("<?xml".len() + at, reason))?;
        self.entities.is_standalone = read.is_standalone;
        Ok(())
    }

    fn doctype(&mut self, start: usize, raw: &str, depth: u32) -> Result<(), Fault> {
        let inside = raw.strip_prefix("<!DOCTYPE").and_then(|raw| raw.strip_suffix('>'));
        let inside = inside.ok_or_else(|| self.fault(start, "the document type must be written as `<!DOCTYPE`"))?;
        if self.has_root || self.has_doctype || depth > 0 {
            return Err(self.fault(start, "the document type must be before the root element, and only once"));
        }
        self.has_doctype = true;
        let inside_start = start + "<!DOCTYPE".len();
        let read = doctype::read(inside, &mut self.entities);
        let parts = read.map_err(|(at, reason)| self.fault(inside_start + at, reason))?;
        let extent = |part: &str| {
            let start = (part.as_ptr() as usize).checked_sub(self.page.as_ptr() as usize);
            (start.filter(|_| !part.is_empty()).map_or(0, place), place(part.len()))
        };
        self.dom.push_doctype([extent(parts.name), extent(parts.public), extent(parts.system)]);
        Ok(())
    }

    fn inside_root(&self, start: usize, what: &str) -> Result<(), Fault> {
        if self.open.is_empty() {
            return Err(self.fault(start, format!("there is {what} outside the root element")));
        }
        Ok(())
    }

    /// Adds to the current text, so that adjacent pieces become one node.
    fn push_text(&mut self, piece: &str, in_page: Option<usize>) {
        if piece.is_empty() {
            return;
        }
        let Some((start, length)) = self.text else {
            self.text = Some(self.extent(piece, in_page));
            return;
        };
        let start = if start + length == self.side_end() && start as usize >= self.page.len() {
            start
        } else {
            let moved = self.side_end();
            match (start as usize).checked_sub(self.page.len()) {
                Some(at) => self.dom.side.extend_from_within(at..at + length as usize),
                None => self.dom.side.push_str(&self.page[start as usize..(start + length) as usize]),
            }
            moved
        };
        self.dom.side.push_str(piece);
        self.text = Some((start, self.side_end() - start));
    }

    /// Makes a node of the current text.
    fn end_text(&mut self) {
        if let Some(extent) = self.text.take() {
            self.dom.push(Kind::Text, self.parent(), extent);
        }
    }

    /// Returns the place of a text, which is copied unless the page contains it.
    fn extent(&mut self, text: &str, in_page: Option<usize>) -> (u32, u32) {
        let start = in_page.map_or_else(|| self.side_end(), place);
        if in_page.is_none() {
            self.dom.side.push_str(text);
        }
        (start, place(text.len()))
    }

    fn slice(&self, (start, length): (u32, u32)) -> &str {
        let (start, length) = (start as usize, length as usize);
        match start.checked_sub(self.page.len()) {
            Some(start) => &self.dom.side[start..start + length],
            None => &self.page[start..start + length],
        }
    }

    /// Returns the position of the next text that is added to the side text.
    fn side_end(&self) -> u32 {
        place(self.page.len() + self.dom.side.len())
    }

    fn parent(&self) -> u32 {
        self.open.last().map_or(0, |open| open.at)
    }

    /// Returns the name of an element as it is written.
    fn name_of(&self, at: u32) -> String {
        let node = self.dom.node(at);
        let (prefix, local) = (self.dom.prefix(node.qualifier()), self.dom.name_text(node.name()));
        if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") }
    }

    fn fault(&self, offset: usize, reason: impl Into<String>) -> Fault {
        Fault::new(self.reference.unwrap_or(offset), reason)
    }
}

fn too_deep(name: &str) -> String {
    format!("`&{};` nests entities too deeply, or contains itself", shorten(name))
}

/// Converts a position. A document is shorter than 4 GiB.
fn position(position: u64) -> usize {
    usize::try_from(position).expect("a position in a text")
}

/// Says in words what `quick-xml` found.
fn described(error: &Error) -> String {
    let what = match error {
        Error::IllFormed(IllFormedError::UnclosedReference) => {
            "this `&` does not begin a reference: write it as `&amp;`"
        }
        Error::IllFormed(IllFormedError::MissingDoctypeName) => "the document type has no name",
        Error::Syntax(SyntaxError::InvalidBangMarkup) => {
            "`<!` must begin a comment, a CDATA section or the document type"
        }
        Error::Syntax(SyntaxError::UnclosedPI | SyntaxError::UnclosedXmlDecl) => "there is no `?>` for this `<?`",
        Error::Syntax(SyntaxError::UnclosedComment) => "there is no `-->` for this `<!--`",
        Error::Syntax(SyntaxError::UnclosedDoctype) => "there is no `>` for this `<!DOCTYPE`",
        Error::Syntax(SyntaxError::UnclosedCData) => "there is no `]]>` for this `<![CDATA[`",
        Error::Syntax(SyntaxError::UnclosedTag) => "there is no `>` for this `<`",
        Error::Syntax(_) => "there is no end of an attribute's value in this tag",
        _ => return error.to_string(),
    };
    what.to_owned()
}
