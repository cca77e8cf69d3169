"""`autograder new`: what it writes builds at once, and it replaces nothing."""

from __future__ import annotations

from pathlib import Path

from tests import notebooks as nb


def test_what_is_written_builds_at_once(tmp_path: Path) -> None:
    written = nb.autograder("new", "first", cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    assert "Run `autograder build first`" in written.stdout

    built = nb.autograder("build", "first", cwd=tmp_path)

    assert built.returncode == 0, built.stderr
    assert "stub 0, reference 8 of 8 points, and 2 that a person gives" in built.stdout
    assert "warning" not in built.stderr
    assert sorted(path.name for path in (tmp_path / "assignments" / "first").iterdir()) == ["first.ipynb", "points.csv"]


def test_it_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "reference" / "taken").mkdir(parents=True)
    taken = nb.autograder("new", "taken", cwd=tmp_path / "reference")
    assert (taken.returncode, [*(tmp_path / "reference" / "taken").iterdir()]) == (2, [])
    assert "is there already. Choose another name." in taken.stderr
    wrong = nb.autograder("new", "../Taken", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "is no name for an exercise" in wrong.stderr
