"""A student's SVG reduced to shapes and text, of which a browser draws no more than a page can bear. Trusted side."""

from __future__ import annotations

import math
import re
from typing import Final
from xml.etree.ElementTree import Element, ParseError, fromstring, tostring

from autograder.feedback.safe_text import scrub

__all__ = ["svg_picture"]

MAX_DRAWN: Final = 50_000
"""Elements that are drawn, those that a reference repeats included."""
MAX_DEPTH: Final = 50

_NAMESPACE: Final = "{http://www.w3.org/2000/svg}"
# What draws each pixel many times (filters, masks, patterns, markers), what a student's text cannot mean in a picture
# (scripts, links, styles, HTML), and pictures in pictures are not among them.
_ELEMENTS: Final = frozenset(
    f"{_NAMESPACE}{name}"
    for name in (
        *("svg", "g", "a", "defs", "symbol", "use", "title", "desc", "clipPath", "linearGradient", "radialGradient"),
        *("stop", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"),
    )
)
_REFERENCE: Final = re.compile(r"#([^\s\"')]+)")
_EFFECT: Final = re.compile(r"filter|mask|animation|blend|dasharray:\s*0?\.0|\\", re.IGNORECASE)


def svg_picture(text: str) -> str | None:
    """The picture as XML that shows the same shapes; None if it is none, or would keep a browser busy."""
    if "<!entity" in text.lower():  # entities can expand to gigabytes
        return None
    try:
        root = fromstring(scrub(text))  # noqa: S314 - without entities
    except (ParseError, ValueError):
        return None
    if root.tag != f"{_NAMESPACE}svg":
        return None
    named = {name: element for element in root.iter() if (name := element.get("id"))}
    if _drawn(root, named, {}, 0) > MAX_DRAWN:
        return None
    _reduce(root)
    return tostring(root, encoding="unicode")


def _drawn(element: Element, named: dict[str, Element], known: dict[str, float], depth: int) -> float:
    """How many elements are drawn for this one, those it refers to included; infinity for too deep, or a circle."""
    if depth > MAX_DEPTH:
        return math.inf
    total = 1.0
    for child in element:
        total += _drawn(child, named, known, depth + 1)
    for name in _REFERENCE.findall(" ".join(element.attrib.values())):
        if name in named:
            if name not in known:
                known[name] = math.inf  # for a reference from inside
                known[name] = _drawn(named[name], named, known, depth + 1)
            total += known[name]
    return total


def _reduce(element: Element) -> None:
    for name, value in list(element.attrib.items()):
        local = name.rpartition("}")[2].lower()
        outside = local == "href" and not value.startswith("#")
        if (
            local.startswith("on")
            or local in ("filter", "mask")
            or outside
            or (local == "style" and _EFFECT.search(value))
        ):
            del element.attrib[name]
    for child in list(element):
        if child.tag in _ELEMENTS:
            _reduce(child)
        else:
            element.remove(child)
