"""Compares the structured data that Gleaner finds with that of extruct, page by page.

    GLEANER_PEERS=structured.jsonl cargo test --lib structured_data_is_written_for_peers -- --ignored
    python3 structured.py structured.jsonl

Each line of the file has a page and its data. `DIFFERENCES` lists every page whose data differs on purpose, with the
reason. Any other difference makes the script fail, and so does a difference that is listed but not there.
"""

import json
import sys

from extruct.jsonld import JsonLdExtractor
from extruct.opengraph import OpenGraphExtractor
from extruct.uniform import _uopengraph
from extruct.utils import parse_html
from extruct.w3cmicrodata import MicrodataExtractor

# For each reader: the reasons, and the pages.
DIFFERENCES = {
    "json_ld": {
        "extruct fails for the whole page if one script is not JSON": [
            "an empty script", "a script of white space", "a script that is cut off", "not JSON at all",
        ],
        "a script may have what people write: marks around the JSON, several values, unknown escapes": [
            "an HTML comment around", "a bare CDATA section", "a byte-order mark", "two objects in a script",
            "two objects with a comma", "a semicolon at the end", "text after the object",
            "an unknown escape", "entities for quotes",
        ],
        "half of a surrogate pair and NaN do not exist in UTF-8 and JSON": [
            "a lone surrogate", "a number that is not a number",
        ],
        "a media type has no case, and may have parameters and spaces around it": [
            "type with parameters", "type in capitals", "type with spaces",
        ],
        "the content of a template is not part of the page": ["JSON-LD in a template"],
    },
    "open_graph": {
        "many sites write name in place of property": ["name in place of property"],
        "a meta outside of the head counts: a wrong element ends the head": [
            "OpenGraph in the body", "a wrong element in the head", "OpenGraph in a noscript",
        ],
    },
    "microdata": {
        "links are resolved and written as browsers do (WHATWG URL)": ["links", "a link to a bare host"],
        "without an attribute there is no link (WHATWG HTML)": ["a missing link"],
        "the value of a time without datetime is its text (WHATWG HTML)": ["time without datetime"],
        "an item belongs to the item that refers to it, wherever it stands (WHATWG HTML)": [
            "itemref to an item before it",
        ],
        "an element is a property of an item only once (WHATWG HTML)": ["itemref to itself", "itemref twice"],
        "the content of a template is not part of the page": ["microdata in a template"],
    },
}


def json_ld(tree, base):
    return JsonLdExtractor().extract_items(tree, base_url=base)


def open_graph(tree, base):
    """Returns extruct's uniform object without the keys that it adds. It moves the type to a key of its own."""
    objects = _uopengraph(list(OpenGraphExtractor().extract_items(tree, base_url=base)), with_og_array=True)
    found = objects[0] if objects else {}
    found.pop("@context", None)
    if "@type" in found:
        found["og:type"] = found.pop("@type")
    return found


def microdata(tree, base):
    return MicrodataExtractor().extract_items(tree, base_url=base)


def theirs(reader, page, base):
    # extruct cannot read an empty page.
    tree = parse_html(page or "<html></html>", encoding="UTF-8")
    try:
        return reader(tree, base)
    except ValueError as error:
        return f"error: {error}"


def main(path):
    listed = {
        (reader, name) for reader, reasons in DIFFERENCES.items() for names in reasons.values() for name in names
    }
    same, explained, wrong, unused = 0, 0, [], set(listed)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            for reader in (json_ld, open_graph, microdata):
                key = (reader.__name__, case["name"])
                expected, found = theirs(reader, case["page"], case["base"]), case[reader.__name__]
                # As text, because in Python true equals 1.
                if json.dumps(expected, sort_keys=True) == json.dumps(found, sort_keys=True):
                    same += 1
                elif key in listed:
                    explained += 1
                    unused.discard(key)
                else:
                    wrong.append((key, case["page"], found, expected))
    print(f"{same:7} same\n{explained:7} different for a listed reason")
    for (reader, name), page, found, expected in wrong[:10]:
        print(f"\n{reader}, {name}: {page!r}\nGleaner: {found!r}\nextruct: {expected!r}")
    for key in sorted(unused):
        print(f"\nlisted, but not different: {key}")
    return 1 if wrong or unused or same < 3_000 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
