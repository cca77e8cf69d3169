"""Forks sandboxed processes from one that has imported TensorFlow: importing it takes seconds. Untrusted side.

Started by the host as `python -m autograder.sandbox.guest.preloaded`, inside a sandbox that permits nesting. The
server itself runs nothing of a student's and holds no secret, since a forked process can read all of its memory. It has
exactly one thread whenever it forks: a thread of TensorFlow's would be missing in the child, which then waits for ever.

    server ── forks ── a process that enters new namespaces, forks the init, and ends
                        └── init: first process of its own pid namespace; everything there dies with it
                             └── the program, without rights, under limits and the filter of system calls

So a program has no network, and can neither signal nor outlive another's process. One that may write has a `/tmp` of
its own and keeps `/proc`, where it sees the server, whose memory the kernel lets nobody open.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import resource
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from autograder.sandbox.wire.forking import MAX_REQUEST_BYTES, READY, Fork, Preload

__all__ = ["main"]

THREADS = Path("/proc/self/task")
MOUNTS = Path("/proc/self/mountinfo")
PROGRAM = Path("/proc/self/exe")
FIRST_FREE = 3  # file descriptor behind the standard streams
MOST_FILES = 4096  # more than the limit of open files lets there be

# From sched.h, mount.h, prctl.h, capability.h and seccomp.h of Linux.
NEW_NAMESPACES = 0x7E020000  # user, mount, pid, network, ipc, uts and cgroup
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_SLAVE = 1, 32, 1 << 12, 1 << 14, 1 << 19
HARMLESS = 2 | 4 | 8  # MS_NOSUID, MS_NODEV and MS_NOEXEC
FOR_PROGRAMS = 2 | 4
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 4, 22, 24, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL, SECCOMP_MODE_FILTER, CAPABILITY_VERSION_3 = 4, 2, 0x20080522
INSTRUCTION_BYTES = 8

libc = ctypes.CDLL(None, use_errno=True)


class _Filter(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def main() -> None:
    """Import what the host names, then fork for each request until the host closes the socket."""
    _protect(protected=True)
    control = socket.socket(fileno=os.dup(0))
    for module in msgspec.msgpack.decode(control.recv(MAX_REQUEST_BYTES), type=Preload).modules:
        importlib.import_module(module)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(FIRST_FREE):
        os.dup2(nothing, stream)
    gc.collect()
    gc.freeze()  # collecting garbage would copy the memory that parent and child share
    control.send(READY)
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST_BYTES, 4)
        if not request:
            return
        with socket.socket(fileno=descriptors.pop()) as status:
            threads = len(list(THREADS.iterdir()))
            if threads == 1:
                child = os.fork()
                if not child:
                    _begin(msgspec.msgpack.decode(request, type=Fork), descriptors, status)
                os.waitpid(child, 0)
            else:
                status.send(f"the fork server has {threads} threads".encode())
        for each in descriptors:
            os.close(each)


def _begin(request: Fork, descriptors: Sequence[int], status: socket.socket) -> None:
    """In the forked process; does not return."""
    try:
        _protect(protected=False)
        _enter_namespaces()
        if request.writable_mb:
            for folder, size_mb in request.writable_mb.items():
                _empty(folder, size_mb)
            os.chdir(os.environ["HOME"])
        else:
            _hide_processes()
        if os.fork():
            os._exit(0)
        status.send(READY)
        if status.recv(len(READY)) != READY:
            os._exit(1)  # the host is gone
        program = os.fork()
        if program:
            _wait(program, status)
        _run(request, descriptors)
    except BaseException as error:  # noqa: BLE001 - whatever it is, this process must not serve on
        status.send(f"{type(error).__name__}: {error}"[:1000].encode())
    finally:
        os._exit(1)


def _enter_namespaces() -> None:
    """Leave what other processes share, for the process that is forked next."""
    user, group = os.getuid(), os.getgid()
    _check(libc.unshare(NEW_NAMESPACES), "unshare")
    for file, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        Path("/proc/self", file).write_text(content)
    _mount("none", "/", None, MS_REC | MS_SLAVE, None)


def _hide_processes() -> None:
    # The server's processes are still in /proc, and the kernel refuses a new one where bubblewrap covers parts of it.
    # TensorFlow asks for nothing there but its program's path, and for more where that is one of Python's.
    _mount("tmpfs", "/proc", "tmpfs", HARMLESS, "size=4k,nr_inodes=8")
    PROGRAM.parent.mkdir()
    PROGRAM.symlink_to(os.sep)
    _mount("none", "/proc", None, MS_REMOUNT | MS_BIND | MS_RDONLY | HARMLESS, None)


def _empty(folder: str, size_mb: int) -> None:
    """A new folder in place of one, of bounded size, that holds the same links and what was mounted there, no file."""
    mounted = {line.split()[4] for line in MOUNTS.read_text().splitlines()}
    folders: list[Path] = []
    empty_files: list[Path] = []
    mounts: dict[Path, int] = {}
    links: dict[Path, Path] = {}
    for parent, below, files in os.walk(folder):
        for path in (Path(parent, name) for name in (*below, *files)):
            if path.is_symlink():
                links[path] = path.readlink()
            elif str(path) in mounted:
                mounts[path] = os.open(path, os.O_PATH)
                (folders if path.is_dir() else empty_files).append(path)
                below[:] = [name for name in below if name != path.name]
            elif path.is_dir():
                folders.append(path)
    _mount("tmpfs", folder, "tmpfs", FOR_PROGRAMS, f"size={size_mb}m,mode=1777")
    for path in folders:
        path.mkdir()
    for path in empty_files:
        path.touch()
    for path, target in links.items():
        path.symlink_to(target)
    for path, there in mounts.items():
        _mount(f"/proc/self/fd/{there}", str(path), None, MS_BIND | MS_REC, None)
        os.close(there)


def _protect(*, protected: bool) -> None:
    """Whether no other process, not even one of the same user, may open this one's memory."""
    _check(libc.prctl(PR_SET_DUMPABLE, int(not protected), 0, 0, 0), "dumpable")


