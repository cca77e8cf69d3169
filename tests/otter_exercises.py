"""The exercises of this repository as assignments of Otter's: the zips, and what students of Otter's would hand in."""

from __future__ import annotations

import ast
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from autograder.records import ANSWER_TAG, SELF_CHECK, Assignment, from_json
from tests.golden import make
from tests.otter_masters import Assigned

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Exercise:
    """An exercise, and whose hand-ins of its sample class are graded; see `otter_masters.OtterMaster`."""

    slug: str
    students: tuple[str, ...]
    differs: Mapping[str, str] = field(default_factory=dict)
    worth: float = 0


PART = "`expect` gives a part of a case's points; Otter knows all or none"
EXERCISES = (
    Exercise("fc_mnist", ("ada", "blank", "out_of_range", "layer_itself")),
    Exercise("keras_gaps", ("ada", "blank", "softmax", "no_hidden_layer"), {"no_hidden_layer: model": PART}),
    Exercise("faces_finetuning", ("ada", "blank", "rounded", "columns"), {"rounded: network": PART}),
    Exercise("cnn2_mnist", ("ada", "blank", "filters"), {"filters: missing_layers": PART}),
    Exercise("cnn1_mnist", ("ada", "blank", "percent")),
)
"""Few hand-ins of each: every one trains, with each of both tools."""


def as_of_otter(exercise: Exercise, folder: Path) -> Assigned:
    """An exercise's tests, which Otter Assign wrote, in a zip; hidden data are beside the notebook, as Otter has them.

    Args:
        exercise: The exercise.
        folder: A new folder.
    """
    slug = exercise.slug
    handed_in = folder / "handed_in"
    handed_in.mkdir(parents=True)
    bundle = make.ROOT / "reference" / slug / "bundle"
    assignment = from_json((bundle / "assignment.json").read_bytes(), Assignment)
    (data,) = assignment.data
    made = folder / f"{slug}-autograder.zip"
    with zipfile.ZipFile(made, "w") as archive:
        for path in sorted((bundle / "tests").glob("*.py")):
            archive.writestr(f"tests/{path.name}", _with_data(path.read_text(encoding="utf-8"), Path(data).name))
        archive.write(make.ROOT / "reference" / data, f"files/{Path(data).name}")
        archive.writestr("otter_config.json", json.dumps({"lang": "python"}))
    for student in exercise.students:
        notebook = nbformat.read(GOLDEN / slug / "class" / f"{student}.ipynb", 4)
        for cell in notebook.cells:
            tags = cell.metadata.pop("tags", [])
            if any(tag.startswith(ANSWER_TAG) for tag in tags):
                cell.metadata["tags"] = ["otter_answer_cell"]
            if cell.source.startswith(SELF_CHECK):
                cell.source = f'import otter\ngrader = otter.Notebook("{slug}.ipynb")'
        nbformat.write(notebook, handed_in / f"{student}.ipynb")
    return Assigned(made, handed_in)


def _with_data(source: str, file: str) -> str:
    """A test file whose cases read the hidden arrays from a file: nothing gives them these in Otter."""
    tree = ast.parse(source)
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            hidden = [each.arg for each in function.args.args if each.arg in ("x_hidden", "y_hidden")]
            function.args.args = [each for each in function.args.args if each.arg not in hidden]
            read = "".join(f"\n{name} = numpy.load('{file}')['{name}']" for name in hidden)
            function.body[1:1] = ast.parse(f"import numpy{read}").body if hidden else []
    return ast.unparse(ast.fix_missing_locations(tree))
