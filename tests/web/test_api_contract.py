"""The API keeps to its own description, whatever it is asked (schemathesis)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.result import Err, Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from aggregator.store import accounts, tokens
from aggregator.store.accounts import Role
from aggregator.web.api import PREFIX, create_api
from aggregator.web.api_access import token_hash
from aggregator.web.failures import add_failure_pages
from aggregator.web.services import WebServices
from tests.actions.desk import Desk, open_desk

pytestmark = pytest.mark.slow

CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def api() -> Iterator[schemathesis.BaseSchema]:
    with tempfile.TemporaryDirectory() as folder:
        desk = open_desk(Path(folder))
        fill(desk)
        services = WebServices(database=desk.database, settings=desk.settings, clock=desk.clock)
        app = FastAPI()
        # Addresses with a line feed do not reach what is mounted.
        add_failure_pages(app)
        app.mount(PREFIX, create_api(services))
        yield schemathesis.openapi.from_asgi(f"{PREFIX}/openapi.json", app)
        desk.database.dispose()


def fill(desk: Desk) -> None:
    for number in range(3):
        desk.copy(desk.open(f"Ferry {number}", f"Ferry number {number}."))
    with desk.database.write() as conn:
        user = accounts.add_user(conn, "ada", role=Role.EDITOR, password_hash="x", now=desk.now)
        tokens.add(conn, user, name="t", secret_sha256=token_hash("s3cret"), now=desk.now)


EDITOR = {"Authorization": "Bearer s3cret"}
OPERATIONS = (
    "GET /changes",
    "GET /decisions",
    "GET /entries/{entry_id}",
    "GET /explain/{entry_id}/{other_id}",
    "GET /export",
    "GET /feeds",
    "GET /pins",
    "GET /search",
    "GET /stories",
    "GET /stories/{story_id}",
    "POST /stories/{story_id}/release",
    "POST /pins",
    "DELETE /pins/{pin_id}",
)
NO_PARAMETERS = frozenset({"GET /feeds", "GET /pins"})


def operations_of(api: schemathesis.BaseSchema) -> dict[str, Any]:
    results = list(api.get_all_operations())
    assert not any(isinstance(result, Err) for result in results)
    found = [result.ok() for result in results if isinstance(result, Ok)]
    return {f"{one.method.upper()} {one.path}": one for one in found}


def test_every_operation_is_asked(api: schemathesis.BaseSchema) -> None:
    assert set(operations_of(api)) == set(OPERATIONS)


@pytest.mark.parametrize("headers", [{}, EDITOR], ids=["nobody", "an editor"])
@pytest.mark.parametrize(
    ("mode", "operation"),
    [
        *((GenerationMode.POSITIVE, operation) for operation in OPERATIONS),
        # What takes no parameters cannot be asked wrongly.
        *((GenerationMode.NEGATIVE, o) for o in OPERATIONS if o not in NO_PARAMETERS),
    ],
    ids=str,
)
def test_no_request_breaks_the_contract(
    api: schemathesis.BaseSchema,
    operation: str,
    headers: dict[str, str],
    mode: GenerationMode,
) -> None:
    strategy = operations_of(api)[operation].as_strategy(generation_mode=mode)

    @given(case=strategy)
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()
