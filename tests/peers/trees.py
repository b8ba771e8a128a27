"""Documents as lists of depths and nodes, without namespaces and identifiers of document types."""

import re

# The Standard drops a processing instruction that is not complete at the end of the page.
UNFINISHED = re.compile(r"<\?([A-Za-z_][-\w]*([\s?][^>]*)?)?\Z", re.ASCII)


def of_gleaner(tree):
    """Returns the list for a document in the format of html5lib's tests."""
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


def with_bare_instructions(nodes):
    """Writes processing instructions, and the comments that html5lib makes of them, alike: without white space and
    question marks."""
    def bare(node):
        text = re.sub(r"^<\?|^<!--\?|\?>$|-->$", "", node)
        return "<?" + re.sub(r"[\s?]", "", text) + ">"
    return [(depth, bare(node) if node.startswith(("<?", "<!--?")) else node) for depth, node in nodes]


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
