"""Compares documents with those of Lexbor 3 (of selectolax)."""

import re

from selectolax.lexbor import LexborHTMLParser

from trees import UNFINISHED, attributes_sorted, with_instructions_as_comments, without, without_copies


def of_lexbor(page):
    """Returns Lexbor's document as a list."""
    found = []

    def walk(node, depth, foreign):
        while node is not None:
            if node.is_element_node:
                found.append((depth, f"<{node.tag}>"))
                found.extend((depth + 1, f'{name}="{value or ""}"') for name, value in sorted(node.attributes.items()))
            elif node.is_text_node:
                found.append((depth, f'"{node.text_content}"'))
            else:
                found.append((depth, node.html))
            is_foreign = foreign or node.tag in ("svg", "math")
            walk(node.first_child, depth + 1, is_foreign and not holds_html(node))
            if node.tag == "template" and not is_foreign:
                for contents in node.template_fragments():
                    walk(contents.first_child, depth + 1, False)
            node = node.next

    first = LexborHTMLParser(page).root
    while first.prev is not None:
        first = first.prev
    walk(first, 0, False)
    return attributes_sorted(found)


def holds_html(node):
    """Whether the children of an SVG or MathML element are HTML elements (13.2.6, integration points)."""
    if node.tag == "annotation-xml":
        return (node.attributes.get("encoding") or "").lower() in ("text/html", "application/xhtml+xml")
    return node.tag in ("mi", "mo", "mn", "ms", "mtext", "foreignobject", "desc", "title")


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
    """Leaves out texts that are white space."""
    return [(depth, node) for depth, node in nodes if not (node.startswith('"') and node[1:-1].isspace())]


def explanation(page, ours, without_for, without_text):
    """Returns the rules of `docs/html.md` that explain the differences, or None if rules do not explain them."""
    theirs = of_lexbor(page)
    if ours == theirs:
        return []
    reasons = []
    if without_for is not None:
        ours = without_for
        reasons.append("template for")
    if "<?" in page:
        theirs = of_lexbor(UNFINISHED.sub("", page))
        ours = with_instructions_as_comments(ours, theirs)
        reasons.append("processing instructions")
    if ours != theirs and "<selectedcontent" in page:
        ours, theirs = without_copies(ours), without_copies(theirs)
        reasons.append("selectedcontent")
    if ours != theirs and "<textarea" in page:
        theirs = with_texts_of_textareas(theirs)
        reasons.append("elements in a textarea")
    if ours != theirs and page.endswith("<!"):
        theirs = of_lexbor(page + ">")
        reasons.append("<! at the end")
    if ours != theirs and "<template" in page and "<form" in page:
        ours, theirs = without(ours, "<form>"), without(theirs, "<form>")
        reasons.append("form in the table of a template")
    if ours != theirs and "<image" in page and ("<table" in page or "<template" in page):
        ours, theirs = without(ours, "<img>"), without(theirs, "<img>")
        reasons.append("image in a table")
    if ours != theirs and without_text is not None and "<template" in page:
        ours = without_text
        reasons.append("white space in the table of a template")
    if ours != theirs and ("<frameset" in page or "<template" in page and "<col" in page):
        ours, theirs = without_white_space(ours), without_white_space(theirs)
        reasons.append("white space after other text")
    return reasons if ours == theirs else None
