"""What is asked of a fork server: trusted messages, on a socket that no forked process has. Both sides.

host → server     Preload   (Fork, with four file descriptors)*
server → host     READY
on the fourth descriptor, a socket of the forked process's own:
its init → host   READY, or a text that says what failed; then the exit status of the program, in digits
host → its init   READY: the program may begin
"""

from __future__ import annotations

import msgspec

__all__ = ["MAX_REQUEST_BYTES", "READY", "Fork", "Preload"]

READY = b"ready"
MAX_REQUEST_BYTES = 1 << 16


class Preload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first message: the modules that all forked processes need."""

    modules: list[str]


class Fork(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Run a function in a process of its own, whose stdin, stdout and stderr are the first three descriptors.

    Attributes:
        program: The function, as `module:name`.
        limits: Name of a resource limit (`as`, `nproc`) → its value.
        system_calls: The filter of system calls, as `prctl` takes it.
        writable_mb: Folder → size, in MiB, of those that are the program's own and empty at first. Without any it sees
            no process either, its own included.
    """

    program: str
    limits: dict[str, int]
    system_calls: bytes
    writable_mb: dict[str, int] = {}
