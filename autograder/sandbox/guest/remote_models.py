"""Models that cannot be rebuilt: how they compute, and what is said of them. Untrusted side.

A description that comes out of this proves nothing: a student's class may say anything of itself. What such a model
computes for inputs that it has not seen is another matter.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.networks.canonical import LayerRow, rows_of_layer
from autograder.networks.network_description import (
    LayerDescription,
    NetworkDescription,
    TensorView,
    WeightDescription,
    as_data,
    describe,
    description_of,
    plain_config,
)
from autograder.networks.network_view import is_keras, mapped

__all__ = ["Predictor", "description_data", "is_predictor"]

_UNKNOWN = (TensorView("unknown", (None,), "float32"),)


class Predictor:
    """Maps the inputs of a batch to a model's outputs, whichever library the model is of."""

    def __init__(self, model: Any) -> None:
        """Keep the model; nothing is computed yet."""
        self.model = model

    def __call__(self, inputs: Any) -> Any:
        """Outputs for one batch at inference: arrays, nested as the model gives them."""
        return _arrays(_computing(self.model)(inputs))


def is_predictor(kind: type) -> bool:
    """Whether objects of a class are models of another library: estimators of scikit-learn, modules of PyTorch."""
    sklearn, torch = sys.modules.get("sklearn.base"), sys.modules.get("torch")
    if sklearn is not None and issubclass(kind, sklearn.BaseEstimator):
        return hasattr(kind, "predict")
    return torch is not None and issubclass(kind, torch.nn.Module)


def description_data(model: Any) -> Any:
    """What is said of a model, as the plain data of a `NetworkDescription`; little, where that cannot be read."""
    for make in (describe, _listed):
        try:
            data = as_data(make(model))
            description_of(data)
        except (Exception, SystemExit):  # noqa: BLE001, S112 - a student's class may raise anything
            continue
        return data
    return as_data(_described(model, [], [], []))


def _is_torch(value: object) -> bool:
    torch = sys.modules.get("torch")  # only if the notebook has imported it
    return torch is not None and isinstance(value, torch.nn.Module)


def _computing(model: Any) -> Callable[[Any], Any]:
    if is_keras(model, "Model") and type(model).predict is sys.modules["keras"].Model.predict:
        return lambda inputs: model(mapped(np.asarray, inputs), training=False)
    if _is_torch(model) and not hasattr(model, "predict"):
        return lambda inputs: _torch_outputs(model, inputs)
    return model.predict  # type: ignore[no-any-return]


def _torch_outputs(model: Any, inputs: Any) -> Any:
    torch = sys.modules["torch"]
    tensor, training = torch.as_tensor(np.asarray(inputs)), model.training
    kinds = [each.dtype for each in model.parameters() if each.is_floating_point()]
    if kinds and tensor.is_floating_point():
        tensor = tensor.to(kinds[0])
    model.eval()
    try:
        with torch.no_grad():
            return model(tensor)
    finally:
        model.train(training)


def _arrays(outputs: Any) -> Any:
    """What a model gives, with arrays in place of tensors, of series, and of lists of numbers."""
    if isinstance(outputs, dict):
        return {key: _arrays(each) for key, each in outputs.items()}
    if isinstance(outputs, (list, tuple)) and any(getattr(each, "shape", ()) != () for each in outputs):
        return [*map(_arrays, outputs)]
    return np.asarray(outputs)


# ---------------------------------------------------------------- what a model says of itself


def _listed(model: Any) -> NetworkDescription:
    """The layers that a model lists, each behind the one before: how they are connected nobody says."""
    rows: list[LayerRow] = []
    layers = []
    weights = _weights(model)
    for name, layer in _layers(model):
        shape, own = _output_shape(layer), {id(each) for each in _weights(layer)}
        described = LayerDescription(
            name=f"{name}"[:200],
            kind=_kind(layer),
            trainable=bool(getattr(layer, "trainable", True)),
            parameters=sum(int(np.prod(each.shape)) for each in _weights(layer)),
            config={},
            outputs=_UNKNOWN if shape is None else (TensorView(f"{name}"[:200], (None, *shape), "float32"),),
            weights=tuple(at for at, each in enumerate(weights) if id(each) in own),
        )
        found = [LayerRow(described.kind, {}, shape, described.parameters)]
        if is_keras(layer, "Layer"):
            found, described = [*rows_of_layer(layer, shape)], replace(described, config=plain_config(layer))
        layers.append(described)
        rows += found
    return _described(model, rows, layers, weights)


def _described(
    model: Any, rows: list[LayerRow], layers: list[LayerDescription], weights: list[Any]
) -> NetworkDescription:
    trainable = [bool(getattr(each, "trainable", getattr(each, "requires_grad", True))) for each in weights]
    return NetworkDescription(
        name=_kind(model),
        kind=_kind(model),
        rows=tuple(replace(row, sources=(at - 1,)) for at, row in enumerate(rows)),
        inputs=_UNKNOWN,
        outputs=layers[-1].outputs if layers else _UNKNOWN,
        layers=tuple(layers),
        weights=tuple(
            WeightDescription(f"{getattr(each, 'name', '')}"[:200], tuple(map(int, each.shape)), trains)
            for each, trains in zip(weights, trainable, strict=True)
        ),
        summary="\n".join(f"{each.name} ({each.kind}), {each.parameters:,} parameters" for each in layers),
    )


def _layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Name and layer; of PyTorch the modules that hold no others."""
    if _is_torch(model):
        yield from ((name, each) for name, each in model.named_modules() if name and not any(each.children()))
        return
    for layer in getattr(model, "layers", ()):
        if is_keras(layer, "Model"):
            yield from _layers(layer)
        else:
            yield getattr(layer, "name", ""), layer


def _weights(holder: Any) -> list[Any]:
    return list(holder.parameters() if _is_torch(holder) else getattr(holder, "weights", ()))


def _output_shape(layer: Any) -> tuple[int | None, ...] | None:
    """Of one output, without the batch; None where the layer does not say it."""
    try:
        if shapes := getattr(layer, "_build_shapes_dict", None):  # of a layer that a subclass of Model calls
            return tuple(layer.compute_output_shape(*shapes.values())[1:])
        return tuple(layer.output.shape[1:])
    except Exception:  # noqa: BLE001 - a student's layer may raise anything
        return None


def _kind(value: object) -> str:
    return re.sub(r"\W", "_", type(value).__name__, flags=re.ASCII)[:60].lstrip("0123456789") or "Model"
