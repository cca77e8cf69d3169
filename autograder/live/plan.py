"""A Keras model as a plan: the network as data, and for each layer how the page computes and shows it. Student's side.

The page runs the plan with TensorFlow.js, and `rebuild` makes a Keras model of it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import msgspec
import numpy as np

from autograder.errors import Unsupported, UsageError
from autograder.live import chain
from autograder.live.chain import Step
from autograder.networks.catalogue import LAYERS
from autograder.networks.catalogue.base import Weights
from autograder.networks.catalogue.receptive_fields import Shape
from autograder.networks.graph import Call, read_graph
from autograder.networks.network_spec import NamedLayer, NetworkInput
from autograder.sandbox.guest.network_serialiser import serialise_network
from autograder.sandbox.wire.arrays import pack_array
from autograder.sandbox.wire.network import Network, rebuild_network

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
        return cast(Shape, self.network.spec.inputs[0].shape)


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
    steps = []
    for number, (layer, call, weights) in enumerate(_calls(network)):
        config, name = layer.config, names[number] if names else layer.name
        (x,), (y,) = cast("list[Shape]", call.input_shapes), cast("list[Shape]", call.output_shapes)
        try:
            operation = config.operation(x, weights)
        except Unsupported as error:
            raise UsageError(f"layer {name!r} {error}.") from None
        for what, array in operation.weights.items():
            if not np.isfinite(array).all():
                raise UsageError(f"layer {name!r}: its {what} {no_number}")
        parameters = 0 if call.shared else sum(array.size for array in weights)
        sees = config.receptive_field(config, x, y)
        steps.append(Step(name, type(config).__name__, y, parameters, sees, config, operation))
    return Plan(network, tuple(steps), rounded)


def _calls(network: Network) -> Iterator[tuple[NamedLayer, Call, Weights]]:
    """Each layer of a chain in turn, with its call in a Keras model and its weights."""
    for number, call in enumerate(read_graph(rebuild_network(network)).calls):
        layer = network.spec.layers[network.spec.calls[number].layer]
        yield layer, call, [variable.numpy() for variable in layer.config.variables(call.operation)]


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
    layers, arrays = [], []
    with np.errstate(over="ignore"):
        for layer, call, weights in _calls(plan.network):
            if call.shared:
                continue
            config, folded = layer.config.folded(weights)
            layers.append(msgspec.structs.replace(layer, config=config))
            arrays += [pack_array(each.astype("float16").astype("float32")) for each in folded]
    network = Network(msgspec.structs.replace(plan.network.spec, layers=tuple(layers)), tuple(arrays))
    halved = of_network(network, [step.name for step in plan.steps], no_number=_TOO_LARGE)
    steps = zip(plan.steps, halved.steps, strict=True)
    return Plan(network, tuple(replace(old, operation=new.operation) for old, new in steps), plan.rounded)


def rebuild(plan: Plan) -> Any:
    """A Keras model that computes the plan, layer by layer.

    Every layer has a name of its own already: those that Keras counts out itself (`dense`, `dense_1`) are the
    notebook's, and its next layer must get the same one whether or not somebody looked at a live network before.
    """
    return rebuild_network(plan.network)
