"""Makes a bundle of an autograder zip of Otter's, so that its assignment is graded as it is. Trusted side.

A case that needs what cannot be sent from the sandbox becomes a question that a person grades; it is never run beside
student code. Nothing that Otter pickles is read: neither results nor logs.
"""

from __future__ import annotations

import ast
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.errors import UsageError
from autograder.grading.cases.bundle import FILES
from autograder.grading.cases.otter_cases import OtterCase, OtterQuestion, read_question
from autograder.records import ANSWER_TAG, MAX_GIVEN_BYTES, Assignment, Case, Question, rounded, to_json
from autograder.wording import one_line

__all__ = ["NotGradable", "OtterBundle", "is_otter_zip", "write_bundle"]

SETTINGS = "otter_config.json"
HONOURED = ("points_possible", "seed", "seed_variable")
OF_OTHERS = (
    *("lang", "logo", "print_summary", "print_score", "log_level", "debug", "zips", "autograder_dir", "miniconda_path"),
    *("show_stdout", "show_hidden", "show_all_public", "force_public_test_summary", "warn_missing_pdf"),
    *("filtering", "pagebreaks", "pdf_via_html", "use_submission_pdf", "submit_blank_pdf_on_export_failure"),
)
"""Keys that change no grade: of how Otter runs, and of what Gradescope and a PDF show."""
AGAIN = "Make it again with `otter assign`."
MANY_CELLS = 1_000
_VERSION = re.compile(r"[-_ ]*autograder(?:[-_ ]*\d[\dT_]*)?$", re.IGNORECASE)
_NATURAL = re.compile(r"(\d+)")

_OTTER = '''\
"""Stands for Otter-Grader where a notebook is graded: the grader has the tests, and `grader.check` says so."""

SEED, VARIABLE = {seed!r}, {variable!r}


class Checked:
    def __init__(self, question):
        self.question = question

    def __repr__(self):
        return f"{{self.question}}: checked by the grader."


class Notebook:
    def __init__(self, *args, **kwargs):
        pass

    def check(self, question, *args, **kwargs):
        return Checked(question)

    def check_all(self, *args, **kwargs):
        return Checked("all questions")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


def _seed(*_):
    import random

    import numpy
    from IPython import get_ipython

    if VARIABLE is None:
        random.seed(SEED)
        numpy.random.seed(SEED)
    else:
        get_ipython().user_ns[VARIABLE] = SEED


if SEED is not None:
    from IPython import get_ipython

    get_ipython().events.register("pre_run_cell", _seed)
    _seed()
'''


@dataclass(frozen=True)
class NotGradable:
    """A case for a person.

    Attributes:
        case: Its question and its name.
        reason: Why.
    """

    case: str
    reason: str


@dataclass(frozen=True)
class OtterBundle:
    """What a zip became.

    Attributes:
        not_gradable: The cases that a person grades.
        left_aside: Keys of its `otter_config.json` that would matter, and are not followed.
    """

    not_gradable: tuple[NotGradable, ...]
    left_aside: tuple[str, ...]


def is_otter_zip(path: Path) -> bool:
    """Whether a path is meant to be a zip of Otter's: no other bundle is a file."""
    return path.is_file() and (path.suffix.lower() == ".zip" or zipfile.is_zipfile(path))


