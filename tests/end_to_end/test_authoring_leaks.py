"""A secret that reached the students' files is found there, in whatever form."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest

from autograder.authoring.assign import assign
from autograder.authoring.leaks import refuse_leaks, secrets_of, texts_of
from autograder.authoring.master import read_master
from autograder.authoring.stub import make_stub
from autograder.errors import BuildError
from tests.masters import WHOLE, line_of, secret_arrays, write_repository

PIXELS = secret_arrays()["secret_pixels"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("repository")
    master = read_master(write_repository(root), root)
    return master, make_stub(master, assign(master, tmp_path_factory.mktemp("otter")))


def doctored(stub: bytes, **changes: object) -> bytes:
    """The stub with something added: `prose`, `output`, `metadata`, `code` or `test`."""
    notebook = json.loads(stub)
    first = next(
        cell for cell in notebook["cells"] if cell["cell_type"] == "code" and "Checks(" not in "".join(cell["source"])
    )
    if "prose" in changes:
        notebook["cells"][0]["source"].append(f"\n{changes['prose']}")
    if "code" in changes:
        first["source"] = ["".join(first["source"]), "\n", str(changes["code"])]
    if "output" in changes:
        first["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [changes["output"]]}]
    if "metadata" in changes:
        first["metadata"]["note"] = changes["metadata"]
    if "test" in changes:
        cell = next(cell for cell in notebook["cells"] if "Checks(" in "".join(cell["source"]))
        text = "".join(cell["source"])
        cell["source"] = [text.replace('"total": ', f'"total": {str(changes["test"])!r} ')]
    return json.dumps(notebook, indent=1, ensure_ascii=False).encode()


def search(master, content: bytes, name: str = "small.ipynb") -> None:
    refuse_leaks(master, secret_arrays(), {f"assignments/small/{name}": content})


def test_the_stub_is_clean(built):
    search(*built)


LEAKS = {
    "name of a hidden case": ({"prose": "see test_right_sum"}, "test_right_sum", "def test_right_sum"),
    "title of a hidden case": (
        {"prose": "The  sum is\nthe right one."},
        "The sum is the right one.",
        "def test_right_sum",
    ),
    "line of a hidden case": (
        {"metadata": 'assert abs(total - secret_totals[0]) <= allowance, "wrong sum"'},
        "a line of",
        "def test_right_sum",
    ),
    "line of it as Otter writes it": (
        {"output": "assert abs(total - secret_totals[0]) <= allowance, 'wrong sum'"},
        "a line of",
        "def test_right_sum",
    ),
    "remark in a hidden case": ({"code": "# only the instructor reads this remark"}, "a line of", "def test_right_sum"),
    "number of a hidden case": ({"prose": "It may be off by 0.0625."}, "0.0625", "def test_right_sum"),
    "text of a hidden case": ({"output": "wrong sum"}, "wrong sum", "def test_right_sum"),
    "hidden case among the embedded tests": (
        {"test": "\n@test_case(points=3, hidden=True)\ndef test_right_sum(total):\n    pass\n"},
        "test_right_sum",
        "def test_right_sum",
    ),
    "solution line": ({"code": "total = sum(numbers)"}, "a solution", "total = sum(numbers)"),
    "solution line in a string": (
        {"code": 'hint = "twice_as_much = number + number"'},
        "a solution",
        "twice_as_much = number + number",
    ),
    "solution's right-hand side in prose": ({"prose": "Try `sum(numbers)`."}, "a solution", "total = sum(numbers)"),
    "written solution": (
        {"metadata": "Because the pairs add up to the same number each time."},
        "a solution",
        "# Because the pairs",
    ),
    "rubric": ({"prose": "One point for naming Gauss and his pairs."}, "a rubric", "# name: why"),
    "name of the data file": (
        {"code": "path = '../reference/data/secrets.npz'"},
        "secrets.npz",
        "# # AUTOGRADER CONFIG",
    ),
    "hidden data in hex": ({"output": PIXELS.tobytes().hex()}, "hidden data", "# # AUTOGRADER CONFIG"),
    "hidden data in base64": (
        {"output": base64.b64encode(PIXELS.tobytes()).decode()},
        "hidden data",
        "# # AUTOGRADER CONFIG",
    ),
    "base64 that begins elsewhere": (
        {"output": base64.b64encode(b"x" + PIXELS.tobytes()).decode()},
        "hidden data",
        "# # AUTOGRADER CONFIG",
    ),
    "hidden data as a list": ({"output": str(PIXELS.ravel().tolist())}, "hidden data", "# # AUTOGRADER CONFIG"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_refuses(built, leak):
    master, stub = built
    change, what, place = LEAKS[leak]

    with pytest.raises(BuildError) as error:
        search(master, doctored(stub, **change))

    message = str(error.value)
    assert message.startswith("assignments/small/small.ipynb would give away")
    assert what in message
    line = line_of(WHOLE, place) + (-1 if place == "# name: why" else 0)
    assert f"reference/small/master.py:{line}. " in message


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_refuses_an_archive_with_hidden_data(built, save):
    file = io.BytesIO()
    save(file, x_train=np.zeros((4, 4)), x_test=PIXELS[3:])

    with pytest.raises(BuildError, match="hidden data"):
        search(built[0], file.getvalue(), "digits.npz")


@pytest.mark.parametrize("content", [PIXELS.tobytes(), b"garbage\xff" + PIXELS[4:].tobytes()])
def test_refuses_raw_hidden_data(built, content):
    with pytest.raises(BuildError, match="hidden data"):
        search(built[0], content, "digits.bin")


def test_refuses_a_stub_without_its_public_cases(built):
    master, stub = built
    notebook = json.loads(stub)
    notebook["cells"] = [cell for cell in notebook["cells"] if "Checks(" not in "".join(cell["source"])]

    with pytest.raises(BuildError, match=r"lacks the public case `test_is_a_number`. reference/small/master.py:\d+"):
        search(master, json.dumps(notebook).encode())


@pytest.mark.parametrize(
    "harmless", ["numbers", "a right sum", "0.06250001", "10.0625", "assert", "total = ...", "return"]
)
def test_leaves_alone_what_is_no_secret(built, harmless):
    master, stub = built

    search(master, doctored(stub, prose=harmless))


def test_what_the_master_shows_to_students_is_no_secret(tmp_path):
    """A given line that also solves a question is the author's choice, not a leak of Otter's."""
    text = WHOLE.replace("numbers = [4,", "print(sum([1, 2]))\ntotal = sum(numbers)\nnumbers = [4,")
    master = read_master(write_repository(tmp_path, text), tmp_path)

    assert not [secret for secret in secrets_of(master, {}) if secret.text == "total = sum(numbers)"]


def test_marked_solutions_that_otter_hands_out_are_found(tmp_path):
    text = WHOLE.replace(
        # Otter Assign strips marked lines only between the raw cells `# BEGIN SOLUTION` and `# END SOLUTION` …
        "numbers = [4,",
        "mean_a = 18  # SOLUTION\n# BEGIN SOLUTION\nmean_b = 18\n# END SOLUTION\nnumbers = [4,",
    ).replace(
        # … and knows its marks in capitals only.
        "total = sum(numbers)",
        "mean_c = 18  # solution\n# begin solution\nmean_d = 18\n# end solution\ntotal = sum(numbers)",
    )
    master = read_master(write_repository(tmp_path, text), tmp_path)
    (tmp_path / "otter").mkdir()
    stub = make_stub(master, assign(master, tmp_path / "otter"))

    found = {secret.text: secret.where for secret in secrets_of(master, {}) if secret.is_in(texts_of(stub))}

    assert found == {
        f"{name} = 18": f"reference/small/master.py:{line_of(text, name)}"
        for name in ("mean_a", "mean_b", "mean_c", "mean_d")
    }
    with pytest.raises(BuildError, match=r"a solution `mean_a = 18` \(and 3 more\)"):
        search(master, stub)


def test_otter_strips_a_mark_with_a_remark_behind_it(tmp_path):
    text = WHOLE.replace("sum(numbers)  # SOLUTION", "sum(numbers)  # SOLUTION: or np.sum")
    master = read_master(write_repository(tmp_path, text), tmp_path)

    assert [s.text for s in secrets_of(master, {}) if s.kind == "a solution"][:2] == [
        "total = sum(numbers)",
        "sum(numbers)",
    ]


def test_given_remarks_may_speak_of_a_solution(tmp_path):
    text = WHOLE.replace("numbers = [4,", "# a solution\n# the solution to all\nnumbers = [4,")
    master = read_master(write_repository(tmp_path, text), tmp_path)

    assert "the solution" not in "".join(secret.text for secret in secrets_of(master, {}))


def test_reads_strings_inside_code_inside_json():
    inner = "name = 'x'\nsecret = 'deep down'"
    content = json.dumps({"cells": [{"source": [f"tests = {inner!r}"]}]}).encode()

    assert "deep down" in texts_of(content).lines
