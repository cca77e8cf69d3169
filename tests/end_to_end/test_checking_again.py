"""An edit of cases is applied to what earlier runs sent: nothing runs, and whose grade moves is said and kept."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import pytest

from autograder.records import Limits
from tests import notebooks as nb

TESTS = '''
from otter.test_files import test_case

OK_FORMAT = False

name = "numbers"
points = 10

LIMIT = 5


def small(number):
    return number < LIMIT


@test_case(points=4, hidden=False)
def test_answer(answer):
    """`answer` is 3."""
    assert answer == 3


@test_case(points=3, hidden=True)
def test_double(double):
    """`double` doubles."""
    assert double(4) == 8


@test_case(points=3, hidden=True)
def test_small(answer):
    """`answer` is small."""
    assert small(answer)
'''
ANSWERS = {
    "ada": "answer = 3\nspare = [1, 2, 3]\ndef double(x): return 2 * x",
    "bob": "answer = 4\nspare = [1, 2]\ndef double(x): return x + 4",
    "cy": "answer = 30\nspare = object()\ndef double(x): return 2 * x",
}
RANDOM = "import os; print('drawn', os.urandom(8).hex())"


class Course:
    """A class that is graded again and again, each time with other test files."""

    def __init__(self, root: Path) -> None:
        self.root, self.out, self.number = root, root / "out", 0
        self.answers = dict(ANSWERS)

    def grade(self, tests: str = TESTS, *options: str) -> Any:
        self.number += 1
        bundle = self.root / str(self.number) / "small"
        nb.write_bundle(bundle, {"numbers": tests}, limits=Limits(memory_mb=700, cell_seconds=5, call_seconds=2))
        shutil.rmtree(self.root / "in", ignore_errors=True)
        for student, source in self.answers.items():
            nb.write_notebook(self.root / "in" / f"{student}.ipynb", nb.code(RANDOM), nb.code(source, "answer:numbers"))
        done = nb.autograder("grade", bundle, self.root / "in", "-o", self.out, "--workers", 2, *options)
        assert done.returncode == 0, done.stderr
        return done

    def scores(self) -> dict[str, float]:
        return {student: entry["score"] for student, entry in nb.grades(self.out).items()}

    def drawn(self) -> dict[str, str]:
        """What only a run of its own could change."""
        return {path.stem: path.read_text().split("drawn ")[1][:16] for path in self.out.glob("feedback/*.html")}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = Course(tmp_path_factory.mktemp("class"))
    course.grade()
    assert course.scores() == {"ada": 10, "bob": 6, "cy": 3}
    return course.out


@pytest.fixture
def course(tmp_path: Path, graded: Path) -> Course:
    """A class that was graded once."""
    shutil.copytree(graded, tmp_path / "out")
    return Course(tmp_path)


def test_an_edited_case_runs_no_notebook_and_names_who_moves(course: Course) -> None:
    before, grades = course.drawn(), (course.out / "grades.json").read_bytes()
    pages = {path.stem: path.stat().st_ino for path in course.out.glob("feedback/*.html")}
    done = course.grade(TESTS.replace("answer == 3", "answer in (3, 4)"))
    assert course.drawn() == before
    assert course.scores() == {"ada": 10, "bob": 10, "cy": 3}
    assert "Checked again without running: 3 notebooks." in done.stderr
    assert "bob: 6 → 10 (numbers/answer: fail 0 → pass 4)" in done.stderr
    assert "ada: " not in done.stderr
    now = {path.stem: path.stat().st_ino for path in course.out.glob("feedback/*.html")}
    assert {student for student in pages if now[student] != pages[student]} == {"bob"}  # no other page is made again
    (history,) = (course.out / "history").glob("*/grades.json")
    assert history.read_bytes() == grades
    page = (course.out / "index.html").read_text()
    assert "Changed since the report before" in page
    assert "numbers/answer" in page
    assert "Changed since" not in (course.out / "feedback" / "bob.html").read_text()
    nb.autograder("report", course.out)
    assert "numbers/answer" in (course.out / "index.html").read_text()  # until a grade moves again


def test_a_helper_that_changed_concerns_all_cases_and_points_and_words_too(course: Course) -> None:
    before = course.drawn()
    done = course.grade(
        TESTS.replace("LIMIT = 5", "LIMIT = 50").replace("points=3, hidden=True", "points=3, hidden=False")
    )
    assert course.scores() == {"ada": 10, "bob": 6, "cy": 6}
    assert "cy: 3 → 6 (numbers/small: fail 0 → pass 3)" in done.stderr
    assert course.drawn() == before


def test_a_new_case_is_answered_by_what_was_kept_of_other_names(course: Course) -> None:
    """`spare` was asked for by no case; what was no plain data then needs a run, and that one alone runs."""
    before = course.drawn()
    more = TESTS.replace("def test_small(answer)", "def test_small(answer, spare)").replace(
        "assert small(answer)", "assert spare == [1, 2, 3]"
    )
    done = course.grade(more)
    now = course.drawn()
    assert {student for student in now if now[student] != before[student]} == {"cy"}
    assert "Checked again without running: 2 notebooks." in done.stderr
    assert "Run, because nothing of them is kept that answers: 1 notebook." in done.stderr
    assert course.scores() == {"ada": 10, "bob": 3, "cy": 3}


def test_a_call_with_new_inputs_runs_the_notebooks(course: Course) -> None:
    before = course.drawn()
    course.grade(TESTS.replace("double(4) == 8", "double(5) == 10"))
    assert all(before[student] != drawn for student, drawn in course.drawn().items())
    before = course.drawn()
    course.grade(TESTS.replace("double(4) == 8", "double(5) != 10"))
    assert course.drawn() == before
    assert course.scores() == {"ada": 7, "bob": 6, "cy": 0}


def test_another_notebook_is_run_and_said_to_be_another(course: Course) -> None:
    before = course.drawn()
    course.answers["bob"] = ANSWERS["bob"].replace("answer = 4", "answer = 3")
    done = course.grade()
    assert {student for student, drawn in course.drawn().items() if drawn != before[student]} == {"bob"}
    assert "bob: 6 → 10 (numbers/answer: fail 0 → pass 4, another notebook)" in done.stderr


def test_nothing_is_kept_where_that_is_not_wanted(course: Course) -> None:
    assert list((course.out / "runs").glob("*.kept"))
    done = course.grade(TESTS.replace("answer == 3", "answer in (3, 4)"), "--keep", "none")
    assert "Kept in" not in done.stderr
    assert list((course.out / "runs").glob("*.kept")) == []
    before = course.drawn()
    course.grade()
    assert all(before[student] != drawn for student, drawn in course.drawn().items())


def test_what_is_kept_goes_with_its_student_and_is_closed_to_others(course: Course) -> None:
    course.grade(TESTS.replace("answer == 3", "answer in (3, 4)"))
    kept = set((course.out / "runs").glob("*.kept"))
    assert len(kept) == 3
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}
    assert nb.autograder("report", course.out, "--remove", "bob").returncode == 0
    assert len(set((course.out / "runs").glob("*.kept"))) == 2
    for path in course.out.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"bob" not in (gzip.decompress(content) if path.suffix == ".gz" else content), path


@pytest.mark.parametrize("change", ["cut", "other", "forged"])
def test_what_is_kept_is_read_as_hostile(course: Course, change: str) -> None:
    """A damaged file costs a run; one that is whole and says something else is not the one that the grade names."""
    for path in (course.out / "runs").glob("*.kept"):
        content = path.read_bytes()
        path.write_bytes({"cut": content[:-9], "other": content + b"x", "forged": b""}[change])
    before = course.drawn()
    course.grade(TESTS.replace("answer == 3", "answer in (3, 4)"))
    assert course.scores() == {"ada": 10, "bob": 10, "cy": 3}
    assert all(before[student] != drawn for student, drawn in course.drawn().items())
