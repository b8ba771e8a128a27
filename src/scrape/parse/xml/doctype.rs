//! The document type declaration with its internal subset (XML 1.0, 2.8, 3.2, 3.3, 4.2 and 4.7).
//!
//! Declarations of entities and default values of attributes change the document. All other declarations are only
//! checked.

use std::rc::Rc;

use super::characters::{is_space, take_while};
use super::cursor::Cursor;
use super::entities::{DEEPEST, Entities, Entity, character};
use super::fault::shorten;

/// The parts of a document type declaration.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Doctype<'t> {
    pub(super) name: &'t str,
    pub(super) public: &'t str,
    pub(super) system: &'t str,
}

/// The position of a fault in a text, in bytes, and what is wrong there.
type Wrong = (usize, String);

/// Reads what stands between `<!DOCTYPE` and `>`, and adds its declarations to `entities`.
///
/// # Errors
/// Returns the position of the fault in `text`, and what is wrong.
pub(super) fn read<'t>(text: &'t str, entities: &mut Entities) -> Result<Doctype<'t>, Wrong> {
    let mut cursor = Cursor::new(text);
    let wrong = |cursor: &Cursor<'_>, what: &str| (cursor.offset(), format!("the document type needs {what} here"));
    if !cursor.space() {
        return Err(wrong(&cursor, "white space"));
    }
    let name = cursor.name().ok_or_else(|| wrong(&cursor, "the name of the root element"))?;
    let has_space = cursor.space();
    let (mut public, mut system) = ("", "");
    if !cursor.is_at_end() && !cursor.rest.starts_with('[') {
        (public, system) = external_id(&mut cursor, false)
            .filter(|_| has_space)
            .ok_or_else(|| wrong(&cursor, "`SYSTEM` or `PUBLIC` with identifiers in quotes"))?;
        entities.has_external_subset = true;
        cursor.space();
    }
    if cursor.word("[") {
        let offset = cursor.offset();
        let rest = internal_subset(cursor.rest, entities, 0).map_err(|(at, what)| (offset + at, what))?;
        cursor.rest = rest;
        if !cursor.word("]") {
            return Err(wrong(&cursor, "`]` after the declarations"));
        }
        cursor.space();
    }
    if cursor.is_at_end() { Ok(Doctype { name, public, system }) } else { Err(wrong(&cursor, "`>`")) }
}

/// Reads declarations up to the end, or up to a `]`. Returns the rest.
fn internal_subset<'t>(text: &'t str, entities: &mut Entities, depth: u32) -> Result<&'t str, Wrong> {
    let mut cursor = Cursor::new(text);
    loop {
        cursor.space();
        let start = cursor.offset();
        let wrong = |what: &str| (start, format!("`{}` is not a valid {what}", shorten(&text[start..])));
        if cursor.is_at_end() || cursor.rest.starts_with(']') {
            return Ok(cursor.rest);
        } else if cursor.word("%") {
            let name = cursor.name().filter(|_| cursor.word(";")).ok_or_else(|| wrong("reference"))?;
            parameter(name, entities, depth).map_err(|what| (start, what))?;
        } else if cursor.word("<!--") {
            let comment = cursor.up_to("-->").ok_or_else(|| wrong("comment"))?;
            if comment.contains("--") || comment.ends_with('-') {
                return Err(wrong("comment"));
            }
        } else if cursor.word("<?") {
            let instruction = cursor.up_to("?>").ok_or_else(|| wrong("processing instruction"))?;
            if !is_instruction(instruction) {
                return Err(wrong("processing instruction"));
            }
        } else if cursor.word("<!") {
            declaration(&mut cursor, entities).map_err(|what| (start, what))?;
        } else {
            return Err(wrong("declaration"));
        }
    }
}

/// Reads the declarations that a parameter entity stands for.
fn parameter(name: &str, entities: &mut Entities, depth: u32) -> Result<(), String> {
    let Some(text) = entities.parameter(name) else {
        // It is external, or declared in a file that is not read.
        entities.are_incomplete = true;
        return Ok(());
    };
    if depth >= DEEPEST {
        return Err(format!("`%{name};` nests entities too deeply"));
    }
    entities.add(text.len())?;
    let rest = internal_subset(&text, entities, depth + 1).map_err(|(_, what)| what)?;
    if rest.is_empty() { Ok(()) } else { Err(format!("the declarations of `%{name};` contain a `]`")) }
}

