"""`grader.check("question")`: the public cases, on the notebook's own values. Student's side.

The notebook itself contains the cases, so it works offline, renamed, and in Colab.
"""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.errors import BuildError
from autograder.expect import case_runner, test_files
from autograder.expect.keras1_names import modern_spelling
from autograder.language import gettext as _
from autograder.language import in_language
from autograder.networks import comparison
from autograder.notebook.serialised_values import SerialisedValues
from autograder.records import SANDBOX_VARIABLE, LayerDiff, Outcome
from autograder.wording import listed

__all__ = ["PACKAGE", "CheckResult", "CheckResults", "Checks"]

PACKAGE = "keras-autograder"

_MARKS = {"pass": "✓", "fail": "✗", "error": "!", "manual": "?"}
# Middle tones: readable on a light page as on a dark one. The marks say the same without colour.
_COLOURS = {"pass": "#2e9e4f", "fail": "#e0533d", "error": "#b8860b", "manual": "#b8860b"}
_ROW_COLOURS = {"same": "inherit", "different": "#b8860b", "missing": "#e0533d", "extra": "#8a63d2"}


@dataclass(frozen=True)
class CheckResult:
    """What the public cases of a question say; a notebook shows it as a text or as HTML.

    Attributes:
        note: Why nothing was checked, or empty.
        language: What it is shown in.
    """

    question: str
    outcomes: tuple[Outcome, ...] = ()
    note: str = ""
    language: str = "en"

    @property
    def passed(self) -> bool:
        """Whether all public cases passed."""
        return bool(self.outcomes) and all(outcome.status == "pass" for outcome in self.outcomes)

    def __repr__(self) -> str:
        with in_language(self.language):
            return self._text()

    def _repr_html_(self) -> str:
        with in_language(self.language):
            return self._html()

    def _text(self) -> str:
        if self.note:
            return f"{self.question}: {self.note}"
        lines = [f"{self.question}: {self._verdict()}"]
        for outcome in self.outcomes:
            lines.append(f"  {_MARKS[outcome.status]} {outcome.title}")
            lines += [f"      {line}".rstrip() for line in outcome.message.splitlines()]
        return "\n".join(lines)

    def _html(self) -> str:
        if self.note:
            return f"<p><code>{html.escape(self.question)}</code>: {_inline(self.note)}</p>"
        status = "pass" if self.passed else "fail"
        items = "".join(map(_item, self.outcomes))
        return (
            f'<div><p style="margin:0.3em 0">{_mark(status)} <code>{html.escape(self.question)}</code>: '
            f"{html.escape(self._verdict())}</p>"
            f'<ul style="list-style:none;margin:0;padding-left:1.2em">{items}</ul></div>'
        )

    def _verdict(self) -> str:
        passed = sum(outcome.status == "pass" for outcome in self.outcomes)
        if self.passed:
            if passed == 1:
                return _("passed. Grading may check more.")
            return _("all checks passed. Grading may check more.")
        return _("{passed} of {total} checks passed").format(passed=passed, total=len(self.outcomes))


