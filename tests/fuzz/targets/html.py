"""`clean_html`: HTML that a student's cell displays."""

from __future__ import annotations

from autograder.feedback.sanitise import clean_html
from tests.fuzz.active_content import assert_inert

TOKENS = (
    *(b"<script>", b"</script>", b"<style>", b"<img src=x onerror=x()>", b"<svg>", b"<math>", b"<mtext>", b"<mglyph>"),
    *(b"<table>", b"<tr><td colspan=2>", b"<a href=", b"javascript:x", b"<!--", b"-->", b"<noscript>", b"<template>"),
    *(
        b"</div>",
        b"<pre>\n",
        b"<select>",
        b"<p title='",
        b"<title>",
        b"<form>",
        b"<b><p>",
        b"&#60;",
        b"&lt;",
        b"<![CDATA[",
    ),
    *(
        b"<foreignObject>",
        b"<annotation-xml encoding=text/html>",
        b"<plaintext>",
        b"<frameset>",
        b"<iframe srcdoc=",
        b"\0",
    ),
    *(
        b"data:image/png;base64,iVBORw0KGgo=",
        b"style=position:fixed",
        b"id=score",
        b"<ol start=3><li>",
        b"<h1>",
        b"<hr>",
    ),
)


def check(data: bytes) -> None:
    cleaned = clean_html(data.decode("utf-8", "surrogateescape"))
    if cleaned is not None:
        assert_inert(str(cleaned))
        str(cleaned).encode()
