"""The data model, and its JSON. Both sides.

Frozen dataclasses, no behaviour beyond sums: what an exercise is (`Assignment`, `Question`, `Case`, `Limits`), what
came in (`Submission`), what running it gave (`Execution`) and what it earned (`Outcome`, `QuestionGrade`, `Grade`).
This module imports nothing of the package, so that every package can use it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec

from autograder.language import N_
from autograder.language import gettext as _

__all__ = [
    "ANSWER_TAG",
    "FOLLOWS",
    "MAX_GIVEN_BYTES",
    "MAX_WIRE_BYTES",
    "NOT_LISTED",
    "SANDBOX_VARIABLE",
    "SEED",
    "SELF_CHECK",
    "TIME_NOT_KNOWN",
    "Assignment",
    "Case",
    "CaseMove",
    "CaseStatus",
    "Cause",
    "CauseKind",
    "Cell",
    "CellKind",
    "Confusion",
    "Evidence",
    "Execution",
    "ExecutionStatus",
    "Grade",
    "GradeStatus",
    "LateRule",
    "LayerDiff",
    "Limits",
    "Measurement",
    "Misread",
    "Move",
    "Outcome",
    "Question",
    "QuestionGrade",
    "Submission",
    "SubmittedFile",
    "from_json",
    "rounded",
    "to_json",
]

CaseStatus = Literal["pass", "fail", "error", "skipped", "manual"]
GradeStatus = Literal["graded", "needs_review", "rejected"]
ExecutionStatus = Literal["completed", "timed_out", "out_of_memory", "crashed", "refused"]
CellKind = Literal["code", "markdown", "raw"]
Evidence = Literal["computed", "answered", "claimed"]
CauseKind = Literal["module", "file", "host", "version", "given", "changed", "time", "memory", "crash"]


Points = int | float
"""As a union, so that whole points stay integers when JSON is read: `4`, not `4.0`."""

MAX_WIRE_BYTES = 1 << 30
"""What a submission may send in all, however high its limit: the one bound of a frame, an array, and the weights of a
network."""

MAX_GIVEN_BYTES = 64 << 20
"""What the files that come with an exercise may have together."""

ANSWER_TAG = "answer:"
"""An answer cell carries the tag `answer:<question>`."""

SEED = 0
"""What Python, NumPy and TensorFlow are seeded with where notebooks are graded."""

SANDBOX_VARIABLE = "AUTOGRADER_SANDBOX"
"""The environment variable that is set in the sandbox: a notebook's self-check and live network do nothing there."""

LEAST_CASE_MEMORY_MB = 2048  # Keras takes 600 MiB before it computes anything


@dataclass(frozen=True)
class Limits:
    """What one submission may use; the sandbox enforces it.

    Processor time does not depend on what else the machine does, so all limits but `wall_seconds` are in that.

    Attributes:
        wall_seconds: Time from the first cell to the last, in seconds; then everything is killed. A ceiling.
        cell_seconds: Processor time of the process tree in one cell, in seconds; the cell is interrupted and the next
            one runs.
        cpu_seconds: Processor time of the process tree in all cells, in seconds.
        memory_mb: Resident memory of the whole process tree, in MiB. A case may take as much again in the grader, and
            2 GiB in any case.
        processes: Processes and threads at one time.
        threads: Threads of TensorFlow; NumPy's linear algebra has one.
        tmp_mb: Size of the private `/tmp`, in MiB; it counts on top of `memory_mb`.
        output_mb: What the cells may show, in MiB, text and pictures together; the rest is cut.
        wire_mb: What the sandbox may send in all (values, models, outputs), in MiB; at most 1,024.
        call_seconds: Processor time for one remote call of a student's function, in seconds.
        case_seconds: Processor time for one case, in seconds: its own, and that of what computes its predictions.
    """

    wall_seconds: float = 1800.0
    cell_seconds: float = 150.0
    cpu_seconds: int = 600
    memory_mb: int = 3072
    processes: int = 128
    threads: int = 1
    tmp_mb: int = 256
    output_mb: float = 8.0
    wire_mb: float = 256.0
    call_seconds: float = 10.0
    case_seconds: float = 60.0

    @property
    def case_memory_mb(self) -> int:
        """What one case may take, in MiB: its own process, and the one that computes with networks."""
        return max(self.memory_mb, LEAST_CASE_MEMORY_MB)


