"""Texts that a document of ours must survive, wherever they stand."""

from __future__ import annotations

__all__ = ["ATTACKS"]

ATTACKS = (
    "<script>alert(1)</script>",
    "]]><script>alert(1)</script><![CDATA[",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    '"><img src=x onerror="alert(1)">',
    "</content></entry></feed><entry>",
    "</title><script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "\x00\x01\x08\x0b\x1f\x7f\x85\x9f\ufffe\uffff\U0001ffff",
    "\u202egnp.exe\u202c \u2066x\u2069",
    "Caf\ufffd \ufeffBOM",
    "<!DOCTYPE x [<!ENTITY y 'z'>]>&y;",
    "\ud800 allein",
    "{{7*7}} ${7*7} \u2028\u2029",
    "AT&T &copy; &amp; &ampere; &nosuch; &",
)
