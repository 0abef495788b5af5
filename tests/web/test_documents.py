"""The published documents as a feed reader meets them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # ships no stubs
import feedparser
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from aggregator.actions.publish import document_names
from aggregator.model.policy import OutputPolicy, WebPolicy
from aggregator.model.stories import StoryStatus
from aggregator.publish.validate import validate
from aggregator.store import accounts, tokens
from aggregator.store.accounts import Role
from aggregator.web import documents
from aggregator.web.api_access import token_hash
from aggregator.web.failures import add_failure_pages
from aggregator.web.rendering import environment
from aggregator.web.services import WebServices
from tests.actions.desk import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path, page_size=1)
    for number in range(2):
        desk.pass_time(minutes=1)
        desk.open(f"Ferry {number}", f"Ferry number {number} leaves the pier.")
    desk.publish()
    yield desk
    desk.database.dispose()


@pytest.fixture
def client(desk: Desk) -> TestClient:
    return serve(desk)


def serve(desk: Desk) -> TestClient:
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    app = FastAPI()
    app.state.services = services
    app.state.templates = environment()
    add_failure_pages(app)
    app.include_router(documents.router(services))
    # The client asks for no encoding unless a test does.
    return TestClient(app, headers={"Accept-Encoding": "identity"})


def test_every_document_is_served_as_it_was_written(desk: Desk, client: TestClient) -> None:
    for name in (*document_names(desk.settings.publish), "archive/000001.atom"):
        answer = client.get(f"/{name}")
        assert answer.status_code == 200, name
        assert answer.content == (desk.output / name).read_bytes()
        assert answer.headers["etag"].startswith('"')
    assert client.get("/opml").content == (desk.output / "sources.opml").read_bytes()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param("merged.atom", "application/atom+xml; charset=utf-8", id="Atom"),
        pytest.param("merged.rss", "application/rss+xml; charset=utf-8", id="RSS"),
        pytest.param("merged.json", "application/feed+json", id="JSON Feed"),
        pytest.param("merged.ninjs.json", "application/json", id="ninjs"),
        pytest.param("opml", "text/x-opml; charset=utf-8", id="OPML"),
    ],
)
def test_each_format_has_its_media_type(client: TestClient, name: str, kind: str) -> None:
    assert client.get(f"/{name}").headers["content-type"] == kind


@pytest.mark.parametrize(
    ("accepted", "used"),
    [
        pytest.param("gzip, deflate, br", "br", id="the smaller one of two"),
        pytest.param("gzip", "gzip", id="the only one"),
        pytest.param("br;q=0, gzip;q=0.5", "gzip", id="not one that is refused"),
        pytest.param("*", "br", id="any"),
        pytest.param("zstd", None, id="none there is"),
        pytest.param("gzip;q=x", None, id="none whose weight is no number"),
        pytest.param("identity", None, id="the document itself"),
    ],
)
def test_compressed_forms_are_sent_to_who_takes_them(
    desk: Desk, client: TestClient, accepted: str, used: str | None
) -> None:
    with client.stream("GET", "/merged.atom", headers={"Accept-Encoding": accepted}) as answer:
        body = b"".join(answer.iter_raw())
        assert answer.headers.get("content-encoding") == used
        assert answer.headers["vary"] == "Accept-Encoding"
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[used]
    assert unpack(body) == (desk.output / "merged.atom").read_bytes()


def test_each_coding_has_a_strong_etag_of_its_own(client: TestClient) -> None:
    tags = {
        client.get("/merged.atom", headers={"Accept-Encoding": coding}).headers["etag"]
        for coding in ("identity", "gzip", "br")
    }
    assert len(tags) == 3
    assert not any(tag.startswith("W/") for tag in tags)


@pytest.mark.parametrize(
    ("make", "status"),
    [
        pytest.param(lambda a: {"If-None-Match": a.headers["etag"]}, 304, id="its ETag"),
        pytest.param(
            lambda a: {"If-None-Match": f'"x", W/{a.headers["etag"]}'}, 304, id="a list of ETags"
        ),
        pytest.param(lambda _: {"If-None-Match": "*"}, 304, id="any ETag"),
        pytest.param(lambda _: {"If-None-Match": '"old"'}, 200, id="an old ETag"),
        pytest.param(
            lambda a: {"If-Modified-Since": a.headers["last-modified"]}, 304, id="its date"
        ),
        pytest.param(
            lambda _: {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 200, id="an old date"
        ),
        pytest.param(lambda _: {"If-Modified-Since": "yesterday"}, 200, id="no date at all"),
        pytest.param(
            lambda a: {
                "If-None-Match": '"old"',
                "If-Modified-Since": a.headers["last-modified"],
            },
            200,
            id="an old ETag with its date",
        ),
    ],
)
def test_a_reader_that_has_it_gets_no_body_again(client, make, status) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    first = client.get("/merged.atom")
    again = client.get("/merged.atom", headers=make(first))
    assert again.status_code == status
    if status == 304:
        assert again.content == b""
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == "public, max-age=60"


def test_head_has_the_headers_without_the_body(client: TestClient) -> None:
    whole, head = client.get("/merged.atom"), client.head("/merged.atom")
    assert head.content == b""
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["etag"] == whole.headers["etag"]


def test_a_document_written_anew_is_seen_at_once(desk: Desk, client: TestClient) -> None:
    before = client.get("/merged.atom")
    desk.pass_time(minutes=1)
    desk.open("A crane", "A crane was built.")
    desk.publish()
    after = client.get("/merged.atom", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert "A crane" in after.text


def test_a_compressed_form_that_is_another_documents_is_not_sent(
    desk: Desk, client: TestClient
) -> None:
    (desk.output / "merged.atom.br").write_bytes(brotli.compress(b"something else"))
    answer = client.get("/merged.atom", headers={"Accept-Encoding": "br, gzip"})
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/archive/..%2f..%2fdesk.db", id="up by encoded slashes"),
        pytest.param("/..%2fdesk.atom", id="up at the root"),
        pytest.param("/archive/000001.atom.gz", id="a compressed form"),
        pytest.param("/archive/%2e%2e/merged.atom", id="dots that are encoded"),
        pytest.param("/archive/000099.atom", id="a page that does not exist"),
        pytest.param("/archive/index.json%00.atom", id="a null character"),
        pytest.param("/other.atom", id="an output that is not configured"),
        pytest.param("/.merged.atom", id="a hidden file"),
    ],
)
def test_nothing_else_is_served(desk: Desk, client: TestClient, path: str) -> None:
    (desk.output / "other.atom").write_text("secret")
    (desk.output / ".merged.atom").write_text("secret")
    assert client.get(path).status_code == 404


def test_hubs_are_announced_in_the_headers(desk: Desk) -> None:
    desk.configure(hubs=("https://hub.example/push",))
    link = serve(desk).get("/merged.atom").headers["link"]
    assert '<https://hub.example/push>; rel="hub"' in link
    assert '<https://desk.example/merged.atom>; rel="self"' in link


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        pytest.param("q=ferry", {"Ferry 0", "Crane"}, id="words"),
        pytest.param("q=ferry&outlet=wire", {"Crane"}, id="words of an outlet"),
        pytest.param("kind=agency", {"Crane"}, id="a kind"),
        pytest.param("issuer=Tides", {"Ferry 0"}, id="an issuer"),
        pytest.param("q=lighthouse", set(), id="nothing"),
    ],
)
def test_any_search_is_a_feed(tmp_path: Path, query: str, titles: set[str]) -> None:
    desk = open_desk(tmp_path, outputs=())
    desk.open("Ferry 0", "Ferry number 0 leaves the pier.")
    desk.open("Crane", "The crane lifts a ferry.", feed="wire-all")
    desk.open("Held ferry", "Not yet a ferry.", status=StoryStatus.HELD)
    answer = serve(desk).get(f"/feed.atom?{query}")
    url = f"https://desk.example/feed.atom?{query}"
    problems = validate(answer.content, media_type="application/atom+xml", url=url)
    assert [problem.rule for problem in problems] == []
    assert {entry.title for entry in feedparser.parse(answer.content).entries} == titles
    desk.database.dispose()


def test_the_feed_of_a_search_follows_its_stories(desk: Desk, client: TestClient) -> None:
    before = client.get("/feed.atom?q=ferry")
    headers = {"If-None-Match": before.headers["etag"]}
    assert client.get("/feed.atom?q=ferry", headers=headers).status_code == 304
    desk.open("Ferry new", "A new ferry.")
    assert "Ferry new" in client.get("/feed.atom?q=ferry", headers=headers).text


def test_the_feed_of_a_search_is_new_to_who_asks_by_date_though_the_story_is_dated_back(
    desk: Desk, client: TestClient
) -> None:
    before = client.get("/feed.atom?q=ferry")
    headers = {"If-Modified-Since": before.headers["last-modified"]}
    assert client.get("/feed.atom?q=ferry", headers=headers).status_code == 304
    desk.pass_time(days=-1)
    desk.open("Ferry of yesterday", "A ferry.")
    desk.pass_time(days=1, minutes=1)
    after = client.get("/feed.atom?q=ferry", headers=headers)
    assert "Ferry of yesterday" in after.text
    # What changes elsewhere is no change of this feed.
    desk.pass_time(minutes=1)
    desk.open("Crane", "A crane.")
    again = client.get("/feed.atom?q=ferry")
    assert again.headers["last-modified"] == after.headers["last-modified"]


@pytest.mark.parametrize(
    "query", ["q=(", "kind=nonsense", "q=" + "a" * 3000], ids=["parenthesis", "kind", "length"]
)
def test_a_search_that_cannot_be_read_is_the_askers_mistake(
    client: TestClient, query: str
) -> None:
    app = client.app
    assert isinstance(app, FastAPI)
    answer = client.get(f"/feed.atom?{query}", headers={"Accept": "application/xml"})
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Bearer {secret}", id="a bearer token"),
        pytest.param("Basic {basic}", id="HTTP Basic, for feed readers"),
    ],
)
def test_closed_reading_asks_for_a_token(desk: Desk, header: str) -> None:
    import base64  # noqa: PLC0415 - only here

    desk.settings = replace(desk.settings, web=WebPolicy(reading="closed"))
    with desk.database.write() as conn:
        user = accounts.add_user(conn, "ada", role=Role.READER, password_hash="x", now=desk.now)
        tokens.add(conn, user, name="reader", secret_sha256=token_hash("s3cret"), now=desk.now)
    client = serve(desk)
    refused = client.get("/merged.atom")
    assert refused.status_code == 401
    assert re.match("Basic", refused.headers["www-authenticate"])
    basic = base64.b64encode(b"ada:s3cret").decode()
    given = {"Authorization": header.format(secret="s3cret", basic=basic)}
    answer = client.get("/merged.atom", headers=given)
    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("private")
    wrong = {"Authorization": "Bearer other"}
    assert client.get("/merged.atom", headers=wrong).status_code == 401


def test_an_output_is_served_in_every_format(desk: Desk) -> None:
    desk.configure(outputs=(OutputPolicy(name="piers", query="pier"),))
    desk.publish()
    client = serve(desk)
    for form in ("atom", "rss", "json", "ninjs.json"):
        assert client.get(f"/piers.{form}").status_code == 200


def test_another_configuration_shows_in_documents_and_searches_at_once(
    desk: Desk, tmp_path: Path
) -> None:
    services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
    app = FastAPI()
    app.state.services = services
    app.include_router(documents.router(services))
    client = TestClient(app)
    assert "Elsewhere" not in client.get("/feed.atom?q=ferry").text
    desk.configure(title="Elsewhere", output_dir=tmp_path / "elsewhere")
    desk.publish()
    services.use(desk.settings)
    assert "Elsewhere" in client.get("/feed.atom?q=ferry").text
    assert "Elsewhere" in client.get("/merged.atom").text
    desk.configure(outputs=(OutputPolicy(name="harbour"),))
    desk.publish()
    assert client.get("/harbour.atom").status_code == 404
    services.use(desk.settings)
    assert client.get("/harbour.atom").status_code == 200
