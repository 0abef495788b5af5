"""Files: atomic, unchanged bytes untouched, compressed beside, errors with advice."""

from __future__ import annotations

import errno
import gzip
import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # ships no stubs
import pytest

from aggregator.errors import PublishError
from aggregator.publish.documents import Document
from aggregator.publish.writer import Compression, remove_document, write_documents


def document(path: str = "merged.atom", body: bytes = b"<feed/>") -> Document:
    moment = datetime(2026, 3, 4, tzinfo=UTC)
    return Document(path=path, media_type="x/y", body=body, etag='"1"', updated=moment)


def names(directory: Path) -> list[str]:
    return sorted(str(p.relative_to(directory)) for p in directory.rglob("*") if p.is_file())


def test_documents_are_written_into_new_directories(tmp_path: Path) -> None:
    target = tmp_path / "public"
    paths = write_documents([document(), document("archive/000001.atom", b"a")], target)
    assert paths == ("merged.atom", "archive/000001.atom")
    assert names(target) == ["archive/000001.atom", "merged.atom"]
    assert (target / "merged.atom").stat().st_mode & 0o777 == 0o644


def test_unchanged_bytes_are_not_written_again(tmp_path: Path) -> None:
    write_documents([document()], tmp_path)
    before = (tmp_path / "merged.atom").stat()
    assert write_documents([document()], tmp_path) == ()
    after = (tmp_path / "merged.atom").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_reader_keeps_the_old_document_while_the_new_one_comes(tmp_path: Path) -> None:
    write_documents([document(body=b"old")], tmp_path)
    with (tmp_path / "merged.atom").open("rb") as reader:
        write_documents([document(body=b"new one")], tmp_path)
        assert reader.read() == b"old"
    assert (tmp_path / "merged.atom").read_bytes() == b"new one"


def test_compressed_forms_lie_beside_and_are_deterministic(tmp_path: Path) -> None:
    body = b"<feed>" + b"Ebbe und Flut. " * 500
    for name in ("one", "two"):
        write_documents([document(body=body)], tmp_path / name, compression=Compression())
    one, two = tmp_path / "one", tmp_path / "two"
    assert names(one) == ["merged.atom", "merged.atom.br", "merged.atom.gz"]
    assert gzip.decompress((one / "merged.atom.gz").read_bytes()) == body
    assert brotli.decompress((one / "merged.atom.br").read_bytes()) == body
    assert (one / "merged.atom.gz").read_bytes()[4:8] == bytes(4)  # no time in it
    for suffix in (".gz", ".br"):
        name = f"merged.atom{suffix}"
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_a_compressed_form_that_is_missing_is_made(tmp_path: Path) -> None:
    write_documents([document()], tmp_path)
    assert write_documents([document()], tmp_path, compression=Compression()) == ()
    assert names(tmp_path) == ["merged.atom", "merged.atom.br", "merged.atom.gz"]


def test_an_old_compressed_form_does_not_outlive_its_document(tmp_path: Path) -> None:
    write_documents([document()], tmp_path, compression=Compression())
    write_documents([document(body=b"new")], tmp_path)
    assert names(tmp_path) == ["merged.atom"]


def test_a_removed_document_takes_its_compressed_forms_along(tmp_path: Path) -> None:
    write_documents([document()], tmp_path, compression=Compression())
    assert remove_document(tmp_path, "merged.atom")
    assert not remove_document(tmp_path, "merged.atom")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "path", ["../merged.atom", "/etc/merged.atom", "a/../../b"], ids=["above", "absolute", "back"]
)
def test_nothing_is_written_outside(path: str, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="must lie inside"):
        write_documents([document(path)], tmp_path / "public")


@pytest.mark.parametrize("when", ["before the rename", "after the rename"])
def test_a_process_killed_while_writing_leaves_the_old_or_the_new(
    when: str, tmp_path: Path
) -> None:
    write_documents([document(body=b"old")], tmp_path)
    script = textwrap.dedent(
        """
        import os, signal, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from aggregator.publish.documents import Document
        from aggregator.publish.writer import write_documents

        real = Path.replace

        def killed(self, target):
            if sys.argv[2] == "after the rename":
                real(self, target)
            os.kill(os.getpid(), signal.SIGKILL)

        Path.replace = killed
        body = b"new " * 10_000
        now = datetime(2026, 3, 4, tzinfo=UTC)
        made = Document(path="merged.atom", media_type="x/y", body=body, etag="x", updated=now)
        write_documents([made], Path(sys.argv[1]))
        """
    )
    root = Path(__file__).parents[2]
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), when],
        check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert killed.returncode == -signal.SIGKILL
    expected = b"old" if when == "before the rename" else b"new " * 10_000
    assert (tmp_path / "merged.atom").read_bytes() == expected
    write_documents([document(body=b"next")], tmp_path)
    assert names(tmp_path) == ["merged.atom"]


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        pytest.param(errno.ENOSPC, "disk is full: free space", id="a full disk"),
        pytest.param(errno.EROFS, "read-only: remount it", id="a read-only file system"),
        pytest.param(errno.EACCES, "no permission: let", id="a forbidden directory"),
        pytest.param(errno.EIO, "Input/output error", id="a broken disk"),
    ],
)
def test_a_failure_keeps_the_last_document_and_gives_advice(
    number: int, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_documents([document(body=b"good")], tmp_path)

    def failing(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(PublishError, match=advice) as caught:
        write_documents([document(body=b"bad")], tmp_path)
    assert "last good document stays" in str(caught.value)
    assert names(tmp_path) == ["merged.atom"]
    assert (tmp_path / "merged.atom").read_bytes() == b"good"


def test_a_file_in_the_way_is_explained(tmp_path: Path) -> None:
    (tmp_path / "public").write_text("no directory")
    with pytest.raises(PublishError, match="public"):
        write_documents([document()], tmp_path / "public")


def test_a_directory_in_the_way_is_explained(tmp_path: Path) -> None:
    (tmp_path / "merged.atom").mkdir()
    with pytest.raises(PublishError, match="directory of that name"):
        write_documents([document()], tmp_path)
