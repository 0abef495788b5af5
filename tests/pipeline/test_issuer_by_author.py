"""An author who is listed in `[issuers]` is the issuer; any other author is a person."""

from __future__ import annotations

import pytest

from aggregator.model.entries import ParseFailure
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.policy import CleanPolicy, ParsePolicy
from aggregator.pipeline.prepare import PrepareRequest, prepare_document

PORTAL = Outlet(id="portal", name="The portal", kind=OutletKind.PORTAL)
FEED = Feed(id="portal", url="https://portal.example/feed", outlet=PORTAL, language="en")


@pytest.mark.parametrize(
    ("author", "issuer"),
    [
        pytest.param("Tariff &amp; Tide", "TT", id="another spelling of an issuer"),
        pytest.param("Ada Muster", None, id="a person"),
    ],
)
def test_an_author_is_looked_up_in_the_issuers(author: str, issuer: str | None) -> None:
    body = f"""<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>All</title><item><title>New fares</title><guid>1</guid><dc:creator>{author}</dc:creator>
<description>New fares hold from Monday on all ferries.</description></item></channel></rss>"""
    request = PrepareRequest(
        body=body.encode(),
        url=FEED.url,
        content_type=None,
        feed=FEED,
        parse=ParsePolicy(),
        clean=CleanPolicy(issuers={"TT": ("Tariff & Tide",)}),
    )
    document = prepare_document(request)
    assert not isinstance(document, ParseFailure)
    assert document.entries[0].issuer == issuer
