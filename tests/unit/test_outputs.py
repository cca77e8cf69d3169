from __future__ import annotations

import pytest

from autograder.sandbox.outputs import settle_error, settle_text

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
