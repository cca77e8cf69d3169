"""`grader.check` in a notebook."""

from __future__ import annotations

import html
import re
import subprocess
import sys
import types

import pytest
from inline_snapshot import snapshot

from autograder.notebook.selfcheck import Checks
from autograder.records import SANDBOX_VARIABLE
from tests.live import counted_names

NUMBER = '''
from otter.test_files import test_case

OK_FORMAT = False

name = "number"

@test_case(points=1, hidden=False)
def test_type(answer):
    """`answer` is a number."""
    from autograder import expect

    expect.number(answer, name="answer")

@test_case(points=3, hidden=False, success_message="Well done.")
def test_value(answer):
    """`answer` is < 10."""
    assert answer < 10, f"{answer} is too large"
'''

NETWORK = '''
from otter.test_files import test_case

OK_FORMAT = False

name = "network"

@test_case(points=1, hidden=False)
def test_layers(net):
    """The layers."""
    from autograder import expect

    expect.layers(net, [expect.layer("Dense", units=3), expect.layer("Softmax")], name="net")
'''

BROKEN = '''
from otter.test_files import test_case

OK_FORMAT = False

name = "broken"

@test_case(points=1, hidden=False)
def test_bug(answer):
    """A bug of ours."""
    answer.no_such_attribute
'''


@pytest.fixture
def check(monkeypatch):
    """Check in a module that defines the given names, as a plain Python session would."""
    monkeypatch.delitem(sys.modules, "IPython", raising=False)

    def run(call="grader.check('number')", tests=None, **names):
        module = types.ModuleType("session")
        module.grader = Checks(tests or {"number": NUMBER, "network": NETWORK})
        vars(module).update(names)
        exec(f"result = {call}", vars(module))
        return module.result

    return run


