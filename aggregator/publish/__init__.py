"""Stories into published documents: pure renderers, and the one writer.

Input: `model.stories`, `model.policy`. Output: `Document`s, and files. Nothing here
reads a clock, the network or the database; only `writer` touches the disk.

documents.py    a published document, and how its bytes and ETag are put together
escaping.py     what may stand in XML, and in which form
addresses.py    which addresses may be published, and ids built on our own
words.py        the program's own words in the feeds, German and English
options.py      what besides the story decides how an entry looks
content.py      the HTML of an entry: notices, body, "Also published by", doubt
atom.py         merged.atom, outputs and archive documents (RFC 4287, 5005, 6721)
corrections.py  corrections.atom: one entry for each correction or withdrawal
entries.py      all.atom: every entry, unmerged
rss.py  jsonfeed.py  ninjs.py  opml.py    the same stories in other formats
selection.py    which stories an `[[output]]` holds
archive.py      which stories an archive document holds, for ever
plan.py         everything above, from stories to the list of documents
validate.py     a document checked by the rules of the W3C's feed validator
writer.py       documents to files, atomically
"""
