"""The receiver of docs/how-to/events.md takes what the program sends, and nothing else."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from aggregator.config.loading import settings_of_text
from aggregator.fetch.signing import new_secret, signature_headers, signing_keys
from tests.actions.desk import MORNING

PAGE = (Path(__file__).parents[2] / "docs/how-to/events.md").read_text("utf-8")
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def example() -> dict[str, Any]:
    (source,) = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(source, "docs/how-to/events.md", "exec"), names)
    return names


@contextmanager
def served(applied: list[dict[str, Any]]) -> Iterator[str]:
    receiver = example()["Receiver"]
    receiver.secret = SECRET
    receiver.apply = lambda _self, data: applied.append(data)
    receiver.log_message = lambda *_: None
    server = HTTPServer(("127.0.0.1", 0), receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_receiver_applies_what_is_signed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", MORNING.timestamp)
    body = json.dumps({"type": "story.created", "data": {"id": "evt_1", "story": None}}).encode()
    headers = signature_headers(
        body, message_id="evt_1", at=MORNING, keys=signing_keys(f"{new_secret()} {SECRET}")
    )
    applied: list[dict[str, Any]] = []
    with served(applied) as url:
        statuses = [httpx.post(url, content=body, headers=headers).status_code for _ in range(2)]
    assert statuses == [204, 204]
    assert [data["id"] for data in applied] == ["evt_1"]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda h, b: (h, b + b" "), id="another body"),
        pytest.param(lambda h, b: ({**h, "webhook-id": "evt_2"}, b), id="another id"),
        pytest.param(lambda h, b: ({**h, "webhook-timestamp": "1"}, b), id="an old one again"),
        pytest.param(lambda h, b: ({**h, "webhook-signature": "v1,AAAA"}, b), id="no signature"),
    ],
)
def test_the_receiver_refuses_what_was_tampered_with(spoil: Callable[..., Any]) -> None:
    body = b'{"data": {}}'
    keys = signing_keys(SECRET)
    headers, spoilt = spoil(
        signature_headers(body, message_id="evt_1", at=MORNING, keys=keys), body
    )
    verified = example()["verified"]
    assert verified(headers, spoilt, SECRET, now=MORNING.timestamp()) is None


def test_examples_of_the_page_load() -> None:
    examples = re.findall(r"```toml\n(.+?)```", PAGE, re.DOTALL)
    assert len(examples) == 2
    for text in examples:
        lines = (line.removeprefix("   ") for line in text.splitlines())
        settings_of_text("\n".join(lines), path=Path("feeds.toml"), environ={})
