"""Assembles students' networks and computes with them, without student code, case or label. Untrusted side.

Started by the host as `python -m autograder.sandbox.guest.evaluator`: it reads questions from stdin and writes answers
to stdout, see `sandbox.wire.questions`. It sees networks and inputs, and nothing else of a grader. Weights that crash
TensorFlow, or take this process over, end it or change its answers, and nothing beyond.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import asdict
from typing import Any

from autograder.errors import WireError
from autograder.networks.network_view import describe
from autograder.sandbox.wire import questions
from autograder.sandbox.wire.arrays import pack_array, unpack_array
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
        self._models: dict[int, Any] = {}
        self._parts: dict[tuple[int, tuple[str, ...]], Any] = {}

    def answer(self, question: questions.Question) -> questions.Answer:
        """The answer; whatever Keras and TensorFlow raise becomes a `Refusal`."""
        try:
            if isinstance(question, questions.Assemble):
                return self._assemble(question)
            if isinstance(question, questions.ComputeOutputs):
                return self._compute(question)
            return questions.Arrays([pack_array(each) for each in self._models[question.number].get_weights()])
        except WireError as error:
            return questions.Refusal(_short(str(error)))
        except Exception as error:  # noqa: BLE001 - anything may fail inside of Keras
            return questions.Refusal(_short(f"{type(error).__name__}: {error}"))

    def _assemble(self, question: questions.Assemble) -> questions.Assembled:
        model = self._models[question.number] = rebuild_network(question.network)
        return questions.Assembled(PlainSerialiser().serialise(_plain(asdict(describe(model)))))

    def _compute(self, question: questions.ComputeOutputs) -> questions.Arrays:
        from keras import ops, tree

        model = self._part(question.number, tuple(question.layers))
        inputs = [unpack_array(each) for each in question.inputs]
        given = model(inputs[0] if len(inputs) == 1 else inputs, training=False)
        return questions.Arrays([pack_array(ops.convert_to_numpy(each)) for each in tree.flatten(given)])

    def _part(self, number: int, layers: tuple[str, ...]) -> Any:
        """The network up to some layers."""
        import keras

        model = self._models[number]
        if not layers:
            return model
        if (number, layers) not in self._parts:
            inputs = model.inputs[0] if len(model.inputs) == 1 else model.inputs
            self._parts[number, layers] = keras.Model(inputs, [model.get_layer(name).output for name in layers])
        return self._parts[number, layers]


def _plain(value: Any) -> Any:
    """Nested data with lists for sets, which have no wire form."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    return type(value)(map(_plain, value)) if isinstance(value, (list, tuple)) else value


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
