"""Counts notebooks, and finds folders of several people that would pass for one student; all hostile. Trusted side.

A folder or zip of a student may hold several notebooks: drafts, copies, another attempt. Their names differ only in
words for these, in the exercise's name, in the student's, or in a name that most students' notebooks have. What is left
of the names is taken for a person's name: where two notebooks of one student differ in it, nobody can say whose grade
it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from autograder.errors import UsageError
from autograder.grading.intake import sources
from autograder.grading.intake.submissions import MOODLE, Item

__all__ = ["count_notebooks"]

# fmt: off
VERSION_WORDS: Final = frozenset({
    "answer", "answers", "assignment", "attempt", "backup", "copy", "corrected", "draft", "exercise", "final",
    "finished", "fixed", "homework", "hw", "ipynb", "late", "new", "notebook", "old", "resubmission", "rev", "revised",
    "solution", "submission", "submissions", "task", "test", "tmp", "untitled", "update", "updated", "ver", "version",
    "zip", "abgabe", "aufgabe", "entwurf", "kopie", "lösung", "neu", "übung",
})
# fmt: on


def count_notebooks(items: Sequence[Item], slug: str, listed: Collection[str]) -> int:
    """How many notebooks the students handed in, those in zips of their own included.

    Args:
        items: The students.
        slug: The exercise.
        listed: Students of whom a class list says that they are one person each.

    Raises:
        UsageError: Several notebooks of one student seem to be of different people.
    """
    names = {item.student: [name for file in item.files for name in sources.notebook_names(file)] for item in items}
    words = {student: [_words(name) for name in inside] for student, inside in names.items()}
    inside_folders = [set().union(*found) for found in words.values() if any(found)]
    having = Counter(word for found in inside_folders for word in found)
    usual = {word for word, count in having.items() if count > 1 and 2 * count > len(inside_folders)}
    for item in items:
        known = usual | VERSION_WORDS | set(_words(slug)) | set(_words(item.student))
        found = zip(names[item.student], words[item.student], strict=True)
        people = {frozenset(each) - known: name for name, each in found}
        people.pop(frozenset(), None)
        certain = item.student in listed or any(MOODLE.fullmatch(file.parts[0]) for file in item.files)
        if len(people) > 1 and not certain:
            one, two, *_ = sorted(people.values())
            raise UsageError(
                f"`{item.student}` would be one student with {len(names[item.student])} notebooks, such as `{one}` and "
                f"`{two}`. If these are several people, give their folder as SOURCE; if it is one, leave one notebook "
                f"there, or name `{item.student}` in a class list (--roster)."
            )
    return sum(map(len, names.values()))


def _words(name: str) -> list[str]:
    """The words of a name that are longer than a letter, without their numbers."""
    return [word for word in re.findall(r"[^\W\d_]+", name.casefold()) if len(word) > 1]
