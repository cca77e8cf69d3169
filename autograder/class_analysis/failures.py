"""What went wrong in a case, and for whom: outcomes that failed alike stand together. Trusted side."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.records import Grade, LayerDiff, Outcome

__all__ = ["FailureGroup", "failure_groups", "layer_faults", "without_same_rows"]

MAX_TEXT = 600
MAX_FAULTS = 4
"""Where a network has more, it is another one, and what the message says of it as a whole is what counts."""

_FRACTION = re.compile(r"\d+\.\d+")
_SAME = LayerDiff("same")


@dataclass(frozen=True)
class FailureGroup:
    """Students for whom the same went wrong.

    Attributes:
        text: What, in words, with the smallest and the largest of fractions that differ: `0.81 to 0.94 is below 0.95`.
            Text of messages: hostile.
        grades: Theirs; of one student once.
    """

    text: str
    grades: tuple[Grade, ...]


def failure_groups(missed: Iterable[tuple[Grade, Outcome]]) -> list[FailureGroup]:
    """The outcomes of one case that did not pass, by what went wrong; the most frequent first.

    A student with several wrong layers is in several groups.
    """
    texts: dict[str, set[str]] = {}
    whose: dict[str, dict[str, Grade]] = {}
    for grade, outcome in missed:
        for text in _reasons(outcome):
            key = _FRACTION.sub("…", text)
            texts.setdefault(key, set()).add(text)
            whose.setdefault(key, {})[grade.student] = grade
    groups = [FailureGroup(_common(texts[key]), tuple(grades.values())) for key, grades in whose.items()]
    return sorted(groups, key=lambda group: -len(group.grades))


def _common(texts: Collection[str]) -> str:
    """One text for several that differ in fractions only."""
    fractions = iter([sorted(set(found), key=float) for found in zip(*map(_FRACTION.findall, texts), strict=True)])

    def given(_: re.Match[str]) -> str:
        found = next(fractions)
        return found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"

    return _FRACTION.sub(given, min(texts))


def _reasons(outcome: Outcome) -> Sequence[str]:
    """What went wrong: each wrong layer, where there are few, or the first line of what the instructor reads."""
    faults = [] if outcome.by_hand else list(layer_faults(outcome.diff))
    if 0 < len(faults) <= MAX_FAULTS:
        return faults
    said = outcome.comment if outcome.by_hand else outcome.detail or outcome.message
    return [said[:MAX_TEXT].strip().partition("\n")[0] or "Nothing is said of it"]


def layer_faults(diff: Iterable[LayerDiff]) -> Iterator[str]:
    """What is wrong with each layer: `Conv2D 32 instead of 64 in layer 11`; not what follows from layers above."""
    place = 0  # among the expected layers
    for row in diff:
        place += row.kind != "extra"
        expected, received = _layer(row.expected), _layer(row.received)
        if row.kind == "missing":
            yield f"{' '.join(expected)} is missing, layer {place}"
        elif row.kind == "extra":
            yield f"{' '.join(received)} is too much, after layer {place}"
        elif expected != received:
            yield f"{_instead(expected, received)} in layer {place}"


def without_same_rows(outcome: Outcome) -> Outcome:
    """An outcome that takes less memory, and still says all that `failure_groups` needs."""
    rows = (_SAME if row.kind == "same" else replace(row, hint="") for row in outcome.diff)
    return replace(outcome, diff=tuple(rows))


def _layer(text: str) -> list[str]:
    """The words of a layer, without its output shape."""
    return text.partition(" → ")[0].split()


def _instead(expected: Sequence[str], received: Sequence[str]) -> str:
    """What is there in place of what, without the words that both have."""
    if expected[:1] != received[:1]:
        return f"{' '.join(received)} instead of {' '.join(expected)}"
    given = [word for word in received[1:] if word not in expected]
    wanted = [word for word in expected[1:] if word not in received]
    return f"{received[0]} {' '.join(given) or 'nothing'} instead of {' '.join(wanted) or 'nothing'}"
