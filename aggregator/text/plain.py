"""Text that is no HTML: recognising it, turning it into HTML or into one line. Pure."""

from __future__ import annotations

import html
import re

from aggregator.text.markup import html_to_text
from aggregator.text.words import normalise

__all__ = ["looks_like_html", "plain_to_html", "to_line"]

# Names that occur as tags in feeds. A closed list: `a < b and c > d` and `<Name>` in
# running text are no markup.
_NAMES = (
    "a|abbr|address|article|aside|b|big|blockquote|body|br|caption|center|cite|code|col|dd|del|"
    "div|dl|dt|em|embed|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|"
    "img|ins|li|main|mark|nav|ol|p|pre|q|s|script|section|small|span|strike|strong|style|sub|sup|"
    "table|tbody|td|tfoot|th|thead|tr|tt|u|ul|video|wbr"
)
_TAG = re.compile(rf"</?(?:{_NAMES})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ESCAPED_TAG = re.compile(rf"&lt;/?(?:{_NAMES})(?:\s[^<>]*?)?/?&gt;", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_PARAGRAPHS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
# Feeds escape titles up to three times; a fourth layer has not been seen.
_MAX_LAYERS = 3


def looks_like_html(text: str) -> bool:
    """Whether the text holds a tag; entities alone do not make it HTML."""
    return _TAG.search(text) is not None


def plain_to_html(text: str) -> str:
    """Plain text as HTML: empty lines part paragraphs, line ends become `<br>`.

    Entities that the text holds literally are read as what they mean; `<` and `&`
    are escaped. `html_to_text` of the outcome gives the text back.
    """
    text = _PARAGRAPHS.sub("\n\n", normalise(_unescape(text)).strip())
    if not text:
        return ""
    paragraphs = (html.escape(p, quote=False).split("\n") for p in text.split("\n\n"))
    return "\n".join(f"<p>{'<br>'.join(line.strip() for line in p)}</p>" for p in paragraphs)


def to_line(value: str) -> str:
    """A title as delivered, with or without markup and escaping, as one plain line.

    Markup goes, entities are resolved however often they were escaped, white space
    is folded.
    """
    for _ in range(_MAX_LAYERS):
        if looks_like_html(value):
            value = html_to_text(value)
        elif _ENTITY.search(value):
            value = _unescape(value)
        else:
            break
    return " ".join(normalise(value).split())


def unescape_markup(value: str) -> str:
    """HTML that was escaped once too often, as HTML; anything else unchanged."""
    if looks_like_html(value) or not _ESCAPED_TAG.search(value):
        return value
    return html.unescape(value)


def _unescape(text: str) -> str:
    return _ENTITY.sub(lambda m: html.unescape(m.group()), text)
