"""The commands `autograder` and `python -m autograder`. Trusted side.

A student's install has the commands too, without what they need: one line says which extra brings it.
"""

from __future__ import annotations

import sys

__all__ = ["EXTRAS", "main"]

EXTRAS = {
    "jinja2": "grade",
    "markupsafe": "grade",
    "mdit_py_plugins": "grade",
    "nbconvert": "grade",
    "nbformat": "grade",
    "nh3": "grade",
    "pandas": "grade",
    "scipy": "grade",
    "typer": "grade",
    "jupytext": "author",
    "otter": "author",
    "yaml": "grade",
    "distributed": "dask",
    "PIL": "grade",
    "starlette": "review",
    "uvicorn": "review",
}
"""Module → the extra of this package that installs it; `live` is not here, no command imports anywidget."""


def main() -> None:
    """Run a command; where an extra is missing, say so in one line and end with exit status 2."""
    try:
        from autograder.cli import main as run

        run()
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        line = f'this command needs the extra [{extra}]: pip install "keras-autograder[{extra}]"'
        print(f"autograder: {line}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
