"""How the command line ends when it is interrupted."""

from __future__ import annotations

import sys

import pytest

from autograder import cli


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
