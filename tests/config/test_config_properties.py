"""Whatever stands in the file: settings or a ConfigError, never anything else."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config.loading import settings_of, settings_of_text
from aggregator.config.locate import line_of, map_toml
from aggregator.config.problems import TABLES
from aggregator.errors import ConfigError
from aggregator.model.policy import Settings

PATH = Path("feeds.toml")
KEYS = sorted({name for model in TABLES.values() for name in model.model_fields})

scalars = (
    st.text(max_size=12)
    | st.integers()
    | st.booleans()
    | st.floats()
    | st.datetimes()
    | st.dates()
    | st.times()
    | st.sampled_from(["15m", "de", "ministry", "https://a.example/", "* * * * *", "a", "full"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
documents = st.dictionaries(
    st.sampled_from(sorted(TABLES[()].model_fields)) | st.text(max_size=5), values, max_size=5
)


def outcome(raw: dict[str, Any]) -> Settings | tuple[str, ...]:
    try:
        return settings_of(raw, path=PATH, environ={})
    except ConfigError as error:
        return error.problems


@given(documents)
@settings(deadline=None)
def test_any_document_is_settings_or_a_config_error(raw: dict[str, Any]) -> None:
    found = outcome(raw)
    if not isinstance(found, Settings):
        assert found
        assert all(message.isprintable() for message in found)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"id": scalars, "name": scalars, "kind": scalars},
            optional={
                "feed": st.lists(
                    st.dictionaries(
                        st.sampled_from(sorted(TABLES["outlet", "*", "feed", "*"].model_fields)),
                        values,
                    )
                )
                | values,
                "boilerplate": values,
                "issuer": values,
            },
        ),
        max_size=3,
    ),
    values,
)
@settings(deadline=None)
def test_any_outlets_are_settings_or_a_config_error(
    outlets: list[dict[str, Any]], outputs: object
) -> None:
    outcome({"outlet": outlets, "output": outputs, "issuers": outputs, "defaults": outputs})


@given(st.text(max_size=200) | st.text("[]{}\"=#.\n\\ ab1'", max_size=80))
@settings(deadline=None)
def test_any_text_is_settings_or_a_config_error(text: str) -> None:
    map_toml(text)
    with contextlib.suppress(ConfigError):
        settings_of_text(text, path=PATH, environ={})


names = st.text("abc-_1 .#[\"'ä", min_size=1, max_size=4)
plain = st.text(max_size=8) | st.integers(-5, 5) | st.lists(st.text("[]#\"'\n,", max_size=4))


@given(st.dictionaries(names, plain | st.dictionaries(names, plain, max_size=3), max_size=4))
@settings(deadline=None)
def test_every_key_of_a_text_is_found_on_its_line(raw: dict[str, Any]) -> None:
    text = tomlkit.dumps(raw)
    positions = map_toml(text)
    lines = text.split("\n")
    for name, value in raw.items():
        line = line_of((name,), positions.lines)
        assert line is not None
        assert name in lines[line - 1] or tomlkit.key(name).as_string() in lines[line - 1]
        for inner in value if isinstance(value, dict) else ():
            assert (name, inner) in positions.lines
