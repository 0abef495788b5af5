"""An invented newsroom world on loopback.

It is the first run, the end-to-end tests' source with known truth, and, scaled, the
benchmark's load.

world.py      outlets, feeds, items by step; the planted truth
script.py     the fixed storyline: who carries what, when, in which form
forms.py      how an outlet dresses a release: own page, wire copy, portal page, teaser
templates.py  notices of one template that are different releases; filler for scale
documents.py  items -> RSS, RDF, Atom, JSON Feed
pages.py      items -> web pages, with all that is not the release
server.py     feeds and pages on loopback, with validators
"""
