"""What Otter Assign wrote becomes a notebook that students can open, with the public cases in it and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import nbformat
import pytest

from autograder.authoring.assign import assign
from autograder.authoring.master import read_master
from autograder.authoring.stub import _with_selfcheck, embedded_tests, make_reference, make_stub
from autograder.errors import BuildError
from autograder.expect.test_files import load
from tests.masters import CONFIG, INTRO, SUM, WHOLE, write_repository


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Master, what Otter wrote, and the stub's and the reference's cells."""
    root = tmp_path_factory.mktemp("repository")
    master = read_master(write_repository(root), root)
    assigned = assign(master, tmp_path_factory.mktemp("otter"))
    stub, reference = make_stub(master, assigned), make_reference(master, assigned)
    return master, assigned, stub, reference


def cells_of(notebook: bytes) -> list[dict]:
    return json.loads(notebook)["cells"]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def answers_of(notebook: bytes) -> dict[str, str]:
    """Tag → source of the answer cells, which must be one a question."""
    found = [
        (tag, source(cell)) for cell in cells_of(notebook) for tag in cell["metadata"].get("tags", []) if ":" in tag
    ]
    assert len(found) == len(dict(found))
    return dict(found)


def test_gaps_stand_where_the_solutions_were(built):
    _, _, stub, _ = built

    assert answers_of(stub) == {
        "answer:total": "total = ...",
        "answer:double": 'def double(number):\n    """Twice the number."""\n    ...',
        "answer:why": "*Write your answer here, in place of this line.*",
    }


def test_the_reference_has_the_solutions_under_the_same_tags_and_no_tests(built):
    _, _, stub, reference = built
    answers = answers_of(reference)

    assert answers.keys() == answers_of(stub).keys()
    assert "sum(numbers)" in answers["answer:total"]
    assert "twice_as_much = number + number" in answers["answer:double"]
    assert answers["answer:why"] == "Because the pairs add up to the same number each time."
    assert b"grader" not in reference
    assert b"test_" not in reference


def test_the_first_code_cell_is_the_collapsed_self_check(built):
    _, assigned, stub, _ = built
    first, *others = [cell for cell in cells_of(stub) if cell["cell_type"] == "code"]

    assert "from autograder.notebook.selfcheck import Checks" in source(first)
    assert first["metadata"]["jupyter"] == {"source_hidden": True}
    assert first["metadata"]["tags"] == ["hide-input"]
    assert embedded_tests(cells_of(stub)) == assigned.public_tests
    assert [source(cell) for cell in others if "grader" in source(cell)] == [
        'grader.check("total")',
        'grader.check("double")',
    ]


def test_the_self_check_evaluates_to_the_test_files(built):
    _, assigned, stub, _ = built
    (cell,) = [cell for cell in cells_of(stub) if "Checks(" in source(cell)]
    received = {}

    code = source(cell).replace("from autograder.notebook.selfcheck import Checks", "")
    exec(code, {"Checks": received.update})

    assert received == assigned.public_tests
    assert "test_is_a_number" in received["total"]
    assert "test_right_sum" not in received["total"]
    assert "test_right_sum" in assigned.tests["total"]


INSTALL = "./keras_autograder-0.1.0-py3-none-any.whl"
LIVE = "\n# %%\nfrom autograder.live import LiveCNN\n\n# %% [raw]\n"


@pytest.mark.parametrize(
    ("text", "install"),
    [
        (WHOLE, "keras-autograder"),
        (WHOLE.replace("\n# %% [raw]\n", LIVE, 1), '"keras-autograder[live]"'),
        (WHOLE.replace("# data:", f"# install: {INSTALL}\n# data:"), INSTALL),
        (WHOLE.replace("# data:", "# install: --index-url https://x.org/simple keras-autograder\n# data:"), None),
    ],
)
def test_the_notebook_says_how_to_install_the_self_check(tmp_path, text, install):
    """In the cell whose import may fail, and where the checks cannot be loaded."""
    install = install or "--index-url https://x.org/simple keras-autograder"
    master = read_master(write_repository(tmp_path, text), tmp_path)
    (tmp_path / "otter").mkdir()
    stub = make_stub(master, assign(master, tmp_path / "otter"))
    (cell,) = [cell for cell in cells_of(stub) if "Checks(" in source(cell)]
    namespace = {}

    exec(source(cell), namespace)
    namespace["grader"]._tests["total"] = "an old format"

    assert f"run this once and restart the kernel:  %pip install {install}\n" in source(cell)
    assert f"Run `%pip install {install}` and restart the kernel." in repr(namespace["grader"].check("total"))
    assert embedded_tests(cells_of(stub)).keys() == {"total", "double"}
    assert len(source(cell).splitlines()) == 5
    file = tmp_path / "cell.py"
    file.write_text(source(cell) + "\n", encoding="utf-8")
    formatter = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", file]
    assert subprocess.run(formatter, check=False).returncode == 0, "a formatter makes more lines of it"


@pytest.mark.parametrize(
    "line", ["plain", "it's", 'say "x"', "both ' and \"", "back\\slash\t", "28×28 ✓", "'''", '"""']
)
def test_any_line_of_a_case_survives_the_self_check(line):
    cells = _with_selfcheck([], {"question": f"first\n{line}\nlast"})

    assert embedded_tests(cells) == {"question": f"first\n{line}\nlast"}


