"""Whatever the notation: what is not public is refused."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.fetch.addresses import (
    NAT64,
    REFUSED_NETWORKS,
    literal_address,
    why_host_refused,
    why_port_refused,
    why_refused,
)

# Kept apart from the module's own table, so that a line lost there is noticed here.
MUST_REFUSE_V4 = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15"),
    *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "192.88.99.0/24"),
)
MUST_REFUSE_V6 = (
    *("::/128", "::1/128", "::/96", "::ffff:0:0/96", "64:ff9b:1::/48", "100::/64"),
    *("2001::/32", "2001:db8::/32", "2002::/16", "3fff::/20", "fc00::/7", "fe80::/10"),
    *("fec0::/10", "ff00::/8", "fd00:ec2::/32", "5f00::/16", "4000::/3", "e000::/4"),
)


def addresses_of(networks: tuple[str, ...]) -> st.SearchStrategy[int]:
    parsed = [ipaddress.ip_network(network) for network in networks]
    return st.sampled_from(parsed).flatmap(
        lambda network: st.integers(int(network.network_address), int(network.broadcast_address))
    )


def notations_v4(value: int) -> list[str]:
    a, b, c, d = value.to_bytes(4, "big")
    dotted = f"{a}.{b}.{c}.{d}"
    full_width = dotted.translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    return [
        dotted,
        f"{dotted}.",
        str(value),
        hex(value),
        hex(value).upper(),
        f"0{value:o}",
        f"000{value:o}",
        f"{a}.{value & 0xFFFFFF}",
        f"{a}.{b}.{value & 0xFFFF}",
        f"0x{a:x}.{b}.0{c:o}.0X{d:X}",
        f"0{a:o}.0x{value & 0xFFFFFF:08x}",
        f"{a}%2e{b}.{c}.{d}",
        f"%3{str(a)[0]}{str(a)[1:]}.{b}.{c}.{d}",
        dotted.replace(".", "\u3002"),
        dotted.replace(".", "\uff61"),
        full_width,
        f"[::ffff:{dotted}]",
        f"[::ffff:{value >> 16:x}:{value & 0xFFFF:x}]",
        f"[0:0:0:0:0:FFFF:{dotted}]",
        f"[::{dotted}]",
        f"[64:ff9b::{dotted}]",
        f"[64:ff9b::{value >> 16:x}:{value & 0xFFFF:x}]",
        f"[2002:{value >> 16:x}:{value & 0xFFFF:x}::1]",
        f"[2001:0:{value >> 16:x}:{value & 0xFFFF:x}::]",
    ]


def notations_v6(value: int) -> list[str]:
    address = ipaddress.IPv6Address(value)
    return [
        f"[{address.compressed}]",
        f"[{address.exploded}]",
        f"[{address.exploded.upper()}]",
        f"[{address.compressed}%25eth0]",
        f"[{address.compressed}%eth0]",
        address.compressed,
    ]


@settings(deadline=None, max_examples=300)
@given(addresses_of(MUST_REFUSE_V4))
def test_every_special_ipv4_address_is_refused_in_every_notation(value: int) -> None:
    for notation in notations_v4(value):
        assert why_host_refused(notation) is not None, notation


@settings(deadline=None, max_examples=300)
@given(addresses_of(MUST_REFUSE_V6))
def test_every_special_ipv6_address_is_refused_in_every_notation(value: int) -> None:
    for notation in notations_v6(value):
        assert why_host_refused(notation) is not None, notation


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**32 - 1))
def test_every_plain_notation_of_an_ipv4_address_is_read_as_that_address(value: int) -> None:
    expected = ipaddress.IPv4Address(value)
    for notation in notations_v4(value)[:16]:
        assert literal_address(notation) == expected, notation


@settings(deadline=None, max_examples=500)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**128 - 1))
def test_nothing_that_python_calls_not_global_is_let_through(four: int, six: int) -> None:
    for address in (ipaddress.IPv4Address(four), ipaddress.IPv6Address(six)):
        if not address.is_global:
            assert why_refused(address) is not None or address in NAT64


@settings(deadline=None)
@given(st.sampled_from(REFUSED_NETWORKS))
def test_both_ends_of_every_listed_network_are_refused(entry: tuple[object, str]) -> None:
    network = ipaddress.ip_network(str(entry[0]))
    assert why_refused(network[0]) is not None
    assert why_refused(network[-1]) is not None


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("93.184.216.34", id="a public IPv4 address"),
        pytest.param("[2606:2800:220:1:248:1893:25c8:1946]", id="a public IPv6 address"),
        pytest.param("[64:ff9b::93.184.216.34]", id="a public address behind NAT64"),
        pytest.param("www.example.org", id="a name"),
        pytest.param("xn--mnchen-3ya.example", id="an internationalised name"),
        pytest.param("127.0.0.1.example.org", id="a name that begins like an address"),
        pytest.param("internal.example.org", id="a name that begins like a local one"),
        pytest.param("1e100.net", id="a name with digits"),
        pytest.param("0xcafe.example", id="a name with a hexadecimal label"),
    ],
)
def test_public_hosts_are_let_through(host: str) -> None:
    assert why_host_refused(host) is None


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("localhost", id="localhost"),
        pytest.param("LOCALHOST.", id="localhost in capitals with a dot"),
        pytest.param("feeds.localhost", id="a name under localhost"),
        pytest.param("metadata.google.internal", id="a cloud's metadata by name"),
        pytest.param("printer.local", id="a multicast name"),
        pytest.param("169.254.169.254", id="the metadata address"),
        pytest.param("[fd00:ec2::254]", id="the metadata address in IPv6"),
        pytest.param("168.63.129.16", id="a public address that is a cloud's own"),
        pytest.param("1.2.3.4.5", id="five parts"),
        pytest.param("256.1.1.1", id="a part too large"),
        pytest.param("4294967296", id="a decimal too large"),
        pytest.param("1.2.3.09", id="an impossible octal"),
        pytest.param("example.0x1", id="a name with a numeric end"),
        pytest.param("[::1", id="an open bracket"),
        pytest.param("[1::2::3]", id="no IPv6 address"),
        pytest.param("[fec0::1]", id="site-local"),
        pytest.param("[::ffff:0:127.0.0.1]", id="IPv4-translated"),
    ],
)
def test_hosts_of_no_public_network_are_refused(host: str) -> None:
    assert why_host_refused(host) is not None


def test_refused_ports_are_those_of_other_services() -> None:
    assert [why_port_refused(port) for port in (80, 443, 8000, 8080, 8443, 40_000)] == [None] * 6
    for port in (-1, 0, 22, 25, 3306, 5432, 6379, 11211, 65_536):
        assert why_port_refused(port) is not None, port
