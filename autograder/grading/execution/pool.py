"""Grades a class by an executor; one submission that fails does not stop the others. Trusted side.

Memory does not grow with the class: a few submissions are in progress at a time, each is read and sent when its turn
comes, and only its grade and its run are returned.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from autograder.errors import SandboxUnavailable
from autograder.grading.cases.bundle import Bundle, load_bundle, packed_bundle
from autograder.grading.cases.case_grading import BEYOND_BUDGET
from autograder.grading.execution.environment import versions
from autograder.grading.execution.grader_processes import (
    LACKING,
    GraderProcessDied,
    end_processes,
    graded_task,
    provide_bundle,
)
from autograder.grading.execution.kept_runs import KeptRun
from autograder.grading.execution.sharing import may_be_shared
from autograder.grading.execution.submission_grading import GradedSubmission, failed
from autograder.grading.execution.tasks import Done, Task
from autograder.grading.intake.submissions import Item
from autograder.language import in_language
from autograder.records import Limits, Submission
from autograder.sandbox.host import watchdog

__all__ = ["Engine", "fitting_workers", "grade_class", "worker_memory_mb"]

GRADER_MB = 1024
"""Of a process that grades, with Keras in it."""


def worker_memory_mb(limits: Limits) -> int:
    """What one worker takes at most: a notebook, the evaluation of its networks, and what grades them, in MiB."""
    return limits.memory_mb + limits.case_memory_mb + GRADER_MB


def fitting_workers(limits: Limits) -> int:
    """How many submissions this machine has cores and free memory for at one time; 1 at least."""
    available_mb, _ = watchdog.available_mb()
    return max(1, min(len(os.sched_getaffinity(0)), int(available_mb // worker_memory_mb(limits))))


class Engine(NamedTuple):
    """What grades a class.

    Attributes:
        workers: How many submissions it grades at one time.
        executor: Runs `graded_task` for each; by default threads of this process.
        lost: What that raises where the machines that worked at a submission died, each in turn.
    """

    workers: int
    executor: Executor | None = None
    lost: tuple[type[Exception], ...] = ()


def grade_class(
    bundle: Path,
    items: Sequence[Item],
    *,
    engine: Engine,
    share: bool = False,
    keep: bool = False,
    kept: Callable[[Item, str], KeptRun | None] = lambda item, key: None,
    watch: Callable[[str, bool], None] = lambda student, begins: None,
) -> Iterator[GradedSubmission]:
    """Grade submissions in parallel.

    Args:
        bundle: The bundle's folder; each process loads it once.
        items: What was handed in, not read yet.
        engine: What grades.
        share: Whether submissions whose program is the same share one run of it.
        keep: Whether to keep what runs send.
        kept: What is kept of a submission, for the digest of what its run depends on.
        watch: Called where grading of a student's submission begins, with True, and where it ends, with False.

    Yields:
        Results in the order in which they are done.

    Raises:
        SandboxUnavailable: A machine cannot sandbox student code, or has other versions than this one.
    """
    if engine.executor is not None:
        pool = _Pool(load_bundle(bundle), engine, engine.executor, kept, watch)
        yield from _graded(pool, items, share=share, keep=keep)
        return
    threads = ThreadPoolExecutor(engine.workers)
    try:
        pool = _Pool(load_bundle(bundle), engine, threads, kept, watch)
        yield from _graded(pool, items, share=share, keep=keep)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        end_processes()
        threads.shutdown()


def _graded(pool: _Pool, items: Sequence[Item], *, share: bool, keep: bool) -> Iterator[GradedSubmission]:
    keys = _keys(pool, items) if keep or (share and len(items) > 1) else {}
    twins = _twins(items, keys) if share else {}
    later = {id(item) for others in twins.values() for item in others}
    # Their process died, or they were out of time perhaps for what else ran: each runs once more, alone.
    suspects: list[_Job] = []
    pool.waiting.extend(
        _Job(item, key=keys.get(id(item), ""), keep=keep, alone=len(items) <= pool.workers)
        for item in items
        if id(item) not in later
    )
    for job, answer in pool.run():
        result = None if answer is None else answer.graded
        for twin in twins.pop(id(job.item), ()):  # at once, so that no result is kept for longer
            shares = result if result is not None and may_be_shared(result) else None
            pool.waiting.appendleft(replace(job, item=twin, twin=shares))
        if result is None or result.again:
            suspects.append(job)
        else:
            yield result
    if suspects:
        end_processes()  # what is idle holds memory
    pool.workers = 1
    for job in suspects:
        pool.waiting.append(replace(job, twin=None, alone=True))
        for _, answer in pool.run():
            yield _lost(pool.bundle, job.item) if answer is None or answer.graded is None else answer.graded


def _keys(pool: _Pool, items: Sequence[Item]) -> dict[int, str]:
    """The `id` of an item → the digest of what its run depends on; empty for what is not executed."""
    pool.waiting.extend(_Job(item, wanted="key") for item in items)
    return {id(job.item): answer.key if answer else "" for job, answer in pool.run()}


def _twins(items: Sequence[Item], keys: Mapping[int, str]) -> dict[int, list[Item]]:
    """The `id` of an item → those after it with the same program."""
    first: dict[str, int] = {}
    twins: dict[int, list[Item]] = {}
    for item in items:
        key = keys.get(id(item), "")
        if first.setdefault(key, id(item)) != id(item) and key:
            twins.setdefault(first[key], []).append(item)
    return twins


@dataclass(frozen=True)
class _Job:
    """A task that waits for its turn: the submission is not read yet, nor what is kept of it; see `tasks.Task`."""

    item: Item
    twin: GradedSubmission | None = None
    wanted: Literal["grade", "key"] = "grade"
    key: str = ""
    keep: bool = False
    alone: bool = False


class _Pool:
    """An executor and what it is to do.

    Attributes:
        bundle: The exercise.
        workers: How much it does at one time.
        waiting: What is to be done; more may be added while it runs.
    """

    def __init__(
        self,
        bundle: Bundle,
        engine: Engine,
        executor: Executor,
        kept: Callable[[Item, str], KeptRun | None],
        watch: Callable[[str, bool], None],
    ) -> None:
        self.bundle, self.workers = bundle, engine.workers
        self.waiting: deque[_Job] = deque()
        self._executor, self._kept, self._watch = executor, kept, watch
        self._lost: tuple[type[Exception], ...] = (GraderProcessDied, *engine.lost)
        self._versions = versions()
        provide_bundle(bundle.digest, bundle.path)

    def run(self) -> Iterator[tuple[_Job, Done | None]]:
        """Do what waits; with each job comes what came of it, or `None` where its process died."""
        running: dict[Future[bytes], _Job] = {}
        finished: list[tuple[_Job, Done | None]] = []
        while self.waiting or running or finished:
            while self.waiting and len(running) < self.workers:
                job = self.waiting.popleft()
                running[self._begun(job)] = job
                if job.wanted == "grade":
                    self._watch(job.item.student, True)
            yield from finished  # while the others work
            finished.clear()
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                job = running.pop(future)
                try:
                    answer = future.result()
                except self._lost:
                    self._watch(job.item.student, False)
                    finished.append((job, None))
                    continue
                if answer == LACKING:
                    running[self._begun(job, packed_bundle(self.bundle.path))] = job
                    continue
                if job.wanted == "grade":
                    self._watch(job.item.student, False)
                came = msgspec.msgpack.decode(answer, type=Done)
                if came.unavailable:
                    raise SandboxUnavailable(came.unavailable)
                finished.append((job, came))

    def _begun(self, job: _Job, packed: bytes = b"") -> Future[bytes]:
        kept = self._kept(job.item, job.key) if job.key and job.twin is None else None
        with in_language(self.bundle.assignment.language):  # in which it is said why a file is left out
            handed_in = job.item.open()
        task = Task(handed_in, self._versions, job.wanted, job.twin, job.key, kept, keep=job.keep, alone=job.alone)
        return self._executor.submit(graded_task, self.bundle.digest, msgspec.msgpack.encode(task), packed)


def _lost(bundle: Bundle, item: Item) -> GradedSubmission:
    """The result of a submission on which a grader process died twice."""
    seconds = BEYOND_BUDGET * bundle.assignment.limits.case_seconds
    reason = (
        "The grader's process died on this submission: by a crash, or because one check took more than "
        f"{seconds:g} s of processor time. Grade it by hand."
    )
    with in_language(bundle.assignment.language):
        return failed(bundle, Submission(item.student, item.filename), reason)
