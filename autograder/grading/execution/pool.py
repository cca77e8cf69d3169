"""Grades a class in a pool of processes; one submission that fails does not stop the others. Trusted side.

Memory does not grow with the class: a few submissions are in progress at a time, each is read and graded in a process
of the pool, and only its grade and its run are returned.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from autograder import keras_runtime
from autograder.errors import AutograderError, SandboxUnavailable
from autograder.grading.cases.bundle import Bundle, load_bundle
from autograder.grading.cases.case_grading import BEYOND_BUDGET
from autograder.grading.execution.submission_grading import GradedSubmission, failed, grade_one
from autograder.grading.intake.submissions import Item
from autograder.records import Submission
from autograder.sandbox.host.evaluation import prepare

__all__ = ["grade_class"]


def grade_class(bundle: Path, items: Sequence[Item], *, workers: int) -> Iterator[GradedSubmission]:
    """Grade submissions in parallel.

    Args:
        bundle: The bundle's folder; each process loads it once.
        items: What was handed in, not read yet.
        workers: Processes; each grades one submission at a time.

    Yields:
        Results in the order in which they are done.

    Raises:
        SandboxUnavailable: This machine cannot sandbox student code.
    """
    waiting = deque(items)
    # In progress when a pool process died, or out of time perhaps for what else ran: each runs once more, alone.
    suspects = []
    while waiting:
        for item, result in _run_pool(bundle, waiting, workers):
            if result is None or result.again:
                suspects.append(item)
            else:
                yield result
    for item in suspects:
        for _, result in _run_pool(bundle, deque([item]), 1):
            yield result or _lost(bundle, item)


def _run_pool(bundle: Path, waiting: deque[Item], workers: int) -> Iterator[tuple[Item, GradedSubmission | None]]:
    """Grade `waiting` with one pool until it is empty or the pool breaks; `None` for what was in progress then."""
    context = multiprocessing.get_context("spawn")
    slots = context.SimpleQueue()
    for slot in range(workers):
        slots.put(slot)
    threads = load_bundle(bundle).assignment.limits.threads
    pool = ProcessPoolExecutor(workers, context, initializer=_start, initargs=(slots, threads))
    running: dict[Future[GradedSubmission], Item] = {}
    broken = False
    try:
        while running or (waiting and not broken):
            while waiting and not broken and len(running) < workers + 1:
                item = waiting.popleft()
                try:
                    running[pool.submit(_work, bundle, item)] = item
                except BrokenProcessPool:
                    waiting.appendleft(item)
                    broken = True
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                item = running.pop(future)
                try:
                    yield item, future.result()
                except BrokenProcessPool:
                    broken = True
                    yield item, None
    except BaseException:
        _kill(pool)
        raise
    pool.shutdown(wait=True, cancel_futures=True)


def _kill(pool: ProcessPoolExecutor) -> None:
    """End the pool's processes now; their sandboxes die with them."""
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(wait=False, cancel_futures=True)


_slot = 0


def _start(slots: multiprocessing.SimpleQueue[int], threads: int) -> None:
    """Prepare a pool process: its slot, its number of threads, and Ctrl-C ignored (the parent handles it).

    It ends with its parent, even if that is killed: else it would wait for the pool's queues for ever.
    """
    global _slot
    _slot = slots.get()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # where a case is ended
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keras_runtime.share(threads)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(path: Path, item: Item) -> GradedSubmission:
    bundle = load_bundle(path)
    submission = Submission(item.student, item.filename)
    try:
        submission = item.read([question.name for question in bundle.assignment.questions])
        if any("keras" in cell.source or "tensorflow" in cell.source for cell in submission.cells):
            prepare(bundle.assignment.limits, slot=_slot)  # while the notebook runs
        if _imports_keras(bundle):
            threading.Thread(target=keras_runtime.load, daemon=True).start()
        graded = grade_one(bundle, submission, slot=_slot)
    except SandboxUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - a bug in the grader must not stop the class; it is reported as one
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
