"""A Keras model as rows, one a layer, in which equivalent models are equal. Both sides.

Names, explicit inputs, nesting and the way an activation is written (an argument, `Activation`, a layer of its own) do
not matter; order, arguments, shapes and parameters do.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.language import gettext as _
from autograder.networks.catalogue import LAYERS, layer_class, spatial_axes
from autograder.networks.catalogue.base import TRAINING, defaults
from autograder.networks.catalogue.operations import OPERATIONS, operation_class
from autograder.networks.graph import Call, UnreadableModel, read_graph, tensors_in

__all__ = ["LayerRow", "agrees", "canonical", "expected_rows", "layer_rows", "rows_of_layer", "words"]

Shape = tuple[int | None, ...]
Plain = bool | int | float | str | None
Settings = tuple[Plain | tuple[Plain | tuple[Plain, ...], ...], ...]

ACTIVATION = "Activation"
"""The kind of every activation; which one it is stands in its `activation`."""

VALUE = "value"
"""In the row of an operation: the number of `x * 2`, or the key of `x[:, 0]`."""


@dataclass(frozen=True)
class LayerRow:
    """One layer, received or expected; what is None or not in `config` of an expected one may be anything.

    Attributes:
        kind: The Keras class, or `Activation` for every activation.
        config: Arguments that matter for reading it: `{"filters": 64, "kernel_size": (3, 3), …}`.
        output_shape: Without the batch.
        parameters: Number of weights, trained or not; 0 for a layer that shares those of an earlier one.
        usual: Arguments that have Keras's default value and need not be shown.
        shared: Whether it is an earlier layer, used once more.
        sources: The rows whose outputs it gets, by position; -1, -2, … are the network's inputs. None where an expected
            row may stand behind any other.
    """

    kind: str
    config: Mapping[str, Plain | Settings | LayerRow] = field(default_factory=dict)
    output_shape: Shape | None = None
    parameters: int | None = None
    usual: frozenset[str] = frozenset()
    shared: bool = False
    sources: tuple[int, ...] | None = None


def layer_rows(model: Any) -> list[LayerRow]:
    """The layers of a Sequential or functional Keras model, each behind those before it; nested models inlined.

    Raises:
        ValueError: Its layers cannot be read; the text, which goes on after the model's name, says why.
    """
    try:
        graph = read_graph(model)
    except UnreadableModel as error:
        if error.waits and not error.model.layers:
            return []
        if error.waits:
            raise ValueError(
                _("has no input shape yet, so its layers have no weights. Begin it with `keras.Input(…)`.")
            ) from None
        raise ValueError(
            _(
                "is a subclass of Model ({kind}), whose layers cannot be read. "
                "Build it with `keras.Sequential` or `keras.Model(inputs, outputs)`."
            ).format(kind=type(error.model).__name__)
        ) from None
    rows: list[LayerRow] = []
    gives = {number: -1 - number for number in range(len(graph.inputs))}
    for call in graph.calls:
        sources = _without_key(type(call.operation).__name__, [gives[number] for number in _inputs(call)])
        for row in _call_rows(call):
            rows.append(replace(row, sources=sources))
            sources = (len(rows) - 1,)
        gives |= dict.fromkeys(call.outputs, sources[0])
    return rows


def expected_rows(rows: Sequence[LayerRow]) -> list[tuple[LayerRow, int]]:
    """Rows as an author wrote them, in canonical form, each with the position of the one it comes from.

    Where one of them says what its sources are, those that do not have the row before.

    Raises:
        ValueError: See `canonical`.
    """
    graph = any(row.sources is not None for row in rows)
    parts: list[tuple[LayerRow, int]] = []
    ends: list[int] = []
    for position, row in enumerate(rows):
        sources = (position - 1,) if row.sources is None else row.sources
        ahead = _without_key(row.kind, [ends[each] if 0 <= each < position else min(each, -1) for each in sources])
        for part in canonical(row):
            parts.append((replace(part, sources=ahead) if graph else part, position))
            ahead = (len(parts) - 1,)
        ends.append(len(parts) - 1)
    return parts


def _without_key(kind: str, sources: Sequence[int]) -> tuple[int, ...]:
    """A layer's sources, but for the key of an attention that is its value, too."""
    repeated = layer_class(kind).KEY_IS_VALUE and len(sources) > 2 and sources[1] == sources[2]
    return (*sources[:2], *sources[3:]) if repeated else tuple(sources)


def canonical(row: LayerRow) -> list[LayerRow]:
    """An expected row as `layer_rows` would give it: canonical names, and an `activation` in a row of its own.

    Raises:
        ValueError: The author's fault: Keras has no such layer, or the layer no such argument.
    """
    kind, known = _known_arguments(row)
    config = {key: _canonical_inner(value) for key, value in row.config.items()}
    ours, axes = layer_class(kind), spatial_axes(kind)
    config.update({key: (config[key],) * axes for key in ours.WINDOWS if axes > 1 and isinstance(config.get(key), int)})
    if applies := ours.APPLIES:
        return [LayerRow(ACTIVATION, {"activation": applies, **config}, row.output_shape, row.parameters)]
    fuses = kind != ACTIVATION and ours.fuses(known)
    activation = config.pop("activation", None) if fuses else None
    rows = [LayerRow(kind, config, row.output_shape, row.parameters)]
    if activation not in (None, "linear"):
        rows.append(LayerRow(ACTIVATION, {"activation": activation}, row.output_shape, 0))
    return rows


