"""The worker with an honest notebook: what it may send, what functions see, and what it finds as in a kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from autograder.records import Cell, Execution, Limits
from autograder.sandbox.host.session import Session
from autograder.sandbox.wire.deserialise import deserialise
from autograder.sandbox.wire.values import Array, Function, Refused

MIB = 1 << 20


@contextmanager
def ran(
    *sources: str,
    takes: Mapping[int, Sequence[str]] | None = None,
    modules: Sequence[str] | None = None,
    **limits: float,
) -> Iterator[tuple[Session, Execution]]:
    """Run cells in a real sandbox; the names that `takes` has for a cell are those of a question `q<cell>`."""
    asked = {position: [(f"q{position}", names)] for position, names in (takes or {}).items()}
    with Session(Limits(**{"memory_mb": 1500, **limits}), slot=3, modules=modules) as session:
        yield session, session.run([Cell("code", source) for source in sources], asked)


def text_of(execution: Execution, position: int) -> str:
    return "".join(output.get("text", "") for output in execution.cells[position].outputs)


def call(session: Session, question: str, name: str, *given: Any) -> Any:
    function = session.taken(question, [name])[name]
    assert isinstance(function, Function)
    return session.call(function.id, name, given, lambda part: part)


def test_what_is_too_large_to_be_sent_is_refused_by_name_and_the_rest_is_taken() -> None:
    sources = ["import numpy as np\na = np.zeros(8 << 17)", "b = np.zeros(5 << 17)", "many = [[]] * 150_000"]
    sources += ["def large(mib): return np.zeros(mib << 17)"]
    takes = {0: ["a"], 1: ["b"], 2: ["many"], 3: ["large"]}
    with ran(*sources, takes=takes, wire_mb=12, output_mb=1) as (session, execution):
        assert (execution.status, execution.message) == ("completed", "")
        assert isinstance(session.taken("q0", ["a"])["a"], Array)
        late = session.taken("q1", ["b"])["b"]
        assert isinstance(late, Refused)
        assert "too large (all values and outputs together: 12 MiB)" in late.reason
        many = session.taken("q2", ["many"])["many"]
        assert isinstance(many, Refused)
        assert "12 MiB" in many.reason
        returned = call(session, "q3", "large", 200)
        assert isinstance(returned, Refused)
        assert "too large" in returned.reason
        assert call(session, "q3", "large", 1).shape == (1 << 17,)
        assert not session.broken


def test_output_is_cut_where_the_host_expects_it() -> None:
    shows = "from IPython.display import display, HTML\nhandle = display(HTML('x'), display_id=True)"
    small = "for i in range(20_000): display(HTML('!'))"
    updates = "for i in range(20_000): handle.update(HTML('y' * 300))"
    for source in (small, updates, "for i in range(200_000): print(i % 10, flush=True)", "print('é' * 9_000_000)"):
        with ran(shows, source, "x = 1", takes={2: ["x"]}, output_mb=2, cell_seconds=60) as (session, execution):
            assert (execution.status, execution.message) == ("completed", "")
            assert "Output limit reached; the rest is not shown." in text_of(execution, 1)
            assert session.taken("q2", ["x", "y"]) == {"x": 1}


def test_a_function_sees_what_it_saw_at_its_question() -> None:
    sources = [
        "scale = 2\ndef helper(x): return x * scale\nclass Model:\n    def predict(self, x): return helper(x)",
        "def f(x): return helper(x)\nmodel = Model()\ndef g(x): return model.predict(x)",
        "scale = 'broken'\ndef helper(x): raise ValueError\nhelper = Model = model = None",
        "def g(x): return -1",
        "f2 = f\nscale = 5\ndef helper(x): return x + scale",
    ]
    takes = {1: ["f", "g"], 3: ["g"], 4: ["f", "scale"]}
    with ran(*sources, takes=takes) as (session, execution):
        assert execution.status == "completed"
        for _ in range(2):
            assert call(session, "q1", "f", 3) == 6
            assert call(session, "q1", "g", 3) == 6
            assert call(session, "q3", "g", 3) == -1
            assert call(session, "q4", "f", 3) == 8
        assert session.take_now("q4", ["scale"]) == {"scale": 5}


RANDOM = """
import random
import numpy as np
numbers = [random.random(), np.random.rand(), np.random.default_rng().random(), random.Random().random() * 0]
"""
TRAINING = """
import keras
x = np.arange(60.0).reshape(20, 3) % 7
model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.3), keras.layers.Dense(2)])
model.compile("adam", "mse")
model.fit(x, x[:, :2], epochs=2, batch_size=4, verbose=0)
weights = model.get_weights()
"""
SEEDED = "import keras\nkeras.utils.set_random_seed({})\nimport numpy as np\ndrawn = np.random.rand()"


@pytest.mark.usefixtures("nothing_kept")
def test_a_notebook_without_seeds_gives_the_same_every_time_and_seeds_count() -> None:
    results = []
    takes = {0: ["numbers"], 1: ["weights"], 2: ["drawn"]}
    for seed in (1, 1, 2):
        sources = [RANDOM, TRAINING, SEEDED.format(seed)]
        with ran(*sources, takes=takes, modules=("numpy", "tensorflow", "keras")) as (session, execution):
            assert [cell.error for cell in execution.cells] == ["", "", ""]
            taken = (
                session.taken("q0", ["numbers"])["numbers"],
                session.taken("q1", ["weights"])["weights"],
                session.taken("q2", ["drawn"])["drawn"],
            )
            results.append([deserialise(value) for value in taken])
    first, second, third = results
    assert first[0] == second[0] == third[0]
    assert all(np.array_equal(*pair) for pair in zip(first[1], third[1], strict=True))
    assert first[2] == second[2] != third[2]


HELPER = "%%writefile helper.py\ndef f(): return 6 * 7\nif __name__ == '__main__': print('as a script')"
IN_A_KERNEL = {
    HELPER: "Writing helper.py\n",
    "from helper import f\nprint(f())": "42\n",
    "!python helper.py": "as a script\n",
    "%run helper.py": "as a script\n",
    "lines = !echo one; echo two\nprint(lines)": "['one', 'two']\n",
    "%cd /tmp\nopen('data.txt', 'w').write('x')\nfrom pathlib import Path\n"
    "print(Path('data.txt').read_text())": "/tmp\nx\n",
    "%env KEY=value\nimport os\nprint(os.environ['KEY'])": "env: KEY=value\nvalue\n",
    "if __name__ == '__main__': print('main')": "main\n",
    "print(get_ipython().__class__.__name__)": "ZMQInteractiveShell\n",
    "import asyncio\nasync def g(): return 5\nprint(await g())": "5\n",
    "class A: v = 3\nimport pickle\npickle.dump(A(), open('a.pkl', 'wb'))\n"
    "print(pickle.load(open('a.pkl', 'rb')).v)": "3\n",
    "def square(x): return x * x\nimport multiprocessing\n"
    "with multiprocessing.Pool(2) as pool: print(pool.map(square, [1, 2]))": "[1, 4]\n",
    "import sqlite3\nbase = sqlite3.connect('k.db')\nbase.execute('create table t(a)')\nprint('made')": "made\n",
    "import pty, os\npid, fd = pty.fork()\nif pid == 0: os._exit(os.isatty(0))\nprint(os.waitpid(pid, 0)[1])": "256\n",
}


def test_as_in_a_kernel() -> None:
    with ran(*IN_A_KERNEL) as (_, execution):
        for position, shown in enumerate(IN_A_KERNEL.values()):
            assert (execution.cells[position].error, text_of(execution, position)) == ("", shown)
