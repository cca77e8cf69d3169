"""Checks of a network's code: the vector that its last dense layer classifies. Both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.expect.inference import outputs
from autograder.expect.layer_references import layer_reference, layers_of
from autograder.expect.mismatch import Mismatch, described, require_value
from autograder.expect.plain_values import number
from autograder.expect.training import untrained
from autograder.language import gettext as _
from autograder.networks.catalogue import layer_class

__all__ = ["code_layer", "code_length", "codes"]

Array = np.ndarray[Any, Any]

CREDIT_CODES_OF_ANOTHER_LAYER = 0.5
"""Share of the points for the outputs of an earlier layer in place of the codes."""

CODE_TOLERANCE = 1e-3
"""Share of the largest number in a code that another batch size or another processor may change."""


def code_layer(value: Any, model: Any, *, name: str = "code_layer", model_name: str = "model") -> Any:
    """Require the layer whose output is the code: the last one with a kernel before the classifying layer.

    A layer after it that keeps the length (an activation, dropout, batch normalisation) is accepted as well. The
    message says what is wrong with the layer that was named, and not which one is right.

    Args:
        value: What the student calls `name`: a layer's name, or its index in `model.layers`.
        model: The student's network: a vector of numbers for each input, in the end one for each class.
        name: The reference's name in the notebook.
        model_name: The network's name in the notebook.

    Returns:
        The Keras layer.

    Raises:
        Mismatch: It is not a layer of the network, or not the layer of the code.
    """
    layer = layer_reference(value, model, name=name, model_name=model_name)
    layers, good = _code_layers(model, model_name)
    if layer in good:
        return layer
    at, last = layers.index(layer), layers.index(good[-1])
    what = _("`{name}` is `{layer}`, a layer of the kind {kind}").format(
        name=name, layer=layer.name[:40], kind=type(layer).__name__
    )
    shape = tuple(layer.output.shape[1:])
    if at > last:
        raise Mismatch(
            _("{what}: what it gives is the decision itself, a number for each class. What is it based on?").format(
                what=what
            )
        )
    if len(shape) > 1:
        raise Mismatch(
            _(
                "{what}: it gives {names} numbers that still lie side by side as in the image. The code is one "
                "vector for the whole of it."
            ).format(what=what, names=" × ".join(map(str, shape)))
        )
    if layer_class(type(layer).__name__).ONLY_RESHAPES:
        raise Mismatch(
            _(
                "{what}: it puts the numbers of the layer before it in a row, and does nothing else with them. "
                "The code is what the network makes of them: find the last vector before the decision."
            ).format(what=what)
        )
    raise Mismatch(
        _("{what}, but the network goes on working before it decides. Find the last vector before that.").format(
            what=what
        )
    )


def code_length(value: Any, model: Any, *, name: str = "code_length", model_name: str = "model") -> int:
    """Require the length of a code of the student's own network; the message does not reveal it.

    Args:
        value: What the student calls `name`.
        model: The student's network.
        name: The length's name in the notebook.
        model_name: The network's name in the notebook.

    Returns:
        The length.

    Raises:
        Mismatch: It is another number.
    """
    given = number(value, name=name)
    layers, good = _code_layers(model, model_name)
    length = int(good[0].output.shape[-1])
    if given == length:
        return length
    shown = _("`{name}` is {given:,}").format(name=name, given=given)
    for layer in sorted(layers, key=lambda each: len(each.output.shape)):  # vectors before images
        if given == layer.count_params() and given:
            raise Mismatch(
                _(
                    "{shown}: that is the number of parameters of `{layer}`. The code is what a layer gives for one "
                    "image: look at the column Output Shape of `{model_name}.summary()`."
                ).format(shown=shown, layer=layer.name[:40], model_name=model_name)
            )
        if given == int(np.prod(layer.output.shape[1:])):
            raise Mismatch(
                _(
                    "{shown}: that is how many numbers `{layer}` gives for an image, a layer of the kind {kind}. Is "
                    "that the one on whose numbers the network decides?"
                ).format(shown=shown, layer=layer.name[:40], kind=type(layer).__name__)
            )
    raise Mismatch(
        _(
            "{shown}, which is not what the code layer gives for one image. Look at the column Output Shape "
            "of `{model_name}.summary()`."
        ).format(shown=shown, model_name=model_name)
    )


def codes(
    value: Any,
    model: Any,
    x: Any,
    *,
    mistakes: Mapping[str, Any] | None = None,
    name: str = "codes",
    model_name: str = "model",
) -> Array:
    """Require the codes of given inputs, as the student's own trained network computes them.

    They may be the outputs of any layer that `code_layer` accepts (before or after the activation). The outputs of an
    earlier layer for the same inputs earn half of the credit.

    Args:
        value: What the student calls `name`.
        model: The student's network.
        x: The inputs `(n, ...)`, preprocessed as for the training.
        mistakes: Description → inputs `(m, ...)` that students confuse with `x`.
        name: The codes' name in the notebook.
        model_name: The network's name in the notebook.

    Returns:
        The codes `(n, length)`.

    Raises:
        Mismatch: They are something else.
    """
    given = _numbers(value, name)
    layers, good = _code_layers(model, model_name)
    if untrained(model):
        raise Mismatch(
            _(
                "`{model_name}` still has the weights that it began with. Train it with `fit`, then compute `{name}`."
            ).format(model_name=model_name, name=name)
        )
    of_code = _outputs_of(model, good, x)
    if any(_equal(given, each) for each in of_code):
        return given
    earlier = layers[: layers.index(good[0])]
    alike = [each for each in earlier if tuple(each.output.shape[1:]) == given.shape[1:]]
    for layer, outputs_of_layer in zip(alike, _outputs_of(model, alike, x) if alike else [], strict=True):
        if _equal(given, outputs_of_layer):
            raise Mismatch(
                _("`{name}` is what the layer `{layer}` gives, which is not the layer of the code.").format(
                    name=name, layer=layer.name[:40]
                ),
                credit=CREDIT_CODES_OF_ANOTHER_LAYER,
            )
    expected = of_code[-1]
    call = f"`keras.Model({model_name}.inputs[0], {model_name}.get_layer(…).output).predict(…)`"
    if given.shape != expected.shape:
        _require_shape(given, expected.shape, model, x, name, model_name)
        raise Mismatch(
            _(
                "`{name}` has shape {shape}, expected a row for each of the {count:,} inputs, as long as the "
                "code. {call} gives them."
            ).format(name=name, shape=given.shape, count=len(expected), call=call)
        )
    for what, others in (mistakes or {}).items():
        if any(_equal(given, other[: len(given)]) for other in _outputs_of(model, good, others)):
            raise Mismatch(
                _("`{name}` holds the codes of {what}. Compute those of the inputs that are asked for.").format(
                    name=name, what=what
                )
            )
    if any(_equal(_sorted(given), _sorted(each)) for each in of_code):
        raise Mismatch(
            _("`{name}` has the right rows in another order. Keep the order of the inputs.").format(name=name)
        )
    raise Mismatch(
        _(
            "`{name}` is not what `{model_name}` gives now, after its training. Compute it after `fit`, with "
            "the same scaling of the inputs: {call}."
        ).format(name=name, model_name=model_name, call=call)
    )


# ---------------------------------------------------------------- the network


def _code_layers(model: Any, model_name: str) -> tuple[list[Any], list[Any]]:
    """All layers, and those whose output is the code, in order."""
    layers = layers_of(model, model_name)
    weighted = [at for at, layer in enumerate(layers) if any(weight.name == "kernel" for weight in layer.weights)]
    if len(weighted) < 2 or len(layers[weighted[-2]].output.shape) != 2:
        raise Mismatch(
            _(
                "`{model_name}` has no dense layer between its images and its decision, so it makes no code. "
                "Fill the gaps of `{model_name}` first."
            ).format(model_name=model_name)
        )
    return layers, layers[weighted[-2] : weighted[-1]]


def _outputs_of(model: Any, layers: list[Any], x: Any) -> list[Array]:
    """The outputs of some layers for the inputs `x`, at inference."""
    return outputs(model, x, layers)


# ---------------------------------------------------------------- arrays


def _numbers(value: Any, name: str) -> Array:
    require_value(value, name)
    try:
        given = np.asarray(value)
    except (TypeError, ValueError):
        given = np.asarray(None)
    if given.dtype.kind not in "fiu":
        raise Mismatch(
            _("`{name}` should be an array of numbers, received {value}. Give what `predict` returns.").format(
                name=name, value=described(value)
            )
        )
    if not np.isfinite(given).all():
        raise Mismatch(
            _(
                "`{name}` has values that are NaN or infinite. Look whether the network's inputs or its weights "
                "have some."
            ).format(name=name)
        )
    return given


def _require_shape(given: Array, shape: tuple[int, ...], model: Any, x: Any, name: str, model_name: str) -> None:
    """Raise `Mismatch` for a shape that shows which mistake was made."""
    rows, length = shape
    classes = int(model.outputs[0].shape[-1])
    if given.shape == (length, rows):
        raise Mismatch(
            _("`{name}` has shape {shape}: a column for each input. Give a row for each, `{name}.T`.").format(
                name=name, shape=given.shape
            )
        )
    if given.shape == (rows, classes):
        raise Mismatch(
            _(
                "`{name}` has shape {shape}: that is what `{model_name}` gives in the end, a number for each "
                "class. Stop at the code layer."
            ).format(name=name, shape=given.shape, model_name=model_name)
        )
    if given.ndim == 2 and given.shape[1] == length:
        raise Mismatch(
            _(
                "`{name}` has the codes of {shape:,} inputs, expected {rows:,}. Compute those of the inputs that "
                "are asked for."
            ).format(name=name, shape=given.shape[0], rows=rows)
        )


def _equal(given: Array, expected: Array) -> bool:
    if given.shape != expected.shape:
        return False
    return bool(np.abs(given - expected).max(initial=0) <= CODE_TOLERANCE * max(1e-6, np.abs(expected).max(initial=0)))


def _sorted(rows: Array) -> Array:
    return rows[np.argsort(rows.sum(axis=1))] if rows.ndim == 2 else rows
