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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Literal

from autograder import keras_runtime
from autograder.errors import AutograderError, SandboxUnavailable
from autograder.grading.cases.bundle import Bundle, load_bundle
from autograder.grading.cases.case_grading import BEYOND_BUDGET
from autograder.grading.execution.kept_runs import KeptRun, run_key
from autograder.grading.execution.sharing import may_be_shared, shared
from autograder.grading.execution.submission_grading import GradedSubmission, failed, grade_one
from autograder.grading.intake.submissions import Item
from autograder.records import Limits, Submission
from autograder.sandbox.host import watchdog
from autograder.sandbox.host.evaluation import prepare

__all__ = ["fitting_workers", "grade_class", "worker_memory_mb"]

GRADER_MB = 1024
"""Of a process that grades, with Keras in it."""


def worker_memory_mb(limits: Limits) -> int:
    """What one worker takes at most: a notebook, the evaluation of its networks, and what grades them, in MiB."""
    return limits.memory_mb + limits.case_memory_mb + GRADER_MB


def fitting_workers(limits: Limits) -> int:
    """How many submissions this machine has cores and free memory for at one time; 1 at least."""
    available_mb, _ = watchdog.available_mb()
    return max(1, min(len(os.sched_getaffinity(0)), int(available_mb // worker_memory_mb(limits))))


def grade_class(
    bundle: Path,
    items: Sequence[Item],
    *,
    workers: int,
    share: bool = False,
    keep: bool = False,
    kept: Callable[[Item, str], KeptRun | None] = lambda item, key: None,
) -> Iterator[GradedSubmission]:
    """Grade submissions in parallel.

    Args:
        bundle: The bundle's folder; each process loads it once.
        items: What was handed in, not read yet.
        workers: Processes; each grades one submission at a time.
        share: Whether submissions whose program is the same share one run of it.
        keep: Whether to keep what runs send.
        kept: What is kept of a submission, for the digest of what its run depends on.

    Yields:
        Results in the order in which they are done.

    Raises:
        SandboxUnavailable: This machine cannot sandbox student code.
    """
    pool = _Pool(bundle, workers, kept)
    keys = _keys(pool, items) if keep or (share and len(items) > 1) else {}
    twins = _twins(items, keys) if share else {}
    later = {id(item) for others in twins.values() for item in others}
    # Their process died, or they were out of time perhaps for what else ran: each runs once more, alone.
    suspects: list[_Job] = []
    pool.waiting.extend(
        _Job(item, key=keys.get(id(item), ""), keep=keep, alone=len(items) <= workers)
        for item in items
        if id(item) not in later
    )
    for job, result in pool.run():
        for twin in twins.pop(id(job.item), ()):  # at once, so that no result is kept for longer
            shares = result if result is not None and may_be_shared(result) else None
            pool.waiting.appendleft(replace(job, item=twin, twin=shares))
        if result is None or result.again:
            suspects.append(job)
        else:
            yield result
    pool.close()
    for job in suspects:
        last = _Pool(bundle, 1)
        last.waiting.append(replace(job, twin=None, alone=True))
        for _, result in last.run():
            yield result or _lost(bundle, job.item)
        last.close()


def _keys(pool: _Pool, items: Sequence[Item]) -> dict[int, str]:
    """The `id` of an item → the digest of what its run depends on; empty for what is not executed."""
    pool.waiting.extend(_Job(item, wanted="key") for item in items)
    return {id(job.item): key or "" for job, key in pool.run()}


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
    """What a process of the pool is to do.

    Attributes:
        item: What was handed in.
        twin: The grade of a submission with the same program, whose run it shares.
        wanted: `grade`, or `key` for the digest of what its run depends on.
        key: That digest, where it is known.
        kept: A run that need not be made again.
        keep: Whether to keep what the run sends.
        alone: Whether each process has one submission at most.
    """

    item: Item
    twin: GradedSubmission | None = None
    wanted: Literal["grade", "key"] = "grade"
    key: str = ""
    kept: KeptRun | None = None
    keep: bool = False
    alone: bool = False


class _Pool:
    """Processes that grade.

    Attributes:
        waiting: What is to be done; more may be added while it runs.
    """

    def __init__(
        self, bundle: Path, workers: int, kept: Callable[[Item, str], KeptRun | None] = lambda item, key: None
    ) -> None:
        self.waiting: deque[_Job] = deque()
        self._bundle, self._workers, self._kept = bundle, workers, kept
        self._processes: dict[int, _PoolProcess] = {}

    def run(self) -> Iterator[tuple[_Job, Any]]:
        """Do what waits; with each job comes its result, or `None` where its process died."""
        processes = self._processes
        running: dict[int, _Job] = {}
        results: list[tuple[_Job, Any]] = []
        try:
            while self.waiting or running or results:
                for slot in range(self._workers):
                    if slot not in running and self.waiting:
                        processes[slot] = processes.get(slot) or _PoolProcess(self._bundle, slot)
                        running[slot] = job = self.waiting.popleft()
                        kept = self._kept(job.item, job.key) if job.key and job.twin is None else None
                        processes[slot].begin(replace(job, kept=kept))
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
            processes.clear()
            raise

    def close(self) -> None:
        """Let its processes end, and wait for that."""
        for process in self._processes.values():
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
        if job.wanted == "key":
            return run_key(bundle, submission)
        if job.twin is not None:
            return shared(bundle, submission, job.twin)
        if job.kept is None and any("keras" in cell.source or "tensorflow" in cell.source for cell in submission.cells):
            prepare(bundle.assignment.limits, slot=slot)  # while the notebook runs
        if _imports_keras(bundle):
            threading.Thread(target=keras_runtime.load, daemon=True).start()
        graded = grade_one(bundle, submission, slot=slot, kept=job.kept, keep=job.keep, alone=job.alone)
        if graded.recording:
            graded = replace(graded, key=job.key or run_key(bundle, submission))
    except SandboxUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - a bug in the grader must not stop the class; it is reported as one
        if job.wanted == "key":
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
