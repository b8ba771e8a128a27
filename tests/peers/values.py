"""Compares the numbers and dates that Gleaner reads with those of babel, price-parser and dateparser.

    GLEANER_PEERS=values.jsonl cargo test --lib values_are_written_for_peers -- --ignored
    python3 values.py values.jsonl

Each line of the file has a text of `numbers.tsv` or `dates.tsv`, its locale, and what Gleaner reads. A number without other
words is compared with babel, any other number with price-parser, and a date with dateparser. `DIFFERENCES` lists every
difference with its reason. Any other difference makes the script fail, and so does one that is not there any more.
"""

import json
import re
import sys
from datetime import datetime, timezone

import dateparser
from babel.numbers import NumberFormatError, get_decimal_symbol, get_group_symbol, parse_decimal
from price_parser import Price

DIFFERENCES = {
    "the number alone is not what the text means": [
        ("en", "1.5k"), ("en", "$1.5 million"), ("de", "12,5 Mio. €"), ("fr", "1,5 million"), ("es", "5 mil"),
        ("es", "1,5 millones"), ("pt", "1,5 milhão"), ("pl", "5 tys. zł"), ("cs", "1,5 mil. Kč"),
        ("sv", "1,5 miljoner kr"), ("fi", "1,5 milj. €"), ("ru", "1,5 млн ₽"), ("tr", "5 bin TL"), ("ja", "1.5万円"),
    ],
    "the text has two numbers, and price-parser takes the first": [("en", "4.5 out of 5"), ("es", "3,5 de 5")],
    "the digits belong to a name": [("en", "ISO9001 certified")],
    "the locale does not separate groups with a point, and babel takes it as decimal mark": [
        ("fr", "1.234"), ("pl", "1.234"),
    ],
    "pages write both apostrophes": [("de-CH", "1’234.50"), ("de-CH", "Fr. 1’990.–")],
    "prices in Swiss French have a point, unlike other numbers": [("fr-CH", "CHF 12.50"), ("fr-CH", "CHF 1'234.50")],
    "price-parser does not read percentages": [
        ("it", "12%"), ("pt", "12%"), ("nl", "12%"), ("pl", "12%"), ("ja", "12%"),
    ],
    "price-parser does not know marks of double width": [("ja", "１，２３４円")],
    "dateparser does not allow words that it does not know": [
        ("en", "Published on March 5, 2024"), ("de", "Veröffentlicht am 5. März 2024"),
        ("fr", "Publié le 5 mars 2024"), ("es", "Publicado el 5 de marzo de 2024"), ("da", "d. 5. marts 2024"),
        ("sv", "5 mars 2024 kl. 10:30"), ("sv", "igår kl. 10:30"), ("sv", "i dag kl 10.30"), ("fr", "Ajouté hier, 10:30"),
        ("fr", "publié il y a 2 jours par Anne"), ("pt", "Atualizado há 5 minutos"), ("ja", "更新日：2024年03月05日"),
        ("ru", "Опубликовано: 5 марта 2024 г. 10:30 (МСК)"),
    ],
    "dateparser does not know the spelling": [
        ("de", "5. Maerz 2024"), ("it", "l'altro ieri"), ("pt", "5 de março de 2024 10h30"), ("sv", "i förrgår"),
        ("fi", "toissapäivänä"), ("es", "sábado, 2 de marzo de 2024, 18:00 hrs."), ("nl", "5 mei 2024, 10u30"),
        ("pt", "10 de março de 2024, às 9h"), ("it", "venerdì 1° marzo 2024 alle 10"), ("sv", "2 mar 2024"),
        ("tr", "15 Temmuz 2024'te"),
    ],
    "dateparser does not read a time with a point here, and fills in the present one": [("sv", "Igår, 18.05")],
    "English dates are read in every locale": [("ja", "Mar 5, 2024")],
    "dateparser does not know this form of \"one\"": [
        ("nl", "een uur geleden"), ("pl", "godzinę temu"), ("fi", "tunti sitten"), ("tr", "bir saat önce"),
    ],
}
REASONS = {case: reason for reason, cases in DIFFERENCES.items() for case in cases}


def same_number(case):
    """Returns what the peer reads, and whether Gleaner reads the same."""
    locale, text = case["locale"].replace("-", "_"), case["text"]
    if re.fullmatch(r"[-\d.,'’\s]+", text):
        # babel knows only the white space that CLDR names.
        group = get_group_symbol(locale)
        text = text.replace(" ", group) if group.isspace() else text
        try:
            theirs = parse_decimal(text, locale=locale, strict=True)
        except NumberFormatError:
            theirs = None
    else:
        theirs = Price.fromstring(text, decimal_separator=get_decimal_symbol(locale)).amount
    ours = case["number"]
    return theirs, (ours is None) == (theirs is None) and (ours is None or theirs == type(theirs)(ours))


def same_date(case):
    """Returns what dateparser reads, and whether Gleaner reads the same, as far as Gleaner says it."""
    now = datetime.fromisoformat(case["now"]).astimezone(timezone.utc).replace(tzinfo=None)
    settings = {"RELATIVE_BASE": now, "REQUIRE_PARTS": ["day", "month", "year"]}
    locale = case["locale"]
    which = {"locales": [locale]} if "-" in locale else {"languages": [locale]}
    theirs = dateparser.parse(case["text"], settings=settings, **which)
    if theirs is None or case["date"] is None:
        return theirs, theirs is None and case["date"] is None
    ours = datetime.fromisoformat(case["datetime"] or case["date"])
    if ours.tzinfo is not None and theirs.tzinfo is None:
        # dateparser gives "3 hours ago" in the zone of its base.
        ours = ours.astimezone(timezone.utc).replace(tzinfo=None)
    if case["datetime"] is None:
        return theirs, ours.date() == theirs.date()
    return theirs, ours == theirs


def main(path):
    counts, wrong, unused = {}, [], set(REASONS)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            is_number = "number" in case
            theirs, same = same_number(case) if is_number else same_date(case)
            ours = case["number"] if is_number else case["datetime"] or case["date"]
            key = (case["locale"], case["text"])
            reason = "same" if same else REASONS.get(key)
            if not same:
                unused.discard(key)
            kind = "numbers" if is_number else "dates"
            counts[kind, reason] = counts.get((kind, reason), 0) + 1
            if reason is None:
                wrong.append(f"{key!r}: Gleaner reads {ours}, the peer {theirs}")
    for (kind, reason), count in sorted(counts.items(), key=lambda it: (it[0][0], -it[1])):
        print(f"{count:5} {kind}: {reason or 'UNEXPLAINED'}")
    wrong += [f"{key!r} is listed as a difference, but there is none" for key in sorted(unused)]
    print("\n".join(wrong))
    enough = counts.get(("numbers", "same"), 0) >= 150 and counts.get(("dates", "same"), 0) >= 200
    return 1 if wrong or not enough else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