def test_cases_keep_the_text_of_their_author(built):
    """Otter prints them anew, without comments and as the running Python prints syntax trees."""
    master, assigned, _, _ = built

    for question in master.questions:
        for case in question.cases:
            assert case.code in assigned.tests[question.name]
            assert (case.code in assigned.public_tests[question.name]) is not case.hidden
    assert "# only the instructor reads this remark" in assigned.tests["total"]


def test_nothing_of_otter_or_of_the_build_is_left_over(built):
    _, _, stub, reference = built

    for notebook in (stub, reference):
        for trace in (
            b"otter_answer_cell",
            b"otter_assign",
            b"BEGIN QUESTION",
            b"END QUESTION",
            b'"autograder":',
            b"AUTOGRADER",
        ):
            assert trace not in notebook
        assert all(source(cell).strip() for cell in cells_of(notebook))
        assert json.loads(notebook)["metadata"].keys() == {"kernelspec", "language_info"}


def test_answers_can_be_edited_but_not_deleted_and_checks_neither(built):
    _, _, stub, _ = built

    for cell in cells_of(stub):
        if any(tag.startswith("answer:") for tag in cell["metadata"].get("tags", [])):
            assert cell["metadata"]["deletable"] is False
            assert cell["metadata"].get("editable", True) is True
        if source(cell).startswith("grader.check"):
            assert cell["metadata"] == {"deletable": False, "editable": False}


def test_both_are_valid_notebooks_with_ids_of_their_own(built):
    _, _, *notebooks = built

    for notebook in notebooks:
        nbformat.validate(nbformat.reads(notebook.decode(), as_version=4))
        ids = [cell["id"] for cell in cells_of(notebook)]
        assert len(ids) == len(set(ids))


def test_the_same_master_gives_the_same_bytes(built, tmp_path):
    master, _, stub, reference = built
    again = assign(master, tmp_path)

    assert make_stub(master, again) == stub
    assert make_reference(master, again) == reference


def test_a_question_with_hidden_cases_only_has_no_check(tmp_path):
    text = WHOLE.replace("points: 2\n", "points: 2\nhidden: true\n")
    master = read_master(write_repository(tmp_path, text), tmp_path)
    (tmp_path / "otter").mkdir()

    stub = make_stub(master, assign(master, tmp_path / "otter"))

    assert [source(cell) for cell in cells_of(stub) if "grader.check(" in source(cell)][1:] == [
        'grader.check("double")'
    ]
    assert embedded_tests(cells_of(stub)).keys() == {"double"}


def test_a_message_may_hold_quotes_and_backslashes(tmp_path):
    """Otter writes it between double quotes as it is."""
    message = r"""He said "C:\new": it's {{ tc }} {% if %} é \" '."""
    yaml = message.replace("'", "''")
    text = WHOLE.replace("points: 2\n", f"points: 2\nsuccess_message: '{yaml}'\n")
    text = text.replace("hidden: true", f"hidden: true\nfailure_message: >\n  {message}")
    master = read_master(write_repository(tmp_path, text), tmp_path)
    (tmp_path / "otter").mkdir()
    assigned = assign(master, tmp_path / "otter")

    public, hidden = load(assigned.tests["total"], "total.py")
    assert (public.success_message, hidden.failure_message) == (message, message)
    assert load(assigned.public_tests["total"], "total.py")[0].success_message == message


def test_instructors_remarks_reach_nobody(tmp_path):
    text = CONFIG + INTRO + "# %% [markdown]\n# # IGNORE\n# remark for colleagues\n\n" + SUM
    master = read_master(write_repository(tmp_path, text), tmp_path)
    (tmp_path / "otter").mkdir()
    assigned = assign(master, tmp_path / "otter")

    assert b"colleagues" not in make_stub(master, assigned) + make_reference(master, assigned)


def test_outputs_and_metadata_of_a_notebook_master_stay_behind(tmp_path):
    text_master = write_repository(tmp_path)
    import jupytext

    notebook = jupytext.read(text_master, fmt="py:percent")
    for cell in notebook.cells:
        cell.metadata["collapsed"] = False
        cell.metadata["secret"] = "canary in metadata"
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text="canary in an output: 108")]
    notebook.metadata["widgets"] = {"state": "canary in a widget"}
    path = text_master.with_name("master.ipynb")
    nbformat.write(notebook, path)
    text_master.unlink()
    master = read_master(path, tmp_path)
    (tmp_path / "otter").mkdir()

    assigned = assign(master, tmp_path / "otter")

    assert b"canary" not in make_stub(master, assigned) + make_reference(master, assigned)


def test_otters_own_refusal_is_one_line_that_names_the_master(tmp_path):
    # The line marks never end: Otter notices, when it strips the cell.
    text = WHOLE.replace("    # END SOLUTION\n", "")
    master = read_master(write_repository(tmp_path, text), tmp_path)
    (tmp_path / "otter").mkdir()

    with pytest.raises(BuildError) as error:
        assign(master, tmp_path / "otter")

    assert "BEGIN SOLUTION without END SOLUTION" in str(error.value)
    assert "reference/small/master.py" in str(error.value)
    assert "\n" not in str(error.value)
