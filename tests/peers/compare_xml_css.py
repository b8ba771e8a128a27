"""Compares what CSS selects from XML with parsel, `Selector(type="xml")`.

    GLEANER_PEERS=css.jsonl cargo test --lib xml_selections_are_written_for_peers -- --ignored
    python3 compare_xml_css.py css.jsonl

Each line of the file has a document, a selector, and its values. Gleaner matches a name without a prefix in any namespace.
parsel does so after `remove_namespaces()`, but that also removes the prefixes. So the values must be equal to those of the
document with its namespaces, or of the same document without them. `DIFFERENCES` lists all exceptions.
"""

import json
import re
import sys

from parsel import Selector

# Parts of selectors that parsel does not have, or understands differently, with the reason.
DIFFERENCES = [
    (r"::url", "parsel has no links"),
    (r"::(text-content|inner-html)", "parsel has no such pseudo-element"),
    (r"::attr\(.*[|:\\]", "parsel takes no prefix in `::attr`"),
    (r"\[\*\||^\|", "cssselect has no `[*|name]` and no `|name`"),
    (r"^DC\|", "an undeclared prefix is an error in parsel, and matches nothing in Gleaner"),
    (r"^p$", "our markup declares the namespaces that are in scope; parsel found no element before it removed them"),
    (r"^text\[xml\|", "needs both an element in any namespace and an attribute with its prefix"),
    (r"dc\|\*", "cssselect takes `dc|*` for any element"),
    (r":has\(dc\||:not\(dc\||:is\(dc\||:not\(:has\(", "`:has(dc|x)` needs both the prefix and the elements without one"),
]


def select(text, css, keeps_namespaces):
    selector = Selector(text=text, type="xml")
    for prefix, uri in re.findall(r"xmlns:(\w+)='([^']+)'", text):
        selector.register_namespace(prefix, uri)
    selector.register_namespace("xml", "http://www.w3.org/XML/1998/namespace")
    if not keeps_namespaces:
        selector.remove_namespaces()
    try:
        return selector.css(css).getall()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def main():
    equal, explained, failed = 0, {}, 0
    for line in open(sys.argv[1], encoding="utf-8"):
        case = json.loads(line)
        text, css, ours = case["text"], case["css"], case["values"]
        theirs = [select(text, css, keeps) for keeps in (True, False)]
        # Our values are without white space at both ends.
        stripped = [[it.strip() for it in found if it.strip()] if isinstance(found, list) else found for found in theirs]
        if ours in stripped:
            equal += 1
            continue
        reason = next((reason for part, reason in DIFFERENCES if re.search(part, css)), None)
        if reason:
            explained[reason] = explained.get(reason, 0) + 1
            continue
        failed += 1
        print(f"{css}\n  ours:   {ours}\n  theirs: {theirs[0]}\n  without namespaces: {theirs[1]}")
    print(f"{equal} selections are equal")
    for reason, count in explained.items():
        print(f"{count} differ: {reason}")
    if failed or not equal:
        sys.exit(f"{failed} differ without a known reason")


main()
