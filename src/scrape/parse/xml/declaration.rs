//! The XML declaration (XML 1.0, 2.8, 2.9 and 4.3.3).

use super::cursor::Cursor;

/// What a declaration says that matters for the rest of the document.
#[derive(Debug, Default)]
pub(super) struct Declaration<'t> {
    pub(super) encoding: Option<&'t str>,
    /// Whether all declarations that matter are in the document itself.
    pub(super) is_standalone: bool,
}

/// Reads what stands between `<?xml` and `?>`.
///
/// # Errors
/// Returns the position of the fault in `text`, and what is wrong.
pub(super) fn read(text: &str) -> Result<Declaration<'_>, (usize, &'static str)> {
    let mut cursor = Cursor::new(text);
    let mut declaration = Declaration::default();
    let version = pseudo_attribute(&mut cursor, "version")?;
    let minor = version.and_then(|version| version.strip_prefix("1."));
    if !minor.is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err((0, "the XML declaration must begin with `version=\"1.0\"`"));
    }
    declaration.encoding = pseudo_attribute(&mut cursor, "encoding")?;
    if declaration.encoding.is_some_and(|name| !is_encoding_name(name)) {
        return Err((0, "the encoding of the XML declaration is not a valid name"));
    }
    match pseudo_attribute(&mut cursor, "standalone")? {
        None | Some("no") => {}
        Some("yes") => declaration.is_standalone = true,
        Some(_) => return Err((0, "`standalone` of the XML declaration must be \"yes\" or \"no\"")),
    }
    cursor.space();
    if cursor.is_at_end() {
        Ok(declaration)
    } else {
        Err((
            cursor.offset(),
            "the XML declaration may only have `version`, `encoding` and `standalone`, in this order",
        ))
    }
}

/// Reads `name="value"` with white space before it, if it comes next.
fn pseudo_attribute<'t>(cursor: &mut Cursor<'t>, name: &str) -> Result<Option<&'t str>, (usize, &'static str)> {
    let mut ahead = cursor.clone();
    if !ahead.space() || !ahead.word(name) {
        return Ok(None);
    }
    ahead.space();
    let has_sign = ahead.word("=");
    ahead.space();
    let value = ahead.quoted().filter(|_| has_sign);
    let value = value.ok_or((ahead.offset(), "the XML declaration needs `=` and a value in quotes here"))?;
    *cursor = ahead;
    Ok(Some(value))
}

fn is_encoding_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_declaration_has_a_version_an_encoding_and_standalone_in_this_order() {
        let table = [
            (" version='1.0'", Some((None, false))),
            (" version = \"1.1\" ", Some((None, false))),
            (" version='1.0' encoding='UTF-8'", Some((Some("UTF-8"), false))),
            ("\n version='1.0'\tencoding=\"koi8-r\" standalone='yes' ", Some((Some("koi8-r"), true))),
            (" version='1.0' standalone='no'", Some((None, false))),
            ("", None),
            (" encoding='UTF-8'", None),
            (" encoding='UTF-8' version='1.0'", None),
            (" version='2.0'", None),
            (" version='1.'", None),
            (" version=1.0", None),
            (" version'1.0'", None),
            (" version='1.0'encoding='UTF-8'", None),
            (" version='1.0' encoding=''", None),
            (" version='1.0' encoding='8bit'", None),
            (" version='1.0' encoding='a b'", None),
            (" version='1.0' standalone='true'", None),
            (" version='1.0' standalone='yes' encoding='UTF-8'", None),
            (" version='1.0' other='x'", None),
        ];
        for (text, expected) in table {
            let found = read(text).ok().map(|it| (it.encoding, it.is_standalone));
            assert_eq!(found, expected, "{text}");
        }
    }
}
