"""The exceptions that the package raises on purpose. Both sides.

AutograderError              base; the message is one line: what, where, what to do
├── UsageError               wrong argument, path or folder: the caller's fault (exit status 2)
├── BuildError               a master that breaks a rule: the author's fault
├── IntakeError              a submission that cannot be read: the student's fault; the others are graded
├── SandboxUnavailable       student code cannot be sandboxed: the machine's fault; nothing is graded
└── WireError                data that break the protocol, or that no network can have: the student's process's fault
    └── Unsupported          a value that has no wire form, or a network that uses more than catalogue or page have
"""

from __future__ import annotations

__all__ = [
    "AutograderError",
    "BuildError",
    "IntakeError",
    "SandboxUnavailable",
    "Unsupported",
    "UsageError",
    "WireError",
]


class AutograderError(Exception):
    """Base of every error this package raises on purpose; its message is one line."""


class UsageError(AutograderError):
    """The caller's fault: an argument, a path or a folder that cannot be used."""


class BuildError(AutograderError):
    """The author's fault: the master breaks a rule. The message names file, line and fix."""


class IntakeError(AutograderError):
    """The submission's fault: it is not a notebook that can be read."""


class SandboxUnavailable(AutograderError):
    """The machine's fault: student code cannot be sandboxed here. There is no fallback."""


class WireError(AutograderError):
    """The sender's fault, as a rule the student's process's: data break the protocol, or their network cannot exist.

    Whatever was received with such data is not to be trusted.
    """


class Unsupported(WireError):
    """A value that cannot be serialised or rebuilt, or a layer that the live page cannot show; the message says why."""
