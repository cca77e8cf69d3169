"""Parts of a class, graded apart and merged, give the grades of the class as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import notebooks as nb

STUDENTS = ("ada", "bob", "cy", "di", "ed")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("shards")
    bundle = nb.small_bundle(root / "small")
    for number, student in enumerate(STUDENTS):
        nb.write_notebook(root / "in" / f"{student}.ipynb", nb.code(f"x = {number}"), *nb.answers(f"answer = {number}"))
    (root / "class.csv").write_text("student\n" + "\n".join([*STUDENTS, "zoe"]) + "\n")
    made = {"root": root, "bundle": bundle}
    for name, options in (("whole", ()), ("first", ("--shard", "1/2")), ("second", ("--shard", "2/2"))):
        made[name] = root / name
        command = ("grade", bundle, root / "in", "-o", made[name], "--roster", root / "class.csv", *options)
        assert nb.autograder(*command).returncode == 0
    return made


def test_merged_parts_are_as_the_class_as_a_whole(folders: dict[str, Path]) -> None:
    assert list(nb.grades(folders["first"])) == ["ada", "cy", "ed", "zoe"]
    assert list(nb.grades(folders["second"])) == ["bob", "di"]
    merged = folders["root"] / "merged"
    done = nb.autograder("merge", folders["first"], folders["second"], "-o", merged)
    assert done.returncode == 0, done.stderr
    assert nb.untimed(merged) == nb.untimed(folders["whole"])
    assert (merged / "grades.csv").read_bytes() == (folders["whole"] / "grades.csv").read_bytes()
    assert {path.name for path in (merged / "feedback").iterdir()} == {f"{name}.html" for name in (*STUDENTS, "zoe")}
    again = nb.autograder("grade", folders["bundle"], folders["root"] / "in", "-o", merged)
    assert "Grading: 5 of 5" not in again.stderr.replace("Grading: 5 of 5", "", 1)  # nothing was graded again
    assert nb.untimed(merged) == nb.untimed(folders["whole"])


def test_a_part_that_is_missing_or_given_twice_is_named(folders: dict[str, Path], tmp_path: Path) -> None:
    alone = nb.autograder("merge", folders["first"], "-o", tmp_path / "out")
    assert (alone.returncode, "Part 2/2 is in none of these folders" in alone.stderr) == (2, True)
    nb.autograder("report", folders["second"])  # a report that is written again is of the same part
    other = nb.autograder("merge", folders["second"], "-o", tmp_path / "out")
    assert "Part 1/2 is in none of these folders" in other.stderr
    twice = nb.autograder("merge", folders["first"], folders["first"], "-o", tmp_path / "out")
    assert (twice.returncode, "is given 2 times" in twice.stderr) == (2, True)
    assert not (tmp_path / "out").exists()


def test_parts_that_are_graded_into_one_folder_make_a_whole(folders: dict[str, Path], tmp_path: Path) -> None:
    for part in ("2/2", "1/2"):
        nb.autograder("grade", folders["bundle"], folders["root"] / "in", "-o", tmp_path / "both", "--shard", part)
    done = nb.autograder("merge", tmp_path / "both", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert list(nb.grades(tmp_path / "out")) == list(STUDENTS)


def test_what_cannot_be_merged_is_refused_and_nothing_is_written(folders: dict[str, Path], tmp_path: Path) -> None:
    twice = nb.autograder("merge", folders["first"], folders["whole"], "-o", tmp_path / "twice")
    assert twice.returncode == 2
    assert "ada is in " in twice.stderr
    other = nb.write_bundle(tmp_path / "other", {"number": nb.NUMBER_TESTS})
    nb.write_notebook(tmp_path / "in" / "flo.ipynb", nb.code("answer = 1", "answer:number"))
    nb.autograder("grade", other, tmp_path / "in", "-o", tmp_path / "others")
    mixed = nb.autograder("merge", folders["first"], tmp_path / "others", "-o", tmp_path / "mixed")
    assert mixed.returncode == 2
    assert "another exercise" in mixed.stderr
    assert not (tmp_path / "twice").exists()
    assert not (tmp_path / "mixed").exists()


@pytest.mark.parametrize("shard", ["0/2", "3/2", "2", "a/b", "1/2/3"])
def test_a_part_that_there_is_not_is_refused(folders: dict[str, Path], tmp_path: Path, shard: str) -> None:
    command = ("grade", folders["bundle"], folders["root"] / "in", "-o", tmp_path / "out", "--shard", shard)
    done = nb.autograder(*command)
    assert done.returncode == 2
    assert "give I/N, such as 1/4 for the first of four parts" in done.stderr
