"""The kinds of assignments that Otter-Grader documents for Python, and where our grades differ from `otter run`'s."""

from __future__ import annotations

from tests.otter_masters import Asked, OtterMaster

KLASS = """\
class Account:
    def __init__(self, balance):
        self.balance = balance

    def paid(self, amount):
        return Account(self.balance + amount)"""

OK = OtterMaster(
    "ok_format",
    "init_cell: true\nfiles: [prices.csv, helper.py]\ntests: {files: true, ok_format: true}",
    (
        Asked("value", "x = 4 # SOLUTION", (("x", "4"), ("# HIDDEN\nx + 1", "5")), "x = 5", "points: 3"),
        Asked(
            "function",
            "def square(n):\n    return n ** 2 # SOLUTION",
            (("square(3)", "9"), ("assert all(square(n) == n * n for n in range(5))", None)),
            "def square(n):\n    return n * 2",
        ),
        Asked(
            "array",
            "a = np.arange(4) / 2 # SOLUTION",
            (("a", "array([0. , 0.5, 1. , 1.5])"), ("np.allclose(a, [0, .5, 1, 1.5])", "True")),
            "a = np.arange(4) / 2 + .1",
        ),
        Asked(
            "scalar",
            "m = np.mean([1, 2, 3]) # SOLUTION",
            (("m", "np.float64(2.0)"), ("m == 2", "np.True_"), ("bool(m > 1)", "True")),
            "m = 2",
        ),
        Asked("text", 'word = "ab" * 2 # SOLUTION', (("word", "'abab'"), ("len(word)", "4")), "word = 3"),
        Asked(
            "prints",
            'def greet(name):\n    print("Hello", name) # SOLUTION',
            (('greet("Ada")', "Hello Ada\n"), ("greet.__name__", "'greet'")),
        ),
        Asked(
            "frame",
            'import pandas as pd\nimport helper\nprices = pd.read_csv("prices.csv") # SOLUTION',
            (
                ("prices.shape", "(2, 2)"),
                ("prices['price'].sum()", "np.int64(7)"),
                ("prices", "  name  price\n0    a      3\n1    b      4"),
                ("isinstance(prices, pd.DataFrame)", "True"),
                ("pd.read_csv('prices.csv').shape", "(2, 2)"),
            ),
            'import pandas as pd\nprices = pd.read_csv("prices.csv").head(1)',
        ),
        Asked(
            "raises",
            'def root(n):\n    if n < 0:\n        raise ValueError("negative")\n    return n ** 0.5',
            (
                ("try:\n    root(-1)\n    caught = False\nexcept ValueError:\n    caught = True\nassert caught", None),
                ("root(4)", "2.0"),
            ),
            "def root(n):\n    return abs(n) ** 0.5",
        ),
        Asked(
            "klass",
            KLASS,
            (
                ("Account(3).balance", "3"),
                ("Account(3).paid(4).balance", "7"),
                ("account = Account(1)\naccount.paid(3).balance", "4"),
                ("isinstance(Account(1), Account)", "True"),
            ),
            "class Account:\n    def __init__(self, balance):\n        self.balance = 0\n\n"
            "    def paid(self, amount):\n        return amount",
        ),
        Asked("shell", "y = 1 # SOLUTION", (("get_ipython() is not None", "True"), ("y", "1"))),
        Asked("none", "def f():\n    return None # SOLUTION", (("f() is None", "True"),), "def f():\n    return 1"),
        Asked("types", "t = [1, 'a', {2: (3, 4)}, {5}] # SOLUTION", (("t", "[1, 'a', {2: (3, 4)}, {5}]"),), "t = 0"),
        Asked("late", "u = 1 # SOLUTION", (("u", "1"),), "raise RuntimeError('no')"),
    ),
    files={"prices.csv": "name,price\na,3\nb,4\n", "helper.py": "K = 3\n"},
)


def case(source: str, config: str = "") -> tuple[str, None]:
    head = f'""" # BEGIN TEST CONFIG\n{config}\n""" # END TEST CONFIG\n' if config else ""
    return f"{head}{source}", None


RAISES = """\
def test_raises(mean):
    try:
        mean([])
    except ZeroDivisionError:
        return
    assert False, "an empty list has no mean\"\n"""

