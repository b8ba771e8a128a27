"""Compares documents with those of html5lib 1.1."""

import html5lib

from html5lib_standard import Parser
from html5lib_tree import Tree
from trees import UNFINISHED, with_bare_instructions, without_copies


def explanation(page, ours):
    """Returns the rules of `docs/html.md` that explain the differences, or None if rules do not explain them.

    If the documents differ, html5lib must build ours with corrections. The corrections that were used are the rules.
    """
    plain = html5lib.HTMLParser(Tree)
    try:
        plain.parse(page)
        if plain.tree.nodes() == ours:
            return []
    except AssertionError:
        pass  # html5lib fails on some tables in foreign elements.
    has_instructions = "<?" in page
    rules = corrected_rules(page, ours, has_instructions)
    if rules is None and has_instructions:
        rules = corrected_rules(UNFINISHED.sub("", page), ours, has_instructions)
    return rules


def corrected_rules(page, ours, has_instructions):
    """Returns the rules that html5lib needs to build our document, or None if it builds another one."""
    corrected = Parser()
    corrected.parse(page)
    theirs = corrected.tree.nodes()
    if has_instructions:
        corrected.used.add("processing instructions")
        ours, theirs = with_bare_instructions(ours), with_bare_instructions(theirs)
    if ours != theirs and "<selectedcontent" in page:
        corrected.used.add("selectedcontent")
        ours, theirs = without_copies(ours), without_copies(theirs)
    return sorted(corrected.used) or None if ours == theirs else None
