"""Bytes to characters: which encoding a document is really in. Pure.

A byte order mark wins; bytes that are valid UTF-8 are UTF-8 whatever is declared; then
the XML declaration, then the Content-Type, then windows-1252. Single broken bytes in a
document that is otherwise UTF-8 are read as windows-1252, so they cost nothing else.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

__all__ = ["Encoding", "decode", "detect"]

_BOMS = (
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
# Unmarked wide encodings, recognised by "<?" or "<r" (XML 1.0, appendix F).
_WIDE = (
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<\x00", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
)
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
# What browsers read for these labels (WHATWG Encoding Standard): supersets.
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
# Never taken from a label: UTF-7 and non-text codecs hide markup from any scanner.
_REFUSED = frozenset(("utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape"))
_SEVEN_BIT = ("iso2022", "hz")

_BROKEN = {0xDC00 + byte: bytes((byte,)).decode("cp1252", "replace") for byte in range(128, 256)}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a document's bytes are to be read.

    Attributes:
        codec: Python codec name.
        bom: Length of the byte order mark, bytes.
        declared: The label of the document or of its Content-Type, or None.
        honest: Whether the label was right, or there was none.
    """

    codec: str
    bom: int = 0
    declared: str | None = None
    honest: bool = True

    @property
    def ascii_compatible(self) -> bool:
        """Whether `<` and `>` are single bytes that mean nothing else."""
        return not self.codec.startswith(("utf-16", "utf-32", *_SEVEN_BIT))


def detect(body: bytes, content_type: str | None) -> Encoding:
    """Find the encoding of a document.

    Args:
        body: The whole document.
        content_type: Value of the Content-Type header, or None.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return Encoding(codec, bom=len(mark))
    for start, codec in _WIDE:
        if body.startswith(start):
            return Encoding(codec)
    in_document = _DECLARED.search(body[:1024])
    in_header = _CHARSET.search(content_type or "")
    labels = [in_document[1].decode("ascii")] if in_document else []
    labels += [in_header[1]] if in_header else []
    return _declared(body, labels)


def _declared(body: bytes, labels: list[str]) -> Encoding:
    """Find the encoding among the labels, unless the bytes say otherwise."""
    label = labels[0] if labels else None
    known = [codec for codec in map(_codec, labels) if codec]
    seven_bit = next((codec for codec in known if codec.startswith(_SEVEN_BIT)), None)
    if seven_bit and body.isascii():
        return Encoding(seven_bit, declared=label)
    if _is_utf8(body):
        honest = not known or known[0] == "utf-8" or body.isascii()
        return Encoding("utf-8", declared=label, honest=honest)
    for nth, codec in enumerate(known):
        if _decodes(body, codec):
            return Encoding(codec, declared=label, honest=nth == 0)
    fallback = next((codec for codec in known if codec != "utf-8"), "cp1252")
    return Encoding(fallback, declared=label, honest=not known)


def decode(piece: bytes, codec: str) -> str:
    """Decode a piece of a document; never fails. Broken bytes are read as windows-1252."""
    try:
        return piece.decode(codec)
    except UnicodeDecodeError:
        pass
    if codec == "utf-8":
        return piece.decode(codec, "surrogateescape").translate(_BROKEN)
    return piece.decode(codec, "replace")


def _codec(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    if name in _REFUSED or not _is_text_codec(name):
        return None
    return _SUPERSETS.get(name, name)


def _is_text_codec(name: str) -> bool:
    try:
        return b"<".decode(name) is not None and not name.startswith(("utf-16", "utf-32"))
    except (LookupError, UnicodeError, ValueError):
        return False


def _is_utf8(body: bytes) -> bool:
    """Valid UTF-8, or more valid sequences in it than broken bytes."""
    try:
        text = body.decode("utf-8", "surrogateescape")
    except UnicodeDecodeError:
        return False
    if text.isascii():
        return True
    broken = len(re.findall(r"[\udc80-\udcff]", text))
    return broken == 0 or len(re.findall(r"[^\x00-\x7f\udc80-\udcff]", text)) > broken


def _decodes(body: bytes, codec: str) -> bool:
    try:
        body.decode(codec)
    except UnicodeDecodeError:
        return False
    return True