def write_bundle(path: Path, folder: Path) -> OtterBundle:
    """Write the bundle of a zip.

    Args:
        path: The zip; trusted.
        folder: Where the bundle goes; an empty folder.

    Raises:
        UsageError: It is no autograder zip of Otter's, or one that cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = dict(_members(archive))
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # a password, a method
        raise UsageError(f"{path} cannot be read: {one_line(str(error))}. {AGAIN}") from error
    settings = _settings(path, members)
    files = {name.partition("/")[2]: content for name, content in members.items() if name.startswith(f"{FILES}/")}
    tests = {PurePosixPath(name).stem: content for name, content in members.items() if name.startswith("tests/")}
    questions = [
        read_question(name, tests[name].decode("utf-8", "replace"), files) for name in sorted(tests, key=_order)
    ]
    if not questions:
        raise UsageError(f"{path} is no autograder zip of Otter's: it has no tests/*.py. Make one with `otter assign`.")
    questions = _scaled(questions, settings.get("points_possible"))
    names = (_VERSION.sub("", path.stem), str(settings.get("assignment_name") or ""), "otter")
    slug = next(filter(None, (re.sub(r"[^\w.-]+", "_", name).strip("._-") for name in names)))
    made = [part for question in questions for part in _parts(question)]
    assignment = Assignment(slug, str(settings.get("assignment_name") or slug), tuple(each for each, _ in made))
    (folder / "tests").mkdir(parents=True)
    (folder / "assignment.json").write_bytes(to_json(assignment, indent=2))
    for question, source in made:
        if source:
            (folder / "tests" / f"{question.name}.py").write_text(source, encoding="utf-8")
    shim = _OTTER.format(seed=settings.get("seed"), variable=settings.get("seed_variable"))
    for name, content in {**files, "otter/__init__.py": shim.encode()}.items():
        (folder / FILES / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / FILES / name).write_bytes(content)
    (folder / "reference.ipynb").write_text(json.dumps(_imports(questions)), encoding="utf-8")
    by_hand = [
        NotGradable(_named(question, case), case.obstacle)
        for question in questions
        for case in question.cases
        if case.obstacle
    ]
    aside = tuple(key for key in settings if key not in (*HONOURED, *OF_OTHERS, "assignment_name") and settings[key])
    return OtterBundle(tuple(by_hand), aside)


def _order(name: str) -> list[tuple[int, str]]:
    """`q2` before `q10`."""
    return [(int(part or 0), "") if at % 2 else (0, part) for at, part in enumerate(_NATURAL.split(name))]


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """The test files, the files beside the notebook and the settings, by path.

    Raises:
        RuntimeError: They are too large, or one lies outside of the archive.
    """
    left = MAX_GIVEN_BYTES
    for member in archive.infolist():
        parts = PurePosixPath(member.filename).parts
        test = len(parts) == 2 and parts[0] == "tests" and parts[1].endswith(".py") and parts[1] != "__init__.py"
        if member.is_dir() or not (test or parts[:1] == (FILES,) or parts == (SETTINGS,)):
            continue
        left -= member.file_size
        if left < 0:
            raise RuntimeError(f"its files are larger than {MAX_GIVEN_BYTES >> 20} MiB together")
        if ".." in parts or "\\" in member.filename:
            raise RuntimeError(f"{one_line(member.filename)} lies outside of it")
        yield "/".join(parts), archive.read(member)


def _settings(path: Path, members: dict[str, bytes]) -> dict[str, Any]:
    try:
        settings = json.loads(members.get(SETTINGS, b"{}"))
    except ValueError as error:
        raise UsageError(f"{path}: its {SETTINGS} is no JSON ({error}). {AGAIN}") from error
    if not isinstance(settings, dict):
        raise UsageError(f"{path}: its {SETTINGS} is no object. {AGAIN}")
    if settings.get("lang", "python") != "python":
        language = one_line(str(settings["lang"]))
        raise UsageError(f"{path} is for notebooks in {language}. Give one for notebooks in Python.")
    return settings


def _scaled(questions: Sequence[OtterQuestion], possible: object) -> list[OtterQuestion]:
    """The questions with points in hundredths that add up, to `points_possible` if that is given."""
    total = sum(case.points or 0 for question in questions for case in question.cases)
    factor = possible / total if isinstance(possible, (int, float)) and total else 1.0
    found = []
    exact = given = 0.0
    for question in questions:
        cases = []
        for case in question.cases:
            exact += (case.points or 0) * factor
            points = rounded(exact - given)
            given = rounded(given + points)
            cases.append(replace(case, points=points))
        found.append(replace(question, cases=tuple(cases)))
    return found


def _parts(question: OtterQuestion) -> Iterator[tuple[Question, str]]:
    """What a question becomes: one with a test file, and one for each case that a person grades."""
    by_hand = [case for case in question.cases if case.obstacle]
    graded = [case for case in question.cases if not case.obstacle]
    if by_hand and (question.all_or_nothing or not graded):
        points = rounded(sum(case.points or 0 for case in question.cases))
        yield Question(question.name, points, question.name, manual=True, rubric=_rubric(by_hand)), ""
        return
    functions = [_decorated(case, case.points or 0) for case in graded]
    if question.all_or_nothing and len(graded) > 1:
        functions = _all_or_nothing(graded)
    cases = tuple(
        Case(function.name.removeprefix("test_"), title, points, hidden, needs)
        for function, title, points, hidden, needs in functions
    )
    names = tuple(dict.fromkeys(name for case in cases for name in case.parameters))
    points = rounded(sum(case.points for case in cases))
    source = _source(question, [function for function, *_ in functions], [case.points for case in cases])
    yield Question(question.name, points, question.name, cases=cases, names=names, answer_cells=MANY_CELLS), source
    for at, case in enumerate(question.cases, 1):
        if case.obstacle:
            yield (
                Question(
                    f"{question.name}_case{at}",
                    case.points or 0,
                    _named(question, case),
                    manual=True,
                    rubric=_rubric([case]),
                ),
                "",
            )


def _named(question: OtterQuestion, case: OtterCase) -> str:
    return case.title if case.title.startswith(question.name) else f"{question.name}: {case.title}"


_Decorated = tuple[ast.FunctionDef, str, float, bool, tuple[str, ...]]


def _decorated(case: OtterCase, points: float) -> _Decorated:
    said = {"hidden": case.hidden, "success_message": case.success_message, "failure_message": case.failure_message}
    decorator = ast.parse(f"test_case({', '.join(f'{key}={value!r}' for key, value in said.items())})", mode="eval")
    function = case.function
    function.decorator_list = [decorator.body]
    return function, case.title, points, case.hidden, case.needs


def _all_or_nothing(cases: Sequence[OtterCase]) -> list[_Decorated]:
    """Each case for nothing, and one more, which runs all of them, for all points.

    Their names do not begin with `test_`: so each depends on the whole file, and none is kept where another changes.
    """
    found = []
    for at, case in enumerate(cases, 1):
        made = _decorated(case, 0)
        made[0].name = f"check_{at}"
        found.append(made)
    needs = tuple(dict.fromkeys(name for case in cases for name in case.needs))
    given = (", ".join(f"{name}={name}" for name in case.needs) for case in cases)
    calls = (f"    check_{at}.function({names})" for at, names in enumerate(given, 1))
    text = "\n".join([f"def all_or_nothing({', '.join(needs)}):", '    "All or nothing: every check passes."', *calls])
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    hidden = any(case.hidden for case in cases)
    function.decorator_list = [ast.parse(f"test_case(hidden={hidden})", mode="eval").body]
    points = rounded(sum(case.points or 0 for case in cases))
    return [*found, (function, "All or nothing: every check passes.", points, hidden, needs)]


def _source(question: OtterQuestion, functions: Sequence[ast.FunctionDef], points: Sequence[float]) -> str:
    head = "from otter.test_files import test_case"
    if not question.around:
        head += "\nfrom autograder.grading.cases.doctest_cases import check_doctest"
    around = [each for each in question.around if not _is_of_otter(each)]
    body = "\n\n\n".join(ast.unparse(each) for each in (*around, *functions))
    return f"{head}\n\nname = {question.name!r}\npoints = {list(points)!r}\nforeign = True\n\n{body}\n"


def _is_of_otter(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "otter.test_files"


def _rubric(cases: Sequence[OtterCase]) -> str:
    parts = (f"{case.title}: {case.obstacle}.\n\n```python\n{case.text.strip()}\n```" for case in cases)
    return "\n\n".join(["Not gradable where the student's code does not run, so a person decides.", *parts])


def _imports(questions: Sequence[OtterQuestion]) -> dict[str, Any]:
    """A notebook that imports what the cases use, as that of a reference would: it is imported before notebooks run."""
    modules = {module.partition(".")[0] for question in questions for case in question.cases for module in case.modules}
    source = "\n".join(f"import {module}" for module in sorted(modules))
    tagged = {"tags": [f"{ANSWER_TAG}{questions[0].name}"]}  # else it would be taken for a cell that students got
    cell: dict[str, Any] = {
        "cell_type": "code",
        "metadata": tagged,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
