"""Files beside the notebook, hidden files of any kind, and required packages: built, graded, refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.authoring.build import build
from autograder.errors import BuildError
from tests import notebooks as nb

CONFIG = """\
# %% [raw]
# # AUTOGRADER CONFIG
# title: A table beside the notebook
# install: ./wheel.whl
# requires: ["numpy>=1.20", msgspec]
# data: [data/unseen.csv, data/secrets.npz]
# files: [points.csv, scaling.py, pictures]
# limits: {wall_seconds: 60, cell_seconds: 20, memory_mb: 900}
"""
QUESTION = '''
# %%
import numpy as np

from scaling import scaled

# %% [raw]
# # BEGIN QUESTION
# name: table

# %% [markdown]
# Read `points.csv`, write `load(path)`, and put the mean of the scaled first column into `mean`.

# %% [raw]
# # BEGIN SOLUTION

# %%
def load(lines):
    """The numbers."""
    return np.loadtxt(lines, delimiter=",", skiprows=1)  # SOLUTION


# BEGIN SOLUTION
with open("points.csv") as table:
    mean = scaled(load(table))[:, 0].mean()
pixels = len(open("pictures/one.png", "rb").read())
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 4
""" # END TEST CONFIG
def test_mean(mean):
    """`mean` is that of the scaled table."""
    import numpy as np
    from scaling import scaled

    with open("points.csv") as table:
        expected = scaled(np.loadtxt(table, delimiter=",", skiprows=1))[:, 0].mean()
    assert abs(mean - expected) < 1e-6, "it is not"

# %%
""" # BEGIN TEST CONFIG
points: 6
hidden: true
""" # END TEST CONFIG
def test_load(load, pixels, unseen, secret_rows):
    """`load` reads other tables, too."""
    assert load(unseen.read_text().splitlines()).shape == (secret_rows[0], 2), "not all rows are read"
    assert pixels > 20, "the picture is not there"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
