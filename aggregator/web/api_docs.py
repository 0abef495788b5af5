"""The API's description: for programs as OpenAPI, for people as a plain page of our own.

The usual viewers are foreign scripts, which the pages' security policy refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse, JSONResponse, Response

__all__ = ["router"]


def router(describe: Callable[[], dict[str, Any]]) -> APIRouter:
    """`/openapi.json`, `/docs`.

    Args:
        describe: Gives the OpenAPI document.
    """
    routes = APIRouter(include_in_schema=False)

    @routes.get("/openapi.json")
    def openapi() -> Response:
        return JSONResponse(describe())

    @routes.get("/docs")
    def docs() -> Response:
        return HTMLResponse("\n".join(_page(describe())))

    return routes


def _page(schema: Mapping[str, Any]) -> Iterator[str]:
    title = escape(schema["info"]["title"])
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}: API</title>"
    yield '<link rel="icon" href="/static/icon.svg" type="image/svg+xml">'
    yield '<link rel="stylesheet" href="/static/site.css"></head><body><main class="wide">'
    yield '<nav aria-label="Pages"><a href="/">Stories</a></nav>'
    yield f"<h1>{title}: API</h1>"
    for paragraph in schema["info"]["description"].split("\n\n"):
        yield f"<p>{_marked(paragraph)}</p>"
    yield '<p>For programs: <a href="openapi.json">openapi.json</a></p>'
    prefix = schema["servers"][0]["url"]
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield from _operation(f"{method.upper()} {prefix}{path}", operation)
    yield "<h2>Shapes</h2>"
    for name, shape in sorted(schema["components"]["schemas"].items()):
        yield from _shape(name, shape)
    yield "</main></body></html>"


def _operation(heading: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<h2 class="break"><code>{escape(heading)}</code></h2>'
    for paragraph in operation.get("description", "").split("\n\n"):
        yield f"<p>{_marked(paragraph)}</p>"
    parameters = operation.get("parameters", [])
    if parameters:
        # A table may be wider than a phone: it is scrolled, and the page is not.
        yield f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(heading)}">'
        yield "<table><caption>Parameters</caption><thead><tr><th scope='col'>Name</th>"
        yield "<th scope='col'>In</th><th scope='col'>Type</th><th scope='col'>Means</th></tr>"
        yield "</thead><tbody>"
        for one in parameters:
            cells = (one["name"], one["in"], _type(one["schema"]), one.get("description", ""))
            yield f"<tr>{''.join(f'<td>{_marked(cell)}</td>' for cell in cells)}</tr>"
        yield "</tbody></table></div>"
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        yield f"<p>Body: {escape(_type(body['schema']))}</p>"
    answers = (
        f"{status} {_type(kind['schema'])} ({media})"
        for status, answer in operation["responses"].items()
        for media, kind in answer.get("content", {}).items()
    )
    lines = (f'<li class="break">{escape(answer)}</li>' for answer in answers)
    yield f"<ul>{''.join(lines)}</ul>"


def _shape(name: str, shape: Mapping[str, Any]) -> Iterator[str]:
    yield f'<h3 class="break">{escape(name)}</h3>'
    yield f"<p>{escape(shape.get('description', ''))}</p>"
    if "enum" in shape:
        yield f"<p>One of {escape(', '.join(map(str, shape['enum'])))}</p>"
    rows = (
        f'<li class="break"><code>{escape(key)}</code>: {escape(_type(one))}'
        f" {escape(one.get('description', ''))}</li>"
        for key, one in shape.get("properties", {}).items()
    )
    yield f"<ul>{''.join(rows)}</ul>"


def _marked(text: str) -> str:
    """Escaped, what stands in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "anything")
