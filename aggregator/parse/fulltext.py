"""A linked web page -> the release on it. Pure; run it in a child process with limits.

    decode | trafilatura | sanitise | is it the item's own text?

The page is a stranger's and may be anything: a cookie wall, an error page sent with
status 200, the site's front page. It is taken for the item's text only if it holds the
words the feed already gave of it, and more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import trafilatura

from aggregator.parse.decoding import decode, detect
from aggregator.parse.sanitising import sanitise
from aggregator.text import cap_nesting, html_to_text, tokens

__all__ = ["FullText", "NoFullText", "extract_full_text", "holds", "leads_home"]

# Pages are read up to here; releases end long before, scripts do not.
MAX_PAGE_CHARS = 3_000_000
# Words shorter than this are in every text of a language.
TELLING_CHARS = 4
# Of a teaser's telling words so many must stand on the page. Not all: teasers end in
# "read on" and in words cut in two, and some outlets reword them a little.
HELD_SHARE = 0.7
# "Word cut in tw... Read on here": what stands from the cut word on is not the release's.
_CUT = re.compile(r"\S*\s*[\[(]?(?:\.{3}|…)[\])]?[^.…]{0,60}$")
# A shorter teaser proves nothing; the title speaks with it.
FEW_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class FullText:
    """A page's main text.

    Attributes:
        html: Sanitised, relative links resolved, without images.
        text: `html_to_text(html)`.
    """

    html: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFullText:
    """Why a page gave no text for its item.

    Attributes:
        reason: A few words that go on after "no full text:".
        final: Asking again would not change it.
    """

    reason: str
    final: bool = False


def extract_full_text(body: bytes, *, url: str, content_type: str | None) -> FullText | NoFullText:
    """Finds the main text of a web page.

    Args:
        body: The page, decompressed.
        url: Where it came from, after redirects; base of its relative links.
        content_type: Content-Type header, or None.
    """
    kind = (content_type or "text/html").partition(";")[0].strip().lower()
    if "html" not in kind:
        return NoFullText(reason=f"the link leads to {kind[:60]}, not to a page", final=True)
    encoding = detect(body, content_type)
    page = cap_nesting(decode(body[encoding.bom :], encoding.codec)[:MAX_PAGE_CHARS])
    found = trafilatura.extract(
        page,
        url=url,
        output_format="html",
        favor_precision=True,
        include_comments=False,
        include_formatting=True,
        include_images=False,
        include_links=False,
    )
    html = sanitise(found, url).strip() if found else ""
    text = html_to_text(html)
    if not text:
        return NoFullText(reason="no main text was found on the page")
    return FullText(html=html, text=text)


def holds(page: FullText, *, title: str, teaser: str) -> NoFullText | None:
    """Why a page's text is not the one the feed announced, or None if it is.

    Args:
        page: The extracted text.
        title: The item's title.
        teaser: What the feed gave of the text, perhaps "".
    """
    words = tokens(page.text)
    given = tokens(_CUT.sub("", teaser))
    if len(words) <= len(given):
        return NoFullText(reason="the page holds no more than the feed", final=True)
    if len(given) < FEW_WORDS:
        given += tokens(title)
    telling = {word for word in given if len(word) >= TELLING_CHARS} or set(given)
    held = telling & set(words)
    if len(held) < HELD_SHARE * len(telling):
        return NoFullText(reason="the page holds another text than the feed announced")
    return None


def leads_home(asked: str, final: str) -> bool:
    """Whether a link to a page was answered with the site's front page."""
    return urlsplit(asked).path.strip("/") != "" and urlsplit(final).path.strip("/") == ""