/// Whether it is a processing instruction, without `<?` and `?>`.
pub(super) fn is_instruction(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    let target = cursor.name().filter(|target| !target.contains(':') && !target.eq_ignore_ascii_case("xml"));
    target.is_some() && (cursor.is_at_end() || cursor.space())
}

/// Reads a declaration after its `<!`.
fn declaration(cursor: &mut Cursor<'_>, entities: &mut Entities) -> Result<(), String> {
    let (keyword, _) = take_while(cursor.rest, |c| c.is_ascii_uppercase());
    cursor.word(keyword);
    let read = match keyword {
        "ENTITY" => entity(cursor, entities)?,
        "ELEMENT" => element(cursor),
        "ATTLIST" => attribute_list(cursor, entities)?,
        "NOTATION" => notation(cursor),
        _ => return Err(format!("`<!{}` does not begin a declaration", shorten(cursor.rest))),
    };
    cursor.space();
    if read.is_some() && cursor.word(">") { Ok(()) } else { Err(format!("this `<!{keyword}` is not valid")) }
}

/// Reads `<!ENTITY name "text">` and its other forms. Returns `None` if it is not valid.
fn entity(cursor: &mut Cursor<'_>, entities: &mut Entities) -> Result<Option<()>, String> {
    let mut is_parameter = false;
    let mut read_name = || {
        cursor.space().then_some(())?;
        is_parameter = cursor.word("%");
        (!is_parameter || cursor.space()).then_some(())?;
        let name = cursor.name().filter(|name| !name.contains(':'))?;
        cursor.space().then_some(name)
    };
    let Some(name) = read_name() else { return Ok(None) };
    if let Some(literal) = cursor.quoted() {
        let text: Rc<str> = replacement(literal)?.into();
        entities.add(text.len())?;
        if is_parameter {
            entities.declare_parameter(name, Some(text));
        } else {
            entities.declare(name, Entity::Internal(text));
        }
        return Ok(Some(()));
    }
    if external_id(cursor, false).is_none() {
        return Ok(None);
    }
    let mut ahead = cursor.clone();
    if is_parameter {
        entities.declare_parameter(name, None);
    } else if ahead.space() && ahead.word("NDATA") {
        let has_name = ahead.space() && ahead.name().is_some();
        *cursor = ahead;
        entities.declare(name, Entity::Unparsed);
        return Ok(has_name.then_some(()));
    } else {
        entities.declare(name, Entity::External);
    }
    Ok(Some(()))
}

/// Returns the replacement text of an entity: character references are replaced, and other references stay (XML 1.0,
/// 4.5).
fn replacement(literal: &str) -> Result<String, String> {
    let mut text = String::with_capacity(literal.len());
    let mut cursor = Cursor::new(literal);
    while let Some(at) = cursor.rest.find(['&', '%']) {
        let (before, rest) = cursor.rest.split_at(at);
        text.push_str(before);
        cursor.rest = &rest[1..];
        if rest.starts_with('%') {
            return Err("the text of an entity contains a `%`, which must be written as `&#37;`".to_owned());
        }
        let name = cursor.up_to(";").unwrap_or_default();
        match name.strip_prefix('#') {
            Some(number) => text.push(character(number).ok_or_else(|| not_a_reference(name))?),
            None if Cursor::new(name).name() == Some(name) && !name.is_empty() => text.extend(["&", name, ";"]),
            None => return Err(not_a_reference(name)),
        }
    }
    text.push_str(cursor.rest);
    Ok(text)
}

fn not_a_reference(name: &str) -> String {
    format!("`&{}` is not a valid reference", shorten(name))
}

