"""A network on the wire: its graph and its weights. Both sides.

The guest may send anything: `check` looks at the graph and the number of weights without Keras, and `rebuild_network`
makes a Keras model, in which every weight has the shape of an array that came.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from autograder.errors import WireError
from autograder.networks.network_spec import MAX_LAYERS, NetworkSpec, check_graph
from autograder.networks.rebuild import assemble
from autograder.records import MAX_WIRE_BYTES
from autograder.sandbox.wire.arrays import Array, unpack_array
from autograder.wording import one_line

__all__ = ["Network", "check", "rebuild_network"]


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A graph, and the weights of its layers: layer by layer, in Keras's order."""

    spec: NetworkSpec
    weights: Annotated[tuple[Array, ...], msgspec.Meta(max_length=8 * MAX_LAYERS)]


def check(network: Network) -> None:
    """Look at a decoded network as far as that goes without Keras.

    Raises:
        WireError: The sender's fault: no valid graph, or too many weights.
    """
    check_graph(network.spec)
    if sum(len(array.data) for array in network.weights) > MAX_WIRE_BYTES:
        raise WireError(f"its weights are more than {MAX_WIRE_BYTES >> 20} MiB")


def rebuild_network(network: Network) -> Any:
    """The Keras model of a decoded network. Not compiled.

    Raises:
        WireError: `check` or Keras refuses it, or its weights are not those of its layers.
    """
    check(network)
    try:
        return assemble(network.spec, [unpack_array(array) for array in network.weights])
    except WireError:
        raise
    except Exception as error:  # Keras and TensorFlow may raise anything
        raise WireError(f"Keras cannot build it: {one_line(str(error))}") from error
