"""Secret addresses of subscribers: every document, nobody else, nothing told."""

from __future__ import annotations

import gzip
import io
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import feedparser
import pytest
from fastapi.testclient import TestClient
from lxml import etree

from aggregator.actions.access import add_subscriber, revoke_subscriber
from aggregator.actions.publish import document_names
from aggregator.logs import open_log
from aggregator.model.policy import WebPolicy
from aggregator.publish.validate import validate
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from tests.actions.desk import Desk, open_desk

ATOM = {"a": "http://www.w3.org/2005/Atom"}
HUB = "https://hub.example/push"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path, page_size=1, hubs=(HUB,))
    desk.settings = replace(desk.settings, web=WebPolicy(reading="closed"))
    for number in range(4):
        desk.pass_time(minutes=1)
        desk.open(f"Ferry {number}", f"Ferry number {number} leaves the pier.")
    desk.publish()
    yield desk
    desk.database.dispose()


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    with TestClient(
        create_app(services),
        base_url=desk.settings.publish.base_url,
        headers={"Accept-Encoding": "identity"},
    ) as client:
        yield client


@pytest.fixture
def secret(desk: Desk) -> str:
    return add_subscriber(desk.database, "Night desk", who="eva", now=desk.now).secret


def names(desk: Desk) -> tuple[str, ...]:
    documents = document_names(desk.settings.publish)
    return (*documents, "archive/000001.atom", "archive/000002.atom", "feed.atom?q=ferry&kind=")


def test_every_document_is_there_and_valid_and_nowhere_else(
    desk: Desk, client: TestClient, secret: str
) -> None:
    base = desk.settings.publish.base_url
    for name in names(desk):
        assert client.get(f"/{name}").status_code == 401, name
        found = client.get(f"/s/{secret}/{name}")
        assert found.status_code == 200, name
        if name.endswith("index.json"):
            continue
        kind = found.headers["content-type"].partition(";")[0]
        url = f"{base}s/{secret}/{name}"
        assert validate(found.content, media_type=kind, url=url) == (), name
    assert client.get(f"/s/{secret}/opml").status_code == 200


def test_a_reader_walks_the_whole_archive_with_the_address_alone(
    desk: Desk, client: TestClient, secret: str
) -> None:
    base = desk.settings.publish.base_url
    at: str | None = f"{base}s/{secret}/merged.atom"
    titles: list[str] = []
    while at:
        answer = client.get(at)
        assert answer.status_code == 200
        feed = etree.fromstring(answer.content)
        links = {link.get("rel"): link.get("href") for link in feed.iterfind("a:link", ATOM)}
        assert links["self"] == at
        assert "hub" not in links
        titles += [
            str(entry.findtext("a:title", namespaces=ATOM))
            for entry in feed.iterfind("a:entry", ATOM)
        ]
        at = links.get("prev-archive")
    assert sorted(titles) == [f"Ferry {n}" for n in range(4)]


def test_headers_keep_the_address_to_its_subscriber(
    desk: Desk, client: TestClient, secret: str
) -> None:
    for name in names(desk):
        headers = client.get(f"/s/{secret}/{name}").headers
        assert headers["cache-control"].startswith("private, max-age="), name
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert "link" not in headers
        assert secret not in str(headers)


def test_validators_hold_for_one_subscriber_and_change_with_the_document(
    desk: Desk, client: TestClient, secret: str
) -> None:
    path = f"/s/{secret}/merged.atom"
    first = client.get(path)
    tag = first.headers["etag"]
    again = client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "private, max-age=60"
    other = add_subscriber(desk.database, "Day desk", who="eva", now=desk.now).secret
    assert client.get(f"/s/{other}/merged.atom").headers["etag"] != tag
    desk.pass_time(minutes=1)
    desk.open("Ferry 9", "Ferry number 9 leaves the pier.")
    desk.publish()
    changed = client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert b"Ferry 9" in changed.content


