"""The words of the program as frozen dataclasses and enums. No behaviour, no I/O.

feeds.py     outlet, feed, the state of a feed
fetching.py  what goes into a fetch and what comes out
entries.py   a parsed document, an entry, its boilerplate spans
matching.py  signature, evidence, verdict, decision, pin
stories.py   the published unit and its history
policy.py    frozen policies, built by `config`, handed to every stage
"""
