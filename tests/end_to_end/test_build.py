"""`autograder build`, as an author meets it; and what the repository's own exercises may not give away."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autograder.authoring.build import build, find_slugs, hidden_data
from autograder.authoring.leaks import secrets_of, texts_of
from autograder.authoring.master import read_master
from tests.masters import WHOLE, line_of, write_repository
from tests.notebooks import autograder

ROOT = Path(__file__).parents[2]
SLUGS = find_slugs(ROOT)


# ---------------------------------------------------------------- the command


def test_build_then_check_then_drift(tmp_path):
    write_repository(tmp_path)

    built = autograder("build", "small", cwd=tmp_path)

    assert built.returncode == 0, built.stderr
    assert "small built: 5 files; stub 0, reference 9 of 9 points, and 1 that a person gives" in built.stdout
    assert [line for line in built.stderr.splitlines() if line.startswith("small: ")] == [
        "small: reading the master and its data …",
        "small: making the students' notebook and the bundle …",
        "small: looking for what the students' notebook gives away …",
        "small: grading the solution …",
        "small: grading the students' notebook …",
        "small: writing …",
    ]
    stub = tmp_path / "assignments" / "small" / "small.ipynb"
    first = stub.read_bytes()

    checked = autograder("build", "--check", cwd=tmp_path / "assignments")

    assert checked.returncode == 0, checked.stderr
    assert "small is up to date" in checked.stdout

    stub.write_bytes(first.replace(b"Six numbers", b"Sixty numbers"))
    drifted = autograder("build", "--check", cwd=tmp_path)

    assert drifted.returncode != 0
    assert "assignments/small/small.ipynb is not what the master says. Run `autograder build small`." in drifted.stdout
    assert "Run `autograder build small`." in drifted.stderr
    assert b"Sixty" in stub.read_bytes()

    assert autograder("build", "small", cwd=tmp_path).returncode == 0
    assert stub.read_bytes() == first


REFUSED = {
    "a stub that earns points": (
        WHOLE.replace('assert double(2) == 4, "it is not"', "assert callable(double)"),
        "`double` gives the untouched stub 4 of 4 points (case `four`)",
        "def test_four",
    ),
    "a reference that fails a hidden case": (
        WHOLE.replace("total = sum(numbers)", "total = sum(numbers) + 1"),
        "`total` gives the reference 2 of 5 points (case `right_sum`: wrong sum)",
        "def test_right_sum",
    ),
    "a reference that does not define a name": (
        WHOLE.replace("total = sum(numbers)  # SOLUTION", "if not numbers: total = sum(numbers)  # SOLUTION"),
        "`total` gives the reference 0 of 5 points (case `is_a_number`: `total` is not defined after this question",
        "def test_is_a_number",
    ),
    "a case that breaks": (
        WHOLE.replace("allowance = 0.0625", "allowance = 0.0625 / 0"),
        "case `right_sum` of `total` breaks on the reference: ZeroDivisionError",
        "def test_right_sum",
    ),
    "a case that imports what is not here": (
        WHOLE.replace("    allowance =", "    import nopackage_of_this_name\n    allowance =").replace(
            "total = sum(numbers)  # SOLUTION", "total = not_reached  # SOLUTION"
        ),
        "case `test_right_sum` cannot `import nopackage_of_this_name`: ModuleNotFoundError: No module named",
        "    import nopackage_of_this_name",
    ),
    "a hidden case that was decorated by hand": (
        WHOLE.replace("def test_right_sum", "@test_case(points=3, hidden=True)\ndef test_right_sum"),
        "`test_right_sum` is decorated by hand",
        "@test_case",
    ),
    "a marked solution that Otter hands out": (
        WHOLE.replace("numbers = [4,", "mean_of_all = 18  # SOLUTION\nnumbers = [4,"),
        "assignments/small/small.ipynb would give away a solution `mean_of_all = 18`",
        "mean_of_all",
    ),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refuses_and_names_file_line_and_fix(tmp_path, reason):
    text, what, place = REFUSED[reason]
    assert text != WHOLE
    write_repository(tmp_path, text)

    refused = autograder("build", cwd=tmp_path)

    assert refused.returncode != 0
    message, *others = (line for line in refused.stderr.splitlines() if not line.endswith(" …"))
    assert message.startswith(f"autograder: {what}")
    assert all(line.startswith("`total` gives the reference 0 of 5 points") for line in others)
    _, fix = message.split(f"reference/small/master.py:{line_of(text, place)}. ")
    assert fix
    assert not (tmp_path / "assignments").exists()
    assert not (tmp_path / "reference" / "small" / "bundle").exists()
    assert [path.name for path in (tmp_path / "reference" / "small").iterdir()] == ["master.py"]


def test_limits_of_the_master_hold_for_its_own_reference(tmp_path):
    text = WHOLE.replace("cell_seconds: 20", "cell_seconds: 2").replace(
        "numbers = [4,", "import time\n\ntime.sleep(60)\nnumbers = [4,"
    )
    write_repository(tmp_path, text)

    refused = autograder("build", cwd=tmp_path)

    assert refused.returncode != 0
    assert "reference/small/master.py" in refused.stderr


def test_unknown_exercise(tmp_path):
    write_repository(tmp_path)

    refused = autograder("build", "smell", cwd=tmp_path)

    assert refused.returncode == 2
    assert "no exercise 'smell'" in refused.stderr
    assert "small" in refused.stderr
    (tmp_path / "reference" / "empty").mkdir()
    refused = autograder("build", "empty", cwd=tmp_path)
    assert refused.returncode == 2
    assert "empty has no master. Write " in refused.stderr


def test_points_that_do_not_sum_up_are_a_warning(tmp_path):
    write_repository(tmp_path, WHOLE.replace("points: 4\n", "points: 3\n"))

    built = autograder("build", cwd=tmp_path)

    assert built.returncode == 0
    assert "9 points in all, not 10" in built.stderr
    assert "run `%pip install keras-autograder`, which is not on PyPI yet. Hand out the wheel" in built.stderr


# ---------------------------------------------------------------- the repository's own exercises


@pytest.mark.parametrize("slug", SLUGS)
def test_committed_files_are_what_the_master_says(slug):
    assert build(slug, ROOT, check=True, proof=False).drift == ()


@pytest.mark.slow
@pytest.mark.parametrize("slug", SLUGS)
def test_stub_scores_nothing_and_reference_everything(slug):
    proof = build(slug, ROOT, check=True).proof

    assert proof is not None
    assert (proof.stub, proof.reference) == (0, proof.possible)


def public_files() -> Iterator[Path]:
    """All that students get: their notebooks, and the package with its data."""
    for folder in ("assignments", "autograder"):
        for path in sorted((ROOT / folder).rglob("*")):
            hidden = any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(ROOT).parts)
            if path.is_file() and not hidden:
                yield path


@pytest.mark.parametrize("slug", SLUGS)
def test_no_secret_of_the_master_is_in_any_public_file(slug):
    master = read_master(next((ROOT / "reference" / slug).glob("master.*")), ROOT)
    secrets = secrets_of(master, hidden_data(master, ROOT))
    assert {secret.kind for secret in secrets} >= {
        "the hidden case",
        "a solution",
        "hidden data",
        "the hidden data's file",
    }

    for path in public_files():
        texts = texts_of(path.read_bytes())
        # Elsewhere than in its own notebook, a line such as `layers.Flatten(),` gives nothing away.
        own = path.parent == ROOT / "assignments" / slug
        sought = [each for each in secrets if own or each.kind == "the hidden case" or "hidden data" in each.kind]
        found = [(secret.kind, secret.text) for secret in sought if secret.is_in(texts)]
        assert found == [], path


def test_no_hidden_case_or_digit_is_in_any_public_file():
    """The same by simpler means: names and bytes out of the bundles, searched for in plain and unzipped files."""
    canaries = set()
    for tests in (ROOT / "reference").glob("*/bundle/tests/*.py"):
        hidden = re.findall(r"hidden=True.*?\)\ndef (test_\w+)", tests.read_text(encoding="utf-8"), re.DOTALL)
        canaries |= {name.encode() for name in hidden}
    assert canaries
    for data in (ROOT / "reference").rglob("*.npz"):
        with np.load(data, allow_pickle=False) as arrays:
            for name in arrays.files:
                content = arrays[name].tobytes()
                middle = len(content) // 2
                window = content[middle : middle + 400]
                if len(set(window)) > 16:  # not the run of equal labels that any sorted data have
                    canaries.add(window)

    for path in public_files():
        contents = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(io.BytesIO(contents[0])) as archive:
                contents += [archive.read(name) for name in archive.namelist()]
        assert not [canary for canary in canaries for content in contents if canary in content], path
