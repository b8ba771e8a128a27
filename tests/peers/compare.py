"""Compares Gleaner's HTML parser with Lexbor (of selectolax), page by page.

    GLEANER_PEERS=pages.jsonl cargo test --lib documents_are_written_for_peers -- --ignored
    python3 compare.py pages.jsonl

Each line of the file has a page and its document in the format of html5lib's tests. If the document differs without the
correction `TextInTableTemplate`, the line also has that one. `docs/html.md` describes every difference that this script can
explain. Any other difference makes the script fail.
"""

import json
import re
import sys

from selectolax.lexbor import LexborHTMLParser

sys.setrecursionlimit(100_000)


def of_lexbor(page):
    """Returns Lexbor's document as a list of depths and nodes, without namespaces and identifiers of document types."""
    found = []

    def walk(node, depth):
        while node is not None:
            if node.is_element_node:
                found.append((depth, f"<{node.tag}>"))
                found.extend((depth + 1, f'{name}="{value or ""}"') for name, value in sorted(node.attributes.items()))
            elif node.is_text_node:
                found.append((depth, f'"{node.text_content}"'))
            else:
                found.append((depth, node.html))
            walk(node.first_child, depth + 1)
            if node.tag == "template":
                for contents in node.template_fragments():
                    walk(contents.first_child, depth + 1)
            node = node.next

    first = LexborHTMLParser(page).root
    while first.prev is not None:
        first = first.prev
    walk(first, 0)
    return attributes_sorted(found)


def of_gleaner(tree):
    """Returns the same list for a document in the format of html5lib's tests."""
    found, contents = [], []
    for line in tree[2:].removesuffix("\n").split("\n| "):
        node = line.lstrip(" ")
        depth = (len(line) - len(node)) // 2
        while contents and contents[-1] >= depth:
            contents.pop()
        if node == "content":
            contents.append(depth)
            continue
        node = re.sub(r"^<(svg|math) ", "<", node)
        node = re.sub(r'^(xlink|xml|xmlns) ([a-z]+=")', r"\1:\2", node).replace('xmlns:xmlns="', 'xmlns="')
        if node.startswith("<!DOCTYPE "):
            node = node.split(' "')[0].removesuffix(">") + ">"
        if node.startswith("<!-- "):
            node = f"<!--{node[5:-4]}-->"
        found.append((depth - len(contents), node))
    return attributes_sorted(found)


def attributes_sorted(nodes):
    result, attributes = [], []
    for node in nodes:
        if node[1].startswith(("<", '"')):
            result += sorted(attributes)
            attributes = []
            result.append(node)
        else:
            attributes.append(node)
    return result + sorted(attributes)


def with_instructions_as_comments(ours, theirs):
    """Replaces our processing instructions by the comments that Lexbor makes of them, if their texts agree."""
    if len(ours) != len(theirs):
        return ours
    def bare(text):
        return re.sub(r"[\s?]", "", text)
    return [
        their if our[1].startswith("<?") and their[1].startswith("<!--?") and our[0] == their[0]
        and bare(our[1][2:-2]) == bare(their[1][4:-3]) else our
        for our, their in zip(ours, theirs)
    ]


def without_copies(nodes):
    """Leaves out everything below a `selectedcontent`."""
    result, inside = [], None
    for depth, node in nodes:
        if inside is not None and depth > inside:
            continue
        inside = depth if node == "<selectedcontent>" else None
        result.append((depth, node))
    return result


def without(nodes, tag):
    """Leaves out all elements with this tag and everything below them. Joins texts that are then adjacent."""
    result, inside = [], None
    for depth, node in nodes:
        if inside is not None and depth > inside:
            continue
        inside = depth if node == tag else None
        if inside is None:
            last = result[-1] if result else None
            if last and last[0] == depth and last[1].startswith('"') and node.startswith('"'):
                result[-1] = (depth, last[1][:-1] + node[1:])
            else:
                result.append((depth, node))
    return result


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
        elif node.startswith("<"):
            continue
        result.append((depth, node))
    return result


UNFINISHED = re.compile(r"<\?([A-Za-z_][-\w]*([\s?][^>]*)?)?$", re.ASCII)


def explanation(page, ours, without_one):
    """Returns the rules of `docs/html.md` that explain the difference, or None if no rule explains it."""
    theirs = of_lexbor(page)
    if ours == theirs:
        return "same"
    reasons = []
    if "<?" in page:
        # The Standard drops a processing instruction that is not complete at the end of the page.
        theirs = of_lexbor(UNFINISHED.sub("", page))
        ours = with_instructions_as_comments(ours, theirs)
        reasons.append("processing instructions")
    if ours != theirs and "<selectedcontent" in page:
        ours, theirs = without_copies(ours), without_copies(theirs)
        reasons.append("selectedcontent")
    if ours != theirs and "<textarea" in page:
        theirs = with_texts_of_textareas(theirs)
        reasons.append("elements in a textarea")
    if ours != theirs and "<template" in page and "<col" in page:
        theirs = of_lexbor(re.sub(r"(<col[^>]*>)[^\s<&]+(\s)", r"\1\2", page))
        reasons.append("text in the columns of a template")
    if ours != theirs and page.endswith("<!"):
        theirs = of_lexbor(page + ">")
        reasons.append("<! at the end")
    if ours != theirs and "<template" in page and "<form" in page:
        ours, theirs = without(ours, "<form>"), without(theirs, "<form>")
        reasons.append("form in the table of a template")
    if ours != theirs and "<image" in page and "<table" in page:
        ours, theirs = without(ours, "<img>"), without(theirs, "<img>")
        reasons.append("image in a table")
    if ours != theirs and without_one is not None and "<template" in page:
        ours = without_one
        reasons.append("white space in the table of a template")
    return ", ".join(reasons) if ours == theirs else None


def main(path):
    counts, unexplained = {}, []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            other = case["without_text_in_table_template"]
            reason = explanation(case["page"], of_gleaner(case["tree"]), of_gleaner(other) if other else None)
            counts[reason] = counts.get(reason, 0) + 1
            if reason is None:
                unexplained.append(case)
    for reason, count in sorted(counts.items(), key=lambda it: -it[1]):
        print(f"{count:7} {reason or 'UNEXPLAINED'}")
    for case in sorted(unexplained, key=lambda case: len(case["page"]))[:5]:
        print(f"\n{case['page']!r}\nGleaner: {of_gleaner(case['tree'])}\nLexbor:  {of_lexbor(case['page'])}")
    return 1 if unexplained or counts.get("same", 0) < 9_000 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
