"""What an install without extras can do, and with one of them alone; and what it says where an extra is missing.

Simulated: a process in which only those packages can be imported that such an install brings. The installed wheel is
tested in test_wheel.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import notebooks as nb
from tests.masters import write_repository
from tests.unit.test_dependencies import ROOT, asked, owners

BLOCKER = """
import sys
from importlib.machinery import PathFinder

BLOCKED = frozenset({blocked!r})

class Installed(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in BLOCKED else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Installed
"""


def closure(rows):
    """The names of all packages that these requirements install here."""
    found, new = set(), [row for row in rows if not row.marker or row.marker.evaluate({"extra": ""})]
    while new:
        row = new.pop()
        for extra in row.extras or {""}:
            if (row.name, extra) in found:
                continue
            found.add((row.name, extra))
            try:
                inner = [Requirement(each) for each in requires(row.name) or ()]
            except PackageNotFoundError:  # for another Python or system
                continue
            new += [each for each in inner if not each.marker or each.marker.evaluate({"extra": extra})]
    return {canonicalize_name(name) for name, _ in found}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment of a process that has what an extra installs, and no more."""

    def environment(extra=None):
        folder = tmp_path_factory.mktemp(extra or "base")
        present = closure([*asked(), *(asked(extra) if extra else ())]) | {"pip", "setuptools", "keras-autograder"}
        blocked = sorted(module for module, names in owners().items() if module != "autograder" and not names & present)
        Path(folder, "sitecustomize.py").write_text(BLOCKER.format(blocked=blocked), "utf-8")
        return os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}

    return environment


def python(code, env):
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)


SELF_CHECK = f"""
import sys
from autograder.notebook.selfcheck import Checks

grader = Checks({{"number": {nb.NUMBER_TESTS!r}}})
answer = {nb.SECRET_NUMBER}
print(repr(grader.check("number")))
assert "otter" not in sys.modules
"""


def test_a_self_check_needs_no_extra(installed):
    done = python(SELF_CHECK, installed())
    assert done.stdout.splitlines()[0] == "number: all checks passed. Grading may check more.", done.stderr


@pytest.mark.parametrize(
    ("extra", "arguments", "missing"),
    [
        (None, ["--help"], "grade"),
        (None, ["grade", "cnn2_mnist", "class"], "grade"),
        ("live", ["report", "out"], "grade"),
        ("grade", ["build"], "author"),
        ("grade", ["calibrate", "small"], "author"),
        ("features", ["build"], "author"),
        ("grade", ["review", "out"], "review"),
    ],
)
def test_a_command_whose_extra_is_missing_says_so_in_one_line(installed, tmp_path, extra, arguments, missing):
    write_repository(tmp_path)
    done = nb.autograder(*arguments, cwd=tmp_path, env=installed(extra))
    line = f'autograder: this command needs the extra [{missing}]: pip install "keras-autograder[{missing}]"\n'
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_features_without_their_weights_say_so_in_one_line(installed, tmp_path):
    from PIL import Image

    for name in ("a", "b"):
        for number in range(5):
            file = tmp_path / "images" / name / f"{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (32, 32), (40 * number, 0, 0)).save(file)
    done = nb.autograder("features", tmp_path / "images", cwd=tmp_path, env=installed("grade"))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("Run `pip install 'keras-autograder[features]'`.")
    assert "Traceback" not in done.stderr


def test_grade_alone_grades(installed, tmp_path):
    bundle = nb.small_bundle(tmp_path / "bundle")
    nb.write_notebook(tmp_path / "class" / "ada.ipynb", *nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS))
    done = nb.autograder("grade", bundle, tmp_path / "class", "-o", tmp_path / "out", env=installed("grade"))
    assert done.returncode == 0, done.stderr
    assert nb.grades(tmp_path / "out")["ada"]["score"] == 10


def test_author_alone_builds(installed, tmp_path):
    write_repository(tmp_path)
    done = nb.autograder("build", cwd=tmp_path, env=installed("author"))
    assert "reference 9 of 9 points" in done.stdout, done.stderr


LIVE = "from autograder.live import LiveCNN; print(LiveCNN.__module__); LiveCNN('keras_gaps')"


def test_live_alone_shows_the_live_network(installed):
    done = python(LIVE, installed("live"))
    assert (done.returncode, done.stdout) == (0, "autograder.live.widget\n"), done.stderr


def test_without_live_a_notebook_that_shows_it_goes_on_with_one_line(installed):
    done = python(LIVE, installed())
    line = 'LiveCNN needs the extra [live]. Run `%pip install "keras-autograder[live]"` and restart the kernel.'
    assert (done.returncode, done.stdout.splitlines()) == (0, ["autograder.live", line]), done.stderr
