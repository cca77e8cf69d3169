"""`markdown_html`: a student's text, as HTML on a page."""

from __future__ import annotations

from autograder.feedback.sanitise import markdown_html
from tests.fuzz.active_content import assert_inert

TOKENS = (
    *(
        b"# ",
        b"* ",
        b"1. ",
        b"> ",
        b"    ",
        b"```\n",
        b"~~~\n",
        b"|a|b|\n|-|-|\n",
        b"[a](",
        b"![a](",
        b"[a]: ",
        b"<http://a>",
    ),
    *(b"$", b"$$", b"~~", b"**", b"_", b"`", b"\\", b"&#x3C;", b"<script>", b"<b ", b"onerror=", b"javascript:", b"\t"),
    *(
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"<?",
        b"</div>",
        b"\n\n",
        b"[^1]",
        b"<img src='",
        b"data:image/png;base64,",
        b"\0",
    ),
)


def check(data: bytes) -> None:
    html = markdown_html(data.decode("utf-8", "surrogateescape"))
    assert_inert(str(html))
    str(html).encode()
