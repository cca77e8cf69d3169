"""A plan as a file: the network that `autograder live keras_gaps` shows before a student has trained one."""

from __future__ import annotations

import io
import json
from importlib import resources
from typing import Any

import numpy as np

from autograder.errors import UsageError
from autograder.files import npz_bytes
from autograder.live.plan import Plan, Step

__all__ = ["SLUGS", "load", "pack"]

SLUGS = {"keras_gaps": "scale"}
"""Exercise → how its network likes the grey values, see `inputs.CHOICES`."""


def load(slug: str) -> Plan:
    """The trained network of an exercise.

    Raises:
        UsageError: None ships for this exercise.
    """
    if slug not in SLUGS:
        raise UsageError(f"no trained network ships for {slug!r}, only for {', '.join(SLUGS)}. Give your own network.")
    content = resources.files("autograder.course").joinpath("data", f"{slug}.npz").read_bytes()
    return unpack(content)


def pack(plan: Plan) -> bytes:
    """The plan as the bytes of an `.npz`: weights as float16, and `plan`, its JSON."""
    rows: dict[str, Any] = {
        "input_shape": list(plan.input_shape),
        "rounded": plan.rounded,
        "steps": [step.row for step in plan.steps],
    }
    arrays: dict[str, np.ndarray[Any, Any]] = {"plan": np.frombuffer(json.dumps(rows).encode(), np.uint8)}
    for index, step in enumerate(plan.steps):
        arrays.update({f"{index}/{name}": array.astype("float16") for name, array in step.weights.items()})
    return npz_bytes(arrays)


def unpack(content: bytes) -> Plan:
    """The plan out of what `pack` made."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        rows = json.loads(arrays["plan"].tobytes())
        steps = []
        for index, row in enumerate(rows["steps"]):
            prefix = f"{index}/"
            weights = {
                name.removeprefix(prefix): arrays[name].astype("float32")
                for name in arrays.files
                if name.startswith(prefix)
            }
            steps.append(Step(**{**row, "shape": tuple(row["shape"])}, weights=weights))
    return Plan(tuple(rows["input_shape"]), tuple(steps), rows["rounded"])
