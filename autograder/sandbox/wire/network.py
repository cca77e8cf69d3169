"""A network on the wire: its graph and its weights. Both sides.

The guest may send anything: `check` derives every shape from the graph and compares the received weights with them,
before Keras is used, and `rebuild_network` makes a Keras model only of what is checked.
"""

from __future__ import annotations

from math import prod
from typing import Annotated, Any

import msgspec
import numpy as np

from autograder.errors import WireError
from autograder.networks.network_spec import MAX_LAYERS, Derivation, NetworkSpec, derive
from autograder.networks.rebuild import assemble
from autograder.records import MAX_WIRE_BYTES
from autograder.sandbox.wire.arrays import Array, unpack_array
from autograder.wording import one_line

__all__ = ["CheckedNetwork", "Network", "check", "rebuild_network"]


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A graph, and the weights of its layers: layer by layer, in Keras's order."""

    spec: NetworkSpec
    weights: Annotated[tuple[Array, ...], msgspec.Meta(max_length=4 * MAX_LAYERS)]


class CheckedNetwork(msgspec.Struct, frozen=True):
    """A network whose weights are those that its graph implies.

    Attributes:
        weights: For each layer, its arrays: read-only, float32.
    """

    spec: NetworkSpec
    derived: Derivation
    weights: tuple[tuple[np.ndarray[Any, Any], ...], ...]


def check(network: Network) -> CheckedNetwork:
    """Derive what a decoded network implies, and compare its weights with that. Keras is not needed.

    Raises:
        WireError: The sender's fault: no valid graph, too large a network, or weights that do not fit the graph.
    """
    derived = derive(network.spec)
    if 4 * sum(prod(shape) for shapes in derived.weights for shape in shapes) > MAX_WIRE_BYTES:
        raise WireError(f"its weights are more than {MAX_WIRE_BYTES >> 20} MiB")
    if sum(map(len, derived.weights)) != len(network.weights):
        raise WireError(f"{len(network.weights)} arrays are not its weights")
    arrays = iter(network.weights)
    weights = []
    for number, (layer, shapes) in enumerate(zip(network.spec.layers, derived.weights, strict=True), start=1):
        own = []
        for shape in shapes:
            array = next(arrays)
            if array.dtype != "float32" or array.shape != shape:
                raise WireError(
                    f"layer {number} (`{layer.name}`): weights of {array.dtype} {array.shape} where float32 {shape} "
                    "belong"
                )
            own.append(unpack_array(array))
        weights.append(tuple(own))
    return CheckedNetwork(network.spec, derived, tuple(weights))


def rebuild_network(network: Network) -> Any:
    """The Keras model of a decoded network. Not compiled.

    Raises:
        WireError: `check` or Keras refuses it.
    """
    checked = check(network)
    try:
        return assemble(checked.spec, checked.derived, checked.weights)
    except Exception as error:  # Keras and TensorFlow may raise anything
        raise WireError(f"Keras cannot build it: {one_line(str(error))}") from error
