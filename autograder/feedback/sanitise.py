"""A student's HTML, Markdown and images, reduced to what is harmless. Trusted side.

What is left has no style, class, id or event handler, so that it can neither leave its frame nor look like ours; no
form, script, frame or SVG markup; links only to the web, pictures only as data.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from collections.abc import Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import nh3
from markupsafe import Markup, escape

from autograder.feedback.safe_text import scrub
from autograder.feedback.svg_picture import svg_picture
from autograder.language import N_
from autograder.language import gettext as _

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

__all__ = ["MAX_MARKUP", "MAX_PICTURE", "clean_html", "markdown_html", "picture_html"]

MAX_MARKUP = 256_000
"""Longest HTML or Markdown that is sanitised, in characters; the parser's time grows with its square."""

MAX_PICTURE = 2_000_000
"""Longest picture, in characters of base64."""

_MAX_TAGS = 10_000
_MAX_PIXELS = 40_000_000
_REFUSED = N_("A picture must be pasted in, undamaged, and have at most {millions} million pixels.")
# fmt: off
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "del", "div", "em", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp",
    "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
}
_DROPPED_WITH_CONTENT = {
    "script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "math", "title", "head",
    "textarea", "select", "button", "audio", "video", "canvas",
}
# fmt: on
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_MAGIC = {
    "png": b"\x89PNG\r\n\x1a\n",
    "jpeg": b"\xff\xd8\xff",
    "gif": b"GIF8",
}
_DATA_PICTURE = re.compile(r"\s*data:image/(png|jpe?g|gif);base64,([A-Za-z0-9+/=\s]+)\Z", re.IGNORECASE)
# The patterns below are sound on nh3's output only: there, "<" and ">" appear in tags and nowhere else.
_HEADING = re.compile(r"<(/?)h([1-6])>")
_IMAGE = re.compile(r"<img((?: [a-z]+=\"[^\"<>]*\")*)>")
_ATTACHED = re.compile(r"(<img [^<>]*?\bsrc=\")attachment:([^\"<>]*)")
_EMPTY_LINK = re.compile(r"<a [^<>]*>\s*</a>")
_EMPTY_HEADER = re.compile(r"<th((?: [a-z]+=\"[^\"<>]*\")*)>(?:\s|&nbsp;)*</th>")
_TAG = re.compile(r"<[^<>]*>")


def clean_html(html: str, attachments: Mapping[str, str] = MappingProxyType({})) -> Markup | None:
    """Hostile HTML as safe HTML; headings become h4 to h6, below the page's own, without leaving a level out.

    Args:
        html: The HTML.
        attachments: Name → data URL of the picture that `attachment:<name>` stands for; hostile, too.

    Returns:
        None when nothing visible is left, or when the HTML is too long or too intricate to be judged.
    """
    if len(html) > MAX_MARKUP or html.count("<") > _MAX_TAGS:
        return None
    checked = ((quote(name, safe="", errors="replace"), _picture(url)) for name, url in attachments.items())
    pictures = {name: url for name, url in checked if url is not None}
    cleaned = _clean(scrub(html), pictures)
    # A browser parses our output anew. What does not come out of the parser as it went in might change its meaning
    # there (close our frame, run on behind it), so only a fixed point is shown.
    for _attempt in range(3):
        again = _clean(cleaned, pictures)
        if again == cleaned:
            break
        cleaned = again
    else:
        return None
    cleaned = _EMPTY_LINK.sub("", cleaned)
    if len(cleaned) > 4 * MAX_MARKUP or not ("<img " in cleaned or _TAG.sub("", cleaned).strip()):
        return None
    cleaned = _EMPTY_HEADER.sub(r"<td\1></td>", _with_headings_below_ours(cleaned))
    cleaned = _IMAGE.sub(_with_alternative, cleaned)
    cleaned = _ATTACHED.sub(lambda match: match[1] + pictures[match[2]], cleaned)
    return Markup(cleaned)  # noqa: S704 - sanitised


def markdown_html(source: str, attachments: Mapping[str, str] = MappingProxyType({})) -> Markup:
    """A student's Markdown (CommonMark, tables, formulas as code) as safe HTML; as plain text if it cannot be read.

    Args:
        source: The Markdown.
        attachments: See `clean_html`.
    """
    if len(source) <= MAX_MARKUP // 4:
        try:
            cleaned = clean_html(_markdown().render(scrub(source)), attachments)
        except (RecursionError, ValueError, LookupError):
            cleaned = None
        if cleaned is not None:
            return cleaned
    return Markup("<pre>{}</pre>").format(scrub(source)) if source.strip() else Markup("")


