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
    late: {due: 2026-11-05 23:59, zone: Europe/Berlin, percent: 10, every: day, grace: 15}
                                     what handing in late costs: fields of records.LateRule
    language: de                     of what students read; English, `en`, if left out
    accept: claimed                  or `rebuilt`, of a model that cannot be rebuilt; a question can say it for itself
    install: ./keras_autograder-0.1.0-py3-none-any.whl
                                     what students put behind `%pip install`, quotes included: a wheel beside the
                                     notebook, an address, `--index-url … keras-autograder`; the package's name if left
                                     out, with the extra that the notebook needs
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import timezone
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from autograder.authoring.case_helpers import Helper, read_helpers
from autograder.authoring.case_source import CaseCell, read_case
from autograder.authoring.source import Source, read_source
from autograder.errors import BuildError
from autograder.grading.intake.times import iso_time
from autograder.grading.requirements import installable
from autograder.language import LANGUAGES
from autograder.records import MAX_WIRE_BYTES, LateRule, Limits, rounded
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
_MARKED_GAP = re.compile(r"^[ \t]*([^\n#=]+=[ \t]*\.\.\.)[ \t]*#\s*SOLUTION[ \t]*$", re.MULTILINE)
_LINE_MARKS = ["# BEGIN SOLUTION", "# END SOLUTION", "# SOLUTION", "# SOLUTION NO PROMPT", "# BEGIN SOLUTION NO PROMPT"]
_LINE_MARKS += ["# BEGIN PROMPT", "# END PROMPT", "# SEED"]
_IGNORED = re.compile(r"(##\s*ignore\s*##|#\s*ignore\b)", re.IGNORECASE)
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_BEGIN_WITH_CONFIG = "Begin the master with a raw cell `# AUTOGRADER CONFIG` and `title: …`."


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
        late: What handing in late costs.
        language: Of what students read: one of `language.LANGUAGES`.
    """

    title: str
    data: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    points: float = 10
    install: str = ""
    accept: Literal["", "claimed", "rebuilt"] = ""
    late: LateRule | None = None
    language: str = "en"


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
        BuildError: The master breaks rules; the text has a line for each fault, with file, line and fix.
    """
    source = read_source(path, root)
    slug = path.resolve().parent.name
    if not NAME.fullmatch(slug):
        raise BuildError(f"{slug!r} is no name for an exercise: use small letters, digits and _. Rename {path.parent}.")
    reader = _Reader(source)
    reader.read()
    config, cell = reader.config()
    if reader.faults:
        raise BuildError("\n".join(map(str, reader.faults)))
    questions = tuple(replace(each, accept=each.accept or config.accept) for each in reader.questions)
    return Master(slug, source, config, cell, questions, tuple(reader.roles), tuple(reader.helpers))


def _fault_of_late(rule: LateRule) -> tuple[str, str] | None:
    """What is wrong with a rule, and what to do."""
    if rule.due.tzinfo:
        return "has `due` with an offset", "Write local time, such as 2026-11-05 23:59, and its `zone`."
    try:
        ZoneInfo(rule.zone)
    except (OSError, KeyError, ValueError):
        return f"has the zone `{one_line(rule.zone, 40)}`, which is not known", "Write one such as `Europe/Berlin`."
    local = rule.due.replace(tzinfo=ZoneInfo(rule.zone))
    if local.astimezone(timezone.utc).astimezone(local.tzinfo).replace(tzinfo=None) != rule.due:
        return "has a `due` that no clock shows, since clocks change then", "Write a time before or after it."
    if rule.grace < 0:
        return "has `grace` below 0", "Write minutes from 0 on, or leave it out."
    if rule.percent > 0 and rule.points > 0:
        return "has `percent` and `points`", "Keep one of them."
    if max(rule.percent, rule.points) <= 0 or min(rule.percent, rule.points) < 0:
        return "does not say what being late costs", "Give `percent` or `points`, above 0."
    return None


