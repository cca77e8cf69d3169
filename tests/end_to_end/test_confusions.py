"""What a network confuses: shown of a public case on data that students have, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autograder.records import Limits
from tests import notebooks as nb
from tests.notebooks import code

CASES = '''
from otter.test_files import test_case

OK_FORMAT = False

name = "bright"
points = 6

@test_case(points=2, hidden=False)
def test_public(bright):
    """`bright` on pictures that students have."""
    import numpy as np
    from autograder import expect

    pictures = np.repeat(np.arange(6) / 5, 64).reshape(6, 8, 8)
    expect.accuracy(bright, pictures, np.array([0, 0, 0, 1, 1, 1]), at_least=0.5, name="bright")

@test_case(points=2, hidden=False)
def test_on_hidden_data(bright, x_new, y_new):
    """`bright` on other pictures."""
    from autograder import expect

    expect.accuracy(bright, x_new, y_new, at_least=0.5, name="bright")

@test_case(points=2, hidden=True)
def test_hidden(bright):
    """`bright` on pictures that students do not have."""
    import numpy as np
    from autograder import expect

    pictures = np.repeat(np.arange(6) / 5, 64).reshape(6, 8, 8)
    expect.accuracy(bright, pictures, np.array([0, 0, 0, 1, 1, 1]), at_least=0.5, name="bright")
'''


def test_only_a_public_case_on_data_that_students_have_shows_what_is_confused(tmp_path: Path) -> None:
    x = np.repeat(np.arange(6) / 5, 64).reshape(6, 8, 8)
    limits = Limits(wall_seconds=60, cell_seconds=9, memory_mb=700)
    data = {"x_new": x, "y_new": np.array([0, 0, 0, 1, 1, 1])}
    bundle = nb.write_bundle(tmp_path / "small", {"bright": CASES}, limits=limits, data=data)
    answer = (
        "def bright(x):\n    return (x.mean(axis=(1, 2)) > 0.3).astype(int)"  # takes one of the dark ones for bright
    )
    nb.write_notebook(tmp_path / "class" / "ada.ipynb", code(answer, "answer:bright"))
    graded = nb.autograder("grade", bundle, tmp_path / "class", "-o", tmp_path / "out")
    assert graded.returncode == 0, graded.stdout + graded.stderr
    cases = nb.cases_of(nb.grades(tmp_path / "out")["ada"])
    assert {name: case["points"] for name, case in cases.items()} == dict.fromkeys(cases, 2)
    (confusion,) = cases["bright.public"].pop("confusions")
    assert confusion["counts"] == [[2, 1], [0, 3]]
    assert [each | {"picture": ""} for each in confusion["misread"]] == [
        {"index": 2, "true": 0, "predicted": 1, "picture": ""}
    ]
    assert not any(case.get("confusions") for case in cases.values())
    page = (tmp_path / "out" / "feedback" / "ada.html").read_text(encoding="utf-8")
    assert page.count("<code>bright</code> takes 1 of 6 inputs for another class, most often 0 for 1 (1).") == 1
    assert page.count('<table class="matrix">') == 1
    assert page.count(f'<img src="data:image/png;base64,{confusion["misread"][0]["picture"]}" alt="Input 2">') == 1