@dataclass(frozen=True)
class Case:
    """A graded check of one question.

    Attributes:
        name: The name of the case's function without `test_`; unique in its question.
        title: First line of its docstring: what a student reads, for hidden cases too.
        points: What it is worth.
        hidden: Whether the students' notebook goes without it.
        parameters: The names that the case asks for; its artifact contract.
    """

    name: str
    title: str
    points: Points
    hidden: bool = False
    parameters: tuple[str, ...] = ()


PLACEHOLDER = N_("*Write your answer here, in place of this line.*")
"""What a stub has in the answer cell of a manual question."""

SELF_CHECK = N_("# The self-check behind `grader.check(…)`.")
"""How the cell of a stub begins that holds the tests which a student can run."""


@dataclass(frozen=True)
class Question:
    """A question: graded by `cases`, or by a person when `manual`.

    Attributes:
        names: What the student's notebook must define; taken after the question's answer.
        histories: Those of the names that are training histories; pages draw their learning curves.
        answer_cells: How many cells of the stub are for its answer.
        rubric: What a person looks for; for manual questions. Markdown.
    """

    name: str
    points: Points
    title: str = ""
    manual: bool = False
    cases: tuple[Case, ...] = ()
    names: tuple[str, ...] = ()
    histories: tuple[str, ...] = ()
    answer_cells: int = 1
    rubric: str = ""


NOT_LISTED = N_("You are not on the class list.")
"""A `Grade.warning`; it stays English until it is shown, as it is taken back by it."""

TIME_NOT_KNOWN = N_("It is not known when this was handed in, so nothing is taken off for being late.")
"""`Grade.late` where that is so."""


@dataclass(frozen=True)
class LateRule:
    """What is taken off a grade for handing in late; it is never less than 0.

    Attributes:
        due: Local time in `zone`.
        zone: Name in the IANA time zone database, such as `Europe/Berlin`; times of a system without offset are there.
        percent: Of the exercise's points, for each `every` that has begun; 0 where `points` says it.
        points: Likewise, in points.
        every: `day` (24 hours) or `hour`.
        grace: Minutes after `due` that cost nothing, and from whose end on it counts.
    """

    due: datetime
    zone: str
    percent: float = 0
    points: float = 0
    every: Literal["day", "hour"] = "day"
    grace: float = 0


@dataclass(frozen=True)
class Assignment:
    """An exercise as the grader knows it.

    Attributes:
        late: What handing in late costs; None for nothing.
        data: Hidden file, relative to the repository's `reference/` → `sha256:` and its hex digest.
        requires: Packages that the notebooks need where they are graded, as pip writes them: `pandas>=2`.
        stub: Sources of the code cells and answer cells that students get; empty if not known.
        language: Of what students read: one of `language.LANGUAGES`.
    """

    slug: str
    title: str
    questions: tuple[Question, ...]
    limits: Limits = field(default_factory=Limits)
    data: dict[str, str] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    late: LateRule | None = None
    stub: tuple[str, ...] = ()
    language: str = "en"

    @property
    def possible(self) -> float:
        """Points of all questions, manual ones included."""
        return rounded(sum(question.points for question in self.questions))


@dataclass(frozen=True)
class Cell:
    """One cell of a submission, as plain data.

    Attributes:
        kind: `code`, `markdown` or `raw`.
        tags: The cell's tags; an answer cell carries `answer:<question>`.
        outputs: nbformat 4 outputs of the execution in the sandbox (never the submitted ones); hostile text.
        error: `NameError: …` when the cell raised, or why it did not run or did not end; else empty.
        seconds: How long the cell ran.
        cpu_seconds: Processor time of the whole process tree in that time, as the host measured it.
        due_to: Position of the earlier cell whose error is the cause of this one's; None where this one is the first.
            A cell without an error has one where it uses a name that a failed cell was to define.
        origin: Of a cell that failed: `given` where it is as it came with the exercise and no code of the student's can
            be the reason, `changed` where it came with the exercise and the student's change is the reason.
        note: What to say of its error, in words of ours.
        attachments: Name → data URL of the pictures pasted into a text; hostile, and bounded in size.
    """

    kind: CellKind
    source: str
    tags: tuple[str, ...] = ()
    outputs: tuple[dict[str, Any], ...] = ()
    execution_count: int | None = None
    error: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    due_to: int | None = None
    origin: Literal["", "given", "changed"] = ""
    note: str = ""
    attachments: dict[str, str] = field(default_factory=dict)

    @property
    def answers(self) -> tuple[str, ...]:
        """The questions that this cell answers, by its tags."""
        return tuple(tag.removeprefix(ANSWER_TAG) for tag in self.tags if tag.startswith(ANSWER_TAG))