def test_the_packed_form_is_one_that_every_client_unpacks(
    desk: Desk, client: TestClient, secret: str
) -> None:
    for name in names(desk):
        path = f"/s/{secret}/{name}"
        plain = client.get(path)
        with client.stream("GET", path, headers={"Accept-Encoding": "br, gzip"}) as answer:
            packed = b"".join(answer.iter_raw())
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.headers["etag"] != plain.headers["etag"]
        assert gzip.decompress(packed) == plain.content
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            assert stream.read() == plain.content
        # httpx decodes one member only, as most clients do.
        assert client.get(path, headers={"Accept-Encoding": "gzip"}).content == plain.content


def test_a_revoked_address_is_gone_at_once_and_an_unknown_one_was_never_there(
    desk: Desk, client: TestClient
) -> None:
    made = add_subscriber(desk.database, "Night desk", who="eva", now=desk.now)
    path = f"/s/{made.secret}/merged.atom"
    assert client.get(path).status_code == 200
    revoke_subscriber(desk.database, made.subscriber.id, who="eva", now=desk.now)
    gone = client.get(path)
    assert gone.status_code == 410
    assert client.get(f"/s/{'A' * 32}/merged.atom").status_code == 404
    assert client.get(f"/s/{'A' * 31}/merged.atom").status_code == 404
    for answer in (gone, client.get(f"/s/{made.secret}/nothing.txt")):
        # A page's links would carry the address into logs.
        assert answer.headers["content-type"].startswith("text/plain")
        assert made.secret not in answer.text
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_address_opens_documents_only(client: TestClient, secret: str) -> None:
    for path in ("", "feeds", "log", "api/stories", "review", "../log", "%2e%2e/log"):
        assert client.get(f"/s/{secret}/{path}", follow_redirects=False).status_code in {404, 303}
    assert client.post(f"/s/{secret}/merged.atom").status_code == 405


def test_it_works_where_reading_is_open_too(desk: Desk, secret: str) -> None:
    settings = replace(desk.settings, web=WebPolicy(reading="open"))
    services = WebServices(database=desk.database, settings=settings, clock=desk.clock)
    with TestClient(create_app(services), base_url="http://127.0.0.1") as client:
        assert (
            client.get(f"/s/{secret}/merged.atom").headers["cache-control"]
            == "private, max-age=60"
        )


def test_no_secret_gets_into_documents_others_read_or_into_metrics(
    desk: Desk, client: TestClient, secret: str
) -> None:
    for name in names(desk):
        client.get(f"/s/{secret}/{name}")
    desk.open("Ferry 9", "Ferry number 9 leaves the pier.")
    desk.publish()
    for file in desk.output.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file
    metrics = client.get("/metrics")
    assert metrics.status_code == 200
    assert secret not in metrics.text


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/s/{}/merged.atom?q=1", id="the address"),
        pytest.param("/s/{}/archive/000001.atom", id="an archive page"),
        pytest.param("/login?next=%2Fs%2F{}%2Fmerged.atom", id="as a parameter"),
    ],
)
def test_logs_mask_it(client: TestClient, secret: str, target: str) -> None:
    path = target.format(secret)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    access = logging.getLogger("uvicorn.access")
    access.addHandler(handler)
    access.setLevel(logging.INFO)
    try:
        access.info('%s - "%s %s HTTP/%s" %d', "192.0.2.1:1", "GET", path, "1.1", 200)
    finally:
        access.removeHandler(handler)
    open_log(stream).info("asked", path=path)
    lines = stream.getvalue()
    assert secret not in lines
    assert lines.count("***") == 2


def test_a_feed_reader_sees_what_the_public_document_holds(
    desk: Desk, client: TestClient, secret: str
) -> None:
    private = feedparser.parse(client.get(f"/s/{secret}/merged.atom").content)
    public = feedparser.parse((desk.output / "merged.atom").read_bytes())
    assert not private.bozo
    assert [e.id for e in private.entries] == [e.id for e in public.entries]
    assert private.feed.id == public.feed.id
    assert re.sub(rf"s/{secret}/", "", str(private.entries)) == str(public.entries)
