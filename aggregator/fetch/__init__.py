"""Stage 1: a feed's URL and validators -> bytes, "not modified", or a failure as a value.

fetcher.py     `Fetcher`: the stage; redirects, many requests
exchange.py    one request and its answer
posting.py     one POST and its answer
urls.py        hops, redirect rules, masking              (pure)
headers.py     what is sent, what is kept, Retry-After    (pure)
encodings.py   bounded decoders                           (pure)
failures.py    exceptions and statuses -> failures        (pure)
addresses.py   refused networks, names and ports          (pure)
backend.py     the guard at the socket
resolving.py   names -> addresses
transport.py   httpx over the guarded pool
politeness.py  concurrency, places and spacing per host
deadline.py    one deadline over all parts of an exchange
auth.py        `auth_env` -> headers                      (pure)
"""

from __future__ import annotations

from aggregator.fetch.auth import auth_headers
from aggregator.fetch.fetcher import Fetcher
from aggregator.fetch.resolving import Resolver
from aggregator.fetch.urls import mask_url

__all__ = ["Fetcher", "Resolver", "auth_headers", "mask_url"]
