"""A hook of MkDocs: writes the table of Keras's layers from the catalogue itself, so that it never drifts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograder.networks.catalogue import LAYERS
from autograder.networks.catalogue.operations import OPERATIONS
from autograder.networks.catalogue.table import LEFT_OUT

PAGE = "authors/layers.md"
MARK = "<!-- layers -->"
OPERATIONS_MARK = "<!-- operations -->"


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """The page's Markdown, with the table and the list in place of the marks."""
    if page.file.src_uri != PAGE:
        return markdown
    operations = ", ".join(f"`{name}`" for name in sorted(OPERATIONS))
    return markdown.replace(MARK, "\n".join(rows())).replace(OPERATIONS_MARK, operations)


def rows() -> Iterator[str]:
    """The table, a row for each layer."""
    yield "| layer | rebuilt | with |\n|---|---|---|"
    for name in sorted({*LAYERS, *LEFT_OUT, "InputLayer"}):
        if name in LEFT_OUT:
            yield f"| `{name}` | no | it {LEFT_OUT[name]} |"
        else:
            names = (
                ("shape", "dtype") if name == "InputLayer" else (*LAYERS[name].INNER, *LAYERS[name].__struct_fields__)
            )
            yield f"| `{name}` | yes | {', '.join(f'`{each}`' for each in names)} |"
