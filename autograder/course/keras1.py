"""The spelling of Keras 1, for older code; it makes Keras 3's own layers. Student's side.

    from autograder.course.keras1 import Activation, Convolution2D, Dense, Dropout, Flatten, MaxPooling2D, Sequential

    model = Sequential()
    model.add(Convolution2D(32, 3, 3, border_mode="valid", dim_ordering="tf", input_shape=(28, 28, 1)))

In Keras 3, `Convolution2D` is another name of `Conv2D`: its third argument there means strides, and `border_mode` is an
error. Here both spellings work; anything else is an error of one line. Defaults are those of Keras 1 where they
changed: `fit` trains for 10 epochs, and `"adadelta"` has a learning rate of 1.0 (Keras 3: 0.001, with which it stalls).
"""

from __future__ import annotations

import difflib
import inspect
import warnings
from collections.abc import Mapping
from typing import Any, NoReturn

import keras

__all__ = [
    "Activation",
    "AveragePooling2D",
    "BatchNormalization",
    "Convolution2D",
    "Dense",
    "Dropout",
    "Flatten",
    "MaxPooling2D",
    "Sequential",
    "ZeroPadding2D",
    "np_utils",
]

Activation = keras.layers.Activation
BatchNormalization = keras.layers.BatchNormalization
Flatten = keras.layers.Flatten

EPOCHS = 10
"""Keras 1's default of `nb_epoch`."""

LEARNING_RATES = {"adadelta": 1.0, "adagrad": 0.01, "adamax": 0.002, "nadam": 0.002}
"""Keras 1's defaults where Keras 3 has others."""

_MODERN = {
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "init": "kernel_initializer",
    "border_mode": "padding",
    "subsample": "strides",
    "bias": "use_bias",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
}
_INITIALIZERS = {"normal": "random_normal", "uniform": "random_uniform", "zero": "zeros", "one": "ones"}
_OF_EVERY_LAYER = ("name", "trainable", "dtype", "input_shape")
_DIGITS = "(28, 28, 1)"


def Convolution2D(nb_filter: Any = None, nb_row: Any = None, nb_col: Any = None, **arguments: Any) -> Any:  # noqa: N802
    """A `keras.layers.Conv2D` with `nb_filter` filters of `nb_row` × `nb_col` places.

    Args:
        nb_filter: Number of filters.
        nb_row: Rows of a filter; or its `(rows, columns)`, as Keras 3 has it.
        nb_col: Columns of a filter.
        arguments: `border_mode`, `dim_ordering`, `input_shape`, `subsample`, `init`, `activation`, `bias`, … of
            Keras 1, or the names that they have in Keras 3.

    Raises:
        TypeError: An argument is missing, unknown, or comes in both spellings.
        ValueError: An argument has a value that it cannot have.
    """
    if nb_filter is not None:
        arguments["nb_filter"] = nb_filter
    if isinstance(nb_row, (tuple, list)) and nb_col is None:
        arguments["kernel_size"] = tuple(nb_row)
    elif nb_row is not None and nb_col is not None:
        if "kernel_size" in arguments:
            _both("Convolution2D", "nb_row and nb_col", "kernel_size")
        arguments["kernel_size"] = (nb_row, nb_col)
    elif nb_row is not None or nb_col is not None:
        raise TypeError(
            f"Convolution2D needs rows and columns of its filters: write "
            f"Convolution2D({nb_filter!r}, {nb_row or nb_col!r}, {nb_row or nb_col!r})"
        )
    return _layer("Convolution2D", keras.layers.Conv2D, arguments, required={"nb_filter": 32, "kernel_size": (3, 3)})


def MaxPooling2D(pool_size: Any = (2, 2), strides: Any = None, **arguments: Any) -> Any:  # noqa: N802
    """A `keras.layers.MaxPooling2D`; `border_mode` and `dim_ordering` as in Keras 1. Raises as `Convolution2D` does."""
    return _layer("MaxPooling2D", keras.layers.MaxPooling2D, {"pool_size": pool_size, "strides": strides, **arguments})


def AveragePooling2D(pool_size: Any = (2, 2), strides: Any = None, **arguments: Any) -> Any:  # noqa: N802
    """A `keras.layers.AveragePooling2D`; `border_mode` and `dim_ordering` as in Keras 1. Raises as `Convolution2D`."""
    given = {"pool_size": pool_size, "strides": strides, **arguments}
    return _layer("AveragePooling2D", keras.layers.AveragePooling2D, given)


def ZeroPadding2D(padding: Any = (1, 1), **arguments: Any) -> Any:  # noqa: N802
    """A `keras.layers.ZeroPadding2D`; `dim_ordering` as in Keras 1. Raises as `Convolution2D` does."""
    return _layer("ZeroPadding2D", keras.layers.ZeroPadding2D, {"padding": padding, **arguments})


def Dense(output_dim: Any = None, **arguments: Any) -> Any:  # noqa: N802
    """A `keras.layers.Dense`; `output_dim`, `init`, `bias`, `input_dim`, … as in Keras 1. Raises as `Convolution2D`."""
    if output_dim is not None:
        arguments["output_dim"] = output_dim
    if "input_dim" in arguments:
        arguments["input_shape"] = (arguments.pop("input_dim"),)
    return _layer("Dense", keras.layers.Dense, arguments, required={"output_dim": 128})


