use std::fs;
use std::path::Path;

use encoding_rs::{UTF_8, WINDOWS_1251};
use scraper::ElementRef;

use super::{AttributeNamespace, Dom, Kind, known};
use crate::scrape::parse::reference;

fn dom(page: &str) -> Dom {
    let mut dom = Dom::new();
    copy(page, &mut dom);
    dom
}

fn copy(page: &str, dom: &mut Dom) {
    dom.copy_reference(&reference(page).expect("a page"), UTF_8);
    dom.check().expect(page);
}

/// Returns the first element with this name.
fn find(dom: &Dom, name: &str) -> u32 {
    let name = dom.names().find(name).expect(name);
    (0..dom.whole().end).find(|at| dom.node(*at).is_element() && dom.node(*at).name() == name).expect("an element")
}

/// Pages with every kind of node.
const PAGES: [&str; 8] = [
    "",
    "<!DOCTYPE html PUBLIC 'p' 's'><!-- one --><html lang=en><title>a &amp; b</title><p class=x id=i>c<b>d</b>e",
    "<template><p>in<template>deeper</template></template><p>out",
    "<svg viewbox=1 xlink:href=a xml:lang=b xmlns=c xmlns:xlink=d><foreignObject><p>x</foreignObject><my-name a-b=c>",
    "<math definitionurl=x><mi>y</mi><annotation-xml><p>z",
    "<table>lost<tr><td>cell<td>next</table><p>a<b>b<p>c",
    "<script>a < b && c</script><style>x > y</style><textarea><b></textarea><noscript><img></noscript><br><input>",
    "<frameset><frame src=a></frameset>",
];

fn files(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("fixtures") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|it| it == "html") {
            found.push(String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned());
        }
    }
}

#[test]
fn every_element_has_the_same_markup_as_in_the_copied_tree() {
    let mut pages: Vec<String> = PAGES.map(str::to_owned).into();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/site"), &mut pages);
    assert!(pages.len() > 30, "too few fixtures were found");
    // All pages use one document: nothing of a page may be visible in the next one.
    let mut dom = Dom::new();
    for page in pages.iter().chain(pages.iter().rev()) {
        let html = reference(page).expect("a page");
        dom.copy_reference(&html, UTF_8);
        dom.check().expect(page);
        assert_eq!(dom.outer_html(0), html.html(), "{page}");
        // The tree may also hold elements outside the document. The markup shows which elements belong to it.
        let tree = html.tree.root().descendants().filter_map(ElementRef::wrap);
        let elements: Vec<u32> = (0..dom.whole().end).filter(|at| dom.node(*at).is_element()).collect();
        assert_eq!(elements.len(), tree.clone().count());
        for (at, element) in elements.into_iter().zip(tree).step_by(7) {
            assert_eq!(dom.outer_html(at), element.html());
            assert_eq!(dom.inner_html(at), element.inner_html());
        }
    }
}

#[test]
fn walking_a_document_skips_the_content_of_templates() {
    let dom = dom("<p>a</p><template><p>b</p>c</template>d<i></i>");
    let texts = |at: u32| dom.texts(dom.subtree(at)).collect::<Vec<_>>().join("|");
    assert_eq!(texts(0), "a|d");
    let template = find(&dom, "template");
    assert_eq!(texts(template), "");
    let fragment = dom.first_child(template).expect("a fragment");
    assert_eq!(dom.node(fragment).kind(), Kind::Fragment);
    // A range inside the template includes its content.
    assert_eq!(dom.texts(dom.descendants(fragment)).collect::<Vec<_>>(), ["b", "c"]);
    let names: Vec<_> = dom.elements(dom.whole()).map(|at| dom.name_text(dom.node(at).name())).collect();
    assert_eq!(names, ["html", "head", "body", "p", "template", "i"]);
    assert_eq!(dom.depth(), 3);
}

