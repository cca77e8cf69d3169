"""The system call filter: its program instruction by instruction, and the kernel's answers under it."""

from __future__ import annotations

import errno
import platform
import re
import struct
from pathlib import Path

import pytest

from autograder.sandbox.host import seccomp
from tests.sandboxes import run_in_sandbox

ALLOW, KILL = "allow", "kill"
X86, ARM = "x86_64", "aarch64"


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> str | int:
    """What the kernel would do with a call: run the filter as the kernel's interpreter does; an int is an errno."""
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack(
        "<IIQ6Q", number, seccomp.MACHINES[machine] if architecture is None else architecture, 0, *padded
    )
    program = seccomp.program(machine)
    position = accumulator = 0
    while True:
        code, if_true, if_false, operand = struct.unpack_from("<HBBI", program, 8 * position)
        position += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, operand)[0]
        elif code == 0x06:
            if operand == 0x7FFF0000:
                return ALLOW
            if operand == 0x80000000:
                return KILL
            assert operand & 0xFFFF0000 == 0x00050000
            return operand & 0xFFFF
        else:
            holds = {
                0x15: accumulator == operand,
                0x35: accumulator >= operand,
                0x45: bool(accumulator & operand),
            }[code]
            position += if_true if holds else if_false


def denied_calls(machine: str) -> dict[str, int]:
    groups = [value for name, value in vars(seccomp).items() if name.isupper() and isinstance(value, dict)]
    column = list(seccomp.MACHINES).index(machine)
    calls = {
        name: numbers[column] for group in groups if group is not seccomp.MACHINES for name, numbers in group.items()
    }
    return {name: number for name, number in calls.items() if number is not None}


@pytest.mark.parametrize(
    ("name", "x86", "arm"),
    [
        ("ptrace", 101, 117),
        ("process_vm_readv", 310, 270),
        ("keyctl", 250, 219),
        ("io_uring_setup", 425, 425),
        ("bpf", 321, 280),
        ("unshare", 272, 97),
        ("mount", 165, 40),
        ("memfd_create", 319, 279),
        ("shmget", 29, 194),
        ("msgget", 68, 186),
        ("vmsplice", 278, 75),
    ],
)
def test_denied(name: str, x86: int, arm: int) -> None:
    assert (verdict(X86, x86), verdict(ARM, arm)) == (errno.EPERM, errno.EPERM)


@pytest.mark.parametrize("machine", [X86, ARM])
def test_every_listed_call_is_denied(machine: str) -> None:
    calls = denied_calls(machine)
    assert len(calls) > 50
    assert {name: verdict(machine, number) for name, number in calls.items()} == dict.fromkeys(calls, errno.EPERM)


@pytest.mark.parametrize(
    ("machine", "header"),
    [(X86, "x86_64-linux-gnu/asm/unistd_64.h"), (ARM, "asm-generic/unistd.h")],
)
def test_numbers_are_the_kernels(machine: str, header: str) -> None:
    path = Path("/usr/include", header)
    if not path.exists():
        pytest.skip("the kernel's headers (linux-libc-dev) are not installed")
    known = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", path.read_text())}
    calls = denied_calls(machine)
    column = list(seccomp.MACHINES).index(machine)
    by_argument = ("CLONE", "CLONE3", "SOCKET", "SOCKETPAIR", "SETSOCKOPT", "IOCTL")
    calls |= {name.lower(): getattr(seccomp, f"_{name}")[column] for name in by_argument}
    assert calls == {name: known[name] for name in calls}


@pytest.mark.parametrize(
    ("machine", "numbers"),
    [
        # read, write, mmap, futex, execve, openat, prlimit64, prctl, setresuid, capset, wait4, pipe2, connect
        (X86, [0, 1, 9, 202, 59, 257, 302, 157, 117, 126, 61, 293, 42]),
        (ARM, [63, 64, 222, 98, 221, 56, 261, 167, 147, 91, 260, 59, 203]),
    ],
)
def test_what_programs_need_is_allowed(machine: str, numbers: list[int]) -> None:
    assert {verdict(machine, number) for number in numbers} == {ALLOW}


@pytest.mark.parametrize("machine", [X86, ARM])
def test_another_architecture_is_killed(machine: str) -> None:
    assert verdict(machine, 0, architecture=0x40000003) == KILL  # i386


def test_the_x32_interface_is_killed() -> None:
    assert verdict(X86, 0x40000000 | 0) == KILL
    assert verdict(X86, 0xFFFFFFFF) == KILL


@pytest.mark.parametrize("machine", [X86, ARM])
def test_calls_newer_than_the_list_do_not_exist(machine: str) -> None:
    assert verdict(machine, 452) == ALLOW
    assert {verdict(machine, number) for number in (453, 500, 0x3FFFFFFF)} == {errno.ENOSYS}
    assert verdict(machine, 435) == errno.ENOSYS  # clone3


@pytest.mark.parametrize("flag", [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000])
def test_clone_makes_no_namespace(flag: int) -> None:
    sigchld = 17
    assert verdict(X86, 56, flag | sigchld) == verdict(ARM, 220, flag | sigchld) == errno.EPERM


def test_clone_makes_processes_and_threads() -> None:
    thread = 0x3D0F00  # the flags of glibc's pthread_create
    assert [verdict(X86, 56, flags) for flags in (17, thread)] == [ALLOW, ALLOW]


