"""What all pages share: autoescaping templates, one style sheet, a strict content policy. Trusted side."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from autograder import language
from autograder.feedback.safe_text import cut, inline, points, scrub
from autograder.wording import counted

__all__ = ["content_policy", "jinja_environment", "render", "rendering_digest"]

_PACKAGE = Path(__file__).parents[1]
_TEMPLATES = Path(__file__).parent / "templates"
# Whose releases may make other pages of the same records.
_LIBRARIES = ("jinja2", "markdown-it-py", "markupsafe", "mdit-py-plugins", "nh3", "pygments")


def render(template: str, *, script: str = "", **values: Any) -> str:
    """A whole page: self-contained, and valid UTF-8 whatever the values hold.

    Args:
        template: Its name.
        script: The name of the only script that the page has and its content policy allows; none by default.
        values: What the template puts out; `style` and `policy` in place of those that all pages share.
    """
    return _pages(script).get_template(template).render(values)


def jinja_environment(*, html: bool, finalize: Callable[[Any], Any], final: type[str]) -> jinja2.Environment:
    """Our templates, with the filters `points`, `counted` and `cut`, and `_` and `ngettext` for texts with fields.

    Args:
        html: Whether they give HTML, and texts are escaped as such.
        finalize: What is done to each value that a template puts out.
        final: What a text is that is put out as it is.
    """

    def filled(text: str, values: Mapping[str, Any]) -> str:
        fields = {name: finalize(value) for name, value in values.items()}
        return final(final(text).format(**fields) if fields else text)  # `Markup.format` escapes them

    def translated(text: str, /, **values: Any) -> str:
        return filled(language.gettext(text), values)

    def translated_for(one: str, several: str, number: float, /, **values: Any) -> str:
        return filled(language.ngettext(one, several, number), {"number": points(number), **values})

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=html,  # noqa: S701 - Markdown has an escaping of its own, which `finalize` does
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"points": points, "counted": counted, "cut": cut}
    made.globals |= {"_": translated, "ngettext": translated_for, "language": language.language_in_use}
    return made


def content_policy(style: str, **allowed: str) -> str:
    """A page's content policy, from its style sheet and what it allows beside that, such as `script_src="'self'"`."""
    # The hash, not 'unsafe-inline': a style attribute that slipped through the sanitiser stays without effect.
    given = {"default_src": "'none'", "img_src": "data:", "style_src": _hash(style)}
    given |= {"base_uri": "'none'", "form_action": "'none'", **allowed}
    return "; ".join(f"{name.replace('_', '-')} {value}" for name, value in given.items())


@cache
def rendering_digest() -> str:
    """A digest of all that makes a page of records: this package's files and the libraries' versions."""
    digest = hashlib.sha256(repr([(name, version(name)) for name in _LIBRARIES]).encode())
    for path in sorted(_PACKAGE.rglob("*")):
        if path.suffix in (".py", ".j2", ".css", ".mo"):
            digest.update(f"{path.relative_to(_PACKAGE)} {path.stat().st_size}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def _pages(script: str) -> jinja2.Environment:
    made = jinja_environment(html=True, finalize=_scrubbed, final=Markup)
    made.filters["inline"] = inline
    style = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    code = (_TEMPLATES / script).read_text(encoding="utf-8") if script else ""
    policy = content_policy(style, **({"script_src": _hash(code)} if script else {}))
    made.globals |= {"style": Markup(style), "script": Markup(code), "policy": policy}  # noqa: S704 - the package's files
    return made


def _hash(content: str) -> str:
    """How a content policy names a text that it allows."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _scrubbed(value: Any) -> Any:
    """Scrubs each text that a template puts out; `Markup` was scrubbed where it was made."""
    return scrub(value) if type(value) is str else value
