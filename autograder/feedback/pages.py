"""The frame that all pages share: autoescaping templates, one style sheet, a policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from autograder.feedback.safe_text import inline, points, scrub
from autograder.wording import counted

__all__ = ["render"]

_TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: Any) -> str:
    """A whole page: self-contained, without scripts, and valid UTF-8 whatever the values hold."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_scrubbed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"inline": inline, "points": points, "counted": counted}
    style = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # The hash, not 'unsafe-inline': a style attribute that slipped through the sanitiser stays without effect.
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    environment.globals |= {"style": Markup(style), "policy": policy}  # noqa: S704 - our own file
    return environment


def _scrubbed(value: Any) -> Any:
    """Scrubs each text that a template puts out; `Markup` was scrubbed where it was made."""
    return scrub(value) if type(value) is str else value
