"""`calibration.json`: figures of a reference, and whether a case's bounds follow from them. Trusted side."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from autograder.authoring.case_helpers import needed_helpers
from autograder.authoring.master import Master
from autograder.authoring.tolerance import CONFIDENCE, RATE, Bound, bound
from autograder.errors import BuildError
from autograder.files import write_whole
from autograder.records import Grade, Measurement, from_json, to_json

__all__ = ["CALIBRATION", "SEED", "Calibration", "Floor", "doubts", "floors_of", "fresh", "read", "save"]

CALIBRATION = "calibration.json"
"""The name of the file, in the master's folder."""

SEED = re.compile(r"(\bset_random_seed\(\s*(?:seed\s*=\s*)?)(\d[\d_]*)(\s*\))")
"""What a calibration changes in the reference, from run to run."""

LEAST_SEEDS = 5
SLACK = 0.03
"""How far below its bound a floor may lie: the text may promise students a round number."""
ERROR_SLACK = 0.25
"""The same for the largest error, as a share of its bound."""


@dataclass(frozen=True)
class Floor:
    """One demand of an accuracy or another figure, as it was measured.

    Attributes:
        case: `question.case`, with ` (2)` for its second demand, and so on.
        model: The network's name in the notebook.
        inputs: How many inputs the accuracy is of.
        accuracies: Seed → what the reference reached with it.
        mean: Of the accuracies. This and the following are for readers of the file; `bound` computes them again.
        deviation: Their standard deviation.
        floor: The lowest floor that follows from them; of an error the smallest ceiling.
        unsure: Its standard error.
        metric: See `records.Measurement`.
    """

    case: str
    model: str
    inputs: int
    accuracies: dict[int, float] = field(default_factory=dict)
    mean: float = 0.0
    deviation: float = 0.0
    floor: float = 0.0
    unsure: float = 0.0
    metric: str = "accuracy"

    @property
    def is_error(self) -> bool:
        """Whether small figures are good ones."""
        return self.metric in ("mae", "mse", "rmse")

    @property
    def bound(self) -> Bound | None:
        """What follows from the accuracies; None while they are too few."""
        if len(self.accuracies) < LEAST_SEEDS:
            return None
        return bound(list(self.accuracies.values()), error=self.is_error)

    def is_of(self, demand: Measurement) -> bool:
        """Whether it measured what is demanded."""
        return (self.model, self.inputs, self.metric) == (demand.model, demand.inputs, demand.metric)


@dataclass(frozen=True)
class Calibration:
    """What was measured of one exercise.

    Attributes:
        reference: Digest of the code that was run and of the hidden data; with another one all figures are out of date.
        seeds: Those that were run.
        rate: False-fail rate that the floors stand for.
        confidence: How sure the rate is.
    """

    reference: str
    floors: tuple[Floor, ...] = ()
    seeds: tuple[int, ...] = ()
    rate: float = RATE
    confidence: float = CONFIDENCE
    schema: int = 1


def fresh(master: Master, data: Iterable[Path]) -> Calibration:
    """A calibration of this master without any figures.

    Args:
        master: The master. Its texts, comments and floors may change, and the figures still hold; with other code,
            or where a case measures something else, they do not.
        data: The files of hidden arrays.
    """
    digest = hashlib.sha256()
    for role, cell in zip(master.roles, master.source.cells, strict=True):
        if cell.cell_type == "code" and role in {"prose", "answer"}:
            digest.update(_essence(cell.source) + b"\0")
    for question in master.questions:
        for case in question.cases:
            parts = [case.code, *(helper.text for helper in needed_helpers(master.helpers, [case]))]
            if any(check in part for part in parts for check in ("accuracy(", "iou(", "error(")):
                digest.update(b"".join(_essence(part) + b"\0" for part in parts))
    for path in data:
        digest.update(path.read_bytes())
    return Calibration(f"sha256:{digest.hexdigest()}")