'''
HELPER = "def scaled(x):\n    return x / 10\n"
TABLE = "height,width\n" + "".join(f"{number},{number * number}\n" for number in range(40))
UNSEEN = "height,width\n" + "".join(f"{number}.5,{7 * number}\n" for number in range(100, 160))


def write_course(root: Path, text: str = CONFIG + QUESTION) -> Path:
    """A repository with the exercise, its files and its hidden data; gives back the exercise's folder."""
    folder = root / "reference" / "table"
    (folder / "pictures").mkdir(parents=True)
    (root / "reference" / "data").mkdir()
    (folder / "master.py").write_text(text, encoding="utf-8")
    (folder / "points.csv").write_text(TABLE, encoding="utf-8")
    (folder / "scaling.py").write_text(HELPER, encoding="utf-8")
    (folder / "pictures" / "one.png").write_bytes(b"\x89PNG" + bytes(range(60)))
    (folder / "pictures" / ".DS_Store").write_bytes(b"junk")
    (root / "reference" / "data" / "unseen.csv").write_text(UNSEEN, encoding="utf-8")
    np.savez(root / "reference" / "data" / "secrets.npz", secret_rows=np.array([60]))
    return folder


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    write_course(root)
    built = nb.autograder("build", "table", "--to", root / "away", cwd=root)
    assert built.returncode == 0, built.stderr
    assert "stub 0, reference 10 of 10 points" in built.stdout
    return root


def test_students_get_the_files_beside_the_notebook(course: Path) -> None:
    given = course / "assignments" / "table"
    files = sorted(path.relative_to(given).as_posix() for path in given.rglob("*") if path.is_file())
    assert files == ["pictures/one.png", "points.csv", "scaling.py", "table.ipynb"]
    assert (given / "points.csv").read_text() == TABLE


def test_the_install_line_names_what_is_required(course: Path) -> None:
    stub = (course / "assignments" / "table" / "table.ipynb").read_text()
    assert r"%pip install ./wheel.whl \"numpy>=1.20\" msgspec" in stub


def test_a_student_may_overwrite_a_copy_only(course: Path, tmp_path: Path) -> None:
    """What one notebook does to its files, neither the cases nor another notebook see."""
    source: dict[str, Any] = json.loads((course / "away" / "table" / "reference.ipynb").read_text())
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ben.ipynb").write_text(json.dumps(source))
    spoil = 'import os\nopen("points.csv", "w").write("height,width\\n1,1\\n")\nos.remove("scaling.py")\nos.listdir()'
    source["cells"].append(nb.code(spoil))
    source["cells"].append(nb.code('import numpy as np\nmean = np.loadtxt("points.csv", delimiter=",", skiprows=1)[0]'))
    source["cells"][-1]["metadata"]["tags"] = ["answer:table"]
    (tmp_path / "class" / "ada.ipynb").write_text(json.dumps(source))
    graded = nb.autograder("grade", course / "away" / "table", "class", "-o", "out", "--workers", 1, cwd=tmp_path)
    assert graded.returncode == 0, graded.stderr
    found = nb.grades(tmp_path / "out")
    assert (found["ada"]["score"], found["ben"]["score"]) == (6, 10)
    assert nb.cases_of(found["ada"])["table.mean"]["message"].startswith("it is not")
    assert (course / "away" / "table" / "files" / "points.csv").read_text() == TABLE
    assert not [*(course / "away").rglob("__pycache__")]


def test_a_package_that_lacks_is_named_first(course: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(course / "away" / "table", bundle)
    assignment = json.loads((bundle / "assignment.json").read_text())
    assignment["requires"] = ["no-such-package-here", "numpy>=99"]
    (bundle / "assignment.json").write_text(json.dumps(assignment))
    (tmp_path / "class").mkdir()
    graded = nb.autograder("grade", bundle, "class", cwd=tmp_path)
    assert graded.returncode == 2
    assert "table needs no-such-package-here, which is not installed and numpy>=99, of which" in graded.stderr
    assert "Run `pip install no-such-package-here 'numpy>=99'`." in graded.stderr


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ("[../data/unseen.csv]", "cannot be given to students"),
        ("[/etc/passwd]", "cannot be given to students"),
        ("[.hidden]", "cannot be given to students"),
        ("[master.py]", "is no file for students"),
        ("[bundle/assignment.json]", "is no file for students"),
        ("[nothing.csv]", "there is no file `nothing.csv` beside the master"),
        ("[link.csv]", "symbolic link"),
        ("[pictures/linked]", "symbolic link"),
        ("[unseen_copy.csv]", "would give away hidden data"),
    ],
)
def test_what_may_not_be_given(tmp_path: Path, files: str, said: str) -> None:
    folder = write_course(tmp_path, (CONFIG + QUESTION).replace("[points.csv, scaling.py, pictures]", files))
    (folder / "link.csv").symlink_to(tmp_path / "reference" / "data" / "unseen.csv")
    (folder / "pictures" / "linked").symlink_to(tmp_path / "reference" / "data")
    (folder / "unseen_copy.csv").write_text(UNSEEN)
    with pytest.raises(BuildError, match=said):
        build("table", tmp_path, check=False, proof=False)
    assert not (tmp_path / "assignments").exists()


def test_too_large_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    folder = write_course(tmp_path)
    with (folder / "pictures" / "large.bin").open("wb") as large:
        large.truncate(65 << 20)
    with pytest.raises(BuildError, match="`files` have 65 MiB together"):
        build("table", tmp_path, check=False, proof=False)


def test_a_file_that_is_given_no_more_goes_and_another_stays_a_stray(tmp_path: Path) -> None:
    folder = write_course(tmp_path)
    build("table", tmp_path, check=False, proof=False)
    text = (folder / "master.py").read_text()
    (folder / "master.py").write_text(text.replace("[points.csv, scaling.py, pictures]", "[points.csv]"))
    report = build("table", tmp_path, check=True, proof=False)
    assert any("pictures/one.png is not made by the build" in line for line in report.drift)
    build("table", tmp_path, check=False, proof=False)
    given = tmp_path / "assignments" / "table"
    assert sorted(path.name for path in given.iterdir()) == ["points.csv", "table.ipynb"]
    (given / "notes.txt").write_text("mine")
    with pytest.raises(BuildError, match="not made by the build"):
        build("table", tmp_path, check=False, proof=False)
