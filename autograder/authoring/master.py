"""The master of an exercise, read and checked before Otter Assign runs. Trusted side.

A master is a notebook (Jupytext `py:percent`, or `.ipynb`) in Otter Assign's markup: raw cells `# BEGIN QUESTION`,
`# BEGIN SOLUTION`, `# BEGIN TESTS`, `# BEGIN PROMPT` and their ends. Its first raw cell holds further settings:

    # AUTOGRADER CONFIG
    title: The exercise's title
    data: [data/digits.npz]          hidden arrays, and files of any other kind, relative to reference/
    files: [points.csv, helper.py]   what students get beside the notebook: files and folders beside the master
    requires: ["pandas>=2"]          packages that the notebooks need
    limits: {wall_seconds: 300}      fields of records.Limits
    points: 20                       of all questions together; 10 if left out
    accept: claimed                  or `rebuilt`, of a model that cannot be rebuilt; a question can say it for itself
    install: ./keras_autograder-0.1.0-py3-none-any.whl
                                     what students put behind `%pip install`, quotes included: a wheel beside the
                                     notebook, an address, `--index-url … keras-autograder`; the package's name if left
                                     out, with the extra that the notebook needs
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec

from autograder.authoring.case_helpers import Helper, read_helpers
from autograder.authoring.case_source import CaseCell, read_case
from autograder.authoring.source import Source, read_source
from autograder.errors import BuildError
from autograder.grading.requirements import installable
from autograder.records import MAX_WIRE_BYTES, Limits, rounded
from autograder.wording import one_line

__all__ = ["MASTERS", "NAME", "Config", "Master", "MasterQuestion", "read_master"]

MASTERS = ("master.py", "master.ipynb")

_BOUNDARY = re.compile(r"#\s+(BEGIN|END)\s+(QUESTION|SOLUTION|TESTS|PROMPT|HELPERS)\s*$", re.IGNORECASE)
_CONFIG = re.compile(r"#\s+AUTOGRADER\s+CONFIG\s*$", re.IGNORECASE)
_OTTER_CONFIG = re.compile(r"#\s+ASSIGNMENT\s+CONFIG\b", re.IGNORECASE)
_MARK_OF_CELL = re.compile(r"#\s*(BEGIN|END)\b", re.IGNORECASE)
_CELL_MARKS = [
    f"# {end} {block}" for end in ("BEGIN", "END") for block in ("QUESTION", "SOLUTION", "TESTS", "PROMPT", "HELPERS")
]
_CAPITALS_AT_END = re.compile(r"#\s*(?=[A-Z ]+$)[A-Z].*$", re.MULTILINE)
_LINE_MARKS = ["# BEGIN SOLUTION", "# END SOLUTION", "# SOLUTION", "# SOLUTION NO PROMPT", "# BEGIN SOLUTION NO PROMPT"]
_LINE_MARKS += ["# BEGIN PROMPT", "# END PROMPT", "# SEED"]
_IGNORED = re.compile(r"(##\s*ignore\s*##|#\s*ignore\b)", re.IGNORECASE)
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


@dataclass(frozen=True)
class Config:
    """What the master says of the exercise as a whole.

    Attributes:
        title: What students read above their grade.
        data: Hidden files, relative to `reference/`: arrays (`.npz`), and files of any other kind.
        files: Files and folders beside the master that students get beside the notebook.
        requires: Packages that the notebooks need, as pip writes them.
        limits: What a submission may use.
        points: What the questions are to be worth together; a build warns where they are not.
        install: What students put behind `%pip install`; empty for the package's name.
        accept: See `expect.test_files.LoadedCase`; for questions that do not say it.
    """

    title: str
    data: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    points: float = 10
    install: str = ""
    accept: Literal["", "claimed", "rebuilt"] = ""


@dataclass(frozen=True)
class MasterQuestion:
    """A question as its author wrote it.

    Attributes:
        rubric: What a person looks for, Markdown; the reference's answer where the master gives none.
        cell: Index of its `# BEGIN QUESTION` cell.
        answers: Indices of its solution cells.
        prompts: Indices of what a student finds in place of a manual answer; may be empty.
        accept: What it takes of a model that cannot be rebuilt; see `expect.test_files.LoadedCase`.
    """

    name: str
    title: str
    points: float
    manual: bool
    rubric: str
    cell: int
    answers: tuple[int, ...]
    prompts: tuple[int, ...]
    cases: tuple[CaseCell, ...]
    accept: str = ""


@dataclass(frozen=True)
class Master:
    """A master whose markup is sound.

    Attributes:
        slug: The exercise's name: that of the master's folder.
        roles: What each cell is for: `config`, `boundary`, `ignored`, `prose` (of students and reference alike),
            `answer`, `prompt`, `tests` or `helpers`.
        helpers: What its cases share.
    """

    slug: str
    source: Source
    config: Config
    config_cell: int
    questions: tuple[MasterQuestion, ...]
    roles: tuple[str, ...]
    helpers: tuple[Helper, ...] = ()

    @cached_property
    def question_of(self) -> dict[int, MasterQuestion]:
        """Index of an answer or prompt cell → its question."""
        return {cell: question for question in self.questions for cell in (*question.answers, *question.prompts)}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about the master, but no reason to refuse it."""
        total, expected = rounded(sum(question.points for question in self.questions)), rounded(self.config.points)
        if total == expected:
            return ()
        return (f"the questions are worth {total} points in all, not {expected}. {self.source.at(self.config_cell)}.",)


