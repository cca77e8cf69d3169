"""A plan as a file: the trained network that `autograder live keras_gaps` shows. Student's side."""

from __future__ import annotations

import io
from importlib import resources

import msgspec
import numpy as np

from autograder.errors import UsageError
from autograder.files import npz_bytes
from autograder.live.plan import Plan, of_network
from autograder.networks.network_spec import NetworkSpec
from autograder.sandbox.wire.arrays import pack_array, unpack_array
from autograder.sandbox.wire.network import Network

__all__ = ["SLUGS", "load", "pack"]

SLUGS = {"keras_gaps": "scale"}
"""Exercise → how its network takes the grey values, see `input_scaling.CHOICES`."""


def load(slug: str) -> Plan:
    """The trained network of an exercise.

    Raises:
        UsageError: None ships for this exercise.
    """
    if slug not in SLUGS:
        raise UsageError(f"no trained network ships for {slug!r}, only for {', '.join(SLUGS)}. Give your own network.")
    content = resources.files("autograder.live").joinpath("data", f"{slug}.npz").read_bytes()
    return unpack(content)


def pack(plan: Plan) -> bytes:
    """The plan as the bytes of an `.npz`: `spec`, the graph's JSON, `rounded`, and the weights as float16, numbered."""
    arrays = {
        "spec": np.frombuffer(msgspec.json.encode(plan.network.spec), np.uint8),
        "rounded": np.array(plan.rounded),
    }
    weights = map(unpack_array, plan.network.weights)
    arrays.update({str(number): array.astype("float16") for number, array in enumerate(weights)})
    return npz_bytes(arrays)


def unpack(content: bytes) -> Plan:
    """The plan out of what `pack` made."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        spec = msgspec.json.decode(arrays["spec"].tobytes(), type=NetworkSpec)
        numbered = range(len(arrays.files) - 2)
        weights = tuple(pack_array(arrays[str(number)].astype("float32")) for number in numbered)
        return of_network(Network(spec, weights), rounded=float(arrays["rounded"]))
