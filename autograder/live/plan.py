"""A Keras model as a plan: a list of operations from an allow-list, and weights.

The page runs the plan with TensorFlow.js, and `rebuild` makes a Keras model of it again. What only steers the training
(rates of dropouts, initialisers, regularisers, the optimiser) is not in it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.errors import UsageError
from autograder.live import chain, fields
from autograder.live.chain import Link, Shape

__all__ = ["ACTIVATIONS", "Plan", "Step", "describe", "half", "rebuild", "supported", "translate"]

Array = np.ndarray[Any, Any]

ACTIVATIONS = frozenset(
    {
        "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "sigmoid", "hard_sigmoid", "tanh", "softmax",
        "softplus", "softsign", "silu", "gelu", "exponential",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One layer.

    Attributes:
        name: As in the model; somebody else's text.
        kind: The Keras class.
        shape: Of the output, without the batch.
        parameters: Number of weights in the Keras layer, trained or not.
        operation: What is computed, one of `_TRANSLATORS`'s; empty where only the layer is described.
        arguments: For the operation.
        field: What one unit of the output sees of the input; see `fields`.
        weights: Of the operation, float32 (a batch normalisation's four are folded to two).
    """

    name: str
    kind: str
    shape: Shape
    parameters: int
    operation: str
    arguments: Mapping[str, Any]
    field: Mapping[str, Any]
    weights: Mapping[str, Array] = dataclasses.field(default_factory=dict)

    @property
    def row(self) -> dict[str, Any]:
        """All but the weights, for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "shape": list(self.shape),
            "parameters": self.parameters,
            "operation": self.operation,
            "arguments": dict(self.arguments),
            "field": dict(self.field),
        }


@dataclass(frozen=True)
class Plan:
    """A whole network.

    Attributes:
        input_shape: Of one drawing.
        steps: The layers.
        rounded: By how much a probability changed when the weights were rounded to float16 some time before.
    """

    input_shape: Shape
    steps: tuple[Step, ...]
    rounded: float = 0.0


def translate(model: Any) -> Plan:
    """A Keras model as a plan.

    Raises:
        UsageError: In one line, every layer that the page does not know.
    """
    rows = chain.links(model)
    unknown = [f"{link.name!r} ({link.kind})" for link in rows if link.kind not in _TRANSLATORS]
    if unknown:
        raise UsageError(
            f"the page cannot show layer{'s' if len(unknown) > 1 else ''} {', '.join(unknown)}. "
            f"It knows {', '.join(supported())}."
        )
    return Plan(chain.input_shape(model), tuple(map(_step, rows)))


def describe(model: Any) -> tuple[Step, ...]:
    """The layers of any chain, known to the page or not, without operations and weights."""
    return tuple(
        Step(link.name, link.kind, link.output_shape, link.parameters, "", {}, fields.of(link))
        for link in chain.links(model)
    )


def supported() -> list[str]:
    """The layers that a plan may hold."""
    return ["InputLayer", *_TRANSLATORS]


def half(plan: Plan) -> Plan:
    """The plan with its weights rounded to float16."""
    return replace(
        plan,
        steps=tuple(
            replace(step, weights={name: _half(step, name, array) for name, array in step.weights.items()})
            for step in plan.steps
        ),
    )


def rebuild(plan: Plan) -> Any:
    """A Keras model that computes the plan, layer by layer.

    Every layer is given a name: those that Keras counts out itself (`dense`, `dense_1`) are the notebook's own, and
    its next layer must get the same one whether or not somebody looked at a live network before.
    """
    import keras

    rebuilt = (_REBUILDERS[step.operation](step, f"live_{number}") for number, step in enumerate(plan.steps))
    model = keras.Sequential([keras.Input(plan.input_shape, name="drawing"), *rebuilt], name="live")
    for layer, step in zip(model.layers, plan.steps, strict=True):
        if step.operation == "affine":
            scale, offset = step.weights["scale"], step.weights["offset"]
            # A variance that, with Keras's epsilon added, is one.
            layer.set_weights([scale, offset, np.zeros_like(scale), np.full_like(scale, 1 - layer.epsilon)])
        elif step.weights:
            layer.set_weights(list(step.weights.values()))
    return model


def _half(step: Step, name: str, array: Array) -> Array:
    with np.errstate(over="ignore"):
        rounded = array.astype("float16").astype("float32")
    if not np.isfinite(rounded).all():
        raise UsageError(f"layer {step.name!r}: its {name} does not fit into float16. Use --float32.")
    return rounded


# ---------------------------------------------------------------- Keras → plan


def _step(link: Link) -> Step:
    operation, arguments, weights = _TRANSLATORS[link.kind](link)
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise UsageError(
                f"layer {link.name!r}: its {name} holds values that are no numbers, as after training diverged. "
                "Train it anew, with a smaller learning rate."
            )
    if getattr(link.layer, "data_format", "channels_last") == "channels_first":
        raise UsageError(f"layer {link.name!r} is channels_first; the page shows channels_last networks.")
    return Step(
        link.name, link.kind, link.output_shape, link.parameters, operation, arguments, fields.of(link),
        {name: np.asarray(array, dtype="float32") for name, array in weights.items()},
    )  # fmt: skip


Translated = tuple[str, dict[str, Any], dict[str, Array]]


def _conv2d(link: Link) -> Translated:
    layer = link.layer
    if layer.groups != 1:
        raise UsageError(f"layer {link.name!r} has groups={layer.groups}; the page shows groups=1.")
    return "conv2d", {**_window(layer), **_dilation(layer), **_activation(link)}, _weights(layer)


def _depthwise(link: Link) -> Translated:
    layer = link.layer
    return "depthwise", {**_window(layer), **_dilation(layer), **_activation(link)}, _weights(layer)


def _dense(link: Link) -> Translated:
    return "dense", _activation(link), _weights(link.layer)


def _normalise(link: Link) -> Translated:
    layer = link.layer
    if layer.axis not in (-1, len(link.output_shape)):
        raise UsageError(f"layer {link.name!r} normalises axis {layer.axis}; the page shows the last one.")
    mean, variance = _numpy(layer.moving_mean), _numpy(layer.moving_variance)
    scale = 1 / np.sqrt(variance.astype("float64") + layer.epsilon)
    if layer.scale:
        scale = scale * _numpy(layer.gamma)
    offset = -mean * scale + (_numpy(layer.beta) if layer.center else 0)
    return "affine", {}, {"scale": scale, "offset": offset}


def _rescale(link: Link) -> Translated:
    numbers = {name: np.asarray(getattr(link.layer, name), dtype="float64") for name in ("scale", "offset")}
    if any(value.size != 1 for value in numbers.values()):
        raise UsageError(f"layer {link.name!r} rescales each channel by itself; the page knows one scale for all.")
    return "rescale", {name: value.item() for name, value in numbers.items()}, {}


def _pool(operation: str) -> Callable[[Link], Translated]:
    def translated(link: Link) -> Translated:
        layer = link.layer
        window = {"size": list(layer.pool_size), "strides": list(layer.strides), "padding": layer.padding}
        return operation, window, {}

    return translated


def _plain(operation: str) -> Callable[[Link], Translated]:
    return lambda link: (operation, {}, {})


def _pad(link: Link) -> Translated:
    return "pad", {"margins": [list(pair) for pair in link.layer.padding]}, {}


def _activate(link: Link) -> Translated:
    return "activate", _activation(link), {}


def _relu(link: Link) -> Translated:
    layer = link.layer
    ceiling = None if layer.max_value is None else float(layer.max_value)
    if float(layer.threshold) != 0 or (ceiling is not None and layer.negative_slope):
        raise UsageError(
            f"layer {link.name!r}: the page knows ReLU without a threshold, with a largest value or a slope, not both."
        )
    if ceiling is not None:
        return "clip", {"low": 0.0, "high": ceiling}, {}
    return "activate", {"activation": "leaky_relu", "slope": float(layer.negative_slope)}, {}


def _leaky(link: Link) -> Translated:
    return "activate", {"activation": "leaky_relu", "slope": float(link.layer.negative_slope)}, {}


def _elu(link: Link) -> Translated:
    return "activate", {"activation": "elu", "slope": float(link.layer.alpha)}, {}


def _softmax(link: Link) -> Translated:
    if link.layer.axis not in (-1, len(link.output_shape)):
        raise UsageError(f"layer {link.name!r}: the page knows softmax along the last axis.")
    return "activate", {"activation": "softmax"}, {}


_TRANSLATORS: Mapping[str, Callable[[Link], Translated]] = {
    "Conv2D": _conv2d,
    "DepthwiseConv2D": _depthwise,
    "Dense": _dense,
    "BatchNormalization": _normalise,
    "MaxPooling2D": _pool("max_pool"),
    "AveragePooling2D": _pool("average_pool"),
    "GlobalMaxPooling2D": _plain("global_max"),
    "GlobalAveragePooling2D": _plain("global_average"),
    "Activation": _activate,
    "ReLU": _relu,
    "LeakyReLU": _leaky,
    "ELU": _elu,
    "Softmax": _softmax,
    "Flatten": _plain("reshape"),
    "Reshape": _plain("reshape"),
    "ZeroPadding2D": _pad,
    "Rescaling": _rescale,
    "Dropout": _plain("identity"),
    "SpatialDropout2D": _plain("identity"),
    "GaussianNoise": _plain("identity"),
    "Identity": _plain("identity"),
}


def _window(layer: Any) -> dict[str, Any]:
    if layer.padding not in ("same", "valid"):
        raise UsageError(f"layer {layer.name!r} has padding={layer.padding!r}; the page knows 'same' and 'valid'.")
    return {"strides": list(layer.strides), "padding": layer.padding}


def _dilation(layer: Any) -> dict[str, Any]:
    return {"dilation": list(layer.dilation_rate)}


def _activation(link: Link) -> dict[str, Any]:
    """The activation that a layer ends with; a slope only where Keras has one."""
    import keras

    function = link.layer.activation
    name = str(getattr(function, "__name__", type(function).__name__))
    if name not in ACTIVATIONS or getattr(keras.activations, name, None) is not function:
        raise UsageError(
            f"layer {link.name!r} has the activation {name!r}; the page knows {', '.join(sorted(ACTIVATIONS))}."
        )
    slopes = {"leaky_relu": 0.2, "elu": 1.0}
    return {"activation": name, **({"slope": slopes[name]} if name in slopes else {})}


def _weights(layer: Any) -> dict[str, Array]:
    named = {"kernel": _numpy(layer.kernel)}
    if layer.use_bias:
        named["bias"] = _numpy(layer.bias)
    return named


def _numpy(variable: Any) -> Array:
    return np.asarray(variable, dtype="float32")


# ---------------------------------------------------------------- plan → Keras


def _keras_activation(step: Step) -> Any:
    from keras import activations

    name, slope = step.arguments["activation"], step.arguments.get("slope")
    if name == "leaky_relu":
        return lambda x: activations.leaky_relu(x, negative_slope=slope)
    if name == "elu":
        return lambda x: activations.elu(x, alpha=slope)
    return activations.get(name)


def _keras(layer: str, *fixed: str, **renamed: str) -> Callable[[Step, str], Any]:
    """Makes a Keras layer out of a step: arguments of the same name, and of another one."""

    def rebuilt(step: Step, own: str) -> Any:
        from keras import layers

        arguments = {"name": own, **{name: step.arguments[name] for name in fixed}}
        arguments.update({theirs: step.arguments[ours] for theirs, ours in renamed.items()})
        if "activation" in step.arguments:
            arguments["activation"] = _keras_activation(step)
        kernel = step.weights.get("kernel")
        if kernel is not None:
            arguments["use_bias"] = "bias" in step.weights
            if layer == "Dense":
                arguments["units"] = kernel.shape[-1]
            else:
                arguments["kernel_size"] = kernel.shape[:2]
                arguments["depth_multiplier" if layer == "DepthwiseConv2D" else "filters"] = kernel.shape[-1]
        if layer == "Reshape":
            arguments["target_shape"] = step.shape
        return getattr(layers, layer)(**arguments)

    return rebuilt


def _clipped(step: Step, own: str) -> Any:
    from keras import layers

    return layers.ReLU(max_value=step.arguments["high"], name=own)


_REBUILDERS: Mapping[str, Callable[[Step, str], Any]] = {
    "conv2d": _keras("Conv2D", "strides", "padding", dilation_rate="dilation"),
    "depthwise": _keras("DepthwiseConv2D", "strides", "padding", dilation_rate="dilation"),
    "dense": _keras("Dense"),
    "affine": _keras("BatchNormalization"),
    "max_pool": _keras("MaxPooling2D", "strides", "padding", pool_size="size"),
    "average_pool": _keras("AveragePooling2D", "strides", "padding", pool_size="size"),
    "global_max": _keras("GlobalMaxPooling2D"),
    "global_average": _keras("GlobalAveragePooling2D"),
    "activate": _keras("Activation"),
    "clip": _clipped,
    "reshape": _keras("Reshape"),
    "pad": _keras("ZeroPadding2D", padding="margins"),
    "rescale": _keras("Rescaling", "scale", "offset"),
    "identity": _keras("Identity"),
}
