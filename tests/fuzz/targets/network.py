"""`rebuild_network`: a graph of layers and its weights, before Keras sees it and after."""

from __future__ import annotations

from autograder import keras_runtime
from autograder.errors import WireError
from autograder.sandbox.wire.frames import decode, encode
from autograder.sandbox.wire.network import Network, rebuild_network
from autograder.sandbox.wire.network import check as check_network
from tests.fuzz.targets import one_line_error

keras_runtime.load()  # before the first input, as the time for one is limited
TOKENS = (
    *(
        b"\xa4type",
        b"\xa4spec",
        b"\xa7weights",
        b"\xa6inputs",
        b"\xa6layers",
        b"\xa5calls",
        b"\xa7outputs",
        b"\xa6config",
    ),
    *(b"\xa5Dense", b"\xa6Conv2D", b"\xacMaxPooling2D", b"\xa7Flatten", b"\xa7Dropout", b"\xb2BatchNormalization"),
    *(b"\xa3Add", b"\xabConcatenate", b"\xa7Reshape", b"\xa5units", b"\xa7filters", b"\xabkernel_size", b"\xa7strides"),
    *(
        b"\xa4relu",
        b"\xa7softmax",
        b"\xa4same",
        b"\xa5valid",
        b"\xc2",
        b"\xc3",
        b"\x90",
        b"\xce\x7f\xff\xff\xff",
        b"\xff",
    ),
)
MAX_CALLS = 40
"""Larger networks are checked, and not built here: that takes Keras longer than everything else together."""


def check(data: bytes) -> None:
    try:
        network = decode(data, Network)
        check_network(network)
    except WireError as error:
        one_line_error(error)
        return
    assert encode(decode(encode(network), Network)) == encode(network)
    if len(network.spec.calls) > MAX_CALLS:
        return
    try:
        model = rebuild_network(network)
    except WireError as error:
        one_line_error(error)
        return
    learned = sum(weights.size for weights in model.get_weights() if weights.dtype == "float32")
    assert learned <= sum(len(array.data) for array in network.weights) // 4
