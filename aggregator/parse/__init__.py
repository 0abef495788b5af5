"""Feed documents -> entries. Pure; run it in a child process with limits.

document.py     the stage: `parse_document`
decoding.py     which encoding the bytes are in
recognising.py  which format, or why it is no feed
scanning.py     cuts a document into its items' own bytes
mending.py      makes pieces digestible for feedparser
syndication.py  RSS and Atom through feedparser
collecting.py   feedparser's dictionaries -> items
jsonfeed.py     JSON Feed -> items
items.py        what an item means, for all formats
sanitising.py   safe HTML
credits.py      issuer hints and agency marks
dates.py        dates in any order and language
urls.py         absolute and canonical links
hubs.py         which hub pushes a document
discovery.py    feeds named by an HTML page
fulltext.py     a linked page's main text
"""

from aggregator.parse.dates import parse_date
from aggregator.parse.discovery import FeedLink, find_feeds
from aggregator.parse.document import parse_document
from aggregator.parse.hubs import advertised_hubs
from aggregator.parse.sanitising import sanitise
from aggregator.parse.urls import canonical_url

__all__ = [
    "FeedLink",
    "advertised_hubs",
    "canonical_url",
    "find_feeds",
    "parse_date",
    "parse_document",
    "sanitise",
]