@pytest.mark.parametrize("family", [0, 2, 3, 10, 15, 16, 17, 30, 38, 40, 44, 0xFFFFFFFF])
def test_other_socket_families_do_not_exist(family: int) -> None:
    calls = [
        verdict(X86, 41, family, 1),
        verdict(X86, 53, family, 1),
        verdict(ARM, 198, family),
        verdict(ARM, 199, family),
    ]
    assert set(calls) == {errno.EAFNOSUPPORT}


def test_the_upper_half_of_an_argument_hides_nothing() -> None:
    assert verdict(X86, 41, 1 << 32 | 40) == errno.EAFNOSUPPORT
    assert verdict(X86, 16, 0, 1 << 32 | 0x5412) == errno.EPERM


def test_unix_sockets_with_their_default_buffer() -> None:
    assert verdict(X86, 41, 1, 1) == verdict(X86, 53, 1, 1) == ALLOW
    assert verdict(X86, 54, 3, 1, 7) == 0  # SO_SNDBUF: done, says the filter
    assert verdict(X86, 54, 3, 1, 2) == ALLOW  # SO_REUSEADDR
    assert verdict(X86, 54, 3, 6, 7) == ALLOW  # another level's option 7


@pytest.mark.parametrize(("command", "answer"), [(0x5412, errno.EPERM), (0x541C, errno.EPERM), (0x5413, ALLOW)])
def test_no_typing_into_terminals(command: int, answer: str | int) -> None:
    assert verdict(X86, 16, 0, command) == answer


def test_an_unknown_machine_is_refused() -> None:
    with pytest.raises(ValueError, match="riscv64"):
        seccomp.program("riscv64")


# ------------------------------------------------------------ under the kernel


@pytest.mark.skipif(platform.machine() != X86, reason="the numbers below are x86_64's")
def test_the_kernel_follows_the_filter() -> None:
    answer = run_in_sandbox(
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def error(*call):
    ctypes.set_errno(0)
    return ctypes.get_errno() if libc.syscall(*call) < 0 else 0
name = ctypes.c_char_p(b"x")
report({
    "ptrace": error(101, 0, 0, 0, 0),
    "memfd_create": error(319, name, 0),
    "shmget": error(29, 0, 4096, 0o1600),
    "io_uring_setup": error(425, 1, 0),
    "keyctl": error(250, 0, -3, 0),
    "unshare": error(272, 0x10000000),
    "clone": error(56, 0x10000000 | 17, 0, 0, 0, 0),
    "clone3": error(435, 0, 0),
    "vsock": error(41, 40, 1, 0),
    "inet": error(41, 2, 1, 0),
    "futex_waitv": error(449, 0, 0, 0, 0, 0),
    "getpid": error(39),
})
"""
    )
    denied = dict.fromkeys(
        ["ptrace", "memfd_create", "shmget", "io_uring_setup", "keyctl", "unshare", "clone"], errno.EPERM
    )
    others = {
        "clone3": errno.ENOSYS,
        "vsock": errno.EAFNOSUPPORT,
        "inet": errno.EAFNOSUPPORT,
        "futex_waitv": errno.EINVAL,
        "getpid": 0,
    }
    assert answer.reported == [denied | others]


def test_a_socket_keeps_its_buffer() -> None:
    (sizes,) = run_in_sandbox(
        """
import socket
left, right = socket.socketpair()
before = left.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
left.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * before)
report([before, left.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)])
"""
    ).reported
    assert sizes[0] == sizes[1] > 0


def test_ordinary_python_works() -> None:
    answer = run_in_sandbox(
        """
import asyncio, concurrent.futures, multiprocessing, subprocess, tempfile, threading
report(subprocess.run("echo $HOME | tr a-z A-Z", shell=True, capture_output=True, text=True).stdout)
context = multiprocessing.get_context("fork")
with context.Pool(2) as pool:
    report(pool.map(abs, [-1, -2, -3]))
with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
    report(list(executor.map(abs, [-4, -5])))
lock, value = context.Lock(), context.Value("i", 41)
def add():
    with lock:
        value.value += 1
child = context.Process(target=add)
child.start(); child.join()
report([child.exitcode, value.value])
left, right = context.Pipe()
left.send("through a socket")
report(right.recv())
async def later():
    await asyncio.sleep(0)
    return "awaited"
report(asyncio.run(later()))
results = []
threads = [threading.Thread(target=results.append, args=(i,)) for i in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
report(sorted(results))
with tempfile.TemporaryFile() as file:
    report(file.write(b"12345"))
"""
    )
    assert answer.reported == ["/TMP\n", [1, 2, 3], [4, 5], [0, 42], "through a socket", "awaited", list(range(8)), 5]


@pytest.mark.slow
def test_keras_trains_and_matplotlib_draws() -> None:
    pytest.importorskip("tensorflow")
    answer = run_in_sandbox(
        """
import numpy as np, keras, tensorflow as tf
import matplotlib.pyplot as plt
keras.utils.set_random_seed(1)
from keras import layers
model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)])
model.compile("adam", "mse")
history = model.fit(np.ones((32, 8, 8, 1)), np.ones((32, 2)), epochs=3, verbose=0)
report(len(history.history["loss"]))
report(history.history["loss"][-1] < history.history["loss"][0])
dataset = tf.data.Dataset.range(10).map(lambda x: x + 1, num_parallel_calls=2).prefetch(1)
report(int(sum(dataset.as_numpy_iterator())))
figure = plt.figure(); plt.plot(history.history["loss"]); figure.savefig("/tmp/loss.png")
report(os.path.getsize("/tmp/loss.png") > 1000)
""",
        wall_seconds=200,
    )
    assert answer.reported == [3, True, 55, True], answer.ending.stderr_tail