EXCEPTION = OtterMaster(
    "exception_format",
    "init_cell: true\ntests: {files: true, ok_format: false}\ngenerate: {points_possible: 20, seed: 7}",
    (
        Asked(
            "value",
            "x = 4 # SOLUTION",
            (
                case(
                    "def test_x(x):\n    assert x == 4", "points: 1\nsuccess_message: Right.\nfailure_message: Count."
                ),
                case("def test_hidden(env):\n    assert env['x'] + 1 == 5", "points: 2\nhidden: true"),
            ),
            "x = 5",
        ),
        Asked(
            "function",
            "def mean(values):\n    return sum(values) / len(values) # SOLUTION",
            (
                case("def test_np(mean, np):\n    np.testing.assert_allclose(mean([1, 2, 4]), 7 / 3)"),
                case("def test_loop(mean):\n    assert all(mean(list(range(n))) == (n - 1) / 2 for n in range(1, 5))"),
                case(RAISES),
            ),
            "def mean(values):\n    return sum(values) / max(len(values), 1)",
            "points: 4",
        ),
        Asked(
            "nothing_or_all",
            "a = 1 # SOLUTION\nb = 2 # SOLUTION",
            (case("def test_a(a):\n    assert a == 1"), case("def test_b(b):\n    assert b == 2", "hidden: true")),
            "a = 1\nb = 3",
            "points: 3\nall_or_nothing: true",
        ),
        Asked(
            "each",
            "c = [3, 1, 2] # SOLUTION",
            (case("def test_length(c):\n    assert len(c) == 3"), case("def test_sum(c):\n    assert sum(c) == 6")),
            "c = [1, 1, 1]",
            "points:\n  each: 1.5",
        ),
        Asked(
            "thirds",
            "d = 'abc' # SOLUTION",
            tuple(case(f"def test_{letter}(d):\n    assert '{letter}' in d") for letter in "abc"),
            "d = 'ab'",
            "points: 1",
        ),
        Asked(
            "in_place",
            "def sort(values):\n    values.sort() # SOLUTION",
            (
                case("def test_sorted(sort):\n    values = [2, 1]\n    sort(values)\n    assert values == [1, 2]"),
                case("def test_none(sort):\n    assert sort([]) is None"),
            ),
        ),
        Asked(
            "changes",
            "e = np.zeros(3) # SOLUTION",
            (
                case("def test_e(e):\n    e += 1\n    assert e.sum() == 3"),
                case("def test_e_again(e):\n    assert e.sum() in (0, 3)"),
            ),
            "e = np.ones(3)",
        ),
        Asked(
            "drawn",
            "r = np.random.rand() # SOLUTION",
            (case("def test_r(r):\n    assert abs(r - 0.076308) < 1e-6"),),
            "r = 1",
        ),
        Asked("error", "f = {'k': 1} # SOLUTION", (case("def test_f(f):\n    assert f['k'] == 1"),), "f = None"),
        Asked("manual", "*Because.*", (), config="manual: true\npoints: 2"),
        Asked("manual_code", "g = 1 # SOLUTION", (case("def test_g(g):\n    assert g == 1"),), config="manual: true"),
    ),
    differs={"wrong: changes - 2": "each case gets the value as it was taken; with Otter, one changes it for the next"},
    worth=19,
    extra={
        "cut": {
            "value": "x = 4\nraise SystemExit",
            "function": "import sys; sys.exit()",
            "each": "c = (",
            "error": "f = {}",
        }
    },
)

SOLUTIONS = OtterMaster(
    "solution_markup",
    "init_cell: true\nexport_cell: true\ncheck_all_cell: true\ntests: {files: false, ok_format: true}",
    (
        Asked("plain", "a = 1 + 1 # SOLUTION", (("a", "2"),), "a = 1"),
        Asked("no_prompt", "# text\nb = 3 # SOLUTION NO PROMPT\nb", (("b", "3"),), "b = 2"),
        Asked("several", "# BEGIN SOLUTION\nc = 1\nd = 2\n# END SOLUTION", (("c + d", "3"),), "c = d = 2"),
        Asked(
            "prompt",
            'e = 5 # SOLUTION NO PROMPT\n""" # BEGIN PROMPT\ne = 0\n""" # END PROMPT',
            (("e", "5"), ("# HIDDEN\ne > 0", "True")),
            "e = 1",
        ),
        Asked(
            "branch",
            "if a > 1:\n    f = 1 # SOLUTION\nelse:\n    f = 0 # SOLUTION",
            (("f", "1"),),
            "f = a",
        ),
    ),
    last=("a = 100 # IGNORE",),
)

