"""A whole class over a pool of processes: grades come as they are done, and one bad submission stops nobody.

Nothing grows with the class: a few submissions are in flight, each is read and graded in a pool process, and only its
grade and its run come back. All of it is on the trusted side.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from autograder.errors import AutograderError, SandboxUnavailable
from autograder.grading.cases.bundle import load_bundle
from autograder.grading.execution.submission_grading import GradedSubmission, failed, grade_one
from autograder.grading.intake.submissions import Item
from autograder.networks import keras_runtime
from autograder.records import Submission

__all__ = ["UNREAD", "grade_class"]

UNREAD = "sha256:" + hashlib.sha256(b"").hexdigest()  # the digest of a submission that could not be read


def grade_class(bundle: Path, items: Sequence[Item], *, workers: int) -> Iterator[GradedSubmission]:
    """Grade submissions in parallel.

    Args:
        bundle: The bundle's folder; each process loads it once.
        items: What was handed in, not read yet.
        workers: Processes; each grades one submission at a time.

    Yields:
        Results in the order in which they are done.

    Raises:
        SandboxUnavailable: This machine cannot wall student code off.
    """
    threads = max(1, (os.cpu_count() or 1) // workers)
    waiting = deque(items)
    suspects = []  # in flight when a pool process died: each gets a pool of its own, so that a death has one cause
    while waiting:
        for item, result in _run_pool(bundle, waiting, workers, threads):
            if result is None:
                suspects.append(item)
            else:
                yield result
    for item in suspects:
        for _, result in _run_pool(bundle, deque([item]), 1, threads):
            yield result or _lost(bundle, item)


def _run_pool(
    bundle: Path, waiting: deque[Item], workers: int, threads: int
) -> Iterator[tuple[Item, GradedSubmission | None]]:
    """Work through `waiting` with one pool until it is empty or the pool breaks; `None` for what was in flight then."""
    context = multiprocessing.get_context("spawn")
    slots = context.SimpleQueue()
    for slot in range(workers):
        slots.put(slot)
    pool = ProcessPoolExecutor(workers, context, initializer=_start, initargs=(slots, threads))
    flying: dict[Future[GradedSubmission], Item] = {}
    broken = False
    try:
        while flying or (waiting and not broken):
            while waiting and not broken and len(flying) < workers + 1:
                item = waiting.popleft()
                try:
                    flying[pool.submit(_work, bundle, item)] = item
                except BrokenProcessPool:
                    waiting.appendleft(item)
                    broken = True
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                item = flying.pop(future)
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
    """End the pool's processes now; their boxes die with them."""
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(wait=False, cancel_futures=True)


_slot = 0
_threads = 1


def _start(slots: multiprocessing.SimpleQueue[int], threads: int) -> None:
    """Prepare a pool process: its slot, its share of the machine, and no reaction to Ctrl-C (the parent has one).

    It ends with its parent, also where that is killed: the pool's queues would keep it waiting for ever.
    """
    global _slot, _threads
    _slot, _threads = slots.get(), threads
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keras_runtime.share(threads)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(path: Path, item: Item) -> GradedSubmission:
    bundle = load_bundle(path)
    submission = Submission(item.student, item.filename, UNREAD)
    try:
        submission = item.read([question.name for question in bundle.assignment.questions])
        if any("keras" in cell.source or "tensorflow" in cell.source for cell in submission.cells):
            threading.Thread(target=keras_runtime.load, daemon=True).start()  # while the notebook runs
        graded = grade_one(bundle, submission, slot=_slot, threads=_threads)
    except SandboxUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - a bug of ours must not stop the class; it is reported as ours
        reason = str(error) if isinstance(error, AutograderError) else f"{type(error).__name__}: {error}"
        graded = failed(bundle, submission, f"The grader failed: {reason[:300]}")
    keras_runtime.forget_models()
    return graded


def _lost(path: Path, item: Item) -> GradedSubmission:
    """The result of a submission on which a pool process died twice."""
    bundle = load_bundle(path)
    submission = Submission(item.student, item.filename, UNREAD)
    return failed(bundle, submission, "The grader's process died on this submission; grade it by hand.")
