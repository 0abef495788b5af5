"""Text as the other stages need it. Pure.

words.py    normalisation, folding, tokens, stemming
markup.py   HTML to text
cutting.py  a text's spans out of its HTML, or marks in their place
plain.py    text that is no HTML: recognising it, turning it into HTML
"""

from aggregator.text.cutting import cut_html, mask_html
from aggregator.text.markup import cap_nesting, html_to_text
from aggregator.text.plain import looks_like_html, plain_to_html, to_line
from aggregator.text.words import MAX_TOKEN_CHARS, analyse, fold, normalise, token_bytes, tokens

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
    "token_bytes",
    "tokens",
]