def _known_arguments(row: LayerRow) -> tuple[str, Collection[str]]:
    """Keras's own name of a layer that an author named, and its arguments.

    They come from the catalogue where it has those that are given: importing Keras takes seconds.

    Raises:
        ValueError: See `canonical`.
    """
    ours = LAYERS.get(row.kind)
    if ours and {*row.config} <= {*ours.__struct_fields__, *ours.INNER}:
        return row.kind, ours.__struct_fields__
    from keras import layers

    is_operation = row.kind in OPERATIONS
    keras_layer = getattr(layers, row.kind, operation_class(row.kind) if is_operation else None)
    if not isinstance(keras_layer, type):
        raise ValueError(f"Keras has no layer {row.kind!r}")
    known = [*defaults(keras_layer), *([VALUE] if is_operation else [])]
    if unknown := sorted({*row.config} - {*known}):
        raise ValueError(f"{row.kind} has no argument {unknown[0]!r}; it has {', '.join(known)}")
    return keras_layer.__name__, known


def _canonical_inner(value: Any) -> Any:
    return canonical(value)[0] if isinstance(value, LayerRow) else value


def agrees(expected: Any, received: Any) -> bool:
    """Whether an argument is what was asked for; `3` is as good as `(3, 3)`, and a factor of `0.1` as `(-0.1, 0.1)`."""
    if isinstance(expected, (list, tuple)) and isinstance(received, (list, tuple)):
        return len(expected) == len(received) and all(map(agrees, expected, received))
    if isinstance(received, (list, tuple)):
        if len(received) == 2 and isinstance(received[1], (int, float)) and received[0] == -received[1]:
            return agrees(expected, received[1])
        return bool(received) and all(agrees(expected, each) for each in received)
    if isinstance(expected, LayerRow) and isinstance(received, LayerRow):
        inner = (agrees(value, received.config.get(key)) for key, value in expected.config.items())
        return expected.kind == received.kind and all(inner)
    if isinstance(expected, str) and isinstance(received, str):
        return expected.lower() == received.lower()
    if isinstance(expected, float) and isinstance(received, (int, float)):
        return abs(expected - received) <= 1e-6 * max(1.0, abs(expected))
    return bool(expected == received)


def words(row: LayerRow, also: Collection[str] = ()) -> str:
    """A layer in words, such as `Conv2D 64 3×3 'same' → (14, 14, 64)`.

    Args:
        row: The layer.
        also: Arguments to show even where they have their usual value; `parameters` for their number.
    """
    leading = layer_class(row.kind).LEADING
    always = {*leading, *also} - ({"padding"} - {*also})
    shown = {key: value for key, value in row.config.items() if key not in row.usual or key in always}
    parts = [_title(shown.pop("activation")) if row.kind == ACTIVATION and "activation" in shown else row.kind]
    for key in leading:
        if key in shown and not (key == "padding" and not isinstance(shown[key], str)):
            parts.append(_brief(shown.pop(key)))
    parts += [
        _("of {layer}").format(layer=words(each)) if isinstance(each, LayerRow) else f"{key}={each}"
        for key, each in shown.items()
    ]
    if row.shared:
        parts.append(_("(shared)"))
    if row.output_shape is not None:
        parts.append(f"→ {row.output_shape}")
    if "parameters" in also and row.parameters is not None:
        parts.append(_("with {count:,} parameters").format(count=row.parameters))
    return " ".join(parts)


# ---------------------------------------------------------------- reading a live model


def _inputs(call: Call) -> list[int]:
    """Numbers of the tensors that a layer gets, in the order of its parameters, however it was called."""
    numbers = dict(zip(map(id, call.input_tensors), call.inputs, strict=True))
    given = inspect.signature(call.operation.call).bind(*call.positional, **call.keywords).arguments
    return [numbers[id(each)] for each in tensors_in([*given.values()])]


def _call_rows(call: Call) -> Iterator[LayerRow]:
    from keras import Layer

    layer, shape = call.operation, call.output_shapes[0]
    if isinstance(layer, Layer):
        yield from rows_of_layer(layer, shape, shared=call.shared)
    else:
        yield _function_row(call, shape)


def rows_of_layer(layer: Any, shape: Shape | None, *, shared: bool = False) -> Iterator[LayerRow]:
    """A live layer of Keras: its row, and one for its activation.

    Args:
        layer: The layer.
        shape: Its output, without the batch; None where that is not known.
        shared: Whether it was used before.
    """
    kind = type(layer).__name__
    known = layer_class(kind)
    if known.IS_IDENTITY:
        return
    parameters = int(layer.count_params()) if layer.built and not shared else 0
    if kind != ACTIVATION and not known.APPLIES:
        config, usual = _config(layer, shape or ())
        yield LayerRow(kind, config, shape, parameters, usual, shared)
        if not known.fuses(dir(layer)):
            return
        parameters = 0
    config = _activation(layer)
    if config["activation"] != "linear":
        yield LayerRow(ACTIVATION, config, shape, parameters)