def Dropout(p: Any = None, **arguments: Any) -> Any:  # noqa: N802
    """A `keras.layers.Dropout` that blanks the share `p` of its inputs while training. Raises as `Convolution2D`."""
    if p is not None:
        arguments["p"] = p
    return _layer("Dropout", keras.layers.Dropout, arguments, required={"p": 0.25})


class Sequential(keras.Sequential):  # type: ignore[misc]
    """A `keras.Sequential` whose methods take Keras 1's arguments, too."""

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Any = None, **arguments: Any) -> None:
        """As in Keras; an optimizer given by its name has Keras 1's learning rate."""
        if isinstance(optimizer, str) and optimizer.lower() in LEARNING_RATES:
            rate = LEARNING_RATES[optimizer.lower()]
            optimizer = keras.optimizers.get(optimizer)
            optimizer.learning_rate = rate
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **arguments)

    def fit(self, x: Any = None, y: Any = None, batch_size: Any = None, nb_epoch: Any = None, **arguments: Any) -> Any:
        """As in Keras, with `nb_epoch` for `epochs`.

        Returns:
            Keras's history; accuracies are there as `acc` and `val_acc`, too.
        """
        if nb_epoch is not None and "epochs" in arguments:
            _both("fit", "nb_epoch", "epochs")
        epochs = arguments.pop("epochs", EPOCHS) if nb_epoch is None else nb_epoch
        history = super().fit(x, y, batch_size=batch_size, epochs=epochs, **arguments)
        for new, old in (("accuracy", "acc"), ("val_accuracy", "val_acc")):
            if new in history.history:
                history.history[old] = history.history[new]
        return history

    def predict_proba(self, x: Any, batch_size: Any = None, verbose: Any = "auto") -> Any:
        """What `predict` gives, of shape `(n, num_classes)`."""
        return self.predict(x, batch_size=batch_size, verbose=verbose)

    def predict_classes(self, x: Any, batch_size: Any = None, verbose: Any = "auto") -> Any:
        """The class of the largest output for each input, of shape `(n,)`."""
        return self.predict(x, batch_size=batch_size, verbose=verbose).argmax(axis=-1)


class np_utils:  # noqa: N801
    """Keras 1's module of this name."""

    @staticmethod
    def to_categorical(y: Any, nb_classes: int | None = None) -> Any:
        """Labels of shape `(n,)` one-hot, of shape `(n, nb_classes)`."""
        return keras.utils.to_categorical(y, nb_classes)


def _layer(name: str, kind: Any, given: Mapping[str, Any], required: Mapping[str, Any] | None = None) -> Any:
    """A layer of Keras 3 from arguments in either spelling; `required` ones come with an example."""
    arguments = dict(given)
    gaps = [each for each, value in arguments.items() if value is ... or (type(value) is tuple and ... in value)]
    if gaps:
        raise ValueError(f"{name}: `{gaps[0]}` is still the gap `...`; replace it by your answer")
    _require_channels_last(name, arguments.pop("dim_ordering", "default"))
    known = [each for each in inspect.signature(kind.__init__).parameters if each not in ("self", "kwargs")]
    for old, new in _MODERN.items():
        if old in arguments and new in known:
            if new in arguments:
                _both(name, old, new)
            arguments[new] = arguments.pop(old)
    for each, example in (required or {}).items():
        if _MODERN.get(each, each) not in arguments:
            raise TypeError(f"{name} needs `{each}`, such as {each}={example}")
    for each in arguments:
        if each not in known and each not in _OF_EVERY_LAYER:
            names = [*known, *(old for old, new in _MODERN.items() if new in known), "dim_ordering", *_OF_EVERY_LAYER]
            close = difflib.get_close_matches(each, names, 1)
            raise TypeError(f"{name} has no argument `{each}`" + (f"; did you mean `{close[0]}`?" if close else ""))
    if isinstance(arguments.get("padding"), str) and arguments["padding"].lower() not in ("valid", "same"):
        raise ValueError(f"{name}: border_mode is 'valid' or 'same', not {arguments['padding']!r}")
    _require_three_sizes(name, kind, arguments.get("input_shape"))
    initializer = arguments.get("kernel_initializer")
    if isinstance(initializer, str) and initializer in _INITIALIZERS:
        arguments["kernel_initializer"] = _INITIALIZERS[initializer]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Do not pass an `input_shape`")
        return kind(**arguments)


def _require_channels_last(name: str, dim_ordering: Any) -> None:
    if dim_ordering == "th":
        raise ValueError(
            f"{name}: dim_ordering='th' puts the channels first, but the images here have them last, as in {_DIGITS}; "
            "write dim_ordering='tf'"
        )
    if dim_ordering not in ("tf", "default"):
        raise ValueError(f"{name}: dim_ordering is 'tf' (channels last), not {dim_ordering!r}")


def _require_three_sizes(name: str, kind: Any, input_shape: Any) -> None:
    if input_shape is not None and kind is not keras.layers.Dense and len(tuple(input_shape)) != 3:
        raise ValueError(
            f"{name}: input_shape needs three values, rows, columns and channels, such as {_DIGITS}; received "
            f"{tuple(input_shape)}"
        )


def _both(name: str, old: str, new: str) -> NoReturn:
    raise TypeError(f"{name} gets both {old} (Keras 1) and {new} (Keras 3), which mean the same; keep one of them")
