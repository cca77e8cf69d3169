"""A Keras model as a plan: the network as data, and for each layer how the page computes and shows it. Student's side.

The page runs the plan with TensorFlow.js, and `rebuild` makes a Keras model of it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import msgspec
import numpy as np

from autograder.errors import Unsupported, UsageError
from autograder.live import chain
from autograder.live.chain import Step
from autograder.networks.catalogue import LAYERS
from autograder.networks.catalogue.shapes import Shape
from autograder.networks.network_spec import NetworkInput
from autograder.sandbox.guest.network_serialiser import serialise_network
from autograder.sandbox.wire.arrays import pack_array
from autograder.sandbox.wire.network import Network, check, rebuild_network

__all__ = ["Plan", "cannot_show", "half", "of_network", "rebuild", "supported", "translate"]

_DIVERGED = "holds values that are no numbers, as after training diverged. Train it anew, with a smaller learning rate."
_TOO_LARGE = "does not fit into float16. Use --float32."


@dataclass(frozen=True)
class Plan:
    """A whole network.

    Attributes:
        network: Its graph, which is a chain, and its weights.
        steps: The layers.
        rounded: By how much a probability changed when the weights were rounded to float16 some time before.
    """

    network: Network
    steps: tuple[Step, ...]
    rounded: float = 0.0

    @property
    def input_shape(self) -> Shape:
        """Of one drawing."""
        return self.network.spec.inputs[0].shape


def translate(model: Any) -> Plan:
    """A Keras model as a plan.

    Raises:
        UsageError: In one line, every layer that the page does not know.
    """
    rows = chain.steps(model)
    unknown = [f"{step.name!r} ({step.kind})" for step in rows if step.kind not in supported()]
    if unknown:
        raise UsageError(cannot_show(unknown))
    try:
        return of_network(serialise_network(model), [step.name for step in rows])
    except Unsupported as error:
        raise UsageError(f"the page cannot show the model: {error}.") from None


def of_network(
    network: Network, names: Sequence[str] = (), *, rounded: float = 0.0, no_number: str = _DIVERGED
) -> Plan:
    """The plan of a network that is a chain.

    Args:
        network: Its graph and weights.
        names: Of its calls, where the page should show others than the graph has.
        rounded: See `Plan`.
        no_number: What to say of a weight that is no finite number.

    Raises:
        UsageError: The page cannot compute one of its layers.
    """
    checked = check(network)
    layers, shapes = checked.spec.layers, checked.derived.shapes
    steps = []
    for number, (call, x, y) in enumerate(zip(checked.spec.calls, shapes, shapes[1:], strict=False)):
        config, name = layers[call.layer].config, names[number] if names else layers[call.layer].name
        try:
            operation = config.operation(x, checked.weights[call.layer])
        except Unsupported as error:
            raise UsageError(f"layer {name!r} {error}.") from None
        for what, array in operation.weights.items():
            if not np.isfinite(array).all():
                raise UsageError(f"layer {name!r}: its {what} {no_number}")
        shared = any(each.layer == call.layer for each in checked.spec.calls[:number])
        parameters = 0 if shared else sum(map(prod, checked.derived.weights[call.layer]))
        sees = config.receptive_field(config, x, y)
        steps.append(Step(name, type(config).__name__, y, parameters, sees, config, operation))
    return Plan(network, tuple(steps), rounded)


def supported() -> list[str]:
    """The layers that a plan may hold."""
    return [NetworkInput.KERAS_NAME, *(name for name, kind in LAYERS.items() if kind.OPERATION)]


def cannot_show(unknown: Sequence[str], most: int | None = None) -> str:
    """Which layers the page does not know, and which it does; `most` limits how many of the former are named."""
    named = ", ".join(unknown[:most]) + (f" and {len(unknown) - most} more" if most and len(unknown) > most else "")
    return f"the page cannot show layer{'s' * (len(unknown) > 1)} {named}. It knows {', '.join(supported())}."


def half(plan: Plan) -> Plan:
    """The plan with the weights of its operations rounded to float16.

    Raises:
        UsageError: One of them is too large for that.
    """
    checked = check(plan.network)
    layers, arrays = [], []
    with np.errstate(over="ignore"):
        for layer, weights in zip(checked.spec.layers, checked.weights, strict=True):
            config, folded = layer.config.folded(weights)
            layers.append(msgspec.structs.replace(layer, config=config))
            arrays += [pack_array(each.astype("float16").astype("float32")) for each in folded]
    network = Network(msgspec.structs.replace(checked.spec, layers=tuple(layers)), tuple(arrays))
    halved = of_network(network, [step.name for step in plan.steps], no_number=_TOO_LARGE)
    steps = zip(plan.steps, halved.steps, strict=True)
    return Plan(network, tuple(replace(old, operation=new.operation) for old, new in steps), plan.rounded)


def rebuild(plan: Plan) -> Any:
    """A Keras model that computes the plan, layer by layer.

    Every layer has a name of its own already: those that Keras counts out itself (`dense`, `dense_1`) are the
    notebook's, and its next layer must get the same one whether or not somebody looked at a live network before.
    """
    return rebuild_network(plan.network)