def _essence(source: str) -> bytes:
    """Code without comments, docstrings and floors; as it is where it is more than Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source.strip().encode()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [
                keyword for keyword in node.keywords if keyword.arg not in ("at_least", "at_most", "unsure")
            ]
        elif isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.unparse(tree).encode()


def read(path: Path) -> Calibration | None:
    """The saved calibration; None if there is none.

    Raises:
        BuildError: The file is there, but cannot be read as a calibration.
    """
    try:
        return from_json(path.read_bytes(), Calibration)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise BuildError(f"{path} cannot be read: {error}. Remove it, and calibrate again.") from error


def save(path: Path, calibration: Calibration) -> None:
    """Write a calibration, whole or not at all.

    Raises:
        AutograderError: It cannot be written.
    """
    write_whole(path, [to_json(calibration, indent=2) + b"\n"])


def floors_of(grade: Grade) -> dict[str, Measurement]:
    """`question.case` → the figure that it measured, for all demands with a bound."""
    found: dict[str, Measurement] = {}
    for question in grade.questions:
        for outcome in question.cases:
            demands = [each for each in outcome.measurements if each.at_least > 0 or each.at_most > 0]
            for number, each in enumerate(demands, start=1):
                found[f"{question.name}.{outcome.name}{f' ({number})' if number > 1 else ''}"] = each
    return found


def doubts(
    demands: Mapping[str, Measurement],
    measured: Calibration | None,
    now: Calibration,
    slug: str,
    *,
    seeded: bool = True,
) -> Iterator[str]:
    """Floors that do not follow from the figures, one line each.

    Args:
        demands: `question.case` → the demand as the cases make it today.
        measured: The calibration beside the master.
        now: `fresh` of the master as it is.
        slug: The exercise's name.
        seeded: Whether the reference has a `SEED`.
    """
    if not demands:
        return
    again = f"Run `autograder calibrate {slug} --seeds 20`."
    if measured is None and not seeded:
        how = f"write `keras.utils.set_random_seed(1)` above it, and run `autograder calibrate {slug} --seeds 20`."
        what = f"the floors of {', '.join(demands)} are not measured, and the solution sets no seed"
        yield f"{what}. If its training is random, {how}"
        return
    if measured is None:
        yield f"the floors of {', '.join(demands)} are not measured. {again}"
        return
    if measured.reference != now.reference:
        yield f"reference/{slug}/{CALIBRATION} is of other code or other hidden data than the master's. {again}"
        return
    floors = {floor.case: floor for floor in measured.floors}
    for case, demand in demands.items():
        floor = floors.get(case)
        found = floor.bound if floor else None
        if floor is not None and found is None:
            yield f"{case} is measured with {len(floor.accuracies)} seeds, a bound needs {LEAST_SEEDS}. {again}"
            continue
        if floor is None or found is None or not floor.is_of(demand):
            yield f"the floor of {case} is not measured on these {demand.inputs:,} inputs. {again}"
            continue
        figures = f"{found.seeds} seeds, mean {found.mean:.4f}, deviation {found.deviation:.4f}"
        if floor.is_error and demand.at_most < found.floor - 1e-9:
            yield f"{case} demands at most {demand.at_most:g}, below its bound {found.floor:g} ({figures}). Raise it."
        elif floor.is_error and demand.at_most > found.floor * (1 + ERROR_SLACK):
            bound_is = f"far above its bound {found.floor:g} ({figures})"
            yield f"{case} demands at most {demand.at_most:g}, {bound_is}. Lower it."
        elif demand.at_least > found.floor + 1e-9:
            yield f"{case} demands {demand.at_least:g}, above its bound {found.floor:g} ({figures}). Lower it."
        elif not floor.is_error and demand.at_least < found.floor - SLACK:
            yield f"{case} demands {demand.at_least:g}, far below its bound {found.floor:g} ({figures}). Raise it."
        most = found.unsure * 2 + (found.floor * 0.05 if floor.is_error else 0.005)
        if not found.unsure - 1e-9 <= demand.unsure <= most:
            yield f"{case} has `unsure={demand.unsure:g}`; its bound is known to {found.unsure:g}. Write that."
