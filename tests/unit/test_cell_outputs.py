from __future__ import annotations

import pytest

from autograder.errors import WireError
from autograder.sandbox.host.cell_outputs import CellOutputs, Displays, settle_error, settle_text
from autograder.sandbox.wire.messages import Display, Error, Stream

KERAS = (
    "ValueError: Exception encountered when calling Functional.call().\n\n\x1b[1m'a b' is not a valid scope name."
    "\x1b[0m\n\nArguments received by Functional.call():\n  • inputs=tf.Tensor(shape=(None, 28), dtype=float32)"
)


@pytest.mark.parametrize(
    ("raised", "settled"),
    [
        (KERAS, "ValueError: 'a b' is not a valid scope name. (in Functional.call())"),
        ("NameError: name 'x' is not defined", "NameError: name 'x' is not defined"),
        ("\x1b[31mOops: \x1b[1;4mred\x1b[0m", "Oops: red"),
        (
            "ValueError: Exception encountered when calling Dense.call().",
            "ValueError: Exception encountered when calling Dense.call().",
        ),
        (
            "two words: Exception encountered when calling x\n\ny",
            "two words: Exception encountered when calling x\n\ny",
        ),
        ("", ""),
    ],
)
def test_an_error_begins_with_its_reason(raised: str, settled: str) -> None:
    assert settle_error(raised) == settled


def test_only_the_last_drawing_of_a_line_is_kept() -> None:
    assert settle_text("Epoch 1\n 1/32\r\x08\x08 32/32 done\r\nEpoch 2\n") == "Epoch 1\n 32/32 done\nEpoch 2\n"


def test_a_display_is_shared_and_what_all_show_is_bounded() -> None:
    displays = Displays(10_000)
    cell = CellOutputs(displays)
    for _ in range(3):
        cell.add(Display("display_data", {"text/plain": "a"}, "same"), 1)
    cell.add(Display("update_display_data", {"text/plain": "b"}, "same"), 1)
    assert [shown["data"] for shown in cell.close()] == [{"text/plain": "b"}] * 3
    with pytest.raises(WireError, match="more output"):
        for _ in range(100):
            cell.add(Display("update_display_data", {"text/plain": "c" * 20_000}, "same"), 1)


@pytest.mark.parametrize(
    "output",
    [Display("display_data"), Stream("stdout", "x" * 400), Error("E", "x", ["y" * 400]), Display("clear_output")],
)
def test_small_outputs_add_up(output: Stream | Display | Error) -> None:
    displays = Displays(0)
    with pytest.raises(WireError, match="more output"):
        for _ in range(20_000):
            CellOutputs(displays).add(output, 1)


def test_outputs_are_cleared_at_once_or_when_the_next_one_comes() -> None:
    cell = CellOutputs(Displays(10_000))
    cell.add(Stream("stdout", "1"), 1)
    cell.add(Display("clear_output"), 1)
    cell.add(Stream("stdout", "2"), 1)
    cell.add(Stream("stdout", " and "), 1)
    cell.add(Display("clear_output", wait=True), 1)
    cell.add(Stream("stdout", "3"), 1)
    cell.add(Display("execute_result", {"text/plain": "4"}), 7)
    stream, result = cell.close()
    assert (stream["output_type"], "".join(stream["text"])) == ("stream", "3")
    assert (result["output_type"], result["data"], result["execution_count"]) == (
        "execute_result",
        {"text/plain": "4"},
        7,
    )