def _function_row(call: Call, shape: Shape) -> LayerRow:
    """A function in a functional model, such as `keras.ops.relu(x)` or `x + y`: as the layer that does the same."""
    from keras import activations

    operation, kind = call.operation, type(call.operation).__name__
    if layer_class(kind).APPLIES:
        return LayerRow(ACTIVATION, _applied(operation), shape, 0)
    snake_case = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()
    name = operation.name.rstrip("_0123456789") if kind == "Operation" else snake_case
    if callable(getattr(activations, name, None)):
        return LayerRow(ACTIVATION, {"activation": name}, shape, 0)
    config, usual = _config(operation, shape)
    tensors = {*map(id, call.input_tensors)}
    values = [each for each in call.positional if not isinstance(each, (list, tuple)) and id(each) not in tensors]
    if kind == "GetItem":
        config = {VALUE: _key_text(call.positional[1])}
    elif len(values) == 1 and _is_plain(values[0]):
        config = {**config, VALUE: values[0]}
    return LayerRow(kind, config, shape, 0, usual)


def _key_text(key: Any) -> str:
    """What stands in the brackets of `x[:, 1:-1]`."""
    if isinstance(key, (list, tuple)):  # Keras takes both alike
        return ", ".join(map(_key_text, key))
    if isinstance(key, slice):
        bounds = [("" if each is None else f"{each}") for each in (key.start, key.stop)]
        return ":".join([*bounds, *([] if key.step is None else [f"{key.step}"])])
    return "..." if key is Ellipsis else f"{key}"[:20]


def _config(layer: Any, shape: Shape) -> tuple[dict[str, Any], frozenset[str]]:
    """The arguments that matter, and which of them have their usual value."""
    from keras import layers

    try:
        given = layer.get_config()
    except Exception:  # noqa: BLE001 - a student's own layer class may raise anything; its kind and shape remain
        return {}, frozenset()
    kind = type(layer).__name__
    usually, hidden = defaults(getattr(layers, kind, type(layer))), layer_class(kind).HIDDEN
    config = {
        key: _plain(value)
        for key, value in given.items()
        if key not in hidden and not key.endswith(TRAINING) and _is_plain(value)
    }
    config |= _held(layer)
    if given.get("data_format") == "channels_first":
        config["data_format"] = "channels_first"
    if config.get("axis") == len(shape) and hasattr(layers, kind):  # an operation such as Mean removes the axis
        config["axis"] = -1
    # What is no named argument, and off, is not shown either.
    usual = {key for key, value in config.items() if agrees(usually.get(key, False), value)}
    if "strides" in config and config["strides"] == config.get("pool_size"):
        usual.add("strides")
    return config, frozenset(usual)


def _held(layer: Any) -> dict[str, Any]:
    """What a layer such as Bidirectional holds, as a row in place of an argument."""
    from keras import Layer, Model

    for argument, attribute in [*layer_class(type(layer).__name__).INNER.items()][:1]:
        held = getattr(layer, attribute, None)
        if isinstance(held, Layer) and not isinstance(held, Model):
            config, usual = _config(held, ())
            return {argument: LayerRow(type(held).__name__, config, usual=usual)}
    return {}


def _activation(layer: Any) -> dict[str, Any]:
    """What a layer applies at its end, as an activation's config."""
    from keras import Layer

    if isinstance(layer, Layer) and layer_class(type(layer).__name__).APPLIES:
        return _applied(layer)
    function = getattr(layer, "activation", None)
    if function is None:
        return {"activation": "linear"}
    if isinstance(function, Layer):
        return _activation(function)
    name = str(getattr(function, "__name__", "custom")).removesuffix("_v2")
    module = str(getattr(function, "__module__", ""))
    if not module.startswith(("keras.", "tensorflow.")):
        return {"activation": f"{name} (a function of your own)"}
    return {"activation": name, **({"negative_slope": 0.2} if name == "leaky_relu" else {})}


def _applied(layer: Any) -> dict[str, Any]:
    """What a layer, or an operation of the same name, applies that is an activation and nothing else."""
    known, usually = layer_class(type(layer).__name__), defaults(type(layer))
    given = {key: value for key, value in layer.get_config().items() if key not in known.HIDDEN}
    return known.applied(given, [key for key, value in given.items() if agrees(usually.get(key), value)])


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return isinstance(value, (bool, int, float, str))


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return _plain(value[0]) if len(value) == 1 else tuple(map(_plain, value))
    return value


def _title(activation: Any) -> str:
    name, _space, rest = str(activation).partition(" ")
    titles = {kind.APPLIES: title for title, kind in LAYERS.items() if kind.APPLIES}
    return " ".join([titles.get(name, f"{ACTIVATION} {name}"), *([rest] if rest else [])])


def _brief(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "×".join(map(str, value))
    return repr(value) if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