def picture_html(mime: str, data: str, alt: str) -> Markup | None:
    """An `<img>` of `image/png`, `image/jpeg`, … (base64) or `image/svg+xml` (text); None if it is none, or too big.

    SVG is shown as an image only: in there, browsers run no script and load nothing.
    """
    if len(data) > MAX_PICTURE:
        return None
    source: str | None
    if mime == "image/svg+xml":
        drawing = svg_picture(data)
        source = drawing and f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"
    else:
        source = _picture(f"data:{mime};base64,{data}")
    return Markup('<img src="{}" alt="{}">').format(source, scrub(alt)) if source else None


def _clean(html: str, pictures: Mapping[str, str]) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=partial(_attribute, pictures),
        generic_attribute_prefixes=set(),
        link_rel="noopener noreferrer",
        url_schemes={"http", "https", "mailto", "data", "attachment"},
        url_relative="deny",
    )


def _attribute(pictures: Mapping[str, str], tag: str, name: str, value: str) -> str | None:
    if name == "href":
        ours = value.strip().lower().startswith(("data:", "attachment:"))
        return None if ours else value.replace("<", "%3C").replace(">", "%3E")
    if name == "src":
        attached = quote(unquote(value.removeprefix("attachment:")), safe="", errors="replace")
        return f"attachment:{attached}" if attached in pictures else _picture(value)
    if name == "alt":
        return value.translate({ord("<"): "‹", ord(">"): "›"})
    if name in ("colspan", "rowspan", "start"):
        return value if value.isascii() and value.isdigit() and len(value) < 4 else None
    return value if tag == "a" and name == "rel" else None


def _picture(url: str) -> str | None:
    """The data URL of a bitmap, normalised, or None when it is anything else."""
    match = _DATA_PICTURE.match(url) if len(url) <= MAX_PICTURE + 100 else None
    if match is None:
        return None
    kind = match[1].lower().replace("jpg", "jpeg")
    encoded = "".join(match[2].split())
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not data.startswith(_MAGIC[kind]):
        return None
    pixels = _pixels(kind, data)
    return f"data:image/{kind};base64,{encoded}" if pixels is not None and pixels <= _MAX_PIXELS else None


def _pixels(kind: str, data: bytes) -> int | None:
    """Width times height as the header says: a few kilobytes can unpack to gigabytes. None if it does not say."""
    try:
        if kind == "png":
            return _product(">II", data, 16)
        if kind == "gif":
            return _product("<HH", data, 6)
        at = 2
        while True:  # JPEG: segments up to the first that begins a frame
            code = data[at + 1]
            if data[at] != 0xFF or not 0xC0 <= code < 0xFF or 0xD0 <= code <= 0xDA:
                return None
            if code not in (0xC4, 0xC8, 0xCC) and code <= 0xCF:
                return _product(">HH", data, at + 5)
            at += 2 + max(2, *struct.unpack_from(">H", data, at + 2))
    except (struct.error, IndexError):
        return None


def _product(form: str, data: bytes, at: int) -> int:
    return int(math.prod(struct.unpack_from(form, data, at)))


def _with_headings_below_ours(html: str) -> str:
    above: list[int] = []  # the levels of the headings that the next one may be below
    opened: list[int] = []

    def renumbered(match: re.Match[str]) -> str:
        if match[1]:
            return f"</h{opened.pop()}>"
        level = int(match[2])
        above[:] = [each for each in above if each < level] + [level]
        opened.append(min(3 + len(above), 6))
        return f"<h{opened[-1]}>"

    return _HEADING.sub(renumbered, html)


def _with_alternative(match: re.Match[str]) -> str:
    attributes = match[1]
    if ' src="' not in attributes:
        alt = re.search(r' alt="([^"]+)"', attributes)
        what = _("picture not shown")
        why = _(_REFUSED).format(millions=_MAX_PIXELS // 10**6)
        return f"<em>[{what}{': ' + alt[1] if alt else ''}. {why}]</em>"
    return match[0] if " alt=" in attributes else f'<img{attributes} alt="Picture without a description">'


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # 40 ms that only a page with Markdown needs
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    def formula(content: str, _options: object) -> str:
        return f"<code>{escape(content)}</code>"

    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return markdown.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True, renderer=formula)