@dataclass(frozen=True)
class SubmittedFile:
    """A file that was handed in with a notebook; hostile.

    Attributes:
        name: Its path beside the notebook.
        size: In bytes.
        content: Empty where it is not read, and of a run that is kept.
        left_out: Why it does not lie beside the notebook where that is graded; empty where it does.
        text: What a page shows of it, if it is a text.
        picture: Likewise, if it is a picture: a data URL.
    """

    name: str
    size: int
    content: bytes = b""
    left_out: str = ""
    text: str = ""
    picture: str = ""

    @property
    def is_picture(self) -> bool:
        """Whether its name is that of a picture of a kind that pages show."""
        return self.name.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"))


@dataclass(frozen=True)
class Submission:
    """A notebook that a student handed in, read and normalised; everything in it is hostile.

    Attributes:
        student: The id: letters, digits and ``._@- `` only, safe as a file name, never the start of a formula.
        filename: The path inside the source, as it was named there.
        digest: `sha256:` and the hex digest of the submitted bytes; that of no bytes where none were read. With other
            files, it is that of theirs and the notebook's.
        cells: The notebook's cells, without their submitted outputs.
        problem: Why it cannot be graded (`not JSON`, …), or empty. Then `cells` is empty.
        warnings: What the grader had to correct, for the student (`2 cells with tag answer:train`).
        files: What was handed in with the notebook.
        handed_in: When, in ISO 8601 and as the system's local time where it has no offset; empty if not known.
    """

    student: str
    filename: str
    digest: str = f"sha256:{hashlib.sha256().hexdigest()}"
    cells: tuple[Cell, ...] = ()
    problem: str = ""
    warnings: tuple[str, ...] = ()
    files: tuple[SubmittedFile, ...] = ()
    handed_in: str = ""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Names of the files that do not lie beside the notebook."""
        return tuple(file.name for file in self.files if file.left_out)


@dataclass(frozen=True)
class Execution:
    """What running a submission gave.

    Attributes:
        status: How it ended.
        message: One line for the student when it did not complete.
        cells: The submission's cells with the outputs of this execution.
        wall_seconds: From launch to end.
        cpu_seconds: Processor time of the whole process tree, as the host measured it.
        stopped_in: Position in `cells` of the cell in which the run ended early; None where it did not, or where it
            ended between cells.
        unjustified: Whether the run or a cell was ended for what its own processor time and memory do not explain: the
            machine may be at fault.
        phases: Time of each phase, in seconds (`start`, `cells`, `tensorflow`, `rebuild`, `cases`, …).
        environment: What the grade depends on besides the notebook: versions, processor, threads; empty if nothing ran.
        files: What was handed in with the notebook, as pages show it.
    """

    status: ExecutionStatus
    message: str = ""
    cells: tuple[Cell, ...] = ()
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    stopped_in: int | None = None
    unjustified: bool = False
    phases: dict[str, float] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    files: tuple[SubmittedFile, ...] = ()


FOLLOWS = N_("follows from the layer above")
"""The hint of a row that is right in itself, but gets another input than expected."""


@dataclass(frozen=True)
class LayerDiff:
    """One row of the aligned comparison of an expected and a received network.

    Attributes:
        kind: `same`, `different`, `missing` (expected only) or `extra` (received only).
        expected: The expected layer in words, such as `Conv2D 64 3×3 'same' → (14, 14, 64)`; empty for `extra`.
        received: The received layer in words; empty for `missing`.
        hint: What to look at, for rows that are not `same`.
    """

    kind: Literal["same", "different", "missing", "extra"]
    expected: str = ""
    received: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Measurement:
    """A figure that a case measured of a network's predictions, for the instructor.

    Attributes:
        model: What the student calls the network.
        inputs: How many inputs it is of.
        accuracy: Share of right predictions, from 0 to 1; of another metric the figure.
        at_least: The floor; 0 where none was demanded.
        unsure: How far beyond the bound a person decides.
        metric: `accuracy`, `iou`, `mae`, `mse`, `rmse` or `r2`.
        at_most: The largest value allowed, for the metrics that are errors; 0 where none was demanded.
    """

    model: str
    inputs: int
    accuracy: float
    at_least: float = 0.0
    unsure: float = 0.0
    metric: str = "accuracy"
    at_most: float = 0.0


@dataclass(frozen=True)
class Misread:
    """An input that a network takes for another class than the true one.

    Attributes:
        index: Its position among the inputs of the case, from 0.
        true: The true class.
        predicted: The class that the network gives.
        picture: The input as PNG in base64; empty where it is no small picture.
    """

    index: int
    true: int
    predicted: int
    picture: str = ""


@dataclass(frozen=True)
class Confusion:
    """How a network's predictions for the inputs of a public case divide over the classes.

    Attributes:
        model: What the student calls the network.
        counts: For each true class, how many of its inputs are predicted as each class.
        misread: For each of the most frequent mistakes, the first input.
    """

    model: str
    counts: tuple[tuple[int, ...], ...]
    misread: tuple[Misread, ...]


@dataclass(frozen=True)
class Outcome:
    """The result of one case for one submission.

    Attributes:
        name: The case.
        status: See `CaseStatus`; `manual` while it waits for a person.
        points: What was earned.
        possible: What the case is worth.
        hidden: Whether the students' notebook goes without the case.
        title: First line of the case's docstring.
        message: What the student reads. A hidden case's message holds no secret.
        detail: What only the instructor reads: the full message of a hidden case, or an error of the grader.
        diff: The layer comparison that the message is about, if the case made one (empty for hidden cases).
        by_hand: Whether a person gave the points. Until then the status is `manual`, and the points are 0.
        comment: What that person says of the answer; plain text, for the student.
        measurements: Accuracies that the case measured; only the instructor reads them.
        confusions: What networks confuse whose accuracy the case demands; for the student. Empty for hidden cases, and
            for cases that hidden data reach: both would tell labels that students do not have.
        verdict: What the case itself gave, as status and points, where a person's decision stands in its place.
        evidence: What the outcome rests on. `computed`: plain data, or a network that the grader rebuilt, as it was
            handed in: its layers with their arguments, `trainable` included, and its weights. `answered`:
            what the student's process computed for inputs that the grader chose. `claimed`: what that process only
            said, such as a history, or the layers of a model that cannot be rebuilt. Of several, the last in this list.
        proposed: Points that the case gives on claims about a model, or an object in place of data, and that count once
            a person confirms them; None where there are none such.
    """

    name: str
    status: CaseStatus
    points: Points
    possible: Points
    hidden: bool = False
    title: str = ""
    message: str = ""
    detail: str = ""
    diff: tuple[LayerDiff, ...] = ()
    by_hand: bool = False
    comment: str = ""
    measurements: tuple[Measurement, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    verdict: tuple[CaseStatus, Points] | None = None
    evidence: Evidence = "computed"
    proposed: Points | None = None


@dataclass(frozen=True)
class QuestionGrade:
    """The outcomes of one question.

    Attributes:
        name: The question.
        score: Points earned so far.
        possible: What the question is worth.
        cases: One outcome for each case; of a manual question, one for the question.
        title: The question's title.
        manual: Whether a person grades it.
        answer: The student's text, for a manual question; hostile Markdown. Empty where the cell is as it came.
        pictures: `sha256:` and the hex digest of each picture of that answer: pasted into it, or shown by its cell.
        histories: Name of a training history in the notebook → its metrics → one value an epoch.
        weights: Name of a network → hex SHA-256 digest of its weights' values; none without weights.
    """

    name: str
    score: Points
    possible: Points
    cases: tuple[Outcome, ...] = ()
    title: str = ""
    manual: bool = False
    answer: str = ""
    pictures: tuple[str, ...] = ()
    histories: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cause:
    """What may have cost points although no answer is wrong.

    Attributes:
        kind: `module`, `file` or `host` that is not there where notebooks are graded; `version` for a notebook that was
            handed out with another version of this package; an error in a cell that came with the exercise, `given` or
            `changed` as in `Cell.origin`; or how a cell was ended: `time`, `memory` or `crash`.
        name: Which module, file or host; empty for the others. Hostile text.
        cell: Number of the code cell, from 1 at the top of the notebook; 0 where a check called a function.
        message: One line for the student.
        hidden: Whether a call of a hidden case showed it: then only the instructor reads it.
        given: Whether the cell is as it came with the exercise.
    """

    kind: CauseKind
    name: str = ""
    cell: int = 0
    message: str = ""
    hidden: bool = False
    given: bool = False


@dataclass(frozen=True)
class Grade:
    """One student's result.

    Attributes:
        student: The student's id; see `Submission`.
        submission: The path of what was handed in; empty where nothing was.
        digest: `sha256:` and the hex digest of the submitted bytes.
        status: `graded`; `needs_review` after an error of the grader, or where points were lost for what may be no
            fault of the student's; `rejected` when it was not a notebook.
        score: Points earned so far, those of `penalty` taken off.
        possible: Points of the whole exercise.
        questions: In the exercise's order.
        pending: Points that a person still has to give (manual questions).
        message: Why it was rejected or needs review; one line.
        warnings: What the grader had to correct, for the student.
        notice: What holds for the whole submission (it answers another exercise, or nothing); for student and
            instructor.
        causes: What may have cost points although no answer is wrong.
        review: Why a person had, or has, to look at it. It stays when that is settled; `status` and `message` do not.
        comment: What the person who settled that says of the whole submission; plain text, for the student.
        name: The student's name in its own spelling, as the download or the class list has it; empty where it is not
            known to be another one than the id. Hostile text.
        id: The student's number or login in the system that the download is from; empty if not known. Hostile text.
        email: Likewise.
        handed_in: See `Submission`.
        penalty: Points that were taken off for being late.
        late: For the student: why, or that it is not known when this was handed in. Empty where it was in time.
    """

    student: str
    submission: str
    digest: str
    status: GradeStatus
    score: Points
    possible: Points
    questions: tuple[QuestionGrade, ...] = ()
    pending: Points = 0
    message: str = ""
    warnings: tuple[str, ...] = ()
    notice: str = ""
    causes: tuple[Cause, ...] = ()
    review: str = ""
    comment: str = ""
    name: str = ""
    id: str = ""
    email: str = ""
    handed_in: str = ""
    penalty: Points = 0
    late: str = ""

    @property
    def raw_score(self) -> Points:
        """Points earned so far, before anything is taken off for being late."""
        return rounded(self.score + self.penalty)

    @property
    def shown_warnings(self) -> list[str]:
        """`warnings` in the language in use."""
        return [_(NOT_LISTED) if warning == NOT_LISTED else warning for warning in self.warnings]

    @property
    def shown_late(self) -> str:
        """`late` in the language in use."""
        return _(TIME_NOT_KNOWN) if self.late == TIME_NOT_KNOWN else self.late

    @property
    def shown_name(self) -> str:
        """What people read: the name if it is known, else the id."""
        return self.name or self.student

    @property
    def absent(self) -> bool:
        """Whether nothing was handed in."""
        return not self.submission

    @property
    def needs_look(self) -> bool:
        """Whether a person must look at what was handed in, before grades are published."""
        return self.status != "graded" and not self.absent


T = TypeVar("T")


def rounded(points: float) -> float:
    """Points as they are shown and stored: two decimals, integers as such (`4`, not `4.0`)."""
    value = round(points + 0.0, 2)
    return int(value) if value == int(value) else value


@dataclass(frozen=True)
class CaseMove:
    """A case whose outcome is another one than before.

    Attributes:
        name: `question/case`.
        before: Status and points; None where there was no such case.
        after: Likewise, now.
    """

    name: str
    before: tuple[CaseStatus, Points] | None
    after: tuple[CaseStatus, Points] | None


@dataclass(frozen=True)
class Move:
    """A student whose grade is another one than in the report before.

    Attributes:
        student: Who.
        before: The score.
        after: The score now.
        cases: Those that moved.
        resubmitted: Whether it is another notebook.
    """

    student: str
    before: Points
    after: Points
    cases: tuple[CaseMove, ...]
    resubmitted: bool

    @property
    def higher(self) -> bool:
        """Whether it is more points."""
        return self.after > self.before

    @property
    def lower(self) -> bool:
        """Whether it is fewer points."""
        return self.after < self.before


def to_json(record: Any, *, indent: int = 0) -> bytes:
    """Encode a record (or plain data) as JSON."""
    encoded = msgspec.json.encode(record)
    return msgspec.json.format(encoded, indent=indent) if indent else encoded


def from_json(data: bytes | str, kind: type[T]) -> T:
    """Decode and check JSON against a record type.

    Raises:
        msgspec.ValidationError: The JSON does not have the record's shape.
    """
    return msgspec.json.decode(data, type=kind)
