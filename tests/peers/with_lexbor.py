"""Compares documents with those of Lexbor 3 (of selectolax)."""

import re

from selectolax.lexbor import LexborHTMLParser

from html5lib_standard import Parser
from trees import attributes_sorted, without, without_copies

# The beginning of a declaration at the end of a page.
UNFINISHED_DECLARATION = re.compile(r"<!(\[[A-Z]*)?\Z")

FORMATTING = re.compile("<(a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)>")


def of_lexbor(page):
    """Returns Lexbor's document as a list."""
    found = []

    def walk(node, depth, language):
        """`language`: that of the elements around the node."""
        while node is not None:
            if node.is_element_node:
                found.append((depth, f"<{node.tag}>"))
                found.extend((depth + 1, f'{name}="{value or ""}"') for name, value in sorted(node.attributes.items()))
            elif node.is_text_node:
                found.append((depth, f'"{node.text_content}"'))
            else:
                found.append((depth, node.html))
            own = language
            if node.tag in ("svg", "math") and language == "html" or is_svg_in_annotation(node):
                own = node.tag
            walk(node.first_child, depth + 1, "html" if holds_html(node, own) else own)
            if node.tag == "template" and own == "html":
                for contents in node.template_fragments():
                    walk(contents.first_child, depth + 1, "html")
            node = node.next

    first = LexborHTMLParser(page).root
    while first.prev is not None:
        first = first.prev
    walk(first, 0, "html")
    return attributes_sorted(found)


def is_svg_in_annotation(node):
    """Whether an element is an `svg` in an `annotation-xml`, where it is not MathML (13.2.6)."""
    return node.tag == "svg" and node.parent is not None and node.parent.tag == "annotation-xml"


def holds_html(node, language):
    """Whether the children of an element of SVG or MathML are elements of HTML (13.2.6, integration points)."""
    if language == "svg":
        return node.tag in ("foreignObject", "desc", "title")
    if node.tag == "annotation-xml":
        return (node.attributes.get("encoding") or "").lower() in ("text/html", "application/xhtml+xml")
    return language == "math" and node.tag in ("mi", "mo", "mn", "ms", "mtext")


def with_texts_of_textareas(nodes):
    """Leaves out elements in a `textarea`, but keeps their texts, because a `textarea` has only text."""
    result, inside = [], None
    for depth, node in nodes:
        if inside is not None and depth <= inside:
            inside = None
        if inside is None:
            inside = depth if node == "<textarea>" else None
        elif node.startswith('"'):
            depth = inside + 1
        elif node.startswith("<") or depth > inside + 1:
            continue
        result.append((depth, node))
    return result


def without_white_space(nodes):
    """Leaves out texts that are white space, and the formatting elements that were reconstructed only for such a text
    after a frameset."""
    nodes = [(depth, node) for depth, node in nodes if not (node.startswith('"') and node[1:-1].isspace())]
    if (1, "<frameset>") in nodes:
        start = nodes.index((1, "<frameset>"))
        for at in range(len(nodes) - 1, start, -1):
            depth, node = nodes[at]
            end = at + 1
            while end < len(nodes) and not nodes[end][1].startswith(("<", '"')):
                end += 1
            if FORMATTING.match(node) and (end == len(nodes) or nodes[end][0] <= depth):
                del nodes[at:end]
    return nodes


def with_img(nodes):
    """Writes `<img` for `<image`, in texts too."""
    return [(depth, with_img_in(node)) for depth, node in nodes]


def with_img_in(text):
    return text.replace("<image", "<img")


def has_bookmark_of_lexbor(page):
    """Whether html5lib with all corrections builds Lexbor's document if its adoption agency algorithm leaves the
    bookmark where it is when the element before it is removed."""
    parser = Parser(moves_bookmark=False)
    parser.parse(page)
    return parser.tree.nodes() == of_lexbor(page)


def explanation(page, ours, without_for, without_text):
    """Returns the rules of `docs/html.md` that explain the differences, or None if rules do not explain them."""
    if ours == of_lexbor(page):
        return []
    # Our document, the page that Lexbor gets, and how both documents are simplified before they are compared.
    case, views, rules = {"ours": ours, "page": page}, [], []

    def differ():
        ours, theirs = case["ours"], of_lexbor(case["page"])
        for view in views:
            ours, theirs = view(ours), view(theirs)
        return ours != theirs

    def rule(name, applies, view=None, **changes):
        if applies and differ():
            case.update(changes)
            views.extend([view] if view else [])
            rules.extend([name] if name not in rules else [])

    rule("template for", without_for is not None, ours=without_for)
    rule("selectedcontent", "<selectedcontent" in page, without_copies)
    rule("elements in a textarea", "<textarea" in page, with_texts_of_textareas)
    rule("unfinished <! at the end", UNFINISHED_DECLARATION.search(page), page=case["page"] + ">")
    rule("form in the table of a template", "<template" in page and "<form" in page, lambda it: without(it, "<form>"))
    in_table = "<image" in page and ("<table" in page or "<template" in page)
    rule("image in a table", in_table, lambda it: without(it, "<img>"))
    rule("image in a table", in_table, with_img, page=with_img_in(case["page"]))
    rule("white space in the table of a template", without_text is not None and "<template" in page, ours=without_text)
    has_runs = "<frameset" in page or "<template" in page and "<col" in page
    rule("white space after other text", has_runs, without_white_space)
    if not differ():
        return rules
    return ["bookmark of the adoption agency"] if has_bookmark_of_lexbor(page) else None
