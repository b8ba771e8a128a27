"""Compares Gleaner's Markdown with its HTML, by way of markdown-it-py, a parser of CommonMark and GFM.

    GLEANER_MARKDOWN=markdown.jsonl cargo test --lib markdown_is_written_for_peers -- --ignored
    python3 markdown.py markdown.jsonl

Each line of the file has a piece of HTML and its Markdown. The Markdown, rendered as HTML again, must have the same characters in
the same order, and each of them in the same heading, quote, item, cell, link and code as before. Emphasis that CommonMark cannot
express may be missing, but not much of it.
"""

import json
import sys

import lxml.html
from markdown_it import MarkdownIt

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
MARKS = {"b": "b", "strong": "b", "i": "i", "em": "i", "s": "s", "del": "s"}
CONTAINERS = {"h1", "h2", "h3", "h4", "blockquote", "pre", "ul", "ol"}
MOST_MARKS_MISSING = 0.25


def characters(html):
    """Returns each visible character with what it is in, and with its marks."""
    found = []
    root = lxml.html.fragment_fromstring(html, create_parent="div")

    def numbered(element):
        """The number of an item or cell among its siblings that have content, because Markdown has no empty items."""
        siblings = [it for it in element.itersiblings(preceding=True) if it.tag == element.tag]
        if element.tag == "li":
            siblings = [it for it in siblings if it.text_content().strip() or it.find(".//img") is not None]
        return f"{element.tag}{len(siblings)}"

    def add(text, around, marks):
        found.extend((char, around, marks) for char in text or "" if not char.isspace())

    def walk(element, around, marks):
        tag = element.tag
        if tag in MARKS:
            marks = marks | {MARKS[tag]}
        elif tag in CONTAINERS or tag == "code" and "pre" not in around:
            around = (*around, tag)
        elif tag in ("li", "td", "th"):
            around = (*around, numbered(element))
        elif tag == "tr":
            rows = list(element.iterancestors("table"))[0].iter("tr")
            around = (*around, f"row{list(rows).index(element)}")
        elif tag == "a":
            around = (*around, f"link {element.get('href')} {element.get('title')}")
        elif tag == "img":
            found.append((f"image {element.get('src')} {element.get('alt')}", around, frozenset()))
        add(element.text, around, marks)
        for child in element:
            walk(child, around, marks)
            add(child.tail, around, marks)

    walk(root, (), frozenset())
    return found


def main(path):
    count, marked, missing, wrong = 0, 0, 0, []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            count += 1
            before, after = characters(case["html"]), characters(RENDERER.render(case["markdown"]))
            same = [it[:2] for it in before] == [it[:2] for it in after]
            if not same or any(not new[2] <= old[2] for old, new in zip(before, after)):
                wrong.append((case, before, after))
                continue
            marked += sum(len(it[2]) for it in before)
            missing += sum(len(old[2]) - len(new[2]) for old, new in zip(before, after))
    print(f"{count} pieces of HTML, {len(wrong)} differ, {missing} of {marked} marks are missing")
    for case, before, after in sorted(wrong, key=lambda it: len(it[0]["html"]))[:5]:
        first = next((pair for pair in zip(before, after) if pair[0][:2] != pair[1][:2] or not pair[1][2] <= pair[0][2]), None)
        print(f"\n{case['html']!r}\n{case['markdown']}\n{first}")
    return 1 if wrong or count < 2_000 or missing > MOST_MARKS_MISSING * marked else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