/// Reads `SYSTEM "file"` or `PUBLIC "identifier" "file"`. In a notation, the file may be missing.
fn external_id<'t>(cursor: &mut Cursor<'t>, is_notation: bool) -> Option<(&'t str, &'t str)> {
    if cursor.word("SYSTEM") {
        return cursor.space().then(|| cursor.quoted())?.map(|system| ("", system));
    }
    if !cursor.word("PUBLIC") || !cursor.space() {
        return None;
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || " \r\n-'()+,./:=?;!*#@$_%".contains(c);
    let public = cursor.quoted().filter(|public| public.chars().all(is_allowed))?;
    let mut ahead = cursor.clone();
    match ahead.space().then(|| ahead.quoted()).flatten() {
        Some(system) => {
            *cursor = ahead;
            Some((public, system))
        }
        None => is_notation.then_some((public, "")),
    }
}

/// Reads `<!NOTATION name ..>`.
fn notation(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.space().then_some(())?;
    cursor.name()?;
    cursor.space().then_some(())?;
    external_id(cursor, true).map(drop)
}

/// Reads `<!ELEMENT name content>`.
fn element(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.space().then_some(())?;
    cursor.name()?;
    cursor.space().then_some(())?;
    if cursor.word("EMPTY") || cursor.word("ANY") {
        return Some(());
    }
    if !cursor.rest.starts_with('(') {
        return None;
    }
    content_model(cursor)
}

/// Reads a content model: groups of names, which nest and are separated by `,` or by `|`.
fn content_model(cursor: &mut Cursor<'_>) -> Option<()> {
    // The separator of each open group.
    let mut groups: Vec<Option<char>> = Vec::new();
    loop {
        // A particle: a name, or the beginning of a group.
        cursor.space();
        if cursor.word("(") {
            groups.push(None);
            continue;
        }
        if cursor.word("#PCDATA") {
            return (groups.len() == 1 && groups[0].is_none()).then(|| mixed_content(cursor))?;
        }
        cursor.name()?;
        occurrence(cursor);
        // What follows the particle: a separator, or the ends of groups.
        loop {
            cursor.space();
            if cursor.word(")") {
                groups.pop()?;
                occurrence(cursor);
                if groups.is_empty() {
                    return Some(());
                }
                continue;
            }
            let separator = cursor.rest.chars().next().filter(|c| matches!(c, ',' | '|'))?;
            let group = groups.last_mut()?;
            if group.is_some_and(|other| other != separator) {
                return None;
            }
            *group = Some(separator);
            cursor.rest = &cursor.rest[1..];
            break;
        }
    }
}

/// Reads the rest of `(#PCDATA | name | ..)*` after `#PCDATA`.
fn mixed_content(cursor: &mut Cursor<'_>) -> Option<()> {
    let mut has_names = false;
    loop {
        cursor.space();
        if cursor.word(")") {
            return (cursor.word("*") || !has_names).then_some(());
        }
        cursor.word("|").then_some(())?;
        cursor.space();
        cursor.name()?;
        has_names = true;
    }
}

fn occurrence(cursor: &mut Cursor<'_>) {
    let _ = cursor.word("?") || cursor.word("*") || cursor.word("+");
}

/// Reads `<!ATTLIST element name type default ..>`. Returns `None` if it is not valid.
fn attribute_list(cursor: &mut Cursor<'_>, entities: &mut Entities) -> Result<Option<()>, String> {
    let Some(element) = cursor.space().then(|| cursor.name()).flatten() else { return Ok(None) };
    loop {
        let has_space = cursor.space();
        if cursor.rest.starts_with('>') {
            return Ok(Some(()));
        }
        let Some((name, value)) = has_space.then(|| attribute_definition(cursor)).flatten() else { return Ok(None) };
        if value.is_some_and(|value| value.contains('<')) {
            return Err(format!("the default value of attribute `{}` contains a `<`", shorten(name)));
        }
        entities.declare_attribute(element, name, value)?;
    }
}

/// Reads the name, the type and the default value of one attribute.
fn attribute_definition<'t>(cursor: &mut Cursor<'t>) -> Option<(&'t str, Option<&'t str>)> {
    const TYPES: [&str; 8] = ["CDATA", "IDREFS", "IDREF", "ID", "ENTITIES", "ENTITY", "NMTOKENS", "NMTOKEN"];
    let name = cursor.name()?;
    cursor.space().then_some(())?;
    if !TYPES.iter().any(|it| cursor.word(it)) {
        if cursor.word("NOTATION") {
            cursor.space().then_some(())?;
        }
        cursor.word("(").then_some(())?;
        let words = cursor.up_to(")")?;
        let is_word = |word: &str| !word.is_empty() && word.chars().all(super::characters::continues_name);
        words.split('|').all(|word| is_word(word.trim_matches(is_space))).then_some(())?;
    }
    cursor.space().then_some(())?;
    if cursor.word("#REQUIRED") || cursor.word("#IMPLIED") {
        return Some((name, None));
    }
    if cursor.word("#FIXED") {
        cursor.space().then_some(())?;
    }
    cursor.quoted().map(|value| (name, Some(value)))
}
