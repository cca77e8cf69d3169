"""`autograder try`: only what changed runs again, nothing stale counts, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authoring import build as authoring
from autograder.authoring import verify
from autograder.authoring.trying import Tried, try_exercise
from autograder.errors import BuildError, UsageError
from tests import notebooks as nb
from tests.masters import WHOLE, write_repository

Try = Callable[..., tuple[list[str], Tried]]


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Try:
    """Tries the small exercise with a changed text; gives back what was run, and what came of it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ran: list[str] = []
    real = verify.grade_notebook

    def grade(bundle: Path, notebook: Path, student: str) -> object:
        ran.append(student)
        return real(bundle, notebook, student)

    monkeypatch.setattr(verify, "grade_notebook", grade)

    def run(text: str = WHOLE, notebook: Path | None = None) -> tuple[list[str], Tried]:
        write_repository(tmp_path, text)
        ran.clear()
        return ran, try_exercise("small", tmp_path, notebook, lambda _: None)

    return run


def test_only_what_changed_runs_and_nothing_stale_counts(tmp_path: Path, attempt: Try) -> None:
    ran, tried = attempt()
    assert sorted(ran) == ["reference", "stub"]
    assert tried.report.summary.startswith("small tried; stub 0, reference 9 of 9 points")

    ran, tried = attempt(WHOLE.replace("Six numbers and their sum.", "Numbers, and what they add up to."))
    assert (ran, sorted(tried.unchanged)) == ([], ["reference", "stub"])
    assert tried.grades["reference"].score == 9

    ran, tried = attempt(WHOLE.replace("number + number", "number * 2"))
    assert (ran, tried.unchanged) == (["reference"], ("stub",))

    written = nb.write_notebook(tmp_path / "mine.ipynb", nb.code("total = 107", "answer:total"))
    answer = json.loads(written.read_text())
    ran, tried = attempt(notebook=tmp_path / "mine.ipynb")
    assert ran == [str(tmp_path / "mine.ipynb")]
    assert tried.grades[ran[0]].score == 2
    answer["cells"][0]["source"] = "total = 108"
    (tmp_path / "mine.ipynb").write_text(json.dumps(answer))
    ran, tried = attempt(notebook=tmp_path / "mine.ipynb")
    assert (len(ran), tried.grades[ran[0]].score) == (1, 5)

    with pytest.raises(BuildError) as refused:
        attempt(WHOLE.replace("double(2) == 4", "double(2) == 5").replace("<= allowance", "<= allowance - 1"))
    first, second = str(refused.value).split("\n")
    assert "(`total` is `108` in the solution, unusable (`total` is still `...`" in first
    assert "`double` gives the reference 0 of 4 points" in second
    assert not (tmp_path / "assignments").exists()
    assert not (tmp_path / "reference" / "small" / "bundle").exists()
    assert authoring.find_slugs(tmp_path) == ["small"]


def test_the_command_shows_each_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    table = "    expected   received\\n1 \x1b  108        107"
    write_repository(tmp_path, WHOLE.replace('"wrong sum"', f'"wrong sum\\n\\n{table}"'))
    nb.write_notebook(tmp_path / "mine.ipynb", nb.code("total = 107", "answer:total"))
    shown = nb.autograder("try", "small", "mine.ipynb", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "mine.ipynb: 2 of 9 points" in shown.stdout
    assert "  ✓ total.is_a_number: 2 of 2\n  ✗ total.right_sum: 0 of 3. wrong sum\n" in shown.stdout
    assert "\n          expected   received\n      1 �  108        107\n" in shown.stdout, "as lines, all printable"


def test_a_file_that_is_no_notebook(tmp_path: Path) -> None:
    write_repository(tmp_path)
    with pytest.raises(UsageError, match="is no notebook"):
        try_exercise("small", tmp_path, tmp_path / "reference" / "small" / "master.py", lambda _: None)
