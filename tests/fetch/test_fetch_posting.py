"""POSTs over real sockets: what is sent, and what no server can make us do."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from aggregator.fetch import Fetcher
from aggregator.model.fetching import FailureKind, FetchFailure, Posted, PostRequest
from aggregator.model.policy import FetchPolicy
from tests.fetch.conftest import LOOPBACK, NOW
from tests.fetch.hostile import (
    HostileServer,
    answer,
    endless_body,
    hang_up,
    redirect,
    reset,
    silent,
)

SECRET = "a-secret-of-ours"


def post(
    url: str, *, policy: FetchPolicy = LOOPBACK, timeout_s: float = 20.0
) -> Posted | FetchFailure:
    request = PostRequest(
        url=url, body=b"hub.secret=" + SECRET.encode(), secrets=(SECRET,), timeout_s=timeout_s
    )

    async def once() -> Posted | FetchFailure:
        async with Fetcher(policy) as fetcher:
            return await fetcher.post(request, now=NOW)

    return asyncio.run(once())


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_form_arrives_as_it_was_given(server: HostileServer, status: int) -> None:
    server.on("/hub", answer(status=status))
    result = post(server.url("/hub"))
    assert isinstance(result, Posted)
    assert (result.status, result.url) == (status, server.url("/hub"))
    (seen,) = server.seen
    assert (seen.method, seen.body) == ("POST", b"hub.secret=" + SECRET.encode())
    assert seen.header("content-type") == "application/x-www-form-urlencoded"
    assert seen.header("user-agent") == "tests/1"


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_method_and_origin_is_followed(
    server: HostileServer, status: int
) -> None:
    server.on("/hub", redirect("/elsewhere", status=status))
    server.on("/elsewhere", answer(status=202))
    assert isinstance(post(server.url("/hub")), Posted)
    assert [seen.body for seen in server.seen] == [b"hub.secret=" + SECRET.encode()] * 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_what_is_posted_goes_to_no_other_origin(server: HostileServer, status: int) -> None:
    server.on("/hub", redirect(server.url("/there", host="localhost"), status=status))
    server.on("/there", answer(status=202))
    result = post(server.url("/hub"))
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.REDIRECT
    assert "goes nowhere else" in result.message
    assert server.asked("/there") == []


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_change_the_method_is_not_followed(
    server: HostileServer, status: int
) -> None:
    server.on("/hub", redirect("/there", status=status))
    result = post(server.url("/hub"))
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.REDIRECT
    assert server.asked("/there") == []


def test_a_circle_of_redirects_ends(server: HostileServer) -> None:
    server.on("/hub", redirect("/hub", status=307))
    result = post(server.url("/hub"))
    assert isinstance(result, FetchFailure)
    assert "circle" in result.message


def test_a_private_address_is_refused(server: HostileServer) -> None:
    result = post(server.url("/hub"), policy=replace(LOOPBACK, allow_private_networks=False))
    assert isinstance(result, FetchFailure)
    assert result.kind is FailureKind.FORBIDDEN_ADDRESS
    assert server.seen == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "status"),
        (404, "status"),
        (410, "gone"),
        (429, "rate-limited"),
        (503, "rate-limited"),
    ],
)
def test_a_refusal_is_a_failure_with_the_servers_words_but_not_our_secret(
    server: HostileServer, status: int, kind: str
) -> None:
    said = f"I do not like {SECRET} today".encode()
    headers = [("Content-Type", "text/plain"), ("Retry-After", "60")]
    server.on("/hub", answer(said, status=status, headers=headers))
    result = post(server.url("/hub"))
    assert isinstance(result, FetchFailure)
    assert (result.kind, result.status) == (kind, status)
    assert "I do not like *** today" in result.message
    assert result.retry_after is not None


def test_an_endless_answer_is_not_read(server: HostileServer) -> None:
    server.on("/good", endless_body(status=202))
    assert isinstance(post(server.url("/good")), Posted)
    server.on("/bad", endless_body(status=500, headers=[("Content-Type", "text/plain")]))
    result = post(server.url("/bad"))
    assert isinstance(result, FetchFailure)
    assert result.status == 500


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        pytest.param(hang_up(), FailureKind.CONNECT, id="hangs up"),
        pytest.param(reset(), FailureKind.CONNECT, id="resets"),
        pytest.param(silent(), FailureKind.TIMEOUT, id="says nothing"),
    ],
)
def test_a_server_that_fails_is_a_value(
    server: HostileServer, behaviour: object, kind: FailureKind
) -> None:
    server.on("/hub", behaviour)  # type: ignore[arg-type]
    result = post(server.url("/hub"), timeout_s=1.0)
    assert isinstance(result, FetchFailure)
    assert result.kind is kind


def test_no_secret_is_in_a_repr() -> None:
    request = PostRequest(url="https://hub.example/", body=SECRET.encode(), secrets=(SECRET,))
    assert SECRET not in repr(request)
