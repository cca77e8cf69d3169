"""What a browser would find in a piece of a page, by a parser that is not the one that cleaned it."""

from __future__ import annotations

import re
from collections.abc import Collection

import html5lib

# fmt: off
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "del", "div", "em", "h4", "h5", "h6",
    "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub",
    "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
}
# fmt: on
OF_STUDENTS = {
    *(("a", "href"), ("a", "rel"), ("img", "src"), ("img", "alt"), ("ol", "start")),
    *((cell, span) for cell in ("td", "th") for span in ("colspan", "rowspan")),
}
OURS = {("div", "class"), ("p", "class"), ("pre", "class"), ("span", "class")} | {
    (frame, name) for frame in ("div", "pre") for name in ("tabindex", "role", "aria-label")
}
_LINK = re.compile(r"(https?|mailto):", re.IGNORECASE)
_DROPPED = str.maketrans("", "", "\t\r\n")
"""What a browser drops wherever it stands in an address."""
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/]*={0,2}")


def assert_inert(html: str, attributes: Collection[tuple[str, str]] = frozenset(OF_STUDENTS)) -> None:
    """Require that a piece of a page stays in its place there, and can neither run nor load anything."""
    page = f"<!doctype html><body><div id=before></div><div id=frame>{html}</div><div id=after></div></body>"
    body = html5lib.parse(page, namespaceHTMLElements=False).find("body")
    found = [(child.tag, child.get("id")) for child in body]
    assert found == [("div", "before"), ("div", "frame"), ("div", "after")], f"{found} of {html}"
    assert not [child.tail for child in body if (child.tail or "").strip()], html
    for element in body[1].iter():
        if element is body[1]:
            continue
        assert isinstance(element.tag, str), f"a comment: {html}"
        assert element.tag in TAGS, f"<{element.tag}>: {html}"
        for name, value in element.items():
            assert (element.tag, name) in attributes, f"{element.tag} {name}={value!r}: {html}"
            if name == "href":
                assert _LINK.match(value.translate(_DROPPED)), f"{value!r}: {html}"
            if name == "src":
                assert _PICTURE.fullmatch(value), f"{value!r}: {html}"
