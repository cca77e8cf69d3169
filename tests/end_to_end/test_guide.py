"""The tutorial for authors, followed to the letter in an empty folder: its exercise builds, and grades a class."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import notebooks as nb

GUIDE = (Path(__file__).parents[2] / "docs" / "authors" / "tutorial.md").read_text(encoding="utf-8")

FUNCTIONAL = """
point = keras.Input((2,))
hidden = layers.ReLU()(layers.Dense(16)(point))
model = keras.Model(point, layers.Softmax()(layers.Dense(2)(hidden)))
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=30, verbose=0)
"""
STRAIGHT_LINE = """
model = keras.Sequential([keras.Input((2,)), layers.Dense(16), layers.Dense(2, activation="softmax")])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=3, verbose=0)
"""


def blocks(head: str) -> list[str]:
    fenced = re.findall(r"^```([^\n]*)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    return [text for found, text in fenced if found == head]


def without_stages(printed: str) -> str:
    return "".join(line for line in printed.splitlines(keepends=True) if not line.endswith(" …\n"))


def without_seconds(text: str) -> str:
    return re.sub(r"\(\d+ s\)", "(… s)", text)


def command(name: str) -> list[str]:
    """The arguments of the one `autograder NAME …` that stands in a block of its own."""
    (found,) = [text.split() for text in blocks("") if text.startswith(f"autograder {name}")]
    return found[1:]


def written_master() -> str:
    return "\n".join(blocks('python title="reference/circle/master.py"'))


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    home = tmp_path_factory.mktemp("home")
    master = written_master()
    (home / "reference" / "circle").mkdir(parents=True)
    (home / "reference" / "circle" / "master.py").write_text(master, encoding="utf-8")
    grade = command("grade")
    built = nb.autograder(*command("build"), cwd=home)
    assert built.returncode == 0, built.stderr
    assert without_seconds(without_stages(built.stderr) + built.stdout) in map(without_seconds, blocks(""))

    stub = home / "assignments" / "circle" / "circle.ipynb"
    tries = home / grade[2]
    tries.mkdir()
    shutil.copy(stub, tries / "empty.ipynb")
    for name, answer in {"functional": FUNCTIONAL, "straight_line": STRAIGHT_LINE}.items():
        notebook = json.loads(stub.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if "answer:network" in cell["metadata"].get("tags", []):
                cell["source"] = answer
        (tries / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    graded = nb.autograder(*grade, cwd=home)
    assert graded.returncode == 0, graded.stderr
    return nb.grades(home / grade[4])


def test_the_error_that_is_shown(tmp_path: Path) -> None:
    master = tmp_path / "reference" / "circle" / "master.py"
    master.parent.mkdir(parents=True)
    misspelt = written_master().replace("# # BEGIN SOLUTION\n", "# # BEGIN SOLUTON\n", 1)
    master.write_text(misspelt, encoding="utf-8")
    refused = nb.autograder(*command("build"), cwd=tmp_path)
    assert refused.returncode == 2
    assert without_stages(refused.stderr) in blocks("")


def test_a_right_answer_in_another_style_gets_all_points(followed: dict[str, dict[str, Any]]) -> None:
    assert followed["functional"]["score"] == 8
    assert followed["functional"]["possible"] == 10


def test_the_empty_notebook_gets_none(followed: dict[str, dict[str, Any]]) -> None:
    assert followed["empty"]["score"] == 0


def test_the_mistake_is_reported(followed: dict[str, dict[str, Any]]) -> None:
    cases = nb.cases_of(followed["straight_line"])
    assert "ReLU" in cases["network.layers"]["message"]
    assert 0 < cases["network.layers"]["points"] < 3
    assert cases["network.unseen_points"]["message"].endswith("Is it trained to its end?")
