"""`[web]`: proxies that are believed, and the file of the signing key."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config import load
from aggregator.errors import ConfigError
from aggregator.model.policy import WebPolicy


def web(folder: Path, lines: str) -> WebPolicy:
    path = folder / "feeds.toml"
    path.write_text(f"[aggregator]\ncontact = 'a@b.example'\n[web]\n{lines}\n", encoding="utf-8")
    return load(path, environ={}).web


def test_nobody_is_believed_unless_named(tmp_path: Path) -> None:
    assert web(tmp_path, "").trusted_proxies == ()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param('["127.0.0.1/32"]', ("127.0.0.1/32",), id="a network"),
        pytest.param('["127.0.0.1", "::1"]', ("127.0.0.1/32", "::1/128"), id="addresses"),
        pytest.param('["10.0.0.0/8"]', ("10.0.0.0/8",), id="a wide network"),
        pytest.param('["2001:DB8::/32"]', ("2001:db8::/32",), id="IPv6 in capitals"),
        pytest.param('["::ffff:10.0.0.1"]', ("10.0.0.1/32",), id="IPv4 mapped into IPv6"),
        pytest.param('["::ffff:10.0.0.0/104"]', ("10.0.0.0/8",), id="a mapped network"),
    ],
)
def test_proxies_are_addresses_or_networks(
    tmp_path: Path, written: str, expected: tuple[str, ...]
) -> None:
    assert web(tmp_path, f"trusted_proxies = {written}").trusted_proxies == expected


@pytest.mark.parametrize(
    "written",
    [
        pytest.param('["proxy.example"]', id="a name"),
        pytest.param('["10.0.0.1/8"]', id="bits behind the prefix"),
        pytest.param('["0.0.0.0/0"]', id="everybody"),
        pytest.param('["::/0"]', id="everybody by IPv6"),
        pytest.param('["::ffff:0:0/96"]', id="everybody by mapped IPv4"),
        pytest.param('["*"]', id="a star"),
        pytest.param('"127.0.0.1"', id="no array"),
        pytest.param("[1]", id="a number"),
    ],
)
def test_anything_else_is_refused_with_its_key(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigError) as caught:
        web(tmp_path, f"trusted_proxies = {written}")
    assert "trusted_proxies" in str(caught.value)


def test_the_key_file_starts_at_the_folder_of_the_configuration(tmp_path: Path) -> None:
    assert web(tmp_path, "").signing_key_file is None
    assert web(tmp_path, "signing_key_file = 'keys/sign.pem'").signing_key_file == (
        tmp_path / "keys" / "sign.pem"
    )
