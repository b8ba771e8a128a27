//! What the names and attributes of an element say about it.

use crate::scrape::document::{Dom, Name, Namespace, known};

/// Whether the element begins and ends a block, as browsers show it by default (WHATWG HTML, "Rendering").
pub(in crate::scrape::extract) fn is_block(name: Name) -> bool {
    matches!(
        name,
        known::ADDRESS
            | known::ARTICLE
            | known::ASIDE
            | known::BLOCKQUOTE
            | known::BODY
            | known::CAPTION
            | known::CENTER
            | known::DD
            | known::DETAILS
            | known::DIALOG
            | known::DIR
            | known::DIV
            | known::DL
            | known::DT
            | known::FIELDSET
            | known::FIGCAPTION
            | known::FIGURE
            | known::FOOTER
            | known::FORM
            | known::H1
            | known::H2
            | known::H3
            | known::H4
            | known::H5
            | known::H6
            | known::HEADER
            | known::HGROUP
            | known::HR
            | known::HTML
            | known::LEGEND
            | known::LI
            | known::LISTING
            | known::MAIN
            | known::MENU
            | known::NAV
            | known::OL
            | known::OPTGROUP
            | known::OPTION
            | known::P
            | known::PLAINTEXT
            | known::PRE
            | known::SEARCH
            | known::SECTION
            | known::SUMMARY
            | known::TABLE
            | known::TBODY
            | known::TD
            | known::TFOOT
            | known::TH
            | known::THEAD
            | known::TR
            | known::UL
            | known::XMP
    )
}

/// Whether nothing of the element is text of the page: scripts, form controls, embedded media.
pub(in crate::scrape::extract) fn is_silent(dom: &Dom, at: u32) -> bool {
    let node = dom.node(at);
    match node.namespace() {
        Namespace::Html => matches!(
            node.name(),
            known::AUDIO
                | known::CANVAS
                | known::DATALIST
                | known::EMBED
                | known::FRAMESET
                | known::HEAD
                | known::IFRAME
                | known::INPUT
                | known::NOEMBED
                | known::NOFRAMES
                | known::NOSCRIPT
                | known::OBJECT
                | known::SCRIPT
                | known::SELECT
                | known::STYLE
                | known::TEMPLATE
                | known::TEXTAREA
                | known::VIDEO
        ),
        Namespace::Svg => node.name() == known::SVG,
        Namespace::MathMl => matches!(node.name(), known::ANNOTATION | known::ANNOTATION_XML),
        Namespace::Other => false,
    }
}

/// Whether the element's own attributes hide it.
pub(in crate::scrape::extract) fn is_hidden(dom: &Dom, at: u32) -> bool {
    dom.attributes(at).iter().any(|attribute| match attribute.name() {
        known::HIDDEN => true,
        known::ARIA_HIDDEN => dom.value(attribute).eq_ignore_ascii_case("true"),
        name if dom.name_text(name) == "style" => hides(dom.value(attribute)),
        _ => false,
    })
}

/// Whether a `style` has `display: none` or `visibility: hidden`.
fn hides(style: &str) -> bool {
    style.split(';').any(|declaration| {
        let Some((property, value)) = declaration.split_once(':') else { return false };
        let is = |text: &str, word: &str| text.trim_ascii().eq_ignore_ascii_case(word);
        let value = value.split('!').next().unwrap_or_default();
        is(property, "display") && is(value, "none") || is(property, "visibility") && is(value, "hidden")
    })
}

/// Returns the address of an image as the page writes it. Many pages have a placeholder in `src` and load the picture
/// that `data-src` names.
pub(in crate::scrape::extract) fn image_source(dom: &Dom, at: u32) -> Option<&str> {
    let of = |name| dom.attribute(at, name).map(str::trim_ascii).filter(|url| !url.is_empty());
    let is_inline = |url: &&str| url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    of(known::SRC).filter(|url| !is_inline(url)).or_else(|| of(known::DATA_SRC)).filter(|url| !is_inline(url))
}

/// Whether an image is a dot that counts visitors.
pub(super) fn is_dot(dom: &Dom, at: u32) -> bool {
    [known::WIDTH, known::HEIGHT].iter().any(|name| matches!(dom.attribute(at, *name), Some("0" | "1")))
}

/// Returns the programming language of a `<pre>`: the class of the element, its parent, or the `<code>` in it, such as
/// `language-rust` (WHATWG HTML, "The code element"), `lang-rust` or `highlight-source-rust`.
pub(super) fn language(dom: &Dom, pre: u32) -> &str {
    let code = dom.elements(dom.descendants(pre)).next().filter(|at| dom.node(*at).is_html(known::CODE));
    let holders = [code, Some(pre), Some(dom.node(pre).parent())];
    let mut classes = holders.into_iter().flatten().filter_map(|at| dom.attribute(at, known::CLASS));
    let language = classes.find_map(|classes| {
        let mut names = classes.split_ascii_whitespace();
        names.find_map(|class| {
            let prefixes = ["language-", "lang-", "highlight-source-"];
            prefixes.iter().find_map(|prefix| class.strip_prefix(prefix))
        })
    });
    language.filter(|name| !name.contains('`')).unwrap_or_default()
}
