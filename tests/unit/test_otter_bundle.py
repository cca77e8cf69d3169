"""Reading zips of Otter's: which cases can be graded on what is sent, and what is said of zips that cannot be read."""

from __future__ import annotations

import contextlib
import json
import zipfile
from pathlib import Path

import pytest

from autograder.errors import UsageError
from autograder.expect.mismatch import Mismatch, Unusable, raised_there
from autograder.grading.cases.bundle import load_bundle
from autograder.grading.cases.otter_bundle import OtterBundle, write_bundle
from autograder.networks.network_view import EvaluationEnded
from tests import notebooks as nb

HEAD = "from otter.test_files import test_case\nOK_FORMAT = False\nname = 'q1'\n"
IMPORTS = "import pickle\nfrom sklearn.base import ClassifierMixin\n"


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def ok_test(*cases: str, **settings: object) -> str:
    suite = {"type": "doctest", "cases": [{"code": case, "hidden": False} for case in cases]}
    return f"OK_FORMAT = True\ntest = { ({'name': 'q1', 'suites': [suite], **settings})!r}"


def made(tmp_path: Path, source: str, **files: str) -> OtterBundle:
    path = zipped(tmp_path / "hw-autograder.zip", {"tests/q1.py": source, **files})
    return write_bundle(path, tmp_path / "bundle")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (">>> f(3)\n9", ""),
        (">>> np.allclose(a, 1)\nTrue", ""),
        (">>> f('Ada')\nHello Ada", "its expected output is what the student's code prints"),
        (">>> print(f('Ada'))\nHello Ada", ""),
        (">>> f(-1)\nTraceback (most recent call last):\n    ...\nValueError: below 0", ""),
        (">>> %timeit f(1)", "it is no plain Python"),
        (">>> get_ipython().user_ns['x']\n1", "it asks for the notebook's shell"),
        (">>> globals()['x']\n1", "it looks through the notebook's variables"),
        (">>> eval(text)\n3", "it runs text as code"),
        (">>> df.query(text).shape\n(1, 2)", "it runs text as code"),
        (">>> df.query('a > 1').shape\n(1, 2)", ""),
        (">>> import inspect\n>>> 'for' in inspect.getsource(f)\nFalse", "it reads the student's code"),
        (">>> f.__code__.co_argcount\n1", "it reads the student's code"),
        (">>> open('out.txt').read()\n'1'", "it reads a file that the notebook may have written"),
        (">>> open('given.txt').read()\n'1'", ""),
        (">>> pd.read_csv('out.csv').shape\n(1, 2)", "it reads a file that the notebook may have written"),
        (">>> isinstance(thing, Thing)\nTrue", "it compares with a class that the student's process has"),
        (">>> isinstance(model, keras.Model)\nTrue", "it compares with a class that the student's process has"),
        (">>> isinstance(a, np.ndarray)\nTrue", ""),
        (">>> type(thing) == Thing\nTrue", "it compares with a class that the student's process has"),
        (">>> b = [2, 1]\n>>> sort(b)\n>>> b\n[1, 2]", "it looks at what a call changes"),
        (">>> b = [2]\n>>> b.append(1)\n>>> b\n[2, 1]", ""),
        (">>> account = Account(3)\n>>> account.pay(1)\n>>> account.balance\n4", "it looks at what a call changes"),
        (">>> account = Account(3)\n>>> account.pay(1)\n4\n>>> account.balance\n4", "it looks at what a call changes"),
        (">>> model.fit(a, b)", "it trains, saves or evaluates the student's model itself"),
        (">>> plt.gca().get_title()\n'A'", "it looks at the notebook's current figure"),
        (">>> import requests\n>>> requests.get(url).status_code\n200", "it uses another program, the network"),
        (">>> import nothing_of_the_sort\n>>> nothing_of_the_sort.f(x)\n1", "it needs the package nothing_of_the_sort"),
        (">>> from unittest import mock\n>>> mock.patch('x.y')\n1", "it replaces a part of Python"),
    ],
)
def test_which_doctests_can_be_graded(tmp_path: Path, code: str, reason: str) -> None:
    found = made(tmp_path, ok_test(code, ">>> 1\n1"), **{"files/given.txt": "1"})
    assert [each.case for each in found.not_gradable] == (["q1 - 1"] if reason else [])
    assert all(each.reason.startswith(reason) for each in found.not_gradable)


@pytest.mark.parametrize(
    ("function", "needs", "reason"),
    [
        ("def test_x(x, np):\n    assert np.all(x == 1)", ["x"], ""),
        ("def test_x(env):\n    assert env['x'] == env.get('y')", ["x", "y"], ""),
        ("def test_x(env):\n    assert 'x' in env", None, "it looks through the notebook's variables"),
        ("def test_x(time, copy):\n    assert time == 3 and copy.shape == (2,)", ["time", "copy"], ""),
        ("def test_x(math, x):\n    assert math.isclose(x, 1)", ["x"], ""),
        ("def test_x(x):\n    assert helped(x)", ["x"], ""),
        ("def test_x(x):\n    assert unpickled(x)", None, "it uses another program, the network, or pickled files"),
        ("def test_x(model):\n    assert isinstance(model, ClassifierMixin)", None, "it compares with a class"),
        ("def test_x(x, y=1, *, z):\n    'The title.'\n    assert x", ["x", "y", "z"], ""),
        ("def test_x(*values):\n    assert values", None, "it takes any number of values"),
    ],
)
def test_which_functions_can_be_graded(tmp_path: Path, function: str, needs: list[str] | None, reason: str) -> None:
    helpers = "def helped(x):\n    return x\ndef unpickled(x):\n    return helped(pickle.loads(x))\n"
    found = made(tmp_path, f"{HEAD}{IMPORTS}{helpers}@test_case(points=1)\n{function}\n")
    assert [each.reason.startswith(reason) for each in found.not_gradable] == ([True] if reason else [])
    if needs is not None:
        (question,) = load_bundle(tmp_path / "bundle").assignment.questions
        assert list(question.names) == list(question.cases[0].parameters) == needs


