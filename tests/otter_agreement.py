"""Grades each kind of Otter's assignments with both tools, and prints where they agree: `make bench-otter`.

Arguments name some of the kinds, or exercises. With `--write`, what `otter run` gave to the kinds is stored in
`tests/otter_run.json`, from which the quick tests know it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import notebooks as nb
from tests.otter_exercises import EXERCISES, Exercise, as_of_otter
from tests.otter_kinds import MASTERS
from tests.otter_masters import Assigned, OtterMaster, assigned, otter_run

STORED = Path(__file__).with_name("otter_run.json")
PERSON = "a person decides"


@dataclass(frozen=True)
class Agreement:
    """Of one kind.

    Attributes:
        same: How many outcomes of cases are the same, over all hand-ins.
        by_hand: How many wait for a person.
        differ: `student: question - number of the case`, of the others.
        scores: Likewise `student: question`, of those whose scores differ although their cases do not.
        said: What was printed of cases that are not gradable.
    """

    same: int
    by_hand: int
    differ: list[str]
    scores: list[str]
    said: list[str]


def compared(master: OtterMaster | Exercise, made: Assigned, theirs: Mapping[str, Any], out: Path) -> Agreement:
    """Grade what was handed in, and compare it with what `otter run` gave."""
    done = nb.autograder("grade", made.zip, made.handed_in, "-o", out)
    assert done.returncode in (0, 1), done.stderr
    ours = nb.grades(out)
    assert ours.keys() == theirs.keys()
    same, by_hand = 0, 0
    differ, scores = [], []
    for student, questions in theirs.items():
        entry = ours[student]
        worth = master.worth or entry["possible"]
        scale = worth / entry["possible"]
        for question, given in questions.items():
            outcomes = _outcomes(entry, question, len(given["cases"]))
            for at, (one, other) in enumerate(zip(outcomes, given["cases"], strict=True), 1):
                by_hand += one == PERSON
                same += one == other
                if one not in (PERSON, other):
                    differ.append(f"{student}: {question} - {at}")
            score = sum(each["score"] for each in entry["questions"] if each["name"] == question)
            if outcomes == given["cases"] and abs(score * scale - given["score"]) > 0.02:
                scores.append(f"{student}: {question}")
    said = [line for line in done.stderr.splitlines() if line.startswith(("Not gradable here", "Left aside"))]
    return Agreement(same, by_hand, differ, scores, said)


def _outcomes(entry: Mapping[str, Any], question: str, count: int) -> list[Any]:
    """Whether each of Otter's cases passed."""
    parts = {each["name"]: each for each in entry["questions"]}
    own = iter(parts[question]["cases"])
    manual = parts[question]["manual"]
    by_hand = [manual or f"{question}_case{at}" in parts for at in range(1, count + 1)]
    return [PERSON if hand else next(own)["status"] == "pass" for hand in by_hand]


def main() -> int:
    """Print a table; 1 where a difference has no reason in `tests/otter_kinds.py`."""
    stored: dict[str, Any] = {}
    unexplained = 0
    named = [name for name in sys.argv[1:] if name[:1] != "-"]
    with tempfile.TemporaryDirectory() as folder:
        for master in (*MASTERS, *EXERCISES):
            if named and master.slug not in named:
                continue
            place = Path(folder) / master.slug
            made = assigned(master, place) if isinstance(master, OtterMaster) else as_of_otter(master, place)
            theirs = otter_run(made)
            if isinstance(master, OtterMaster):
                stored[master.slug] = theirs
            found = compared(master, made, theirs, Path(folder) / f"{master.slug}-out")
            print(f"{master.slug}: {found.same} outcomes agree, {len(found.differ)} differ, {found.by_hand} by hand")
            for line in found.said:
                print(f"    {line}")
            for where in found.differ + found.scores:
                reason = master.differs.get(where, "NOT EXPLAINED")
                unexplained += where not in master.differs
                print(f"    {where}: {reason}")
    if "--write" in sys.argv:
        stored = {**json.loads(STORED.read_text(encoding="utf-8")), **stored}
        STORED.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main())
