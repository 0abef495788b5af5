"""Each rule for JSON Feed and ninjs: a valid document passes, one change is rejected."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aggregator.publish.validate import validate


def rules(body: str, kind: str, url: str | None = None) -> set[str]:
    return {problem.rule for problem in validate(body.encode(), media_type=kind, url=url)}


def json_feed() -> dict[str, Any]:
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Alles",
        "home_page_url": "https://desk.example/",
        "feed_url": "https://desk.example/x.json",
        "language": "de",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
        "items": [
            {
                "id": "1",
                "url": "https://a.example/1",
                "title": "Eins",
                "content_html": "<p>Eins</p>",
                "date_published": "2026-03-04T12:00:00Z",
                "authors": [{"name": "Amt"}],
                "tags": ["Meer"],
                "attachments": [
                    {"url": "https://a.example/x.pdf", "mime_type": "application/pdf"}
                ],
                "_agg": {"about": "https://a.example/"},
            }
        ],
    }


def test_the_json_example_is_valid() -> None:
    body = json.dumps(json_feed()).encode()
    url = "https://desk.example/x.json"
    assert validate(body, media_type="application/feed+json", url=url) == ()


@pytest.mark.parametrize(
    ("top", "item", "rule"),
    [
        pytest.param({"version": "1.1"}, {}, "root", id="another version"),
        pytest.param({"title": " "}, {}, "missing-element", id="no title"),
        pytest.param({"items": {}}, {}, "missing-element", id="no list of items"),
        pytest.param({"feed_url": "https://a.example/"}, {}, "self", id="another feed_url"),
        pytest.param({"home_page_url": "/"}, {}, "value", id="a relative home page"),
        pytest.param({"language": "deutsch"}, {}, "value", id="no language"),
        pytest.param({"hubs": [{"url": "x"}]}, {}, "hub", id="a hub without type"),
        pytest.param({"agg": {}}, {}, "undefined-element", id="an extension without underscore"),
        pytest.param({"_agg": 1}, {}, "undefined-element", id="an extension that is no object"),
        pytest.param({"title": "a\x00"}, {}, "bad-characters", id="a control character"),
        pytest.param({}, {"id": 1}, "missing-element", id="an id that is a number"),
        pytest.param({}, {"content_html": None}, "missing-content", id="no content"),
        pytest.param({}, {"content_html": "<p onclick='x'>"}, "unsafe-html", id="a handler"),
        pytest.param({}, {"title": "<b>x</b>"}, "undeclared-html", id="markup in a title"),
        pytest.param({}, {"url": "/1"}, "value", id="a relative url"),
        pytest.param({}, {"date_published": "gestern"}, "value", id="no date"),
        pytest.param({}, {"tags": ["", 1]}, "value", id="tags that are no words"),
        pytest.param({}, {"authors": [{}]}, "author", id="an empty author"),
        pytest.param({}, {"attachments": [{}]}, "attachment", id="an empty attachment"),
    ],
)
def test_json_feed_rule(top: dict[str, Any], item: dict[str, Any], rule: str) -> None:
    feed = json_feed()
    feed["items"][0].update(item)
    feed["items"][0] = {k: v for k, v in feed["items"][0].items() if v is not None}
    body = json.dumps(feed | top)
    assert rule in rules(body, "application/feed+json", "https://desk.example/x.json")


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        pytest.param("{", "well-formed", id="no JSON"),
        pytest.param("[]", "root", id="no object"),
        pytest.param('{"items":[1]}', "root", id="an item that is none"),
        pytest.param('{"items":[{"id":"1"},{"id":"1"}]}', "duplicate-id", id="an id twice"),
    ],
)
def test_json_feed_of_another_shape(body: str, rule: str) -> None:
    assert rule in rules(body, "application/feed+json")


@pytest.mark.parametrize(
    ("item", "rule"),
    [
        pytest.param({"uri": "eins"}, "iri", id="a uri that is none"),
        pytest.param({"pubStatus": "cancelled"}, "value", id="a status the schema lacks"),
        pytest.param({"version": 1}, "value", id="a version that is a number"),
        pytest.param({"embargoedUntil": "2026"}, "value", id="no date-time"),
        pytest.param({"colour": "blue"}, "undefined-element", id="an unknown property"),
        pytest.param({"altIds": [{"id": "x"}]}, "undefined-element", id="an unknown part"),
        pytest.param({"name": ""}, "missing-element", id="an association without name"),
        pytest.param(
            {"bodies": [{"contentType": "text/html", "value": "<script>"}]},
            "unsafe-html",
            id="a script",
        ),
    ],
)
def test_ninjs_rule(item: dict[str, Any], rule: str) -> None:
    good = {
        "name": "x",
        "uri": "urn:uuid:00000000-0000-0000-0000-000000000001",
        "pubStatus": "usable",
    }
    top = {"uri": "urn:uuid:00000000-0000-0000-0000-000000000000", "type": "composite"}
    assert rules(json.dumps({**top, "associations": [good]}), "application/json") == set()
    assert rule in rules(json.dumps({**top, "associations": [good | item]}), "application/json")
