"""How the command line ends when it is interrupted."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from autograder import cli
from autograder.grading.intake.layouts import LAYOUTS


@pytest.mark.parametrize(("command", "continues"), [("grade", True), ("calibrate", True), ("build", False)])
def test_ctrl_c_promises_to_continue_only_where_that_is_so(capsys, monkeypatch, command, continues):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupted)
    monkeypatch.setattr(sys, "argv", ["autograder", command, "x"])
    with pytest.raises(SystemExit) as ending:
        cli.main()
    again = " Run the same command again to continue where it stopped." if continues else ""
    assert (ending.value.code, capsys.readouterr().err) == (130, f"autograder: stopped.{again}\n")


@pytest.mark.parametrize("kind", [ZeroDivisionError, ModuleNotFoundError])
def test_a_failure_of_ours_is_one_line_and_no_verdict_on_a_submission(capsys, monkeypatch, kind):
    def failing():
        raise kind("division\nby zero")

    monkeypatch.setattr(cli, "app", failing)
    with pytest.raises(SystemExit) as ending:
        cli.main()
    said = capsys.readouterr().err
    assert (ending.value.code, said.count("\n")) == (2, 1)
    assert f"{kind.__name__}: division by zero" in said and "test_cli.py" in said


def test_a_terminated_run_says_how_to_go_on(tmp_path):
    script = "import os, signal, sys; from autograder import cli; sys.argv = ['autograder', 'grade']\n"
    script += "cli.app = lambda: os.kill(os.getpid(), signal.SIGTERM)\ncli.main()"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == 143
    assert run.stderr == "autograder: stopped. Run the same command again to continue where it stopped.\n"


def test_the_help_names_all_that_a_class_can_come_from():
    shown = " ".join(CliRunner().invoke(cli.app, ["grade", "--help"]).output.replace("│", " ").split())
    assert [layout.system for layout in LAYOUTS if layout.system not in shown] == []
    for said in (
        "first name and last name",
        "goes on with the same command",
        "OUT/manual.csv",
        "autograder report OUT",
    ):
        assert said in shown


@pytest.mark.parametrize("command", [[], ["grade"], ["build"], ["report"], ["live"]])
def test_help_says_of_a_flag_only_that_it_is_one(command):
    shown = CliRunner().invoke(cli.app, [*command, "--help"]).output
    assert "--help" in shown and "bool" not in shown.lower()
