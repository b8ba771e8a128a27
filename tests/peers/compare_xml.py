"""Compares Gleaner's XML parser with libxml2 (of lxml), document by document.

    GLEANER_PEERS=xml.jsonl cargo test --lib xml_documents_are_written_for_peers -- --ignored
    python3 compare_xml.py xml.jsonl

Each line of the file has a text, and its document and markup or the reason why it is not well-formed. `DIFFERENCES` lists
the texts that the two read differently on purpose. Any other difference makes the script fail.
"""

import json
import re
import sys

from lxml import etree

XML = "http://www.w3.org/XML/1998/namespace"


def parse(text):
    """Returns libxml2's document, or None. Nothing outside the text is read."""
    # The default values of the document itself count. With a file elsewhere, libxml2 would read that, too.
    has_file = re.search("<!DOCTYPE[^[>]*(SYSTEM|PUBLIC)", text)
    parser = etree.XMLParser(resolve_entities=True, no_network=True, attribute_defaults=not has_file, huge_tree=True)
    try:
        return etree.fromstring(text.encode(), parser).getroottree()
    except etree.XMLSyntaxError as error:
        return error


def lines(tree):
    """Returns the document in the format of the file: a line for each node and attribute."""
    out = []
    doctype = tree.docinfo
    if doctype.root_name and doctype.internalDTD is not None:
        parts = [doctype.internalDTD.name, doctype.public_id or "", doctype.system_url or ""]
        doctype = f"0 {json.dumps(parts, ensure_ascii=False)}".replace('", "', '","')
    else:
        doctype = None
    root = tree.getroot()
    before = list(root.itersiblings(preceding=True))[::-1]
    for node in before:
        add(node, 0, out)
    add(root, 0, out)
    for node in root.itersiblings():
        add(node, 0, out)
    return doctype, out


def add(node, depth, out):
    if node.tag is etree.Comment:
        out.append(f"{depth} <!--{node.text or ''}-->")
    elif node.tag is etree.PI:
        out.append(f"{depth} <?{node.target}{' ' + node.text if node.text else ''}?>")
    elif node.tag is etree.Entity:
        join(out, depth, node.text)
    else:
        namespace, _, name = node.tag.rpartition("}")
        out.append(f"{depth} {{{namespace[1:]}}}{node.prefix or ''}:{name}")
        for key, value in node.attrib.items():
            namespace, _, name = key.rpartition("}")
            out.append(f"{depth} @{{{namespace[1:]}}}{name}={json.dumps(value, ensure_ascii=False)}")
        join(out, depth + 1, node.text)
        for child in node:
            add(child, depth + 1, out)
            join(out, depth + 1, child.tail)


def join(out, depth, text):
    """Adds a text. Adjacent texts are one node."""
    if not text:
        return
    if out and (last := re.match(r'(\d+) (".*")$', out[-1], re.S)) and int(last[1]) == depth:
        out.pop()
        text = json.loads(last[2]) + text
    out.append(f"{depth} {json.dumps(text, ensure_ascii=False)}")


def may_be_declared_elsewhere(text, theirs, case):
    is_elsewhere = re.search(r"<!DOCTYPE[^[>]*(SYSTEM|PUBLIC)|<!ENTITY %[^>]*SYSTEM|%\w+;", text)
    return is_elsewhere and case["tree"] and "not defined" in str(theirs)


# Pairs of a reason and a test of the text, of libxml2's document or error, and of the line of the file.
DIFFERENCES = [
    ("external entities are never read", lambda text, theirs, case: re.search("<!ENTITY [^%>]*SYSTEM", text)),
    ("the encoding is judged when bytes are decoded", lambda text, theirs, case: "Unsupported encoding" in str(theirs)),
    ("the version `1.` is not a VersionNum", lambda text, theirs, case: re.match("<.xml version=.1\\.['\"]", text)),
    ("a file that is not read may declare the entity (XML 1.0, 4.1, WFC: Entity Declared)", may_be_declared_elsewhere),
]


def main():
    explained, failed, equal = {}, 0, {True: 0, False: 0}
    for line in open(sys.argv[1], encoding="utf-8"):
        case = json.loads(line)
        text, theirs = case["text"], parse(case["text"])
        ours = case["tree"]
        well_formed = not isinstance(theirs, Exception)
        if well_formed and ours is not None:
            doctype, nodes = lines(theirs)
            expected = "\n".join(nodes)
            found = [it for it in ours.splitlines() if not it.startswith("0 [")]
            kinds = [it for it in ours.splitlines() if it.startswith("0 [")]
            if "\n".join(found) == expected and kinds == [doctype] * bool(doctype):
                equal[True] += 1
                continue
        elif not well_formed and ours is None:
            equal[False] += 1
            continue
        reason = next((reason for reason, is_it in DIFFERENCES if is_it(text, theirs, case)), None)
        if reason:
            explained[reason] = explained.get(reason, 0) + 1
            continue
        failed += 1
        if failed <= 20:
            print(f"{text!r}\n  ours:   {case['fault'] or ours!r}\n  theirs: {theirs if not well_formed else lines(theirs)}")
    print(f"{equal[True]} documents are equal, {equal[False]} texts are well-formed for neither")
    for reason, count in explained.items():
        print(f"{count} differ: {reason}")
    if failed or not equal[True] or not equal[False]:
        sys.exit(f"{failed} differ without a known reason")


main()