def read_master(path: Path, root: Path) -> Master:
    """Read a master and check its markup.

    Args:
        path: `master.py` or `master.ipynb`.
        root: The repository, to which the paths in messages are relative.

    Raises:
        BuildError: The master breaks a rule; the text names file, line and fix.
    """
    source = read_source(path, root)
    slug = path.resolve().parent.name
    if not NAME.fullmatch(slug):
        raise BuildError(f"{slug!r} is no name for an exercise: use small letters, digits and _. Rename {path.parent}.")
    reader = _Reader(source)
    reader.read()
    config, cell = reader.config()
    questions = tuple(replace(each, accept=each.accept or config.accept) for each in reader.questions)
    return Master(slug, source, config, cell, questions, tuple(reader.roles), tuple(reader.helpers))


class _Reader:
    """Goes over the cells once; its state is Otter's open blocks."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.questions: list[MasterQuestion] = []
        self.roles: list[str] = []
        self.helpers: list[Helper] = []
        self._configs: list[int] = []
        self._blocks: list[tuple[str, int]] = []  # kind, index of the BEGIN cell
        self._settings: dict[str, Any] = {}
        self._parts: dict[str, list[int]] = {}
        self._cases: list[CaseCell] = []

    def read(self) -> None:
        for index, cell in enumerate(self.source.cells):
            self.roles.append(self._role(index, cell.cell_type, cell.source))
        if self._blocks:
            kind, index = self._blocks[-1]
            raise self.source.refuse(index, f"this {kind} block never ends", f"Add a raw cell `# END {kind.upper()}`.")
        if not self.questions:
            raise self.source.refuse(0, "there is no question", "Add a raw cell `# BEGIN QUESTION` with `name: …`.")

    def config(self) -> tuple[Config, int]:
        fix = "Begin the master with a raw cell `# AUTOGRADER CONFIG` and `title: …`."
        if len(self._configs) != 1:
            at = self._configs[-1] if self._configs else 0
            raise self.source.refuse(at, f"it has {len(self._configs)} `# AUTOGRADER CONFIG` cells", fix)
        cell = self._configs[0]
        settings = self.source.settings(cell)
        limits = settings.get("limits") or {}
        unknown = [key for key in settings if key not in {each.name for each in fields(Config)}]
        if isinstance(limits, dict):
            unknown += [f"limits.{key}" for key in limits if key not in {field.name for field in fields(Limits)}]
        if unknown:
            keys = ", ".join(each.name for each in fields(Config) if each.name != "limits")
            keys += f" and limits ({', '.join(each.name for each in fields(Limits))})"
            at = self.source.find(cell, unknown[0].rpartition(".")[2])
            raise self.source.refuse(cell, f"the configuration has no key `{unknown[0]}`", f"There are {keys}.", at)
        try:
            config = msgspec.convert({**settings, "limits": limits}, Config)
        except msgspec.ValidationError as error:
            problem, _, place = str(error).rstrip("`").partition(" - at `$.")
            path = place.partition("[")[0]
            at = next(filter(None, (self.source.find(cell, key) for key in reversed(path.split(".")) if key)), 0)
            what = f"`{path}` cannot be read" if path else "the configuration cannot be read"
            fix = f"{problem}: correct it, or leave it out." if path else fix
            raise self.source.refuse(cell, what, fix, at) from error
        if not 0 <= config.points < math.inf:
            at, what = self.source.find(cell, "points"), f"the exercise is worth {config.points:g} points"
            raise self.source.refuse(cell, what, "Give a number from 0 on, or leave it out.", at)
        for required in config.requires:
            try:
                installable(required)
            except ValueError as error:
                what, at = f"`requires` has `{required}`: {one_line(str(error))}", self.source.find(cell, "requires")
                fix = "Name a package as pip writes it, such as `pandas` or `pandas>=2`."
                raise self.source.refuse(cell, what.rstrip("."), fix, at) from error
        if re.search(r"[\n\r`]|^\s*[%!]?pip\b", config.install):
            at, what = self.source.find(cell, "install"), "`install` is more than what stands behind `%pip install`"
            raise self.source.refuse(cell, what, "Write that alone, in one line, without backticks.", at)
        for name in (each.name for each in fields(Limits)):
            most = MAX_WIRE_BYTES >> 20 if name == "wire_mb" else math.inf
            if not 0 < getattr(config.limits, name) <= most:
                at = self.source.find(cell, name)
                what = f"the limit `{name}` is {getattr(config.limits, name):g}"
                upto = "" if most == math.inf else f", and at most {most:g}"
                raise self.source.refuse(cell, what, f"Give a number above 0{upto}, or leave it out.", at)
        return config, cell

    def _role(self, index: int, kind: str, text: str) -> str:
        first = text.split("\n", 1)[0]
        if _IGNORED.match(first):
            return "ignored"
        if kind == "raw" and _CONFIG.match(first):
            self._configs.append(index)
            return "config"
        if kind == "raw" and _OTTER_CONFIG.match(first):
            fix = "Put title, data and limits into `# AUTOGRADER CONFIG`; `autograder build` makes Otter's settings."
            raise self.source.refuse(index, "Otter's `# ASSIGNMENT CONFIG` has no place here", fix)
        if kind == "raw" and (boundary := _BOUNDARY.match(first)):
            begins, block = boundary[1].upper() == "BEGIN", boundary[2].lower()
            self._begin(index, block) if begins else self._end(index, block)
            return "helpers" if block == "helpers" else "boundary"
        if kind == "raw":
            meant = get_close_matches(first.upper(), [*_CELL_MARKS, "# AUTOGRADER CONFIG"], 1, 0.8)
            if meant or _MARK_OF_CELL.match(first):
                fix = f"Write `{meant[0]}`." if meant else f"The marks are {', '.join(_CELL_MARKS)}."
                raise self.source.refuse(index, f"`{first}` is no mark", fix)
        return self._content(index, kind)

    def _refuse_misspelt_marks(self, index: int) -> None:
        """Otter takes a mark that it does not know for a comment, and the students get what it was to hide."""
        text = self.source.cells[index].source
        for found in _CAPITALS_AT_END.finditer(text):
            mark = " ".join(found[0].removeprefix("#").split())
            meant = get_close_matches(f"# {mark}", _LINE_MARKS, 1, 0.8)
            if meant and meant[0] != f"# {mark}":
                what, line = f"`{found[0]}` is no mark", text.count("\n", 0, found.start())
                raise self.source.refuse(index, what, f"Write `{meant[0]}`.", line)

    def _content(self, index: int, kind: str) -> str:
        block = self._blocks[-1][0] if self._blocks else ""
        if kind == "markdown" and re.search(r"^```otter\s*$", self.source.cells[index].source, re.MULTILINE):
            raise self.source.refuse(index, "Otter's markup amid other text", "Give the fence a cell of its own.")
        if block == "tests":
            if kind != "code":
                raise self.source.refuse(index, f"a {kind} cell among the tests", "Keep only code cells there.")
            self._cases.append(read_case(self.source, index))
            return "tests"
        if block == "helpers":
            if kind != "code":
                raise self.source.refuse(index, f"a {kind} cell among the helpers", "Keep only code cells there.")
            self.helpers += read_helpers(self.source, index)
            return "helpers"
        if kind == "code" and re.search(r"@\s*(?:\w+\.)*test_case\b", self.source.cells[index].source):
            what = "a test case outside the tests goes to the students as it is"
            fix = "Put it between `# BEGIN TESTS` and `# END TESTS`."
            raise self.source.refuse(index, what, fix, self.source.find(index, "@"))
        if block in {"solution", "prompt"}:
            if kind == "code":
                self._refuse_misspelt_marks(index)
            self._parts[block].append(index)
            return "answer" if block == "solution" else "prompt"
        if block == "question" and kind == "markdown":
            self._parts["text"].append(index)
        return "prose"

    def _begin(self, index: int, block: str) -> None:
        inside = self._blocks[-1][0] if self._blocks else ""
        if block == "question" and inside:
            what = f"this {inside} block does not end before the next question, {self.source.at(index)}"
            raise self.source.refuse(self._blocks[-1][1], what, f"Add a raw cell `# END {inside.upper()}` before that.")
        if block == "helpers" and inside:
            fix = "Put the helpers outside of questions, best before the first one."
            raise self.source.refuse(index, f"a helpers block begins inside a {inside} block", fix)
        if block not in ("question", "helpers") and not inside:
            fix = "Put it between `# BEGIN QUESTION` and `# END QUESTION`."
            raise self.source.refuse(index, f"a {block} block begins outside a question", fix)
        if inside not in {"", "question"}:
            fix = f"End that one first: `# END {inside.upper()}`."
            raise self.source.refuse(index, f"a {block} block begins inside a {inside} block", fix)
        if block == "prompt" and self._parts["solution"]:
            raise self.source.refuse(index, "the prompt comes after the solution", "Put the prompt before it.")
        if block == "question":
            self._settings = self.source.settings(index)
            self._parts = {"solution": [], "prompt": [], "text": []}
            self._cases = []
        self._blocks.append((block, index))

    def _end(self, index: int, block: str) -> None:
        if not self._blocks or self._blocks[-1][0] != block:
            open_block = f"the open block is a {self._blocks[-1][0]}" if self._blocks else "no block is open"
            raise self.source.refuse(index, f"`# END {block.upper()}` without its begin: {open_block}", "Pair them.")
        _, begin = self._blocks.pop()
        if block == "question":
            self.questions.append(self._question(begin))

    def _question(self, cell: int) -> MasterQuestion:
        source, settings, cases = self.source, self._settings, self._cases
        name = settings.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            fix = "Use small letters, digits and _, beginning with a letter."
            what = "the question has no `name: …`" if name is None else f"{name!r} is no name for a question"
            raise source.refuse(cell, what, fix)
        if name in {question.name for question in self.questions}:
            raise source.refuse(cell, f"there are two questions `{name}`", "Rename one of them.")
        unknown = sorted(set(settings) - {"name", "points", "manual", "title", "rubric", "accept"})
        if unknown:
            fix = "A question has name, points, manual, title, rubric and accept."
            what = f"`{name}` has a setting `{unknown[0]}` that does not exist"
            raise source.refuse(cell, what, fix, source.find(cell, unknown[0]))
        accept = settings.get("accept", "")
        if accept not in ("", "claimed", "rebuilt"):
            what, at = f"`accept` of `{name}` is {accept!r}", source.find(cell, "accept")
            raise source.refuse(cell, what, "Write `accept: claimed` or `accept: rebuilt`, or leave it out.", at)
        answers, prompts = tuple(self._parts["solution"]), tuple(self._parts["prompt"])
        manual = settings.get("manual", False)
        if not isinstance(manual, bool):
            what, at = f"`manual` of `{name}` is {manual!r}", source.find(cell, "manual")
            raise source.refuse(cell, what, "Write `manual: true`, or leave it out.", at)
        kinds = {source.cells[index].cell_type for index in answers}
        if not answers or (not manual and "code" not in kinds):
            fix = "Put the reference's answer between raw cells `# BEGIN SOLUTION` and `# END SOLUTION`."
            raise source.refuse(cell, f"`{name}` has no answer cell", fix)
        for group in ([case.function for case in cases], [case.title for case in cases]):
            if twice := sorted({each for each in group if group.count(each) > 1}):
                at = cases[len(group) - 1 - group[::-1].index(twice[0])].cell
                raise source.refuse(at, f"`{name}` has two cases {twice[0]!r}", "Rename one of them.")
        points = (self._manual_points if manual else self._automatic_points)(cell, name, prompts)
        texts = [source.cells[index].source for index in self._parts["text"]]
        headings = [found[1] for text in texts if (found := _HEADING.search(text))]
        rubric = settings.get("rubric") or "\n\n".join(
            source.cells[index].source for index in answers if manual and source.cells[index].cell_type == "markdown"
        )
        return MasterQuestion(
            name=name,
            title=str(settings.get("title") or (headings[0] if headings else name)),
            points=points,
            manual=manual,
            rubric=str(rubric).strip(),
            cell=cell,
            answers=answers,
            prompts=prompts,
            cases=tuple(cases),
            accept=accept,
        )

    def _manual_points(self, cell: int, name: str, prompts: tuple[int, ...]) -> float:
        points = self._settings.get("points")
        if self._cases:
            fix = "Split it: one question with cases, one with `manual: true`."
            raise self.source.refuse(self._cases[0].cell, f"`{name}` is manual and has a case", fix)
        if isinstance(points, bool) or not isinstance(points, (int, float)) or points <= 0:
            what = "has no points" if points is None else f"its points are {points!r}"
            raise self.source.refuse(cell, f"`{name}` is manual and {what}", "Write `points:` and a number above 0.")
        if len(prompts) > 1:
            raise self.source.refuse(prompts[1], f"`{name}` has two prompt cells", "Keep one.")
        return rounded(points)

    def _automatic_points(self, cell: int, name: str, prompts: tuple[int, ...]) -> float:
        if prompts:
            fix = "Mark the gap inside the solution cell: `# SOLUTION`, or `# BEGIN SOLUTION` … `# END SOLUTION`."
            raise self.source.refuse(prompts[0], f"`{name}` has cases and a prompt", fix)
        if not self._cases:
            fix = "Add cases between `# BEGIN TESTS` and `# END TESTS`, or `manual: true`."
            raise self.source.refuse(cell, f"`{name}` has no case", fix)
        total = rounded(sum(case.points for case in self._cases))
        points = self._settings.get("points", total)
        if isinstance(points, bool) or not isinstance(points, (int, float)):
            fix = f"Give a number, here {total}, or leave it out."
            at = self.source.find(cell, "points")
            raise self.source.refuse(cell, f"the points of `{name}` are {points!r}", fix, at)
        if points != total:
            fix = f"Its cases give {total}: write `points: {total}`, or change the cases."
            raise self.source.refuse(cell, f"`{name}` says {points} points", fix)
        return total
