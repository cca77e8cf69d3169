"""Grades a class in a pool of processes; one submission that fails does not stop the others. Trusted side.

Memory does not grow with the class: a few submissions are in progress at a time, each is read and graded in a process
of the pool, and only its grade and its run are returned.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Literal

from autograder import keras_runtime
from autograder.errors import AutograderError, SandboxUnavailable
from autograder.grading.cases.bundle import Bundle, load_bundle
from autograder.grading.cases.case_grading import BEYOND_BUDGET
from autograder.grading.execution.sharing import may_be_shared, program_of, shared
from autograder.grading.execution.submission_grading import GradedSubmission, failed, grade_one
from autograder.grading.intake.submissions import Item
from autograder.records import Submission
from autograder.sandbox.host.evaluation import prepare

__all__ = ["grade_class"]


def grade_class(
    bundle: Path, items: Sequence[Item], *, workers: int, share: bool = False
) -> Iterator[GradedSubmission]:
    """Grade submissions in parallel.

    Args:
        bundle: The bundle's folder; each process loads it once.
        items: What was handed in, not read yet.
        workers: Processes; each grades one submission at a time.
        share: Whether submissions whose program is the same share one run of it.

    Yields:
        Results in the order in which they are done.

    Raises:
        SandboxUnavailable: This machine cannot sandbox student code.
    """
    twins = _twins(bundle, items, workers) if share and len(items) > 1 else {}
    later = {id(item) for others in twins.values() for item in others}
    # Their process died, or they were out of time perhaps for what else ran: each runs once more, alone.
    suspects = []
    pool = _Pool(bundle, workers)
    pool.waiting.extend(_Job(item) for item in items if id(item) not in later)
    for job, result in pool.run():
        for twin in twins.pop(id(job.item), ()):  # at once, so that no result is kept for longer
            pool.waiting.appendleft(_Job(twin, result if result is not None and may_be_shared(result) else None))
        if result is None or result.again:
            suspects.append(job.item)
        else:
            yield result
    for item in suspects:
        alone = _Pool(bundle, 1)
        alone.waiting.append(_Job(item))
        for _, result in alone.run():
            yield result or _lost(bundle, item)


def _twins(bundle: Path, items: Sequence[Item], workers: int) -> dict[int, list[Item]]:
    """The `id` of an item → those after it with the same program."""
    pool = _Pool(bundle, min(workers, len(items)))
    pool.waiting.extend(_Job(item, wanted="program") for item in items)
    programs: dict[int, str] = {id(job.item): program or "" for job, program in pool.run()}
    first: dict[str, int] = {}
    twins: dict[int, list[Item]] = {}
    for item in items:
        program = programs.get(id(item), "")
        if first.setdefault(program, id(item)) != id(item) and program:
            twins.setdefault(first[program], []).append(item)
    return twins


@dataclass(frozen=True)
class _Job:
    """What a process of the pool is to do.

    Attributes:
        item: What was handed in.
        twin: The grade of a submission with the same program, whose run it shares.
        wanted: `grade`, or `program` for the digest of what would be executed.
    """

    item: Item
    twin: GradedSubmission | None = None
    wanted: Literal["grade", "program"] = "grade"


class _Pool:
    """Processes that grade.

    Attributes:
        waiting: What is to be done; more may be added while it runs.
    """

    def __init__(self, bundle: Path, workers: int) -> None:
        self.waiting: deque[_Job] = deque()
        self._bundle, self._workers = bundle, workers

    def run(self) -> Iterator[tuple[_Job, Any]]:
        """Do what waits; with each job comes its result, or `None` where its process died."""
        processes: dict[int, _PoolProcess] = {}
        running: dict[int, _Job] = {}
        results: list[tuple[_Job, Any]] = []
        try:
            while self.waiting or running or results:
                for slot in range(self._workers):
                    if slot not in running and self.waiting:
                        processes[slot] = processes.get(slot) or _PoolProcess(self._bundle, slot)
                        running[slot] = self.waiting.popleft()
                        processes[slot].begin(running[slot])
                yield from results  # while the processes work
                results.clear()
                if not running:
                    continue
                ready = wait([processes[slot].connection for slot in running])
                for slot in [slot for slot in running if processes[slot].connection in ready]:
                    graded = processes[slot].end()
                    results.append((running.pop(slot), graded))
                    if graded is None:
                        processes.pop(slot).kill()
        except BaseException:
            for process in processes.values():
                process.kill()
            raise
        for process in processes.values():
            process.close()


class _PoolProcess:
    """A process of the pool, which grades one submission at a time.

    Each has a pipe of its own, which only it writes to: if it dies, its pipe ends, in the middle of an answer as well,
    and nothing of another process is lost. (In Python's own pools, processes share queues, and one that is killed while
    another is started may leave the pool waiting for ever.)
    """

    def __init__(self, bundle: Path, slot: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, bundle, slot))
        with theirs:
            self._process.start()

    def begin(self, job: _Job) -> None:
        """Let it do a job."""
        with contextlib.suppress(OSError):  # it has died: `end` says so
            self.connection.send(job)

    def end(self) -> Any:
        """The result, waited for; `None` if the process died.

        Raises:
            SandboxUnavailable: This machine cannot sandbox student code.
        """
        try:
            result = self.connection.recv()
        except (EOFError, OSError):
            return None
        if isinstance(result, SandboxUnavailable):
            raise result
        return result

    def kill(self) -> None:
        """End it now; its sandboxes die with it."""
        self._process.kill()
        self.close()

    def close(self) -> None:
        """Let it end, and wait for that."""
        self.connection.close()
        self._process.join()


def _serve(connection: Connection, bundle: Path, slot: int) -> None:
    """Grade what comes, until no more can come.

    Ctrl-C is ignored (the parent handles it). It ends with its parent, even if that is killed while this one grades.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # where a case is ended
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keras_runtime.share(load_bundle(bundle).assignment.limits.threads)
    with contextlib.suppress(EOFError):
        while True:
            job = connection.recv()
            try:
                connection.send(_work(bundle, job, slot))
            except SandboxUnavailable as error:
                connection.send(error)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(path: Path, job: _Job, slot: int) -> GradedSubmission | str:
    bundle, item = load_bundle(path), job.item
    submission = Submission(item.student, item.filename)
    try:
        submission = item.read([question.name for question in bundle.assignment.questions])
        if job.wanted == "program":
            return program_of(submission)
        if job.twin is not None:
            return shared(bundle, submission, job.twin)
        if any("keras" in cell.source or "tensorflow" in cell.source for cell in submission.cells):
            prepare(bundle.assignment.limits, slot=slot)  # while the notebook runs
        if _imports_keras(bundle):
            threading.Thread(target=keras_runtime.load, daemon=True).start()
        graded = grade_one(bundle, submission, slot=slot)
    except SandboxUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - a bug in the grader must not stop the class; it is reported as one
        if job.wanted == "program":
            return ""
        reason = str(error) if isinstance(error, AutograderError) else f"{type(error).__name__}: {error}"
        graded = failed(bundle, submission, f"The grader failed: {reason[:300]}")
    return graded


def _imports_keras(bundle: Bundle) -> bool:
    """Whether a case imports Keras, which takes long, and writes to the terminal unless `keras_runtime` does it."""
    functions = [case.function for cases in bundle.cases.values() for case in cases]
    return any({"keras", "tensorflow"} & {*function.__code__.co_names} for function in functions)


def _lost(path: Path, item: Item) -> GradedSubmission:
    """The result of a submission on which a pool process died twice."""
    submission = Submission(item.student, item.filename)
    bundle = load_bundle(path)
    seconds = BEYOND_BUDGET * bundle.assignment.limits.case_seconds
    reason = (
        "The grader's process died on this submission: by a crash, or because one check took more than "
        f"{seconds:g} s of processor time. Grade it by hand."
    )
    return failed(bundle, submission, reason)