def test_what_a_bundle_takes_from_its_zip(tmp_path: Path) -> None:
    settings = {"points_possible": 10, "plugins": ["some"], "show_hidden": True, "score_threshold": None}
    again = {"tests/q10.py": ok_test(">>> y\n1"), "tests/q2.py": ok_test(">>> get_ipython()", points=2)}
    files = {
        "otter_config.json": json.dumps(settings),
        "files/data/a.csv": "a\n1\n",
        "run_otter.py": "raise SystemExit",
    }
    path = zipped(tmp_path / "hw 1-autograder_2026_11_27T23_48_36_627108.zip", {**again, **files})
    found = write_bundle(path, tmp_path / "bundle")
    assert found.left_aside == ("plugins",)
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.assignment.slug == "hw_1"
    assert [(each.name, each.points, each.manual) for each in bundle.assignment.questions] == [
        ("q2", 6.67, True),
        ("q10", 3.33, False),
    ]
    assert sorted(bundle.files) == ["data/a.csv", "otter/__init__.py"]


def test_a_zip_without_a_name_of_its_own_has_that_of_the_assignment(tmp_path: Path) -> None:
    files = {"tests/q1.py": ok_test(">>> x\n1"), "otter_config.json": '{"assignment_name": "hw 3"}'}
    write_bundle(zipped(tmp_path / "autograder.zip", files), tmp_path / "bundle")
    assert load_bundle(tmp_path / "bundle").assignment.slug == "hw_3"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (None, "cannot be read: File is not a zip file"),
        ({"ada.ipynb": "{}"}, "it has no tests/*.py"),
        ({"tests/q1.py": "x = ="}, "tests/q1.py is no test file of Otter's that can be read (SyntaxError"),
        (
            {"tests/q1.py": "name = 'q1'"},
            "tests/q1.py is no test file of Otter's that can be read (ValueError: no case",
        ),
        ({"tests/q1.py": ok_test(">>> x\n1", points=[1, 2])}, "different length than number of test cases"),
        ({"tests/q1.py": ok_test(">>> x\n1"), "otter_config.json": "{"}, "its otter_config.json is no JSON"),
        ({"tests/q1.py": ok_test(">>> x\n1"), "otter_config.json": '{"lang": "r"}'}, "is for notebooks in r"),
        ({"tests/q1.py": ok_test(">>> x\n1"), "files/../../up": "1"}, "files/../../up lies outside of it"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, files: dict[str, str] | None, said: str) -> None:
    path = tmp_path / "bad.zip"
    if files is None:
        path.write_text("no zip")
    else:
        zipped(path, files)
    with pytest.raises(UsageError) as caught:
        write_bundle(path, tmp_path / "bundle")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_zip_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "hw-autograder.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tests/q1.py", ok_test(">>> x\n1"))
    data = bytearray(path.read_bytes())
    at = 30 + len("tests/q1.py")
    data[at : at + 4] = b"\xff" * 4
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"cannot be read: .*Make it again"):
        write_bundle(path, tmp_path / "bundle")


@pytest.mark.parametrize(
    ("raised", "failure"),
    [
        (raised_there("`f()` raised ValueError: a number below 0"), None),
        (raised_there("`f()` raised OSError: no"), Mismatch),
        (Unusable("`f()` gave nothing to be judged."), Unusable),
        (EvaluationEnded("it used up its time"), EvaluationEnded),
    ],
)
def test_an_expected_exception_is_the_students_of_whatever_text(
    tmp_path: Path, raised: Exception, failure: type[Exception] | None
) -> None:
    code = ">>> f() # doctest: +IGNORE_EXCEPTION_DETAIL\nTraceback (most recent call last):\n    ...\nValueError: no"
    assert made(tmp_path, ok_test(code)).not_gradable == ()
    (case,) = load_bundle(tmp_path / "bundle").cases["q1"]

    def f() -> None:
        raise raised

    with contextlib.nullcontext() if failure is None else pytest.raises(failure) as caught:
        case.function(f=f)
    assert failure is None or type(caught.value) is failure


def test_the_command_line_says_it_too(tmp_path: Path) -> None:
    nb.write_notebook(tmp_path / "in" / "ada.ipynb", nb.code("x = 1"))
    done = nb.autograder("grade", zipped(tmp_path / "bad.zip", {"a": "b"}), tmp_path / "in", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.startswith("autograder: ")
    assert done.stderr.count("\n") == 1
