"""What is sent of an object besides a reference to it: some attributes as data, the names of others. Untrusted side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    MethodDescriptorType,
    WrapperDescriptorType,
)
from typing import Any

import numpy as np

from autograder.networks.network_view import is_keras
from autograder.object_view import SPECIAL_METHODS
from autograder.sandbox.guest.described import Described
from autograder.sandbox.guest.figures import axes_fields, figure_fields
from autograder.sandbox.wire.serialise import bases, class_name, module_of
from autograder.sandbox.wire.values import MAX_NAMES

__all__ = ["fields_of", "identifier", "members_of", "module_of"]

_METHODS = (
    *(FunctionType, staticmethod, classmethod, BuiltinFunctionType),
    *(WrapperDescriptorType, MethodDescriptorType, ClassMethodDescriptorType),
)
_SCALARS = (bool, int, float, str, type(None))


def fields_of(value: Any, kind: type) -> dict[str, Any]:
    """The attributes of an object that are sent as data: a dataclass's, and those of classes that are known."""
    for each in bases(kind):
        read = _FIELDS.get((module_of(each).partition(".")[0], class_name(each)))
        if read is not None:
            return {identifier(name): field for name, field in list(read(value).items())[:MAX_NAMES]}
        declared = type.__dict__["__dict__"].__get__(each).get("__dataclass_fields__")
        if type(declared) is dict:
            return {name: object.__getattribute__(value, name) for name in list(declared)[:MAX_NAMES]}
    return {}


def members_of(value: Any, kind: type) -> tuple[list[str], list[str]]:
    """Names of the public attributes of an object, and of its public and special methods; nothing of it is run."""
    members: dict[str, Any] = {}
    for each in reversed(bases(kind)[:-1]):  # but `object`
        members.update(type.__dict__["__dict__"].__get__(each))
    methods = {name for name, member in members.items() if isinstance(member, _METHODS)}
    attributes = (*_own(value), *(name for name in members if name not in methods))
    public = [name for name in dict.fromkeys(attributes) if type(name) is str and name[:1] not in ("_", "")]
    callable_ = [name for name in methods if name in SPECIAL_METHODS or not name.startswith("_")]
    return _identifiers(public), _identifiers(sorted(callable_))


def identifier(name: str) -> str:
    """A name as it can be sent."""
    return re.sub(r"\W", "_", name)[:100].lstrip("0123456789") or "_"


def _identifiers(names: list[str]) -> list[str]:
    return [name for name in names if identifier(name) == name][:MAX_NAMES]


def _own(value: Any) -> Mapping[str, Any]:
    """What an object's own `__dict__` has."""
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return own if type(own) is dict else {}


# ---------------------------------------------------------------- Keras


def _configuration(value: Any) -> dict[str, Any]:
    """The arguments of a Keras object: those that it notes as attributes, and its config if Keras makes that."""
    plain = {name: each for name, each in _own(value).items() if type(each) in _SCALARS and name[:1] != "_"}
    get_config = getattr(type(value), "get_config", None)
    if _defined_in(get_config).partition(".")[0] == "keras":
        plain |= {name: _argument(each) for name, each in value.get_config().items()}
    wrapped = _own(value).get("_fn_kwargs")  # of a loss or metric
    return plain | (wrapped if isinstance(wrapped, dict) else {})


def _defined_in(function: Any) -> str:
    """Where a function was defined."""
    module = getattr(function, "__module__", None)
    return module if type(module) is str else ""


def _argument(value: Any) -> Any:
    """A part of a Keras config: an object as such, a function as its name."""
    if isinstance(value, dict) and {"class_name", "config"} <= value.keys():
        kind, config = value["class_name"], value["config"]
        if kind == "function" or not isinstance(config, dict):
            return config
        if kind.endswith("DTypePolicy"):
            return config.get("name")
        return Described(kind, {identifier(name): _argument(each) for name, each in config.items()})
    if isinstance(value, (list, tuple)):
        items = map(_argument, value)
        return tuple(items) if isinstance(value, tuple) else list(items)
    return value


def _optimiser(value: Any) -> dict[str, Any]:
    """Its learning rate as it was given: 0.1, not 0.10000000149."""
    config = _configuration(value)
    rate = config.get("learning_rate")
    return config | ({"learning_rate": float(str(np.float32(rate)))} if isinstance(rate, float) else {})


def _compilation(model: Any) -> dict[str, Any]:
    """How a model was compiled, and with what its layers are initialised, regularised and constrained."""
    losses, metrics = getattr(model, "_compile_loss", None), getattr(model, "_compile_metrics", None)
    return {
        "optimizer": model.optimizer if model.compiled else None,
        "loss": model.loss if model.compiled else None,
        "loss_weights": getattr(losses, "_user_loss_weights", None) if model.compiled else None,
        "metrics": None if not model.compiled else (getattr(metrics, "_user_metrics", None) or []),
        "settings": {"/".join(path): found for path, found in _settings(model) if found},
    }


def _settings(model: Any, within: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """The names of the models in which a layer is, and its own, with what it is initialised and regularised with."""
    for layer in model.layers:
        path = (*within, layer.name)
        if is_keras(layer, "Model"):
            yield from _settings(layer, path)
        else:
            yield path, _training_arguments(layer)


def _enum_member(member: Any) -> dict[str, Any]:
    own = _own(member)
    return {"name": own.get("_name_"), "value": own.get("_value_")}


def _tensor_spec(spec: Any) -> dict[str, Any]:
    return {
        "shape": None if spec.shape.rank is None else tuple(spec.shape),
        "dtype": spec.dtype.name,
        "name": spec.name,
    }


def _dataset(dataset: Any) -> dict[str, Any]:
    """Its elements are asked for: reading them here would shuffle a later training otherwise."""
    count = int(dataset.cardinality())
    return {"element_spec": dataset.element_spec, "cardinality": count if count >= 0 else None}


def _training_arguments(layer: Any) -> dict[str, Any]:
    return {name: each for name, each in _configuration(layer).items() if isinstance(each, Described)}


_FIELDS: dict[tuple[str, str], Callable[[Any], dict[str, Any]]] = {
    ("enum", "Enum"): _enum_member,
    ("matplotlib", "FigureBase"): figure_fields,
    ("matplotlib", "_AxesBase"): axes_fields,
    ("tensorflow", "TensorSpec"): _tensor_spec,
    ("tensorflow", "DatasetV2"): _dataset,
    ("keras", "Model"): _compilation,
    ("keras", "BaseOptimizer"): _optimiser,
    **{
        ("keras", name): _configuration
        for name in (
            *("Layer", "Loss", "Metric", "Initializer", "Regularizer", "Constraint", "Callback"),
            *("LearningRateSchedule", "FeatureSpace"),
        )
    },
}
"""Package and class → the attributes of its objects that are sent."""
