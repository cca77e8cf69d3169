"""The exception tree.

AutograderError              one line for the person at the keyboard: what, where, what to do
├── UsageError               the command was called with something it cannot use   (exit status 2)
├── BuildError               a master that must not be handed out
├── IntakeError              a submission that cannot be read; grading goes on without it
├── SandboxUnavailable       no wall can be built on this machine; grading refuses
└── WireError                bytes from a student's process that break the protocol
    └── Unsupported          a value that is well formed, but that the wire does not carry
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
    """Base of every error this package raises on purpose; its text is one line for a person."""


class UsageError(AutograderError):
    """The caller's fault: an argument, a path or a folder that cannot be used."""


class BuildError(AutograderError):
    """The author's fault: the master breaks a rule. The text names file, line and fix."""


class IntakeError(AutograderError):
    """The submission's fault: it is not a notebook that can be read."""


class SandboxUnavailable(AutograderError):
    """The machine's fault: student code cannot be walled off here. There is no fallback."""


class WireError(AutograderError):
    """Bytes from the student's side do not follow the protocol. Never trust what came with them."""


class Unsupported(WireError):
    """A value that does not cross the wall, with a reason that its author can act on."""