#[test]
fn children_and_siblings_come_in_order() {
    let dom = dom("<body><ul><li>1<li>2<b>3</b><li>4</ul><p>5");
    let list = find(&dom, "ul");
    let items: Vec<u32> = dom.children(list).collect();
    assert_eq!(items.len(), 3);
    assert_eq!(dom.first_child(list), Some(items[0]));
    for pair in items.windows(2) {
        assert_eq!(dom.next_sibling(pair[0]), Some(pair[1]));
    }
    assert_eq!((dom.next_sibling(items[2]), dom.next_sibling(0)), (None, None));
    assert_eq!(dom.node(find(&dom, "b")).parent(), items[1]);
    assert_eq!(dom.first_child(find(&dom, "p")).map(|at| dom.text(at)), Some("5"));
    assert_eq!(dom.children(find(&dom, "head")).count(), 0);
}

#[test]
fn attributes_are_found_by_name_and_namespace() {
    let page = "<!doctype a public 'b'><svg href=1 xlink:href=2 viewbox=3 my-own=4><p class='x y' class=z>";
    let mut dom = dom(page);
    let svg = find(&dom, "svg");
    assert_eq!(dom.attribute(svg, known::HREF), Some("1"));
    assert_eq!(dom.attribute(svg, known::VIEW_BOX), Some("3"));
    assert_eq!(dom.attribute(svg, dom.names().find("my-own").expect("a name of the page")), Some("4"));
    let all: Vec<_> = dom.attributes(svg).iter().map(|it| (it.namespace(), dom.value(it))).collect();
    let none = AttributeNamespace::None;
    assert_eq!(all, [(none, "1"), (AttributeNamespace::XLink, "2"), (none, "3"), (none, "4")]);
    assert_eq!(dom.attribute(find(&dom, "p"), known::CLASS), Some("x y"));
    assert_eq!(dom.attribute(find(&dom, "p"), known::ID), None);
    assert_eq!(dom.doctype(1), Some(["a", "b", ""]));
    assert_eq!((dom.attributes(1).len(), dom.attributes(0).len(), dom.text(1)), (0, 0, ""));
    dom.copy_reference(&reference("").expect("a page"), WINDOWS_1251);
    assert_eq!(dom.encoding(), WINDOWS_1251);
    assert_eq!(dom.names().find("my-own"), None, "a name of the previous page");
}

#[test]
fn every_inconsistency_of_a_document_is_detected() {
    type Damage = fn(&mut Dom);
    let damages: [(&str, Damage); 8] = [
        ("a parent that comes later", |dom| dom.nodes[3].parent = 4),
        ("a parent that is closed", |dom| dom.nodes[4].parent = 2),
        ("an end beyond the parent's", |dom| dom.nodes[2].end = 7),
        ("an end before its start", |dom| dom.nodes[4].end = 3),
        ("a second document", |dom| dom.nodes[1].kind = Kind::Document),
        ("a text outside the stored text", |dom| dom.nodes[5].length += 1000),
        ("attributes outside the list", |dom| dom.nodes[4].length += 1000),
        ("a template without contents", |dom| dom.nodes[4].name = known::TEMPLATE),
    ];
    for (what, damage) in damages {
        let mut dom = dom("<p>text</p><i>more</i>");
        damage(&mut dom);
        assert!(dom.check().is_err(), "{what}");
    }
}

#[test]
fn any_readable_difference_between_documents_is_detected() {
    let pages = ["<p a=b>c", "<p a=c>c", "<p a=b>d", "<p b=b>c", "<q a=b>c", "<p a=b>c<p>", "<!doctype html><p a=b>c"];
    for (nth, page) in pages.iter().enumerate() {
        for (other_nth, other) in pages.iter().enumerate() {
            let difference = dom(page).difference(&dom(other));
            assert_eq!(difference.is_some(), nth != other_nth, "{page} and {other}: {difference:?}");
        }
    }
}
