"""Counts notebooks, and finds folders of several people that would pass for one student; all hostile. Trusted side.

A folder or zip of a student may hold several notebooks: drafts, copies, another attempt. Where two of them seem to be
of different people, nobody can say whose grade it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from autograder.errors import UsageError
from autograder.grading.intake import sources
from autograder.grading.intake.name_words import VERSION_WORDS, different_people, usual_words, words_of
from autograder.grading.intake.submissions import Item

__all__ = ["count_notebooks"]


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
    usual = usual_words(names.values())
    for item in items:
        people = different_people(
            names[item.student], usual | VERSION_WORDS | {*words_of(slug), *words_of(item.student)}
        )
        if len(people) > 1 and item.student not in listed and not item.certain:
            one, two, *_ = people
            raise UsageError(
                f"`{item.student}` would be one student with {len(names[item.student])} notebooks, such as `{one}` and "
                f"`{two}`. If these are several people, say how they are named: `--students file`, or a pattern such "
                "as `--students '[^/]+/(?P<name>[^/]+)/.*'`; unpack what is in zips. If it is one, say "
                "`--students folder`."
            )
    return sum(map(len, names.values()))
