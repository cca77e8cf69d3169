"""`autograder calibrate`: the reference, graded with other seeds, and the floors that follow. Trusted side.

How seeds vary: every `set_random_seed(<number>)` of the reference gets a number of its own for each run. A reference
that sets no seed differs from run to run by itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import nbformat

from autograder.authoring.build import build, find_master, find_root
from autograder.authoring.calibration import CALIBRATION, SEED, Calibration, Floor, floors_of, fresh, read, save
from autograder.authoring.master import read_master
from autograder.errors import BuildError
from autograder.grading.execution.pool import Engine, grade_class
from autograder.grading.intake.submissions import collect
from autograder.records import Measurement
from autograder.sandbox.host.launch import check_sandbox

__all__ = ["calibrate", "with_seed"]

_APART = 1_000


def calibrate(slug: str, start: Path, *, seeds: int, workers: int) -> Iterator[Calibration]:
    """Measure the seeds that are not measured yet, and save after each.

    Args:
        slug: The exercise.
        start: Where to look for the repository: here or above.
        seeds: How many there are to be in the end, those of earlier runs included.
        workers: Seeds at one time.

    Yields:
        What is measured so far: first what was there, then after each seed.

    Raises:
        BuildError: The exercise is not built, or its reference does not run with a seed.
        UsageError: There is no such exercise.
        SandboxUnavailable: This machine cannot run a sandbox.
    """
    root = find_root(start)
    master = read_master(find_master(slug, root), root)
    drift = build(slug, root, check=True, proof=False).drift
    if drift:
        raise BuildError(f"{drift[0]} Then calibrate.")
    path = root / "reference" / slug / CALIBRATION
    calibration = fresh(master, [root / "reference" / name for name in master.config.data])
    kept = read(path)
    if kept is not None and kept.reference == calibration.reference:
        calibration = kept
    yield calibration
    missing = [seed for seed in range(1, seeds + 1) if seed not in calibration.seeds]
    if not missing:
        return
    check_sandbox()
    bundle = root / "reference" / slug / "bundle"
    with tempfile.TemporaryDirectory() as temporary:
        _write_runs(bundle / "reference.ipynb", Path(temporary), missing)
        for finished in grade_class(bundle, collect(Path(temporary)), engine=Engine(workers)):
            seed = int(finished.grade.student.removeprefix("seed-"))
            if finished.execution.status != "completed" or finished.grade.status == "rejected":
                reason = finished.execution.message or finished.grade.message
                raise BuildError(f"{slug} does not run to its end with seed {seed}: {reason} The other seeds are kept.")
            calibration = _with(calibration, seed, floors_of(finished.grade))
            if calibration.floors:
                save(path, calibration)
            yield calibration
            if not calibration.floors:
                return  # no other seed would measure anything


def with_seed(source: str, seed: int) -> str:
    """A cell whose random seeds are those of run `seed`."""
    return SEED.sub(lambda found: f"{found[1]}{int(found[2]) + _APART * seed}{found[3]}", source)


def _write_runs(reference: Path, folder: Path, seeds: Sequence[int]) -> None:
    """The reference as a class of one student for each seed."""
    for seed in seeds:
        notebook = nbformat.read(reference, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = with_seed(cell.source, seed)
        nbformat.write(notebook, folder / f"seed-{seed}.ipynb")


def _with(calibration: Calibration, seed: int, measured: dict[str, Measurement]) -> Calibration:
    """The figures with those of one more seed; a demand on other inputs than before loses its earlier figures."""
    before = {floor.case: floor for floor in calibration.floors}
    floors = []
    for case, each in measured.items():
        known = before.get(case)
        if known is None or not known.is_of(each):
            known = Floor(case, each.model, each.inputs, metric=each.metric)
        accuracies = dict(sorted({**known.accuracies, seed: round(each.accuracy, 6)}.items()))
        floor = replace(known, accuracies=accuracies)
        if found := floor.bound:
            mean, deviation = round(found.mean, 5), round(found.deviation, 5)
            floor = replace(floor, mean=mean, deviation=deviation, floor=found.floor, unsure=found.unsure)
        floors.append(floor)
    return replace(calibration, floors=tuple(floors), seeds=tuple(sorted({*calibration.seeds, seed})))