def text_of(page):
    """What a browser shows of it."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).strip()


def test_all_passed(check):
    result = check(answer=3)
    assert result.passed
    assert repr(result) == snapshot(
        "number: all checks passed. Grading may check more.\n"
        "  ✓ `answer` is a number.\n"
        "  ✓ `answer` is < 10.\n"
        "      Well done."
    )


def test_some_failed(check):
    result = check(answer=30)
    assert not result.passed
    assert repr(result) == snapshot(
        "number: 1 of 2 checks passed\n  ✓ `answer` is a number.\n  ✗ `answer` is < 10.\n      30 is too large"
    )


def test_a_missing_name(check):
    assert repr(check()).splitlines()[1:3] == [
        "  ✗ `answer` is a number.",
        "      `answer` is not defined after this question. "
        "Run the cell that assigns it, and see whether it raises an error.",
    ]


def test_a_bug_of_ours_is_no_failure_of_the_students(check):
    result = check("grader.check('broken')", tests={"broken": BROKEN}, answer=3)
    assert not result.passed
    assert repr(result) == snapshot(
        "broken: 0 of 1 checks passed\n"
        "  ! A bug of ours.\n"
        "      This check ended in AttributeError: 'int' object has no attribute 'no_such_attribute'. "
        "See whether the type and the shape of what you give are as the question asks."
    )
    assert "This check ended in" in text_of(result._repr_html_())


def test_checking_uses_up_no_names(check):
    """The next layer has the name that it has in the grader, where nothing is checked in between."""
    import keras

    net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), keras.layers.Softmax()])
    before = counted_names()
    assert check("grader.check('network')", net=net).passed
    assert counted_names() == [count + 1 for count in before]


def test_a_network_is_compared_as_text_and_as_a_table(check):
    import keras

    net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4), keras.layers.Softmax()])
    result = check("grader.check('network')", net=net)
    assert repr(result) == snapshot(
        "network: 0 of 1 checks passed\n"
        "  ✗ The layers.\n"
        "      `net` layer 1: expected Dense 3, got Dense 4 → (4,). Check the number of units.\n"
        "\n"
        "          expected  received\n"
        "      1 ≠ Dense 3   Dense 4 → (4,)  check the number of units\n"
        "      2   Softmax   Softmax → (4,)"
    )
    page = result._repr_html_()
    assert page.count("<tr") == 3
    assert "<pre" not in page
    assert text_of(page).endswith("1 ≠ Dense 3 Dense 4 → (4,) check the number of units 2 Softmax Softmax → (4,)")


def test_the_html_is_escaped(check):
    script = "<script>alert(1)</script>"
    evil = types.SimpleNamespace(__lt__=None)
    page = check(answer=script)._repr_html_() + check(answer=evil)._repr_html_()
    page += check(f"grader.check({script!r})")._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<code>answer</code> is &lt; 10." in page


def test_a_layer_class_cannot_bring_html(check):
    import keras

    evil = type("<img src=x>", (keras.layers.Layer,), {"call": lambda self, x: x})
    net = keras.Sequential([keras.Input((2,)), evil(name="evil")])
    page = check("grader.check('network')", net=net)._repr_html_()
    assert "<img" not in page
    assert "1 layer, expected 2" in page


def test_the_html_is_well_formed(check):
    import xml.etree.ElementTree as ElementTree

    import keras

    net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    for result in (
        check(answer=3),
        check(answer="a\n\nb"),
        check("grader.check('network')", net=net),
        check("grader.check('x')"),
        check("grader.check_all()", net=net),
    ):
        ElementTree.fromstring(f"<div>{result._repr_html_()}</div>")


def test_a_page_says_what_the_text_says(check):
    result = check(answer=30)
    page = text_of(result._repr_html_())
    for line in ("1 of 2 checks passed", "30 is too large", "✓", "✗"):
        assert line in page


def test_an_unknown_question_is_one_line(check):
    result = check("grader.check('trian')")
    assert not result.passed
    assert repr(result) == snapshot("trian: no such question in this notebook. There are `number` and `network`.")
    assert text_of(result._repr_html_()) == snapshot(
        "trian : no such question in this notebook. There are number and network ."
    )
    assert repr(check("grader.check(3)")) == snapshot(
        "3: no such question in this notebook. There are `number` and `network`."
    )


def test_check_all(check):
    results = check("grader.check_all()", answer=3, net=None)
    assert [(result.question, result.passed) for result in results] == [("number", True), ("network", False)]
    assert repr(results) == "\n".join(repr(result) for result in results)
    assert results._repr_html_() == "".join(result._repr_html_() for result in results)


def test_tests_that_cannot_be_loaded_say_so(check):
    result = check("grader.check('q')", tests={"q": "import no_such_module"})
    assert repr(result) == snapshot(
        "q: its checks cannot be loaded (q.py cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'. "
        "Correct it.). Run `%pip install keras-autograder` and restart the kernel."
    )


def test_values_are_those_of_the_moment(check):
    call = "[(globals().update(answer=value), grader.check('number').passed)[1] for value in (30, 3)]"
    assert check(call) == [False, True]


def test_the_notebooks_values_in_ipython(monkeypatch):
    shell = types.SimpleNamespace(user_ns={"answer": 3})
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    grader = Checks({"number": NUMBER})
    assert grader.check("number").passed
    assert grader.check_all()[0].passed


def test_ipython_that_is_imported_but_not_running(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: None))
    names = {"grader": Checks({"number": NUMBER}), "answer": 3}
    assert eval("grader.check('number').passed", names)


def test_what_otter_would_do_is_answered_in_one_line():
    grader = Checks({"a": "", "b": ""})
    assert repr(grader.check()) == snapshot(
        "grader.check(): give the name of a question (`a` and `b`), or run `grader.check_all()`."
    )
    assert repr(grader.export("x.ipynb", pdf=False)) == snapshot(
        "grader.export(): not needed here: save this notebook, and hand in its .ipynb file."
    )
    assert grader.export()._repr_html_().count("\n") == 0


def test_the_object_lists_its_questions():
    assert repr(Checks({"a": "", "b": ""})) == snapshot(
        "Checks for `a` and `b`: run `grader.check(…)` with one of these names."
    )


def test_in_the_sandbox_nothing_is_checked_or_imported():
    """Beside student code there is neither Otter nor a verdict."""
    code = f"""
import sys
from autograder.notebook.selfcheck import Checks
grader = Checks({{"number": {NUMBER!r}}})
answer = 3
result = grader.check("number")
print(repr(result), result.passed, grader.check_all()[0].note)
heavy = [name for name in ("otter", "tensorflow", "keras", "IPython") if name in sys.modules]
print(heavy)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={SANDBOX_VARIABLE: "1", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["number: checked by the grader. False checked by the grader.", "[]"]
