"""Text as the other stages need it. Pure.

words.py    normalisation, folding, tokens, stemming
markup.py   HTML to text, and cutting a text's spans out of its HTML
plain.py    text that is no HTML: recognising it, turning it into HTML
"""

from aggregator.text.markup import cap_nesting, cut_html, html_to_text, mask_html
from aggregator.text.plain import looks_like_html, plain_to_html, to_line
from aggregator.text.words import MAX_TOKEN_CHARS, analyse, fold, normalise, tokens

__all__ = [
    "MAX_TOKEN_CHARS",
    "analyse",
    "cap_nesting",
    "cut_html",
    "fold",
    "html_to_text",
    "looks_like_html",
    "mask_html",
    "normalise",
    "plain_to_html",
    "to_line",
    "tokens",
]
