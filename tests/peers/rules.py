"""Compares what selectors and XPath expressions find with parsel.

    GLEANER_PEERS=rules.jsonl cargo test --lib rules_are_written_for_peers -- --ignored
    python3 rules.py rules.jsonl

Each line of the file has a document, and rules with what they find in it. parsel applies the rules to the same document,
because its own parser, libxml2, makes other documents of many pages. The script fails if anything differs that
`EXPLAINED` does not name.
"""

import json
import sys

from lxml import etree
from parsel import Selector

# Rules whose data differs on some page, and why.
EXPLAINED = {
    "//@class/following::p": "libxml2 leaves out what is below the element of the attribute",
    "number(//h5)": "libxml2 reads `1e3`, but numbers of XPath have no exponent",
}


def document(events):
    """Builds a document from a list of what opens and closes."""
    root, open_elements, before, after = None, [], [], []
    for event in events:
        if event[0] == "element":
            element = etree.Element(event[1])
            for name, value in event[2]:
                element.set(name, value)
            if open_elements:
                open_elements[-1].append(element)
            else:
                root = element
            open_elements.append(element)
        elif event[0] == "comment":
            comment = etree.Comment(event[1])
            if open_elements:
                open_elements[-1].append(comment)
            else:
                (before if root is None else after).append(comment)
        elif event[0] == "text":
            parent = open_elements[-1]
            if len(parent):
                parent[-1].tail = (parent[-1].tail or "") + event[1]
            else:
                parent.text = (parent.text or "") + event[1]
        else:
            open_elements.pop()
    for comment in before:
        root.addprevious(comment)
    for comment in reversed(after):
        root.addnext(comment)
    return root


def main(path):
    same, explained, different = 0, {}, []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            case = json.loads(line)
            selector = Selector(root=document(case["events"]), type="html")
            for kind, find in (("css", selector.css), ("xpath", selector.xpath)):
                for rule, ours in case[kind]:
                    theirs = find(rule).getall()
                    if ours == theirs:
                        same += 1
                    elif rule in EXPLAINED:
                        explained[rule] = explained.get(rule, 0) + 1
                    else:
                        different.append((number, kind, rule, ours, theirs))
    print(f"{same:7} same\n{sum(explained.values()):7} explained\n{len(different):7} DIFFERENT")
    for rule in EXPLAINED.keys() - explained.keys():
        print(f"\n{rule} is explained, but differs nowhere")
    for number, kind, rule, ours, theirs in different[:10]:
        print(f"\npage {number}, {kind} {rule}\nGleaner: {ours}\nparsel:  {theirs}")
    return 1 if different or explained.keys() != EXPLAINED.keys() or same < 2_500 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
