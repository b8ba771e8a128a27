"""Compares the entries of feeds with those of feedparser.

    GLEANER_PEERS=feeds.jsonl cargo test --lib feeds_are_written_for_peers -- --ignored
    python3 compare_feeds.py feeds.jsonl

Each line of the file has a feed, its URL, and its entries. feedparser does not read JSON Feed. `DIFFERENCES` lists what the
two read differently on purpose. Any other difference makes the script fail.
"""

import json
import sys

import feedparser


def entries(text, url):
    parsed = feedparser.parse(
        text.encode(),
        response_headers={"content-location": url, "content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    return [shape(dict(entry)) for entry in parsed.entries]


def shape(entry):
    """Returns an entry of feedparser in our shape."""
    content = entry.get("content") or [{}]
    enclosures = [
        {key: link.get(key) or None for key in ("href", "type", "length")}
        for link in entry.get("links", [])
        if link.get("rel") == "enclosure"
    ]
    tags = [tag["term"] for tag in entry.get("tags", []) if tag["term"]]
    texts = {key: entry.get(key) or None for key in ("title", "link", "id", "published", "updated", "author", "summary")}
    return texts | {"content": content[0].get("value") or None, "tags": tags, "enclosures": enclosures}


# Triples of a key, a reason, and a test of our value, of feedparser's value, and of the feed.
DIFFERENCES = [
    ("link", "a guid is a link only if it is the URL of a page", lambda our, their, text: our is None and "://" not in their),
    ("summary", "feedparser copies the content to a missing summary", lambda our, their, text: our is None and "<content" in text),
    ("content", "`<br></br>` means `<br/>`", lambda our, their, text: our == their.replace("<br></br>", "<br/>")),
    ("title", "XML does not allow the character U+000B", lambda our, their, text: our == their.replace("\x0b", "")),
    ("author", "feedparser only keeps the last author", lambda our, their, text: our.endswith(f", {their}")),
]


def main():
    equal, explained, failed = 0, {}, 0
    for line in open(sys.argv[1], encoding="utf-8"):
        case = json.loads(line)
        text, ours, theirs = case["text"], case["entries"], entries(case["text"], case["url"])
        if len(ours) != len(theirs):
            failed += 1
            print(f"{text}\n  {len(ours)} and {len(theirs)} entries")
            continue
        wrong = []
        for our, their in zip(ours, theirs):
            for key, value in our.items():
                if value == their[key]:
                    continue
                reason = next((reason for its, reason, is_it in DIFFERENCES if its == key and is_it(value, their[key], text)), None)
                if reason:
                    explained[reason] = explained.get(reason, 0) + 1
                else:
                    wrong.append(f"  {key}: {value!r}, feedparser: {their[key]!r}")
        failed += bool(wrong)
        equal += not wrong
        if wrong:
            print(text, *wrong, sep="\n")
    print(f"{equal} feeds are equal but for the values that are listed:")
    for reason, count in explained.items():
        print(f"{count} differ: {reason}")
    if failed or equal < 30:
        sys.exit(f"{failed} feeds differ without a known reason")


main()