class CheckResults(tuple[CheckResult, ...]):
    """The results of several questions; a notebook shows them below each other."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(map(repr, self))

    def _repr_html_(self) -> str:
        return "".join(result._repr_html_() for result in self)


class Checks:
    """The public cases of a notebook."""

    def __init__(self, tests: Mapping[str, str], install: str = PACKAGE, language: str = "en") -> None:
        """Keep the test files; nothing is loaded before it is needed.

        Args:
            tests: Question → test file.
            install: What stands behind `%pip install` to get this package.
            language: Of what is said: one of `language.LANGUAGES`.
        """
        self._tests = dict(tests)
        self._install = install
        self._language = language

    def __repr__(self) -> str:
        with in_language(self._language):
            return _("Checks for {names}: run `grader.check(…)` with one of these names.").format(names=self._names)

    @property
    def _names(self) -> str:
        return listed([f"`{name}`" for name in self._tests])

    def check(self, question: str = "") -> CheckResult:
        """Run a question's public cases on the notebook's values; without a question, say which there are."""
        values = _notebook_values()
        with in_language(self._language):
            if question:
                return self._check(question, values)
            note = _("give the name of a question ({names}), or run `grader.check_all()`.").format(names=self._names)
            return self._noted("grader.check()", note)

    def export(self, *given: object, **named: object) -> CheckResult:
        """Say what to do instead: with Otter-Grader, this makes the file to hand in."""
        with in_language(self._language):
            note = _("not needed here: save this notebook, and hand in its .ipynb file.")
            return self._noted("grader.export()", note)

    def check_all(self) -> CheckResults:
        """Run the public cases of all questions."""
        values = _notebook_values()
        with in_language(self._language):
            return CheckResults([self._check(question, values) for question in self._tests])

    def _noted(self, question: str, note: str) -> CheckResult:
        return CheckResult(question, note=note, language=self._language)

    def _check(self, question: str, values: Mapping[str, Any]) -> CheckResult:
        if os.environ.get(SANDBOX_VARIABLE):
            return self._noted(str(question), _("checked by the grader."))
        if question not in self._tests:
            if not self._tests:
                return self._noted(str(question), _("no such question in this notebook. There are none."))
            note = _("no such question in this notebook. There are {names}.").format(names=self._names)
            return self._noted(str(question), note)
        try:
            loaded = test_files.load(self._tests[question], f"{question}.py")
        except BuildError as error:
            note = _(
                "its checks cannot be loaded ({error}). Run `%pip install {package}` and restart the kernel."
            ).format(error=error, package=self._install)
            return self._noted(question, note)
        serialised = SerialisedValues(values, rebuilt_only=any(case.accept == "rebuilt" for case in loaded))
        missing = _last_error() or _(case_runner.RUN_IT)
        outcomes = tuple(case_runner.run(case, serialised, missing) for case in loaded)
        return CheckResult(question, outcomes, language=self._language)


def _last_error() -> str:
    """What to change after the notebook's last error, where that was the spelling of Keras 1; else empty."""
    error = getattr(sys, "last_value", None)  # Python's own place for an error that has been shown
    return modern_spelling(f"{type(error).__name__}: {error}") if error is not None else ""


def _notebook_values() -> Mapping[str, Any]:
    """The names of the notebook: IPython's, or else those of the module that called `check`."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        values: Mapping[str, Any] = shell.user_ns
        return values
    return sys._getframe(2).f_globals


# ---------------------------------------------------------------- HTML


def _item(outcome: Outcome) -> str:
    first, _break, rest = outcome.message.partition("\n")
    parts = [f'<li style="margin:0.3em 0">{_mark(outcome.status)} {_inline(outcome.title)}']
    if first:
        parts.append(f'<div style="padding-left:1.3em">{_inline(first)}</div>')
    if outcome.diff:
        parts.append(_table(outcome.diff))
    elif rest.strip():
        parts.append(f'<pre style="padding-left:1.3em;background:none">{html.escape(rest.strip())}</pre>')
    return "".join([*parts, "</li>"])


def _table(rows: Sequence[LayerDiff]) -> str:
    cell = "text-align:left;padding:0.15em 0.6em;border:0;border-top:1px solid rgba(128,128,128,0.35)"
    head = "".join(
        f'<th scope="col" style="{cell}">{title}</th>' for title in ("", "", _("Expected"), _("Received"), "")
    )
    body = []
    for row, (number, mark, *layers) in zip(rows, comparison.row_texts(rows), strict=True):
        sign = f'<b title="{row.kind}" style="color:{_ROW_COLOURS[row.kind]}">{mark}</b>' if mark else ""
        texts = (number, sign, *map(html.escape, layers))
        body.append(f'<tr style="background:none">{"".join(f"<td style={cell!r}>{text}</td>" for text in texts)}</tr>')
    return (
        '<div style="overflow-x:auto;padding-left:1.3em">'
        '<table style="border-collapse:collapse;margin:0.4em 0;color:inherit">'
        f'<thead><tr style="background:none">{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    )


def _mark(status: str) -> str:
    return f'<b style="color:{_COLOURS[status]}">{_MARKS[status]}</b>'


def _inline(text: str) -> str:
    """Escaped text, in which what stands between backticks is code."""
    parts = html.escape(text).split("`")
    if len(parts) % 2 == 0:
        return html.escape(text)
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