def _wait(program: int, status: socket.socket) -> None:
    """The init: reap whatever ends until the program does, and say how. Does not return."""
    _protect(protected=True)
    os.closerange(FIRST_FREE, status.fileno())
    os.closerange(status.fileno() + 1, MOST_FILES)
    _give_up_rights()
    while True:
        ended, how = os.waitpid(-1, 0)
        if ended == program:
            code = os.waitstatus_to_exitcode(how)
            status.send(str(code if code >= 0 else 128 - code).encode())
            os._exit(0)


def _run(request: Fork, descriptors: Sequence[int]) -> None:
    """The program: give up all that it does not need, and run it."""
    for stream, descriptor in enumerate(descriptors):
        os.dup2(descriptor, stream)
    os.closerange(FIRST_FREE, MOST_FILES)
    for name, value in request.limits.items():
        kind = getattr(resource, f"RLIMIT_{name.upper()}")
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most))
    _give_up_rights()
    count = len(request.system_calls) // INSTRUCTION_BYTES
    wanted = _Filter(count, request.system_calls)
    _check(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(wanted), 0, 0), "seccomp")
    code = 1
    try:
        module, _, function = request.program.partition(":")
        getattr(importlib.import_module(module), function)()
        code = 0
    except BaseException:  # noqa: BLE001 - as Python itself does at the end of a program
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def _give_up_rights() -> None:
    """All rights in the new user namespace, for good."""
    _check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient capabilities")
    capability = 0
    while libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    header, none = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    _check(libc.capset(header, none), "capset")
    _check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None) -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind, data)]
    answer = libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])
    _check(answer, f"mount on {target}")


def _check(answer: int, what: str) -> None:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
