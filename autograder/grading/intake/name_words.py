"""Whether names of files seem to be of different people: by the words in them; all hostile. Trusted side.

Drafts, copies and attempts of one student differ only in words for these, in the exercise's name, in the student's, or
in a name that most students' notebooks have. What is left is taken for a person's name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final

__all__ = ["VERSION_WORDS", "different_people", "usual_words", "words_of"]

# fmt: off
VERSION_WORDS: Final = frozenset({
    "answer", "answers", "assignment", "attempt", "backup", "copy", "corrected", "draft", "exercise", "final",
    "finished", "fixed", "homework", "hw", "ipynb", "late", "new", "notebook", "old", "resubmission", "rev", "revised",
    "solution", "submission", "submissions", "task", "test", "tmp", "untitled", "update", "updated", "ver", "version",
    "zip", "abgabe", "aufgabe", "entwurf", "kopie", "lösung", "neu", "übung",
})
# fmt: on


def words_of(name: str) -> list[str]:
    """The words of a name that are longer than a letter, without their numbers."""
    return [word for word in re.findall(r"[^\W\d_]+", name.casefold()) if len(word) > 1]


def usual_words(folders: Iterable[Sequence[str]]) -> set[str]:
    """The words that most folders have in the names of their notebooks; each folder's names are given."""
    inside = [{word for name in names for word in words_of(name)} for names in folders]
    inside = [words for words in inside if words]
    having = Counter(word for words in inside for word in words)
    return {word for word, count in having.items() if count > 1 and 2 * count > len(inside)}


def different_people(names: Sequence[str], known: Collection[str]) -> list[str]:
    """One name of each person that notebooks seem to be of; none where nothing in the names is a person's.

    Args:
        names: Of the notebooks of one folder.
        known: Words that are no person's.
    """
    people = {frozenset(words_of(name)) - set(known): name for name in names}
    people.pop(frozenset(), None)
    return sorted(people.values())
