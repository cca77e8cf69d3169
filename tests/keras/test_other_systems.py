"""The student's side in a Python that has only what Windows and macOS have as well.

Other packages are imported beforehand: they are built for each system. What is imported is in tests/unit too.
"""

from __future__ import annotations

import subprocess
import sys

from tests.unit.test_dependencies import STUDENT, UNIX_ONLY

# What Windows lacks of modules that it has, and macOS of Linux's.
ATTRIBUTES = {
    "os": (
        "fork forkpty getuid geteuid getgid getegid getgroups getpgid killpg setsid setuid wait3 wait4 waitid pipe2 "
        "posix_spawn memfd_create pidfd_open sched_getaffinity sched_setaffinity setresuid uname nice mkfifo chown "
        "getxattr setxattr splice eventfd openpty ttyname O_NOFOLLOW O_DIRECTORY O_CLOEXEC O_NONBLOCK"
    ),
    "select": "poll epoll kqueue",
    "signal": "SIGALRM SIGKILL SIGCHLD SIGHUP SIGSTOP SIGUSR1 alarm setitimer pthread_sigmask sigtimedwait",
    "socket": "AF_UNIX SCM_RIGHTS SO_PEERCRED socketpair",
}

CODE = f"""
import os, pkgutil, select, signal, socket, sys
import anywidget, IPython, keras, matplotlib.pyplot, msgspec, numpy, tensorflow

net = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
for module in {sorted(UNIX_ONLY)}:
    sys.modules[module] = None
for module, names in {ATTRIBUTES}.items():
    for name in names.split():
        if hasattr(sys.modules[module], name):
            delattr(sys.modules[module], name)

import importlib
seen = []
for package in {STUDENT}:
    path = importlib.import_module("autograder." + package).__path__
    names = [each.name for each in pkgutil.walk_packages(path, f"autograder.{{package}}.")]
    seen += [importlib.import_module(name) for name in names]
print(len(seen))

from autograder.notebook.selfcheck import Checks

def double(number):
    return 2 * number

grader = Checks({{"all": '''
from otter.test_files import test_case

OK_FORMAT = False
name = "all"
points = 2

@test_case(points=1)
def test_network(net):
    "The layers."
    from autograder import expect
    expect.layers(net, [expect.layer("Flatten"), expect.layer("Dense", units=10, activation="softmax")], name="net")

@test_case(points=1)
def test_function(double):
    "Twice."
    assert double(2) == 4
'''}})
print(grader.check("all").passed)

from autograder.live import LiveCNN
LiveCNN(net)
"""


def test_a_self_check_and_the_live_network_need_nothing_that_macos_or_windows_lacks():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    modules, passed = done.stdout.split()
    assert int(modules) >= 20
    assert passed == "True"
