"""How a sandbox ended, and what a student and the instructor read of that. Trusted side."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Literal

from autograder.language import N_
from autograder.language import gettext as _

__all__ = ["Ending", "EndingStatus", "judge"]

EndingStatus = Literal["exited", "timed_out", "out_of_memory", "crashed"]

TIMED_OUT = N_(
    "The notebook ran longer than {seconds:g} s, although it used only {used:.0f} s of processor time: it "
    "waited, or the grader's machine was busy."
)
OUT_OF_CPU = N_(
    "The notebook used more than {seconds:g} s of processor time, the limit for {what}. Look for an endless "
    "loop, or train for fewer epochs."
)
ASLEEP = N_(
    "The notebook slept for more than {seconds:g} s, the limit for {what}, and used {used:.0f} s of processor "
    "time in all. Look for what waits and never gets it: a lock, a queue, a process, `sleep`."
)
MACHINE_OUT_OF_MEMORY = N_(
    "The grader's machine ran out of memory; the notebook, which used {used:,.0f} MiB, was stopped for that."
)
OUT_OF_MEMORY = N_(
    "The notebook used {used:,.0f} MiB of memory; the limit is {limit:,} MiB. Use smaller batches, and keep "
    "fewer copies of large arrays."
)


@dataclass(frozen=True)
class Ending:
    """How a sandbox ended.

    Attributes:
        status: `exited` by itself or because the grader had no more need of it; else why it was ended.
        code: The exit status, if the program ended by itself; 128 + n for signal n.
        message: One line for the student; empty after a normal end.
        peak_memory_mb: Highest memory of the whole tree that the watchdog saw, in MiB.
        stderr_tail: The end of what the sandbox wrote to stderr; hostile text, for the instructor.
        cpu_seconds: Processor time of the whole tree.
        unjustified: Whether it was ended for what its own processor time and memory do not explain: the machine may be
            at fault.
    """

    status: EndingStatus
    code: int | None
    message: str
    peak_memory_mb: float
    stderr_tail: str
    cpu_seconds: float = 0.0
    unjustified: bool = False


def judge(code: int | None) -> tuple[EndingStatus, str, bool]:
    """What an exit status says, and whether it is unjustified; bubblewrap reports signal n as 128 + n."""
    if code is None or 0 <= code <= 128:
        return "exited", "" if not code else _("Python ended with exit status {code}.").format(code=code), False
    number = code - 128 if code > 0 else -code
    if number == signal.SIGKILL:  # crashes give other signals
        return "crashed", _("Python was killed, and not by the grader: the machine may lack memory."), True
    name = signal.Signals(number).name if number in list(signal.Signals) else _("signal {number}").format(number=number)
    return (
        "crashed",
        _("Python was ended by {name}. Look for a crash in compiled code, or too large an array.").format(name=name),
        False,
    )
