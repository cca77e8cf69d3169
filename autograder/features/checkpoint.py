"""Reads the weights out of a PyTorch checkpoint in its old format, without PyTorch and without trust.

The format: three pickled headers (a magic number, a version, the writer's machine), the pickled state dict, in which a
tensor only names its storage, the pickled list of storages, then the storages' numbers as raw bytes. A pickle may run
anything, so this reader resolves four names and nothing else, and hands back NumPy arrays.
"""

from __future__ import annotations

import io
import pickle  # only ever through `_Reader`, which resolves four names
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["BadCheckpoint", "read_checkpoint"]

Array = np.ndarray[Any, Any]

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_TYPES: dict[str, np.dtype[Any]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class BadCheckpoint(ValueError):
    """The bytes are not such a checkpoint."""


def read_checkpoint(content: bytes) -> dict[str, Array]:
    """The tensors of a state dict.

    Args:
        content: The bytes of a `.pth` file in PyTorch's format of before version 1.6.

    Returns:
        Name → float32 or int64 array, in the order of the file.

    Raises:
        BadCheckpoint: It is something else, or names anything but plain tensors.
    """
    stream = io.BytesIO(content)
    storages: dict[str, _Storage] = {}
    try:
        if _load(stream) != _MAGIC or _load(stream) != _VERSION:
            raise BadCheckpoint("it does not begin as a PyTorch checkpoint of before version 1.6 does")
        _load(stream)  # of the machine that wrote it; both kinds of storage are little-endian by the format
        state = _load(stream, storages)
        for key in _load(stream):
            storages[key].fill(stream)
        return {str(name): tensor.array() for name, tensor in state.items()}
    except BadCheckpoint:
        raise
    except Exception as error:  # a broken pickle raises almost anything
        raise BadCheckpoint(f"{type(error).__name__}: {error}") from error


@dataclass
class _Storage:
    """Numbers that come later in the file."""

    dtype: np.dtype[Any]
    size: int
    numbers: Array | None = None

    def fill(self, stream: io.BytesIO) -> None:
        (size,) = np.frombuffer(stream.read(8), "<i8")
        if size != self.size:
            raise BadCheckpoint(f"a storage of {self.size:,} numbers holds {size:,}")
        self.numbers = np.frombuffer(stream.read(self.size * self.dtype.itemsize), self.dtype)
        if len(self.numbers) != self.size:
            raise BadCheckpoint("it ends in the middle of a tensor")


@dataclass
class _Tensor:
    """A view of a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> Array:
        numbers = self.storage.numbers
        if numbers is None:
            raise BadCheckpoint("a tensor has no numbers")
        last = self.offset + sum((length - 1) * stride for length, stride in zip(self.shape, self.strides, strict=True))
        if min((self.offset, *self.strides)) < 0 or min(self.shape, default=1) < 1 or last >= self.storage.size:
            raise BadCheckpoint("a tensor reaches beyond its storage")
        steps = [stride * numbers.itemsize for stride in self.strides]
        view = np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, steps, writeable=False)
        return np.ascontiguousarray(view).reshape(self.shape)


def _tensor(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


class _StateDict(OrderedDict[str, Any]):
    """What the checkpoint fills; PyTorch hangs its own notes on it, which are dropped."""

    def __setstate__(self, state: Any) -> None:
        pass


_NAMES: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _StateDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch", "FloatStorage"): "FloatStorage",
    ("torch", "LongStorage"): "LongStorage",
}


class _Reader(pickle.Unpickler):
    """Resolves what a state dict of plain tensors is made of."""

    def __init__(self, stream: io.BytesIO, storages: dict[str, _Storage]) -> None:
        super().__init__(stream)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NAMES:
            raise BadCheckpoint(f"it names {module}.{name}, which is no part of a plain state dict")
        return _NAMES[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, _, size, view = pid
        if view is not None:
            raise BadCheckpoint("a storage is a view of another one")
        return self._storages.setdefault(key, _Storage(_TYPES[kind], int(size)))


def _load(stream: io.BytesIO, storages: dict[str, _Storage] | None = None) -> Any:
    return _Reader(stream, {} if storages is None else storages).load()
