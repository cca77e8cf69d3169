"""The forms that a student's feedback can have beside the page: name → how it is made. Trusted side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from autograder.records import Assignment, Execution, Grade

__all__ = ["FORMS", "Form", "Maker"]

Maker = Callable[[Assignment, Grade, Execution, str], bytes]
"""Makes a form of one student's feedback, from exercise, grade, run and page."""


@dataclass(frozen=True)
class Form:
    """A form of feedback.

    Attributes:
        suffix: Of its files, such as `.md`.
        module: The module of `autograder.feedback` whose `prepare()` gives its `Maker`.
    """

    suffix: str
    module: str

    def prepare(self) -> Maker:
        """What makes this form; only now is loaded what it takes.

        Raises:
            UsageError: A program that it takes is missing.
        """
        made: Maker = import_module(f"autograder.feedback.{self.module}").prepare()
        return made


FORMS: Final = {
    "markdown": Form(".md", "student_markdown"),
    "pdf": Form(".pdf", "student_pdf"),
}
