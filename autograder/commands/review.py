"""`autograder review`: serves the pages on which a person grades. Trusted side."""

from __future__ import annotations

import contextlib
from pathlib import Path

from rich.console import Console

from autograder.grading.results.manual_csv import NAME
from autograder.review.decisions import Decisions
from autograder.review.web_application import serve_pages
from autograder.wording import counted

__all__ = ["run"]


def run(out: Path, *, named: bool, screen: Console) -> None:
    """Serve the pages of a finished output folder until interrupted.

    Args:
        out: The folder.
        named: Whether names are shown, in place of pseudonyms.
        screen: Where the address is printed, and at the end what still waits.

    Raises:
        UsageError: It holds no finished run, or `manual.csv` cannot be understood.
    """
    decisions = Decisions(out, named=named)

    def say(line: str) -> None:
        screen.print(line, soft_wrap=True, markup=False, highlight=False)

    def ready(address: str) -> None:
        say(f"Open {address}")
        say(f"Each decision is saved in {out / NAME} at once. Ctrl-C ends.")

    with contextlib.suppress(KeyboardInterrupt):
        serve_pages(decisions, ready)
    waiting = sum(part.waiting for part in decisions.parts())
    say(f"{counted(waiting, 'decision')} left. To make pages and grades of the others: autograder report {out}")