class _Reader:
    """Goes over the cells once; its state is Otter's open blocks. It keeps each fault, and goes on behind it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[BuildError] = []
        self.questions: list[MasterQuestion] = []
        self.roles: list[str] = []
        self.helpers: list[Helper] = []
        self._configs: list[int] = []
        self._blocks: list[tuple[str, int]] = []  # kind, index of the BEGIN cell
        self._settings: dict[str, Any] | None = None  # None where they cannot be read
        self._parts: dict[str, list[int]] = {}
        self._cases: list[CaseCell] = []
        self._all_cases_read = True
        self._names: set[str] = set()
        self._astray = False
        """A block began or ended where it may not: what follows in this question is no fault of its own."""

    def read(self) -> None:
        for index, cell in enumerate(self.source.cells):
            self.roles.append(self._role(index, cell.cell_type, cell.source))
        if self._blocks:
            kind, index = self._blocks[-1]
            self._stray(index, f"this {kind} block never ends", f"Add a raw cell `# END {kind.upper()}`.")
        if not self.questions and not self.faults:
            self._fault(0, "there is no question", "Add a raw cell `# BEGIN QUESTION` with `name: …`.")

    def config(self) -> tuple[Config, int]:
        """The settings and their cell. Where they have faults, these become the first, and the settings may be any."""
        faults, self.faults = self.faults, []
        config, cell = None, self._configs[-1] if self._configs else 0
        if len(self._configs) == 1:
            config = self._read_config(cell)
        else:
            self._fault(cell, f"it has {len(self._configs)} `# AUTOGRADER CONFIG` cells", _BEGIN_WITH_CONFIG)
        if config:
            self.faults += self._faults_of_config(config, cell)
        self.faults += faults
        return config or Config(""), cell

    def _fault(self, cell: int, what: str, fix: str, offset: int = 0) -> None:
        self.faults.append(self.source.refuse(cell, what, fix, offset))

    def _stray(self, index: int, what: str, fix: str) -> None:
        """Keep the first fault of those in how blocks begin and end."""
        if not self._astray:
            self._fault(index, what, fix)
        self._astray = True

    def _read_config(self, cell: int) -> Config | None:
        try:
            settings = self.source.settings(cell)
        except BuildError as fault:
            self.faults.append(fault)
            return None
        limits, late = settings.get("limits") or {}, settings.get("late")
        unknown = [key for key in settings if key not in {each.name for each in fields(Config)}]
        if isinstance(limits, dict):
            unknown += [f"limits.{key}" for key in limits if key not in {field.name for field in fields(Limits)}]
        if isinstance(late, dict):
            unknown += [f"late.{key}" for key in late if key not in {field.name for field in fields(LateRule)}]
            if isinstance(late.get("due"), str):  # YAML takes it for a time only with seconds
                late = {**late, "due": iso_time(late["due"]) or late["due"]}
        keys = ", ".join(each.name for each in fields(Config) if each.name not in ("limits", "late"))
        keys += f", limits ({', '.join(each.name for each in fields(Limits))})"
        keys += f" and late ({', '.join(each.name for each in fields(LateRule))})"
        for key in unknown:
            at = self.source.find(cell, key.rpartition(".")[2])
            self._fault(cell, f"the configuration has no key `{key}`", f"There are {keys}.", at)
        try:
            return msgspec.convert({**settings, "limits": limits, "late": late}, Config)
        except msgspec.ValidationError as error:
            problem, _, place = str(error).rstrip("`").partition(" - at `$.")
            path = place.partition("[")[0]
            at = next(filter(None, (self.source.find(cell, key) for key in reversed(path.split(".")) if key)), 0)
            what = f"`{path}` cannot be read" if path else "the configuration cannot be read"
            fix = f"{problem}: correct it, or leave it out." if path else _BEGIN_WITH_CONFIG
            if path == "late.due":
                fix = "Write a day and a time that there are, such as 2026-11-05 23:59."
            self._fault(cell, what, fix, at)
            return None

    def _faults_of_config(self, config: Config, cell: int) -> Iterator[BuildError]:
        if not 0 <= config.points < math.inf:
            at, what = self.source.find(cell, "points"), f"the exercise is worth {config.points:g} points"
            yield self.source.refuse(cell, what, "Give a number from 0 on, or leave it out.", at)
        for required in config.requires:
            try:
                installable(required)
            except ValueError as error:
                what, at = f"`requires` has `{required}`: {one_line(str(error))}", self.source.find(cell, "requires")
                fix = "Name a package as pip writes it, such as `pandas` or `pandas>=2`."
                yield self.source.refuse(cell, what.rstrip("."), fix, at)
        if re.search(r"[\n\r`]|^\s*[%!]?pip\b", config.install):
            at, what = self.source.find(cell, "install"), "`install` is more than what stands behind `%pip install`"
            yield self.source.refuse(cell, what, "Write that alone, in one line, without backticks.", at)
        if config.language not in LANGUAGES:
            at, what = (
                self.source.find(cell, "language"),
                f"there are no texts in the language `{one_line(config.language, 20)}`",
            )
            yield self.source.refuse(cell, what, f"Write one of {', '.join(LANGUAGES)}, or leave it out.", at)
        if config.late and (fault := _fault_of_late(config.late)):
            at = self.source.find(cell, "late")
            yield self.source.refuse(cell, f"`late` {fault[0]}", fault[1], at)
        for name in (each.name for each in fields(Limits)):
            most = MAX_WIRE_BYTES >> 20 if name == "wire_mb" else math.inf
            if not 0 < getattr(config.limits, name) <= most:
                at = self.source.find(cell, name)
                what = f"the limit `{name}` is {getattr(config.limits, name):g}"
                upto = "" if most == math.inf else f", and at most {most:g}"
                yield self.source.refuse(cell, what, f"Give a number above 0{upto}, or leave it out.", at)

    def _role(self, index: int, kind: str, text: str) -> str:
        first = text.split("\n", 1)[0]
        if _IGNORED.match(first):
            return "ignored"
        if kind == "raw" and _OTTER_CONFIG.match(first):
            fix = "Put title, data and limits into `# AUTOGRADER CONFIG`; `autograder build` makes Otter's settings."
            self._fault(index, "Otter's `# ASSIGNMENT CONFIG` has no place here", fix)
            return "config"
        if kind == "raw" and not (_CONFIG.match(first) or _BOUNDARY.match(first)):
            meant = get_close_matches(first.upper(), [*_CELL_MARKS, "# AUTOGRADER CONFIG"], 1, 0.8)
            if meant:
                self._fault(index, f"`{first}` is no mark", f"Write `{meant[0]}`.")
                first = meant[0]
            elif _MARK_OF_CELL.match(first):
                self._stray(index, f"`{first}` is no mark", f"The marks are {', '.join(_CELL_MARKS)}.")
        if kind == "raw" and _CONFIG.match(first):
            self._configs.append(index)
            return "config"
        if kind == "raw" and (boundary := _BOUNDARY.match(first)):
            begins, block = boundary[1].upper() == "BEGIN", boundary[2].lower()
            self._begin(index, block) if begins else self._end(index, block)
            return "helpers" if block == "helpers" else "boundary"
        return self._content(index, kind)

    def _note_misspelt_marks(self, index: int) -> None:
        """Otter takes a mark that it does not know for a comment, and the students get what it was to hide."""
        text = self.source.cells[index].source
        for found in _CAPITALS_AT_END.finditer(text):
            mark = " ".join(found[0].removeprefix("#").split())
            meant = get_close_matches(f"# {mark}", _LINE_MARKS, 1, 0.8)
            if meant and meant[0] != f"# {mark}":
                what, line = f"`{found[0]}` is no mark", text.count("\n", 0, found.start())
                self._fault(index, what, f"Write `{meant[0]}`.", line)

    def _note_marked_gaps(self, index: int) -> None:
        """Students would get the very line that is marked as the solution's."""
        text = self.source.cells[index].source
        for found in _MARKED_GAP.finditer(text):
            fix = (
                'Put it between lines `""" # BEGIN PROMPT` and `""" # END PROMPT`, and the solution below it between '
                "`# BEGIN SOLUTION NO PROMPT` and `# END SOLUTION`."
            )
            line = text.count("\n", 0, found.start())
            self._fault(index, f"`{one_line(found[1], 60)}` is a gap already, and marked as a solution", fix, line)

    def _content(self, index: int, kind: str) -> str:
        block = self._blocks[-1][0] if self._blocks else ""
        if kind == "markdown" and re.search(r"^```otter\s*$", self.source.cells[index].source, re.MULTILINE):
            self._fault(index, "Otter's markup amid other text", "Give the fence a cell of its own.")
        if self._astray and block != "tests":
            return "prose"
        if block in {"tests", "helpers"}:
            if kind != "code":
                self._fault(index, f"a {kind} cell among the {block}", "Keep only code cells there.")
                return block
            try:
                if block == "tests":
                    self._cases.append(read_case(self.source, index))
                else:
                    self.helpers += read_helpers(self.source, index)
            except BuildError as fault:
                self.faults.append(fault)
                self._all_cases_read = self._all_cases_read and block != "tests"
            return block
        if kind == "code" and re.search(r"@\s*(?:\w+\.)*test_case\b", self.source.cells[index].source):
            what = "a test case outside the tests goes to the students as it is"
            fix = "Put it between `# BEGIN TESTS` and `# END TESTS`."
            self._fault(index, what, fix, self.source.find(index, "@"))
        if block in {"solution", "prompt"}:
            if kind == "code":
                self._note_misspelt_marks(index)
                self._note_marked_gaps(index)
            self._parts[block].append(index)
            return "answer" if block == "solution" else "prompt"
        if block == "question" and kind == "markdown":
            self._parts["text"].append(index)
        return "prose"

    def _begin(self, index: int, block: str) -> None:
        inside = self._blocks[-1][0] if self._blocks else ""
        if block == "question":
            if inside:
                what = f"this {inside} block does not end before the next question, {self.source.at(index)}"
                self._stray(self._blocks[-1][1], what, f"Add a raw cell `# END {inside.upper()}` before that.")
            self._begin_question(index)
        elif block == "helpers" and inside:
            fix = "Put the helpers outside of questions, best before the first one."
            self._stray(index, f"a helpers block begins inside a {inside} block", fix)
        elif block != "helpers" and not inside:
            fix = "Put it between `# BEGIN QUESTION` and `# END QUESTION`."
            self._stray(index, f"a {block} block begins outside a question", fix)
        elif inside not in {"", "question"}:
            fix = f"End that one first: `# END {inside.upper()}`."
            self._stray(index, f"a {block} block begins inside a {inside} block", fix)
            self._blocks.pop()
        elif block == "prompt" and self._parts["solution"]:
            self._fault(index, "the prompt comes after the solution", "Put the prompt before it.")
        self._blocks.append((block, index))

    def _begin_question(self, index: int) -> None:
        self._blocks.clear()
        self._astray, self._all_cases_read = False, True
        self._parts, self._cases = {"solution": [], "prompt": [], "text": []}, []
        try:
            self._settings = self.source.settings(index)
        except BuildError as fault:
            self.faults.append(fault)
            self._settings = None

    def _end(self, index: int, block: str) -> None:
        open_blocks = [kind for kind, _ in self._blocks]
        if open_blocks[-1:] != [block]:
            open_block = f"the open block is a {open_blocks[-1]}" if open_blocks else "no block is open"
            self._stray(index, f"`# END {block.upper()}` without its begin: {open_block}", "Pair them.")
            if block not in open_blocks:
                return
            del self._blocks[open_blocks.index(block) + 1 :]
        _, begin = self._blocks.pop()
        if block == "question":
            if not self._astray and self._settings is not None:
                self._end_question(begin, self._settings)
            self._astray = False

    def _end_question(self, cell: int, settings: dict[str, Any]) -> None:
        """Keep the question, or its faults."""
        faults = [*self._faults_of_question(cell, settings)]
        self.faults += faults
        self._names.add(str(settings.get("name")))
        if faults or not self._all_cases_read:
            return
        answers, prompts = tuple(self._parts["solution"]), tuple(self._parts["prompt"])
        name, manual = settings["name"], settings.get("manual", False)
        texts = [self.source.cells[index].source for index in self._parts["text"]]
        headings = [found[1] for text in texts if (found := _HEADING.search(text))]
        rubric = settings.get("rubric") or "\n\n".join(
            self.source.cells[index].source
            for index in answers
            if manual and self.source.cells[index].cell_type == "markdown"
        )
        self.questions.append(
            MasterQuestion(
                name=name,
                title=str(settings.get("title") or (headings[0] if headings else name)),
                points=rounded(settings["points"] if manual else sum(case.points for case in self._cases)),
                manual=manual,
                rubric=str(rubric).strip(),
                cell=cell,
                answers=answers,
                prompts=prompts,
                cases=tuple(self._cases),
                accept=settings.get("accept", ""),
            )
        )

    def _faults_of_question(self, cell: int, settings: dict[str, Any]) -> Iterator[BuildError]:
        source, cases = self.source, self._cases
        name = settings.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            fix = "Use small letters, digits and _, beginning with a letter."
            what = "the question has no `name: …`" if name is None else f"{name!r} is no name for a question"
            yield source.refuse(cell, what, fix)
        elif name in self._names:
            yield source.refuse(cell, f"there are two questions `{name}`", "Rename one of them.")
        for unknown in sorted(set(settings) - {"name", "points", "manual", "title", "rubric", "accept"}):
            fix = "A question has name, points, manual, title, rubric and accept."
            what = f"`{name}` has a setting `{unknown}` that does not exist"
            yield source.refuse(cell, what, fix, source.find(cell, unknown))
        if (accept := settings.get("accept", "")) not in ("", "claimed", "rebuilt"):
            what, at = f"`accept` of `{name}` is {accept!r}", source.find(cell, "accept")
            yield source.refuse(cell, what, "Write `accept: claimed` or `accept: rebuilt`, or leave it out.", at)
        for group in ([case.function for case in cases], [case.title for case in cases]):
            for twice in sorted({each for each in group if group.count(each) > 1}):
                at = cases[len(group) - 1 - group[::-1].index(twice)].cell
                yield source.refuse(at, f"`{name}` has two cases {twice!r}", "Rename one of them.")
        manual = settings.get("manual", False)
        if not isinstance(manual, bool):
            what, at = f"`manual` of `{name}` is {manual!r}", source.find(cell, "manual")
            yield source.refuse(cell, what, "Write `manual: true`, or leave it out.", at)
            return
        kinds = {source.cells[index].cell_type for index in self._parts["solution"]}
        if not kinds or (not manual and "code" not in kinds):
            fix = "Put the reference's answer between raw cells `# BEGIN SOLUTION` and `# END SOLUTION`."
            yield source.refuse(cell, f"`{name}` has no answer cell", fix)
        faults = self._faults_of_manual if manual else self._faults_of_automatic
        yield from faults(cell, name, settings, self._parts["prompt"])

    def _faults_of_manual(
        self, cell: int, name: Any, settings: dict[str, Any], prompts: Sequence[int]
    ) -> Iterator[BuildError]:
        points = settings.get("points")
        if self._cases:
            fix = "Split it: one question with cases, one with `manual: true`."
            yield self.source.refuse(self._cases[0].cell, f"`{name}` is manual and has a case", fix)
        elif isinstance(points, bool) or not isinstance(points, (int, float)) or points <= 0:
            what = "has no points" if points is None else f"its points are {points!r}"
            yield self.source.refuse(cell, f"`{name}` is manual and {what}", "Write `points:` and a number above 0.")
        if len(prompts) > 1:
            yield self.source.refuse(prompts[1], f"`{name}` has two prompt cells", "Keep one.")

    def _faults_of_automatic(
        self, cell: int, name: Any, settings: dict[str, Any], prompts: Sequence[int]
    ) -> Iterator[BuildError]:
        if prompts:
            fix = "Mark the gap inside the solution cell: `# SOLUTION`, or `# BEGIN SOLUTION` … `# END SOLUTION`."
            yield self.source.refuse(prompts[0], f"`{name}` has cases and a prompt", fix)
        if not self._all_cases_read:
            return
        if not self._cases:
            fix = "Add cases between `# BEGIN TESTS` and `# END TESTS`, or `manual: true`."
            yield self.source.refuse(cell, f"`{name}` has no case", fix)
            return
        total = rounded(sum(case.points for case in self._cases))
        points = settings.get("points", total)
        if isinstance(points, bool) or not isinstance(points, (int, float)):
            fix = f"Give a number, here {total}, or leave it out."
            at = self.source.find(cell, "points")
            yield self.source.refuse(cell, f"the points of `{name}` are {points!r}", fix, at)
        elif points != total:
            fix = f"Its cases give {total}: write `points: {total}`, or change the cases."
            yield self.source.refuse(cell, f"`{name}` says {points} points", fix)