SEED = OtterMaster(
    "seed",
    "init_cell: true\ntests: {files: true, ok_format: true}\ngenerate: {seed: 7}",
    (
        Asked("numpy", "r = np.random.rand() # SOLUTION", (("round(float(r), 6)", "0.076308"),), "r = 0.5"),
        Asked("again", "s = np.random.rand() # SOLUTION", (("bool(s == r)", "True"),), "s = np.random.rand(2)[1]"),
        Asked("python", "t = random.random() # SOLUTION", (("round(t, 6)", "0.323833"),), "t = 1"),
        Asked("own", "u = np.random.default_rng(3).random() # SOLUTION", (("round(u, 6)", "0.085649"),)),
    ),
    first="import random\nimport numpy as np",
    differs={"blank: again - 1": "a gap `...` never passes; with Otter, `... == ...` does"},
)

SEED_VARIABLE = OtterMaster(
    "seed_variable",
    "init_cell: true\ntests: {files: true, ok_format: true}\n"
    "seed: {variable: rng_seed, autograder_value: 713, student_value: 42}",
    (
        Asked("value", "r = np.random.default_rng(rng_seed).integers(1000) # SOLUTION", (("int(r)", "489"),), "r = 0"),
        Asked("name", "copied = rng_seed # SOLUTION", (("copied", "713"),), "copied = 42"),
    ),
    first="import numpy as np\nrng_seed = 42",
)

NETWORK = """\
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense({units}, activation="relu"), keras.layers.Dense(1)])
{rest}"""
FIT = """\
model.compile(optimizer="sgd", loss="mse")
history = model.fit(x, y, epochs={epochs}, verbose=0)"""

KERAS = OtterMaster(
    "keras",
    "init_cell: true\ntests: {files: true, ok_format: true}",
    (
        Asked(
            "network",
            NETWORK.format(units=3, rest="# SOLUTION"),
            (
                ("len(model.layers)", "2"),
                ("model.count_params()", "19"),
                ("model.layers[0].units", "3"),
                ("model.output_shape", "(None, 1)"),
                ("model.layers[0].get_config()['activation']", "'relu'"),
                ("model.predict(np.ones((2, 4)), verbose=0).shape", "(2, 1)"),
                ("np.allclose(model(x[:3]), model.predict(x[:3], verbose=0), atol=1e-5)", "True"),
                ("isinstance(model, keras.Model)", "True"),
            ),
            NETWORK.format(units=5, rest=""),
        ),
        Asked(
            "training",
            FIT.format(epochs=3) + " # SOLUTION",
            (
                ("len(history.history['loss'])", "3"),
                ("history.history['loss'][-1] < history.history['loss'][0]", "True"),
                ("float(np.mean((model.predict(x, verbose=0)[:, 0] - y) ** 2)) < 1", "True"),
                ("model.evaluate(x, y, verbose=0) < 1", "True"),
                ("model.optimizer.get_config()['name'].lower()", "'sgd'"),
            ),
            FIT.format(epochs=2),
        ),
        Asked(
            "weights",
            "kernel, bias = model.layers[-1].get_weights() # SOLUTION",
            (("kernel.shape, bias.shape", "((3, 1), (1,))"), ("kernel.dtype", "dtype('float32')")),
            "kernel = bias = model.layers[-1].weights",
        ),
    ),
    first="import keras\nimport numpy as np\n\nkeras.utils.set_random_seed(1)\n"
    "x = np.random.default_rng(0).normal(size=(64, 4))\ny = x.sum(axis=1) / 4",
)

MASTERS = (OK, EXCEPTION, SOLUTIONS, SEED, SEED_VARIABLE, KERAS)
