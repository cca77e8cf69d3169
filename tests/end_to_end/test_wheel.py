"""The wheel, installed without extras and with each of them alone, in environments that hold nothing else.

They are made from the package index with the releases of requirements.lock: 2 GB each, shared where the disk allows it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests import notebooks as nb
from tests.end_to_end.test_extras import LIVE, SELF_CHECK
from tests.masters import write_repository
from tests.unit.test_dependencies import MOST, ROOT

pytestmark = pytest.mark.slow
UV = [sys.executable, "-m", "uv"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The package as it would be published, built from a copy that holds no earlier build."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "autograder", folder / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    build = [*UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([*build, "--out-dir", folder / "dist", folder], check=True)
    (file,) = (folder / "dist").glob("*.whl")
    return file


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """Makes the environment of an extra, once: its folder."""
    made = {}

    def make(extra=""):
        if extra not in made:
            folder = tmp_path_factory.mktemp(extra or "base") / "venv"
            subprocess.run([*UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
            what = f"keras-autograder{f'[{extra}]' if extra else ''} @ {wheel.as_uri()}"
            install = [*UV, "pip", "install", "--quiet", "--python", folder, "--constraint", ROOT / "requirements.lock"]
            subprocess.run([*install, what], check=True)
            made[extra] = folder
        return made[extra]

    yield make
    for folder in made.values():
        shutil.rmtree(folder)


def run(folder, *command, cwd=None):
    """A command of the environment, with nothing of this repository on its path."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [folder / "bin" / command[0], *command[1:]]
    return subprocess.run(command, cwd=cwd or folder, env=clean, capture_output=True, text=True, check=False)


def missing(extra):
    return f'autograder: this command needs the extra [{extra}]: pip install "keras-autograder[{extra}]"\n'


def test_the_wheel_holds_the_package_with_its_data_and_types(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    present = {path.relative_to(ROOT).as_posix() for path in (ROOT / "autograder").rglob("*") if path.is_file()}
    held = {name for name in names if ".dist-info/" not in name}
    assert held == {name for name in present if "__pycache__" not in name}
    assert "autograder/py.typed" in held


def test_without_extras_a_self_check_works_and_commands_say_what_they_need(environment, tmp_path):
    folder = environment()
    listed = subprocess.run([*UV, "pip", "list", "--quiet", "--python", folder], capture_output=True, text=True)
    packages = {line.split()[0] for line in listed.stdout.splitlines()[2:]} - {"pip", "setuptools", "keras-autograder"}
    assert 0 < len(packages) <= MOST

    done = run(folder, "python", "-c", SELF_CHECK)
    assert done.stdout.startswith("number: all checks passed."), done.stderr
    done = run(folder, "autograder", "grade", "cnn2_mnist", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", missing("grade"))
    done = run(folder, "python", "-c", LIVE)
    assert done.stdout.startswith("autograder.live\nLiveCNN needs the extra [live]."), done.stderr


def test_live_alone_shows_the_live_network(environment):
    done = run(environment("live"), "python", "-c", LIVE)
    assert (done.returncode, done.stdout) == (0, "autograder.live.widget\n"), done.stderr
    assert run(environment("live"), "autograder", "--help").stderr == missing("grade")


def test_grade_alone_grades(environment, tmp_path):
    folder, bundle = environment("grade"), nb.small_bundle(tmp_path / "bundle")
    nb.write_notebook(tmp_path / "class" / "ada.ipynb", *nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS))
    done = run(folder, "autograder", "grade", bundle, tmp_path / "class", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert nb.grades(tmp_path / "out")["ada"]["score"] == 10
    write_repository(tmp_path)
    done = run(folder, "autograder", "build", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, missing("author"))


def test_author_alone_builds(environment, tmp_path):
    write_repository(tmp_path)
    done = run(environment("author"), "autograder", "build", cwd=tmp_path)
    assert "reference 9 of 9 points" in done.stdout, done.stderr


def test_features_alone_turns_images_into_features(environment, tmp_path):
    from PIL import Image

    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(5):
            Image.new("RGB", (32, 32), (40 * number, 0, 0)).save(tmp_path / "images" / name / f"{number}.png")
    done = run(environment("features"), "autograder", "features", tmp_path / "images", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "features.npz").is_file()
