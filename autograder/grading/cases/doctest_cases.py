"""Runs a case that is a doctest, as Otter's OK format has them, on values that were sent. Trusted side."""

from __future__ import annotations

import builtins
import contextlib
import doctest
import io
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from autograder.errors import Unsupported
from autograder.expect.mismatch import Mismatch, Unusable, original_error
from autograder.object_view import ObjectView

__all__ = ["check_doctest"]

MAX_SHOWN = 1_000


def check_doctest(code: str, names: Mapping[str, Any]) -> None:
    """Run a doctest's examples in order, up to the first whose output is another one.

    Args:
        code: The doctest; trusted.
        names: What it sees beside Python's own names.

    Raises:
        Mismatch: An example shows something else.
        Exception: Whatever an example raises that is not to.
    """
    checker, names = doctest.OutputChecker(), dict(names)
    for example in doctest.DocTestParser().get_examples(code):
        flags = sum(flag for flag, on in example.options.items() if on)
        if flags & doctest.SKIP:
            continue
        shown = io.StringIO()
        error: Exception | None = None
        try:
            with contextlib.redirect_stdout(shown), _displayhook():
                exec(compile(example.source, "<doctest>", "single", dont_inherit=True), names)  # noqa: S102
        except Exception as raised:
            if example.exc_msg is None or isinstance(raised, Unusable):
                raise
            error = raised
        got, want = shown.getvalue(), example.want
        if error is not None:
            got, want = original_error(error), str(example.exc_msg)
            if flags & doctest.IGNORE_EXCEPTION_DETAIL:
                got, want = _type_of(got), _type_of(want)
        if not checker.check_output(want, got, flags):
            if error is not None and not isinstance(error, Mismatch):
                raise error  # nothing that the student's code raised
            raise Mismatch(f"`{_first_line(example.source)}` gives another output.\n{_compared(want, got)}")


@contextlib.contextmanager
def _displayhook() -> Iterator[None]:
    """Show values as Python's own shell does; of an object that stays in the student's process nobody knows how."""

    def show(value: object) -> None:
        if isinstance(value, ObjectView):
            raise Unusable("The grader cannot see what this object shows of itself.") from Unsupported(repr(value))
        sys.__displayhook__(value)

    before, sys.displayhook = sys.displayhook, show
    try:
        yield
    finally:
        sys.displayhook = before
        builtins.__dict__.pop("_", None)  # the value that was shown last


def _type_of(message: str) -> str:
    """`Invalid` of `package.Invalid: what it says`, as the doctest module compares it."""
    first, *_ = message.partition("\n")
    return first.partition(":")[0].rpartition(".")[2]


def _compared(want: str, got: str) -> str:
    sides = (("Expected", want), ("Received", got))
    return "\n".join(
        f"{side}:\n{textwrap.indent(text[:MAX_SHOWN].rstrip() or '(nothing)', '    ')}" for side, text in sides
    )


def _first_line(source: str) -> str:
    first, _, rest = source.strip().partition("\n")
    return f"{first} …" if rest else first
