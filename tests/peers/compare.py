"""Compares Gleaner's HTML parser with Lexbor and html5lib, page by page.

    GLEANER_PEERS=pages.jsonl cargo test --lib html_documents_are_written_for_peers -- --ignored
    python3 compare.py pages.jsonl

Each line of the file has a page and its document in the format of html5lib's tests. If the document differs without the
correction `TextInTableTemplate` or `TemplateFor`, the line also has that one. If the page has a template, the line also has
the page with ordinary elements in place of templates, because html5lib has no templates. `docs/html.md` describes every difference that
this script can explain. Any other difference makes the script fail.
"""

import json
import sys

import with_html5lib
import with_lexbor
from trees import of_gleaner

sys.setrecursionlimit(100_000)


def by_lexbor(case):
    trees = [case["tree"], case["without_template_for"], case["without_text_in_table_template"]]
    return case["page"], with_lexbor.explanation(case["page"], *[tree and of_gleaner(tree) for tree in trees])


def by_html5lib(case):
    case = case["without_templates"] or case
    return case["page"], with_html5lib.explanation(case["page"], of_gleaner(case["tree"]))


def compared(name, explanation, cases):
    """Prints how many pages are the same, and how many differ by each rule. Returns whether rules explain all pages."""
    same, counts, unexplained = 0, {}, []
    for case in cases:
        page, rules = explanation(case)
        if rules is None:
            unexplained.append(page)
        same += rules == []
        for rule in rules or []:
            counts[rule] = counts.get(rule, 0) + 1
    differing = len(cases) - same - len(unexplained)
    print(f"{name}: {same:,} pages have the same document, {differing:,} differ by rules, {len(unexplained):,} by none")
    for rule, count in sorted(counts.items(), key=lambda it: -it[1]):
        print(f"{count:7} {rule}")
    for page in sorted(unexplained, key=len)[:5]:
        print(f"UNEXPLAINED {page!r}")
    return not unexplained


def main(path):
    with open(path, encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    peers = {"Lexbor": by_lexbor, "html5lib": by_html5lib}
    are_explained = [compared(name, peer, cases) for name, peer in peers.items()]
    return 0 if all(are_explained) and len(cases) > 10_000 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
