"""What a student's notebook imports of the package is there when the grader runs it."""

from __future__ import annotations

from tests.sandboxes import run_in_sandbox

LINES = """
from autograder import expect
from autograder.course import datasets, keras1
from autograder.live import LiveCNN
from autograder.notebook.selfcheck import Checks

(_, labels), _ = datasets.load_mnist()
report([repr(Checks({"train": ""}).check("train")), repr(LiveCNN("keras_gaps")), len(labels)])
expect.number(1, equal_to=1)
report(sorted(name for name in sys.modules if name.startswith("autograder.sandbox.host")))
"""


def test_self_check_course_and_live_network() -> None:
    answer = run_in_sandbox(LINES)
    assert answer.ending.code == 0, answer.ending.stderr_tail
    assert answer.reported == [
        ["train: checked by the grader.", "The live network is shown in your own notebook, not in the grader's.", 4000],
        [],
    ]
