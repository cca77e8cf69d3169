"""What the grader gave to a sample class: status and score of each student, status and points of each case.

    python -m tests.golden.snapshot SLUG OUT

writes `tests/golden/SLUG/expected.json` from the output folder `OUT` of `autograder grade SLUG
tests/golden/SLUG/class -o OUT --workers 2`. Do that where grading is meant to change, and read the difference.

The present files were made on an x86-64 processor with AVX-512, by TensorFlow 2.21 and one thread per sandbox. Another
processor, another TensorFlow or more threads add up floating-point numbers in another order: a trained network's
accuracy then differs by some tenths of a percent. Where that lies near a floor (`needs_review`, or a partial score),
the student's entry may differ; `answers.py` beside it says what must hold everywhere.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests import notebooks as nb

GOLDEN = Path(__file__).parent


def reduced(entries: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Student → what is compared; a case is `status points/possible`."""
    return {
        name: {
            "status": entry["status"],
            "score": f"{entry['score']:g}/{entry['possible']:g}",
            "cases": {
                case: f"{outcome['status']} {outcome['points']:g}/{outcome['possible']:g}"
                for case, outcome in nb.cases_of(entry).items()
            },
        }
        for name, entry in sorted(entries.items())
    }


def expected(slug: str) -> dict[str, Any]:
    """What the file of an exercise says."""
    read: dict[str, Any] = json.loads((GOLDEN / slug / "expected.json").read_text(encoding="utf-8"))
    return read


def main() -> None:
    """Write the file of one exercise."""
    slug, out = sys.argv[1:]
    text = json.dumps(reduced(nb.grades(Path(out))), indent=1, ensure_ascii=False) + "\n"
    (GOLDEN / slug / "expected.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
