"""Assembles students' networks and computes with them, without student code, case or label. Untrusted side.

Started by the host as `python -m autograder.sandbox.guest.evaluator`: it reads questions from stdin and writes answers
to stdout, see `sandbox.wire.questions`. It sees networks and inputs, and nothing else of a grader. Weights that crash
TensorFlow, or take this process over, end it or change its answers, and nothing beyond.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

from autograder.errors import Unsupported, WireError
from autograder.networks.live_network import LiveNetwork
from autograder.networks.network_description import as_data, describe
from autograder.networks.network_view import ComputationError
from autograder.sandbox.wire import questions
from autograder.sandbox.wire.deserialise import plain_data
from autograder.sandbox.wire.frames import FrameReader, decode, encode, write_frame
from autograder.sandbox.wire.messages import Ready
from autograder.sandbox.wire.network import rebuild_network
from autograder.sandbox.wire.serialise import PlainSerialiser
from autograder.wording import one_line

__all__ = ["main"]

MAX_QUESTION_BYTES = 1 << 30

# Here is no folder to write to. TensorFlow's import asks for one; Matplotlib's needs it, and Keras can do without.
tempfile.tempdir = os.sep
sys.modules["matplotlib"] = None  # type: ignore[assignment]


class Evaluator:
    """Holds the networks of one submission."""

    def __init__(self) -> None:
        self._networks: dict[int, LiveNetwork] = {}

    def answer(self, question: questions.Question) -> questions.Answer:
        """The answer; whatever Keras and TensorFlow raise becomes a `Refusal`."""
        try:
            if isinstance(question, questions.Assemble):
                return self._assemble(question)
            network = self._networks[question.number]
            if isinstance(question, questions.ComputeOutputs):
                return _data(network.outputs(question.layers, plain_data(question.inputs)))
            return _data(network.weights())
        except (Unsupported, WireError, ComputationError) as error:
            return questions.Refusal(_short(str(error)))
        except Exception as error:  # noqa: BLE001 - anything may fail inside of Keras
            return questions.Refusal(_short(f"{type(error).__name__}: {error}"))

    def _assemble(self, question: questions.Assemble) -> questions.Data:
        network = self._networks[question.number] = LiveNetwork(rebuild_network(question.network))
        return _data(as_data(describe(network.model, question.network.spec)))


def _data(value: Any) -> questions.Data:
    return questions.Data(PlainSerialiser().serialise(value))


def _short(text: str) -> str:
    return one_line(text, 900)


def main() -> None:
    """Entry point: answer until the grader closes the pipe."""
    requests, results = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    import keras  # noqa: F401

    write_frame(results, encode(Ready()))
    reader, evaluator = FrameReader(requests, MAX_QUESTION_BYTES, 1 << 60), Evaluator()
    while (frame := reader.read()) is not None:
        write_frame(results, encode(evaluator.answer(decode(frame, questions.Question))))
    os._exit(0)


if __name__ == "__main__":
    main()
