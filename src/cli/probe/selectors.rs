//! Selectors of the command line become rules.

use crate::scrape::extract::{Arity, Extraction, Extractor, Root, Rule, Source, ValueRule};

/// Makes a field of each selector, with the selector as its name: a list of all matches.
///
/// A selector that begins with `$` is a path into JSON, and one that begins with `/`, `./`, `../` or `(` is `XPath`.
/// Anything else is CSS.
///
/// # Errors
/// If a selector is not valid.
pub(super) fn rules(selectors: &[String]) -> anyhow::Result<Extraction> {
    let mut fields = Vec::new();
    for selector in selectors {
        if fields.iter().any(|(name, _)| name == selector) {
            continue;
        }
        let rule = Rule::Value(ValueRule::of(source(selector), Arity::Many));
        fields.push((selector.clone(), rule));
        let last = fields[fields.len() - 1..].to_vec();
        if let Err(error) = Extractor::of(&last) {
            anyhow::bail!("use `{}`: {}", selector.escape_debug(), error.kind);
        }
    }
    Ok(fields.into())
}

fn source(selector: &str) -> Source {
    let text = selector.trim_start();
    if text.starts_with('$') {
        return Source { json: Some(text.to_owned()), ..Source::from(Root::Body) };
    }
    if ["/", "./", "../", "("].iter().any(|begin| text.starts_with(begin)) {
        return Root::XPath(text.to_owned()).into();
    }
    Root::Css(text.to_owned()).into()
}

#[cfg(test)]
mod tests {
    use super::{rules, source};
    use crate::scrape::extract::Root;

    #[test]
    fn the_first_character_tells_the_language() {
        let css = |text: &str| Root::Css(text.to_owned());
        let xpath = |text: &str| Root::XPath(text.to_owned());
        let table = [
            ("h1::text", css("h1::text")),
            (".price", css(".price")),
            ("#x", css("#x")),
            ("[href]", css("[href]")),
            ("//h1", xpath("//h1")),
            (".//a", xpath(".//a")),
            ("./a", xpath("./a")),
            ("../a", xpath("../a")),
            ("(//a)[1]", xpath("(//a)[1]")),
            (" $.a", Root::Body),
        ];
        for (selector, root) in table {
            assert_eq!(source(selector).root, root, "{selector}");
        }
    }

    #[test]
    fn a_wrong_selector_is_named_with_what_may_be_meant() {
        let table = [
            ("h1::txt", "use `h1::txt`: selector: unknown pseudo-element `::txt`"),
            ("//h1[", "use `//h1[`: XPath expression:"),
            ("$.a[", "use `$.a[`: JSON path:"),
            ("", "use ``: selector: expected a selector"),
        ];
        for (selector, begin) in table {
            let error = rules(&["p".to_owned(), selector.to_owned()]).expect_err(selector).to_string();
            assert!(error.starts_with(begin), "{error}");
        }
        let twice = rules(&["p".to_owned(), "p".to_owned()]).expect("valid");
        assert_eq!(twice.fields.len(), 1);
    }
}
