"""Exact keys that make two entries candidates of each other. In: an entry's parts; out: keys.

`link:`, `body:` and `number:` keys hold at any age. `title:` keys are for entries that
are hardly more than a headline; they matter inside the window only.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from urllib.parse import unquote, urlsplit

from aggregator.match.titles import read_title
from aggregator.text import fold, tokens

__all__ = [
    "MOBILE",
    "body_key",
    "link_keys",
    "number_keys",
    "permalink",
    "quoted_keys",
    "slug_words",
    "title_key",
]

# A body shorter than this is a label ("Read more", "Photo gallery"), not a text.
MIN_BODY_WORDS = 12
# Two words are a rubric ("Kurz notiert"), three may be a headline. Measured on the
# teaser pairs: no labelled pair has an equal key of fewer than three words.
MIN_TITLE_WORDS = 3
_MIN_SLUG_WORDS = 3

_SUFFIX = re.compile(r"\.(?:s?html?|php|aspx?|jsp|bild)\b.*$", re.IGNORECASE)
_WIRE_TAIL = re.compile(r"[-.]?\b(?:dpa|afp|apa|sid|kna|epd|ap)\.urn-newsml.*$", re.IGNORECASE)
# Part of whatever `_WIRE_TAIL` finds, folded: most links are not searched for it.
_WIRE_STEM = "urn-newsml"
_NOISE = re.compile(r"^(?:[0-9]{5,}|[0-9a-f]{8,}|[a-z]{1,4}[0-9]{4,}|article[0-9a-f]{8,})$")
MOBILE = re.compile(r"^(?:www|m|mobil|mobile|amp)\.")
# An article's id at the end of its path; years and days are shorter.
_ARTICLE = re.compile(
    r"[-/.](?:zr-|li\.|a-)?(\d{7,}|[0-9a-f]{24}|[0-9a-f]{8}-[0-9a-f-]{27})(?:\.s?html?)?$"
)

_NOTICE = re.compile(
    r"r(?:ü|ue)ckzug|zur(?:ü|ue)ckgezogen|zur(?:ü|ue)ckziehung|nicht (?:zu )?verwenden|\bkill\b"
    r"|withdraw|retract|korrektur|berichtig|korrigiert|correct",
    re.IGNORECASE,
)
# One of them stands in whatever `_NOTICE` finds.
_NOTICE_STEMS = ("ckzug", "ckgezogen", "ckziehung", "verwenden", "kill", "withdraw", "retract",
                 "korr", "berichtig", "correct")  # fmt: skip
_QUOTE = re.compile(r"[\"„“”»«]([^\"„“”»«\n]{12,200})[\"“”«»]")
# A notice names its release at its head; more quotes are quotations.
MAX_NOTICE_CHARS = 600
MAX_QUOTES = 3

# A digit, or a character that might be one; nearly all titles without numbers have neither.
_DIGIT_OR_RARE = re.compile(r"[0-9²³¹]|[^\x00-\xff–„“”’…]")
# Report numbers as press offices of police and fire services head their releases with:
# "POL-XX: 260102 - 0012", "FW-XX: 12/2026"; and a press office's own "Nr. 12/2026".
_REPORT = re.compile(
    r"\b((?:pol|bpol|fw|za|hza|ots|lka|bka)[a-z-]*)\s*:?\s*(\d{6})\s*-+\s*0*(\d{1,5})\b"
)
_PRESS_NUMBER = re.compile(
    r"\b(?:pressemitteilung|pressemeldung|medienmitteilung|press release|pm)\s*"
    r"(?:nr\.?|no\.?|nummer)?\s*0*(\d{1,4})\s*/\s*((?:20)?\d{2})\b"
)


def body_key(packed: bytes) -> tuple[str, ...]:
    """`body:` and a hash of all words, for texts long enough to be one.

    Args:
        packed: The body's tokens, UTF-8, one blank between two.
    """
    if packed.count(b" ") < MIN_BODY_WORDS - 1:
        return ()
    return (f"body:{blake2b(packed, digest_size=8).hexdigest()}",)


def link_keys(link: str | None) -> tuple[str, ...]:
    """`link:` keys: the canonical link, and the article id it ends in with its host.

    Editors change a headline and with it the link's words; the id stays. A bare host or
    front page is no key.
    """
    if link is None:
        return ()
    parts = urlsplit(link)
    path = parts.path.strip("/")
    if not path and not parts.query:
        return ()
    keys = [f"link:{_digest(link)}"]
    found = _ARTICLE.search(path)
    # A path without words is nothing but an id: the link itself says as much.
    if found and found.start() > 0:
        host = MOBILE.sub("", parts.hostname or "")
        keys.append(f"link:{_digest(f'{host}#{found.group(1)}')}")
    return tuple(keys)


def permalink(guid: str | None) -> str | None:
    """A guid that is a web address, or None: what stands for a missing link."""
    return guid if guid and guid.startswith(("http://", "https://")) else None


def title_key(words: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """`title:` and a hash of a headline's words, kickers and labels stripped before."""
    if len(words) < MIN_TITLE_WORDS:
        return ()
    return (f"title:{_digest(' '.join(words))}",)


def number_keys(title: str, *, outlet_id: str) -> tuple[str, ...]:
    """`number:` keys of the report or release numbers a title carries.

    Police numbers name their office and day, so they hold across outlets; "No. 12/2026"
    is one office's count and holds for its outlet only.

    Args:
        title: As delivered.
        outlet_id: Scope of numbers that name no office.
    """
    if not _DIGIT_OR_RARE.search(title) or not any(map(str.isdigit, title)):
        return ()
    folded = fold(title)
    keys = [
        f"number:{office.strip('-')}:{day}:{number}"
        for office, day, number in _REPORT.findall(folded)
    ]
    keys.extend(
        f"number:{outlet_id}:{number}/{year[-2:]}"
        for number, year in _PRESS_NUMBER.findall(folded)
    )
    return tuple(dict.fromkeys(keys))


def quoted_keys(title: str, body: str) -> tuple[str, ...]:
    """`title:` keys of the headlines a withdrawal or correction quotes.

    Such a notice shares nothing else with its release.

    Args:
        title: As delivered.
        body: Text less boilerplate.
    """
    lowered = title.casefold()
    if not any(map(lowered.__contains__, _NOTICE_STEMS)) or not _NOTICE.search(title):
        return ()
    quotes = [match.group(1) for match in _QUOTE.finditer(f"{title}\n{body[:MAX_NOTICE_CHARS]}")]
    keys = [title_key(read_title(quote).tokens) for quote in quotes[:MAX_QUOTES]]
    return tuple(dict.fromkeys(key for found in keys for key in found))


def slug_words(link: str | None) -> tuple[str, ...]:
    """Words of a link's most telling path segment, ids and suffixes dropped.

    Agency copies keep the agency's headline in their link after an editor changed the
    visible one.
    """
    if link is None:
        return ()
    segments = [unquote(part) for part in urlsplit(link).path.split("/") if part]
    best: tuple[str, ...] = ()
    for segment in segments[-2:]:
        text = _SUFFIX.sub("", segment) if "." in segment else segment
        if _WIRE_STEM in text.casefold():
            text = _WIRE_TAIL.sub("", text)
        words = tuple(word for word in tokens(text) if not _NOISE.match(word))
        if len(words) > len(best):
            best = words
    return best if len(best) >= _MIN_SLUG_WORDS else ()


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
