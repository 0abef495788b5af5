"""Valid documents of each XML form, to be changed in one place."""

from __future__ import annotations

from aggregator.publish.validate import validate

__all__ = ["ATOM", "ATOM_URL", "OPML", "RSS", "RSS_URL", "changed", "rules"]

ATOM_URL = "https://desk.example/x.atom"
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"
 xmlns:fh="http://purl.org/syndication/history/1.0" xml:lang="de">
<id>urn:uuid:00000000-0000-0000-0000-000000000000</id>
<title type="text">Alles</title>
<updated>2026-03-04T12:00:00Z</updated>
<author><name>Pult</name><email>pult@desk.example</email></author>
<link rel="self" type="application/atom+xml" href="https://desk.example/x.atom"/>
<link rel="current" href="https://desk.example/y.atom"/>
<fh:archive/>
<entry>
<id>urn:uuid:00000000-0000-0000-0000-000000000002</id>
<title type="html">Zwei</title>
<updated>2026-03-04T12:00:00Z</updated>
<published>2026-03-04T11:00:00+01:00</published>
<link rel="alternate" href="https://a.example/2" title="Haus"/>
<category term="meer" scheme="https://a.example/s" label="Meer"/>
<source><id>tag:a.example,2020:x</id><title>Quelle</title><updated>2026-03-04T12:00:00Z</updated></source>
<content type="html">&lt;p&gt;Zwei&lt;/p&gt;</content>
</entry>
<entry>
<id>urn:uuid:00000000-0000-0000-0000-000000000001</id>
<title>Eins</title>
<updated>2026-03-04T11:00:00Z</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Eins</p></div></content>
</entry>
<at:deleted-entry ref="urn:uuid:00000000-0000-0000-0000-000000000003" when="2026-03-04T12:00:00Z"/>
</feed>
"""
RSS_URL = "https://desk.example/x.rss"
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"
 xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel>
<title>Alles</title>
<link>https://desk.example/</link>
<description>Alles</description>
<language>de</language>
<lastBuildDate>Wed, 04 Mar 2026 12:00:00 GMT</lastBuildDate>
<atom:link rel="self" href="https://desk.example/x.rss"/>
<item>
<title>Eins</title>
<link>https://a.example/1</link>
<guid isPermaLink="false">urn:uuid:00000000-0000-0000-0000-000000000001</guid>
<pubDate>Wed, 04 Mar 2026 12:00:00 GMT</pubDate>
<source url="https://a.example/feed">Quelle</source>
<description>Eins</description>
<content:encoded>&lt;p&gt;Eins&lt;/p&gt;</content:encoded>
</item>
</channel>
</rss>
"""
OPML = """<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0"><head><title>Quellen</title></head><body>
<outline text="Haus"><outline type="rss" text="Eins" xmlUrl="https://a.example/f" language="de"/>
</outline></body></opml>
"""


def rules(body: str, kind: str, url: str | None = None) -> set[str]:
    return {problem.rule for problem in validate(body.encode(), media_type=kind, url=url)}


def changed(document: str, old: str, new: str) -> str:
    assert old in document
    return document.replace(old, new, 1)
