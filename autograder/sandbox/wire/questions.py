"""Questions about networks, to the process that computes with them, and its answers. Both sides.

    grader → evaluator    (Assemble | ComputeOutputs | ReadWeights)*
    evaluator → grader    messages.Ready (Data | Refusal)*

One answer to each question, in order. Hostile weights may take the evaluator over, so an answer is no more to be
trusted than what a student's process sends.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from autograder.sandbox.wire.messages import Ready
from autograder.sandbox.wire.network import Network
from autograder.sandbox.wire.values import Value

__all__ = ["Answer", "Assemble", "ComputeOutputs", "Data", "Question", "ReadWeights", "Refusal"]


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Base of all: the class name is the tag."""


class Assemble(_Message, frozen=True):
    """Make a Keras model of a network; the answer is a `networks.network_description.NetworkDescription`, or `Refusal`.

    Attributes:
        number: What later questions call it.
    """

    number: int
    network: Network


class ComputeOutputs(_Message, frozen=True):
    """Compute outputs at inference; the answer has arrays, nested as Keras nests them, or is `Refusal`.

    Attributes:
        number: Of the network.
        layers: Names of the layers whose outputs are wanted; none for the network's own.
        inputs: One batch, nested as the network takes it.
    """

    number: int
    layers: list[str]
    inputs: Value


class ReadWeights(_Message, frozen=True):
    """The values of all weights; the answer is a list of arrays."""

    number: int


Question = Assemble | ComputeOutputs | ReadWeights


class Data(_Message, frozen=True):
    """What was asked for, as plain data."""

    value: Value


class Refusal(_Message, frozen=True):
    """The question has no answer; the text says why."""

    reason: Annotated[str, msgspec.Meta(max_length=1_000)]


Answer = Ready | Data | Refusal
