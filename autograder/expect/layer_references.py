"""Checks of names, indices and parameter counts of layers. Both sides."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterator
from typing import Any

from autograder.expect.architectures import rows_of
from autograder.expect.mismatch import Mismatch, described, require_value
from autograder.expect.plain_values import number
from autograder.language import gettext as _
from autograder.networks.network_view import is_keras, is_model

__all__ = ["largest_layer", "largest_layer_parameters", "layer_reference", "layers_of"]

MAX_LISTED_NAMES = 12
CREDIT_WITHOUT_BIASES = 0.5
"""Share of the points for a number of parameters that leaves out the biases."""


def layer_reference(value: Any, model: Any, *, name: str = "layer", model_name: str = "model") -> Any:
    """Require the name or the index of a layer of the student's own network.

    Args:
        value: What the student calls `name`: a layer's name, or its index in `model.layers` (-1 is the last one).
        model: The student's network; layers of a nested model count as its own.
        name: The reference's name in the notebook.
        model_name: The network's name in the notebook.

    Returns:
        The Keras layer.

    Raises:
        Mismatch: There is no such layer, or it is another kind of value; the message lists the names.
    """
    layers = layers_of(model, model_name)
    require_value(value, name)
    step = _("Give a layer's name, or its index in `{model_name}.layers`.").format(model_name=model_name)
    if is_keras(value, "Layer"):
        raise Mismatch(_("`{name}` is the layer itself. Give its name: `{name} = {name}.name`.").format(name=name))
    if isinstance(value, str):
        return _named(value.strip(), layers, name, model_name)
    try:
        if type(value) is bool:
            raise TypeError
        index = operator.index(value)
    except TypeError:
        raise Mismatch(
            _("`{name}` should be text or an integer, received {value}. {step}").format(
                name=name, value=described(value), step=step
            )
        ) from None
    if not -len(layers) <= index < len(layers):
        raise Mismatch(
            _(
                "`{name}` is {index}, but `{model_name}` has {count} layers: their indices go from 0 to "
                "{number}. {step}"
            ).format(
                name=name,
                index=described(index),
                model_name=model_name,
                count=len(layers),
                number=len(layers) - 1,
                step=step,
            )
        )
    return layers[index]


def largest_layer(value: Any, model: Any, *, name: str = "largest_layer", model_name: str = "model") -> Any:
    """Require the name or index of the layer with most trainable parameters; of equal ones any is accepted.

    The message does not say which one it is.

    Args:
        value: What the student calls `name`.
        model: The student's network.
        name: The reference's name in the notebook.
        model_name: The network's name in the notebook.

    Returns:
        The Keras layer.

    Raises:
        Mismatch: It is not a layer of the network, or another one has more.
    """
    layer = layer_reference(value, model, name=name, model_name=model_name)
    given, most = _learnable(layer), max(map(_learnable, _leaves(model)))
    step = _("Look at the column Param # of `{model_name}.summary()`.").format(model_name=model_name)
    what = _("`{name}` is `{layer}`, a layer of the kind {kind}").format(
        name=name, layer=layer.name[:40], kind=type(layer).__name__
    )
    if not given:
        raise Mismatch(_("{what}, which has no parameters to learn. {step}").format(what=what, step=step))
    if given < most:
        raise Mismatch(
            _("{what} with {given:,} learnable parameters, but another layer has more. {step}").format(
                what=what, given=given, step=step
            )
        )
    return layer


def largest_layer_parameters(
    value: Any, model: Any, *, name: str = "largest_layer_params", model_name: str = "model"
) -> int:
    """Require the number of trainable parameters of the layer that has most of them.

    The message does not reveal it. The number without the biases earns half of the credit.

    Args:
        value: What the student calls `name`.
        model: The student's network.
        name: The number's name in the notebook.
        model_name: The network's name in the notebook.

    Returns:
        The number.

    Raises:
        Mismatch: It is another number; usual mistakes have their own messages.
    """
    layers = layers_of(model, model_name)
    given = number(value, name=name)
    layer = max(layers, key=_learnable)
    right = _learnable(layer)
    if right and given == right:
        return right
    shown = _("`{name}` is {given:,}").format(name=name, given=given)
    biases = sum(math.prod(weight.shape) for weight in layer.weights if weight.name == "bias")
    if biases and given == right - biases:
        raise Mismatch(
            _("{shown}: that counts the connections. What else does each unit or filter learn?").format(shown=shown),
            credit=CREDIT_WITHOUT_BIASES,
        )
    if given in (sum(map(_learnable, layers)), model.count_params()):
        raise Mismatch(
            _("{shown}: that is the number of the whole of `{model_name}`. Give the number of one layer.").format(
                shown=shown, model_name=model_name
            )
        )
    others = [each for each in layers if given and _learnable(each) == given]
    if others:
        raise Mismatch(
            _("{shown}: that is the number of `{others}`, but another layer has more. Compare them.").format(
                shown=shown, others=others[0].name[:40]
            )
        )
    raise Mismatch(
        _(
            "{shown}, which is not the number of learnable parameters of the largest layer of "
            "`{model_name}`. Look at the column Param # of `{model_name}.summary()`."
        ).format(shown=shown, model_name=model_name)
    )


def _named(text: str, layers: list[Any], name: str, model_name: str) -> Any:
    found = [layer for layer in layers if text == layer.name] or [
        layer for layer in layers if _rebuilt_name(text) == _rebuilt_name(layer.name)
    ]
    if text and found:
        return found[0]
    has = ", ".join(f"`{layer.name[:40]}`" for layer in layers[:MAX_LISTED_NAMES])
    has += ", …" if len(layers) > MAX_LISTED_NAMES else ""
    kinds = [layer for layer in layers if text.lower() == type(layer).__name__.lower()]
    if kinds:
        raise Mismatch(
            _("`{name}` is {text!r}, a kind of layer, expected the name of one. `{model_name}` has {has}.").format(
                name=name, text=text, model_name=model_name, has=has
            )
        )
    counted_on = ""
    if _kind(text) in {_kind(layer.name) for layer in layers}:
        counted_on = _(
            " Keras goes on counting when a cell runs again: restart the kernel, run all cells, and look again."
        )
    raise Mismatch(
        _("`{name}` is {text}, but no layer of `{model_name}` has that name. It has {has}.{counted_on}").format(
            name=name, text=described(text), model_name=model_name, has=has, counted_on=counted_on
        )
    )


def _kind(name: str) -> str:
    """A name without the number that Keras appends (`dense_3`)."""
    return re.sub(r"_\d+$", "", name)


def layers_of(model: Any, model_name: str) -> list[Any]:
    """A network's layers in order; a nested model is replaced by its layers.

    Raises:
        Mismatch: It is not a Keras model, or has no layers.
    """
    rows_of(model, model_name)
    layers = list(_leaves(model))
    if not layers:
        raise Mismatch(_("`{model_name}` has no layers. Run the cell that builds it.").format(model_name=model_name))
    return layers


def _leaves(model: Any) -> Iterator[Any]:
    """The layers of `model.layers` in order; a nested model is replaced by its layers, without its inputs."""
    for layer in model.layers:
        if is_model(layer):
            yield from (each for each in _leaves(layer) if type(each).__name__ != "InputLayer")
        else:
            yield layer


def _rebuilt_name(name: str) -> str:
    """A layer's name in a rebuilt network, so that a name with a space in it finds the same layer there."""
    return re.sub(r"[^A-Za-z0-9_.\-]", "_", name).lstrip("_-")[:60]


def _learnable(layer: Any) -> int:
    return sum(math.prod(weight.shape) for weight in layer.trainable_weights)
