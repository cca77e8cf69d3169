"""The system calls that sandboxed code may not make: a seccomp filter as a BPF program. Trusted side.

The namespaces hide the machine; this filter narrows the kernel itself and closes the ways around the memory limit. It
is a deny-list, because what TensorFlow and a student's packages use is too much, and changes too often, to be listed.
What an ordinary Python program needs stays: threads, `subprocess`, `multiprocessing`, Unix sockets, terminals.

The program is a list of 8-byte instructions (`struct sock_filter`) that read the call's number, its architecture and
its six 64-bit arguments (`struct seccomp_data`): see seccomp(2). By hand, since libseccomp has no package on PyPI.
"""

from __future__ import annotations

import errno
import platform
import struct

__all__ = ["MACHINES", "program"]

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""Machines that the filter knows, with their AUDIT_ARCH value."""

# Call → its numbers on x86_64 and aarch64; None where the machine does not have it.
_Calls = dict[str, tuple[int | None, int | None]]

# Other processes: their memory, files and secrets. A second protection: the sandbox holds only the student's own.
_OTHER_PROCESSES: _Calls = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
}

# Large, seldom used parts of the kernel where most escapes from a sandbox were found.
_ATTACK_SURFACE: _Calls = {
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "fanotify_init": (300, 262),
    "lookup_dcookie": (212, 18),
    "modify_ldt": (154, None),
    "personality": (135, 92),
}

# The kernel's key rings belong to the user, not to a namespace: they would outlive the sandbox.
_KEYS: _Calls = {"add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219)}

# New namespaces give new rights; mounts, and handles that open a file without its path, get around the file system.
_NAMESPACES_AND_MOUNTS: _Calls = {
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
}

# The machine as a whole. All of these ask for rights that the sandbox does not have.
_MACHINE: _Calls = {
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "iopl": (172, None),
    "ioperm": (173, None),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
}

# Memory that belongs to no process once it is unmapped, so that the watchdog could not see it: nameless files, System V
# segments and queues, pages held by a pipe, the machine-wide pool of asynchronous I/O, and watches of files.
_UNCOUNTED_MEMORY: _Calls = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "vmsplice": (278, 75),
    "io_setup": (206, 0),
}

# The calls whose arguments decide.
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_SOCKET = (41, 198)
_SOCKETPAIR = (53, 199)
_SETSOCKOPT = (54, 208)
_SETSID = (112, 157)
_FCNTL = (72, 25)
_IOCTL = (16, 29)

_NEWEST_CALL = 452  # fchmodat2, Linux 6.6
_X32_BIT = 0x40000000
_ANY_NEW_NAMESPACE = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET
_AF_UNIX = 1
_SOL_SOCKET = 1
_SO_SNDBUF = 7
_SETS_A_LOCK = (6, 7, 37, 38)  # F_SETLK, F_SETLKW, F_OFD_SETLK and F_OFD_SETLKW
_TIOCSCTTY = 0x540E
_TIOCSTI = 0x5412
_TIOCLINUX = 0x541C

_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000
_RETURN_ERRNO = 0x00050000

_Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand

_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data; little-endian machines only


def program(machine: str | None = None, *, nests: bool = False) -> bytes:
    """The filter for a machine, as bubblewrap reads it.

    Args:
        machine: `x86_64` or `aarch64`; this machine's by default.
        nests: Whether to allow new namespaces and mounts, as a program needs that puts its children into sandboxes of
            their own, with the whole filter.

    Raises:
        ValueError: The filter does not know the machine.
    """
    machine = platform.machine() if machine is None else machine
    if machine not in MACHINES:
        raise ValueError(f"no system call filter for {machine}; known are {', '.join(MACHINES)}")
    column = list(MACHINES).index(machine)
    code = [
        # Another architecture's calls (32-bit programs) have other numbers: nothing below would fit them.
        _load(_ARCHITECTURE),
        *_unless_equal(MACHINES[machine], [_answer(_KILL_PROCESS)]),
        _load(_NUMBER),
    ]
    if machine == "x86_64":
        code += _if_at_least(_X32_BIT, [_answer(_KILL_PROCESS)])
    # What is newer than this list does not exist. Every libc falls back to the older call then.
    code += _if_at_least(_NEWEST_CALL + 1, [_refuse(errno.ENOSYS)])
    groups = (_OTHER_PROCESSES, _ATTACK_SURFACE, _KEYS, _MACHINE, _UNCOUNTED_MEMORY)
    for group in (*groups, *([] if nests else [_NAMESPACES_AND_MOUNTS])):
        for numbers in group.values():
            if (number := numbers[column]) is not None:
                code += _if_equal(number, [_refuse(errno.EPERM)])
    if not nests:
        code += _no_new_namespace(column)
    code += _rules_on_arguments(column)
    code.append(_answer(_ALLOW))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


def _no_new_namespace(column: int) -> list[_Instruction]:
    # clone3 keeps its flags behind a pointer that no filter can follow: libc then falls back to clone.
    code = _if_equal(_CLONE3[column], [_refuse(errno.ENOSYS)])
    new_namespace = _if_any_bit(_ANY_NEW_NAMESPACE, [_refuse(errno.EPERM)])
    return code + _if_equal(_CLONE[column], [_argument(0), *new_namespace, _answer(_ALLOW)])


def _rules_on_arguments(column: int) -> list[_Instruction]:
    """The calls whose arguments decide; each rule ends in an answer."""
    code: list[_Instruction] = []
    # Unix sockets only. A network namespace does not hold AF_VSOCK back; netlink, packet and AF_ALG sockets are attack
    # surface; and the buffers of TCP on loopback come out of a budget that the whole machine shares.
    only_unix = [_argument(0), *_unless_equal(_AF_UNIX, [_refuse(errno.EAFNOSUPPORT)]), _answer(_ALLOW)]
    code += _if_equal(_SOCKET[column], only_unix)
    code += _if_equal(_SOCKETPAIR[column], only_unix)
    # The watchdog charges each socket with the default buffer, so the buffer must not grow. The size is a hint by
    # definition: the call succeeds and does nothing.
    keep_buffer = [_argument(1), *_unless_equal(_SOL_SOCKET, [_answer(_ALLOW)])]
    keep_buffer += [_argument(2), *_if_equal(_SO_SNDBUF, [_refuse(0)]), _answer(_ALLOW)]
    code += _if_equal(_SETSOCKOPT[column], keep_buffer)
    # Linux shares the processors among sessions (sched(7), autogroup), so a process in a session of its own would get
    # as much as a whole sandbox. Both calls succeed and do nothing: without a session there is no terminal of its own.
    code += _if_equal(_SETSID[column], [_refuse(0)])
    terminal = _if_equal(_TIOCSCTTY, [_refuse(0)])
    # Writing input into another user's terminal.
    terminal += _if_equal(_TIOCSTI, [_refuse(errno.EPERM)]) + _if_equal(_TIOCLINUX, [_refuse(errno.EPERM)])
    code += _if_equal(_IOCTL[column], [_argument(1), *terminal, _answer(_ALLOW)])
    # Locks on ranges of a file: nothing bounds how many a process may hold, in memory that nobody counts. All who could
    # lock are one student's processes, so the calls succeed and do nothing.
    locks = [step for command in _SETS_A_LOCK for step in _if_equal(command, [_refuse(0)])]
    code += _if_equal(_FCNTL[column], [_argument(1), *locks, _answer(_ALLOW)])
    return code


def _load(offset: int) -> _Instruction:
    """Load a 32-bit word of `struct seccomp_data`."""
    return (0x20, 0, 0, offset)  # BPF_LD | BPF_W | BPF_ABS


def _argument(position: int) -> _Instruction:
    """Load the lower half of an argument: all that the kernel reads of an `int`, and all the flags there are."""
    return _load(_FIRST_ARGUMENT + 8 * position)


def _answer(action: int) -> _Instruction:
    return (0x06, 0, 0, action)  # BPF_RET | BPF_K


def _refuse(error: int) -> _Instruction:
    """End the call without carrying it out: with an error, or with success for error 0."""
    return _answer(_RETURN_ERRNO | error)


def _if_equal(value: int, then: list[_Instruction]) -> list[_Instruction]:
    return [(0x15, 0, len(then), value), *then]  # BPF_JMP | BPF_JEQ | BPF_K


def _unless_equal(value: int, then: list[_Instruction]) -> list[_Instruction]:
    return [(0x15, len(then), 0, value), *then]


def _if_at_least(value: int, then: list[_Instruction]) -> list[_Instruction]:
    return [(0x35, 0, len(then), value), *then]  # BPF_JMP | BPF_JGE | BPF_K


def _if_any_bit(bits: int, then: list[_Instruction]) -> list[_Instruction]:
    return [(0x45, 0, len(then), bits), *then]  # BPF_JMP | BPF_JSET | BPF_K
