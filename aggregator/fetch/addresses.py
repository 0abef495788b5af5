"""Which addresses, names and ports may be connected to. Pure: no look-up happens here.

A feed or a redirect names a host in one of many spellings. `literal_address` reads
every spelling a system's resolver would take for an address; `why_refused` judges
the address. The judgement is made twice: on the URL of each hop (the only check a
configured proxy leaves us) and on the address really connected to
(`aggregator.fetch.backend`), so a name that resolves differently the second time
gains nothing.

Order of judgement: refused networks, then, for IPv6, "global unicast or nothing",
then Python's own table as a second opinion that may only refuse more.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from urllib.parse import unquote

__all__ = [
    "NAT64",
    "REFUSED_NETWORKS",
    "REFUSED_PORTS",
    "REFUSED_SUFFIXES",
    "IPAddress",
    "literal_address",
    "why_host_refused",
    "why_port_refused",
    "why_refused",
]

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# IANA IPv4 and IPv6 Special-Purpose Address Registries, and what clouds add to them.
# Written out because `ipaddress.is_private` misses NAT64, 6to4 and fec0::/10, and
# changes its mind between patch releases of Python.
REFUSED_NETWORKS: tuple[tuple[IPNetwork, str], ...] = tuple(
    (ipaddress.ip_network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier (CGNAT)"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud's metadata service"),
        ("169.254.0.0/16", "link-local or a cloud's metadata service"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "reserved for documentation"),
        ("192.31.196.0/24", "reserved for DNS (AS112)"),
        ("192.52.193.0/24", "reserved for multicast tunnels"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved for DNS (AS112)"),
        ("198.18.0.0/15", "reserved for benchmarks"),
        ("198.51.100.0/24", "reserved for documentation"),
        ("203.0.113.0/24", "reserved for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved or broadcast"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::/96", "IPv4-compatible"),
        ("::ffff:0:0/96", "IPv4-mapped"),
        ("::ffff:0:0:0/96", "IPv4-translated"),
        ("64:ff9b:1::/48", "local NAT64"),
        ("100::/64", "discard-only"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "reserved for documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "reserved for DNS (AS112)"),
        ("3fff::/20", "reserved for documentation"),
        ("5f00::/16", "reserved for segment routing"),
        ("fc00::/7", "private (unique local) or a cloud's metadata service"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)

# The well-known NAT64 prefix reaches whatever IPv4 address it embeds: judge that one.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")

# Names that mean this machine or this network. Needed where a proxy resolves.
REFUSED_SUFFIXES: tuple[str, ...] = (
    "home.arpa",
    "internal",
    "local",
    "localdomain",
    "localhost",
)

# Services that act on what an HTTP request happens to say to them: the "bad ports" of
# the WHATWG Fetch standard that a server of feeds could be abused for, and common
# databases and agents. Every other port is allowed: feeds do live on odd ports.
REFUSED_PORTS: frozenset[int] = frozenset(
    {
        *(7, 9, 11, 13, 19, 20, 21, 22, 23, 25, 37, 42, 53, 69, 79, 110, 111, 113, 119, 123),
        *(135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 540, 548, 554, 556),
        *(563, 587, 601, 636, 993, 995, 1433, 1521, 1719, 1723, 2049, 2375, 2376, 2379, 2380),
        *(3306, 3389, 4045, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669),
        *(6697, 9042, 10080, 10250, 11211, 27017),
    }
)

_MAX_PORT = 65535
_IPV4_PARTS = 4
_BYTE = 256
# Full stops of other scripts that browsers and resolvers read as a dot (UTS 46).
_DOTS = str.maketrans({"\u3002": ".", "\uff61": ".", "\uff0e": "."})


def literal_address(host: str) -> IPAddress | None:
    """The address a URL's host part spells, in whatever notation, or None for a name.

    Read are dotted, decimal, octal, hexadecimal and short IPv4 (`127.1`,
    `0x7f000001`, `017700000001`), IPv6 with or without brackets and scope, a trailing
    dot, percent-encoded and full-width digits. As in the WHATWG URL standard, a host
    whose last label is a number is an IPv4 address or nothing at all.

    Raises:
        ValueError: It looks like an address, but is none.
    """
    text = unicodedata.normalize("NFKC", unquote(host)).translate(_DOTS)
    text = text.strip().removeprefix("[").removesuffix("]").removesuffix(".")
    if ":" in text:
        return ipaddress.IPv6Address(text.partition("%")[0])
    labels = text.split(".")
    if not _is_number(labels[-1]):
        return None
    return _ipv4_of(labels)


def why_refused(address: IPAddress) -> str | None:
    """Why `address` must not be connected to, in a few words, or None if it may be."""
    for network, reason in REFUSED_NETWORKS:
        if address in network:
            return reason
    if isinstance(address, ipaddress.IPv6Address):
        if address in NAT64:
            return why_refused(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        if address not in _GLOBAL_UNICAST:
            return "not global unicast"
    return None if address.is_global else "not a public address"


def why_host_refused(host: str) -> str | None:
    """Why the host part of a URL must not be asked, before any look-up, or None.

    Args:
        host: Host part of a URL; a name or an address in any notation.
    """
    try:
        address = literal_address(host)
    except ValueError:
        return "neither a name nor an address"
    if address is not None:
        return why_refused(address)
    name = host.casefold().rstrip(".")
    if any(name == suffix or name.endswith("." + suffix) for suffix in REFUSED_SUFFIXES):
        return "a name of this machine or network"
    return None


def why_port_refused(port: int) -> str | None:
    """Why a port must not be asked, or None."""
    if not 0 < port <= _MAX_PORT:
        return "not a port"
    return "a port of another service" if port in REFUSED_PORTS else None


def _is_number(label: str) -> bool:
    if not label.isascii():
        return False
    digits = label.lower()
    if digits.startswith("0x"):
        return all(character in "0123456789abcdef" for character in digits[2:])
    return digits.isdigit()


def _ipv4_of(labels: list[str]) -> ipaddress.IPv4Address:
    if len(labels) > _IPV4_PARTS:
        raise ValueError("too many parts")
    *leading, last = [_number(label) for label in labels]
    room = _BYTE ** (_IPV4_PARTS - len(leading))
    if last >= room or any(part >= _BYTE for part in leading):
        raise ValueError("a part is too large")
    value = 0
    for part in leading:
        value = value * _BYTE + part
    return ipaddress.IPv4Address(value * room + last)


def _number(label: str) -> int:
    if not _is_number(label):
        raise ValueError("not a number")
    if label[:2].lower() == "0x":
        return int(label[2:] or "0", 16)
    return int(label, 8) if label.startswith("0") else int(label)
