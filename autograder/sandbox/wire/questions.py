"""Questions about networks, to the process that computes with them, and its answers. Both sides.

    grader → evaluator    (Assemble | ComputeOutputs | ReadWeights)*
    evaluator → grader    messages.Ready (Assembled | Arrays | Refusal)*

One answer to each question, in order. Hostile weights may take the evaluator over, so an answer is no more to be
trusted than what a student's process sends.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from autograder.sandbox.wire.arrays import Array
from autograder.sandbox.wire.messages import Ready
from autograder.sandbox.wire.network import Network
from autograder.sandbox.wire.values import Value

__all__ = ["Answer", "Arrays", "Assemble", "Assembled", "ComputeOutputs", "Question", "ReadWeights", "Refusal"]


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Base of all: the class name is the tag."""


class Assemble(_Message, frozen=True):
    """Make a Keras model of a network, and describe it; the answer is `Assembled` or `Refusal`.

    Attributes:
        number: What later questions call it.
    """

    number: int
    network: Network


class ComputeOutputs(_Message, frozen=True):
    """Compute outputs at inference; the answer is `Arrays` or `Refusal`.

    Attributes:
        number: Of the network.
        layers: Names of the layers whose outputs are wanted; none for the network's own.
        inputs: One batch, an array for each input of the network.
    """

    number: int
    layers: list[str]
    inputs: list[Array]


class ReadWeights(_Message, frozen=True):
    """The values of all weights; the answer is `Arrays`."""

    number: int


Question = Assemble | ComputeOutputs | ReadWeights


class Assembled(_Message, frozen=True):
    """A `networks.network_view.NetworkDescription` as plain data."""

    description: Value


class Arrays(_Message, frozen=True):
    """One or more arrays."""

    arrays: Annotated[list[Array], msgspec.Meta(max_length=10_000)]


class Refusal(_Message, frozen=True):
    """The question has no answer; the text says why."""

    reason: Annotated[str, msgspec.Meta(max_length=1_000)]


Answer = Ready | Assembled | Arrays | Refusal
