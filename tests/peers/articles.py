"""Compares the main texts that Gleaner finds with those of trafilatura, on the pages of `fixtures/articles`.

    GLEANER_ARTICLES=articles.jsonl cargo test --lib articles_are_written_for_peers -- --ignored
    python3 articles.py articles.jsonl

Each line of the file has a page, its text as a reader wrote it, and the text that Gleaner finds. The measure is the F1 of the
words, as counts. The script fails if a page is below 0.95, or if it is more than 0.01 below trafilatura.
"""

import collections
import json
import re
import sys
import time

import trafilatura

LEAST = 0.95
TOLERANCE = 0.01
ALONE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def words(text):
    """Counts the words of a text. Each character of Chinese and Japanese is a word."""
    found = collections.Counter()
    for word in re.findall(r"[^\W_]+", text.lower()):
        found.update(ALONE.findall(word))
        found.update(part for part in ALONE.split(word) if part)
    return found


def f1(text, expected):
    text, expected = words(text), words(expected)
    both = (text & expected).total()
    return 2 * both / max(1, text.total() + expected.total())


def main(path):
    rows, their_seconds, our_seconds = [], 0, 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            start = time.process_time()
            theirs = trafilatura.extract(case["page"], include_comments=False) or ""
            their_seconds += time.process_time() - start
            our_seconds += case["seconds"]
            rows.append((case["name"], f1(case["ours"], case["expected"]), f1(theirs, case["expected"])))
    worse = [row for row in rows if row[1] < LEAST or row[1] < row[2] - TOLERANCE]
    for name, ours, theirs in sorted(rows, key=lambda row: row[1]):
        print(f"{name:24} Gleaner {ours:.3f}  trafilatura {theirs:.3f}")
    count = max(1, len(rows))
    print(f"{'mean':24} Gleaner {sum(row[1] for row in rows) / count:.3f}  trafilatura {sum(row[2] for row in rows) / count:.3f}")
    print(f"pages/s on one core      Gleaner {count / our_seconds:.0f}  trafilatura {count / their_seconds:.0f}")
    for name, ours, theirs in worse:
        print(f"TOO LOW: {name}: {ours:.3f}, trafilatura {theirs:.3f}")
    return 1 if worse or len(rows) < 30 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
