"""The files in deploy/ are well-formed, unprivileged and read-only, and docs name real commands.

Run them alone with `pytest tests/deploy`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest

from aggregator import __version__
from aggregator.cli.main import cli

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
Compose = dict[str, Any]
# How a page calls the program: by name or by path, with or without --config.
CALL = re.compile(r"(?:^|\s|bin/)aggregator (?:--config \S+ )?(?=[a-z])")
PAGES = ("install", "upgrade", "backup", "erase", "capacity")


def unit() -> dict[str, list[str]]:
    """Key -> its values, of all sections."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "aggregator.service").read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def instructions() -> list[tuple[str, str]]:
    """Instruction, arguments of the Containerfile; continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Containerfile").read_text())
    lines = (line.strip() for line in text.splitlines())
    words = (line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    return [(word, rest) for word, rest in words]


def last_stage() -> dict[str, str]:
    steps = instructions()
    last = max(at for at, (word, _) in enumerate(steps) if word == "FROM")
    return dict(steps[last:])


@pytest.fixture(scope="module")
def compose() -> Compose:
    yaml = pytest.importorskip("yaml")
    loaded: Compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "aggregator.service").read_text()
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE)
    text = re.sub(r"^(User|Group)=.*$", r"\1=daemon", text, flags=re.MULTILINE)
    copy = tmp_path / "aggregator.service"
    copy.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "aggregator.service" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("User", "aggregator", id="an unprivileged user"),
        pytest.param("ProtectSystem", "strict", id="a read-only root"),
        pytest.param("NoNewPrivileges", "yes", id="no way to more privileges"),
        pytest.param("CapabilityBoundingSet", "", id="no capabilities"),
        pytest.param("StateDirectory", "aggregator", id="one folder to write to"),
        pytest.param("ExecReload", "/bin/kill -HUP $MAINPID", id="reload applies feeds.toml"),
    ],
)
def test_the_unit_has(key: str, value: str) -> None:
    assert unit()[key] == [value]


def test_the_unit_gives_the_daemon_the_ten_seconds_it_may_need() -> None:
    assert int(unit()["TimeoutStopSec"][0]) > 10


def test_the_image_runs_unprivileged_and_is_watched() -> None:
    stage = last_stage()
    user, _, group = stage["USER"].partition(":")
    assert user.isdecimal()
    assert int(user) >= 1000
    assert int(group) >= 1000
    assert "/healthz" in stage["HEALTHCHECK"]
    assert stage["VOLUME"] == "/data"
    assert stage["CMD"] == '["run"]'


def test_the_image_holds_locked_packages_only() -> None:
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert installs
    assert all("--require-hashes" in rest or "--no-deps" in rest for rest in installs)


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    kept = (DEPLOY / "Containerfile.dockerignore").read_text().split()
    for word, rest in instructions():
        if word != "COPY" or rest.startswith("--from"):
            continue
        for source in rest.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source.split('/')[0]}" in kept, source


def test_no_image_is_of_a_moving_tag(compose: Compose) -> None:
    named = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    named += [service["image"] for service in compose["services"].values()]
    for image in named:
        _, colon, tag = image.partition(":")
        assert colon, image
        assert tag != "latest"
        assert tag[0].isdecimal(), image


@pytest.mark.parametrize("service", ["app", "db"])
def test_a_service_is_read_only_unprivileged_and_has_named_places_to_write(
    compose: Compose, service: str
) -> None:
    found = compose["services"][service]
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in found["security_opt"]
    assert int(found["user"].split(":")[0]) > 0
    assert any(place.startswith("/tmp") for place in found["tmpfs"])
    volumes = {place.split(":")[0] for place in found["volumes"]}
    assert volumes <= set(compose["volumes"])


def test_the_pages_are_offered_to_this_machine_only(compose: Compose) -> None:
    ports = compose["services"]["app"]["ports"]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert "ports" not in compose["services"]["db"]


def test_no_password_stands_in_the_files(compose: Compose) -> None:
    for service in compose["services"].values():
        for value in service["environment"].values():
            assert "PASSWORD" not in value.upper() or "${POSTGRES_PASSWORD:?" in value


def test_files_name_this_version(compose: Compose) -> None:
    assert compose["services"]["app"]["image"] == f"aggregator:{__version__}"
    assert f"aggregator:{__version__}" in (DEPLOY / "Containerfile").read_text()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_real_commands_and_options_only(page: str) -> None:
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text()
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", text, flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    named = [line for line in lines if CALL.search(line)]
    assert named or page == "capacity"
    for line in named:
        words = CALL.split(line, maxsplit=1)[1].split()
        _check_command(cli, words, line)


def _check_command(command: click.Command, words: list[str], line: str) -> None:
    while words and isinstance(command, click.Group):
        assert words[0] in command.commands, line
        command = command.commands[words.pop(0)]
    options = {name for parameter in command.params for name in parameter.opts}
    for word in words:
        if word.startswith("--"):
            assert word.split("=")[0] in options, line
