"""Checks of a network's architecture. Both sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import msgspec

from autograder.expect.mismatch import Mismatch, require_model
from autograder.expect.reference_record import CaseRun, recorded_answer
from autograder.language import N_, ngettext
from autograder.language import gettext as _
from autograder.networks import comparison
from autograder.networks.canonical import ACTIVATION, LayerRow, expected_rows, layer_rows, words
from autograder.networks.network_view import NetworkView

__all__ = ["layer", "layers", "network", "output_shapes", "parameters", "rows_of"]

Shape = Sequence[int | None]

_COMPARE = N_("Compare `summary()` layer by layer with the table in the exercise.")


def layer(
    kind: str,
    *,
    output_shape: Shape | None = None,
    parameters: int | None = None,
    inputs: Sequence[int] | None = None,
    **config: Any,
) -> LayerRow:
    """An expected layer; only what is given here is compared, and only that is shown to the student.

    Args:
        kind: A layer of `keras.layers`; an activation is `ReLU`, `Softmax` or `Activation` with its `activation`. Or an
            operation between tensors, such as `Mean` with `axis=1`, `Multiply` with `value=2`, or `GetItem` with
            `value=":, 0"` for `x[:, 0]`.
        output_shape: Without the batch axis; None in it allows any size.
        parameters: Number of weights, trainable or not.
        inputs: For a network with branches: the rows whose outputs it gets, by their positions in the list of layers
            (from 0), and -1, -2, … for the network's inputs. By default the row before; where no row says it, what the
            layers are connected to is not compared.
        config: The layer's own arguments; `kernel_size=3` is `kernel_size=(3, 3)`.
    """
    shape = None if output_shape is None else tuple(output_shape)
    return LayerRow(kind, config, shape, parameters, sources=None if inputs is None else tuple(inputs))


def layers(
    model: Any,
    expected: Sequence[LayerRow],
    *,
    name: str = "model",
    inputs: Sequence[str] | None = None,
    partial: bool = False,
    gap: slice | None = None,
) -> None:
    """Require layers; Sequential or functional, nested or not, and the order of branches, do not matter.

    Args:
        model: What the student calls `name`.
        expected: All layers of the network, activations in rows of their own (or as a layer's `activation`). Where a
            row says its `inputs`, a layer that gets another one's output is reported.
        name: The model's name in the notebook.
        inputs: Names of the network's inputs, in the order in which -1, -2, … count them; by default they are counted
            as the network has them, which depends on how it was built.
        partial: Give credit for the layers that are right.
        gap: The rows that the credit counts, all by default: give the rows that the student has to fill in. A model
            that leaves them out earns nothing. A layer too many, or a wrong one outside the gap, costs as much as one
            of the gap's layers is worth.

    Raises:
        Mismatch: The layers differ; the first line of the message says where, an aligned table follows.
    """
    received = rows_of(model, name) if inputs is None else _with_named_inputs(model, inputs, name)
    in_gap = set(range(len(expected))[gap or slice(None)])
    parts = [(part, position in in_gap) for part, position in expected_rows(expected)]
    _require_rows(received, [part for part, _ in parts], [counts for _, counts in parts], name, partial=partial)


def network(model: Any, *, show: Sequence[str] | None = None, name: str = "model", partial: bool = False) -> None:
    """Require the reference's own network, which the build records; no table is typed.

    Args:
        model: What the student calls `name`.
        show: What of each layer is compared, and in a public case shown to students, beside its kind: `output_shape`,
            `parameters`, `inputs`, or names of arguments such as `units`. By default all of it; a public case must say.
        name: The model's name in the notebook.
        partial: Give credit for the layers that are right.

    Raises:
        Mismatch: The layers differ; see `layers`.
    """
    received = rows_of(model, name)

    def recorded(run: CaseRun) -> list[LayerRow]:
        if show is None and not run.hidden:
            raise ValueError("a public case gives the reference's network away: say in `show` what students may see")
        return [row if show is None else _pruned(row, set(show)) for row in received]

    expected = msgspec.convert(recorded_answer(recorded), list[LayerRow])
    _require_rows(received, expected, [True] * len(expected), name, partial=partial)


def output_shapes(model: Any, expected: Sequence[int | Shape], *, name: str = "model") -> None:
    """Require the sequence of output shapes, without the batch axis; layers that keep the shape are skipped.

    Args:
        model: What the student calls `name`.
        expected: The shapes in order, each once where it repeats; `128` is `(128,)`.
        name: The model's name in the notebook.

    Raises:
        Mismatch: A shape differs; the message names the first one and the layer whose output it is.
    """
    rows = rows_of(model, name)
    wanted = [each for each, _ in groupby((each,) if isinstance(each, int) else tuple(each) for each in expected)]
    sources = [next(group) for _, group in groupby(rows, key=lambda row: row.output_shape)]
    for at, shape in enumerate(wanted):
        if at >= len(sources):
            if not sources:
                raise Mismatch(
                    _("`{name}` has no layers, expected {shape} to follow. Add the layers that are missing.").format(
                        name=name, shape=shape
                    )
                )
            raise Mismatch(
                _(
                    "`{name}` ends with {output_shape}, expected {shape} to follow. Add the layers that are missing."
                ).format(name=name, output_shape=sources[-1].output_shape, shape=shape)
            )
        given = sources[at].output_shape or ()
        if len(given) != len(shape) or any(e not in (None, g) for e, g in zip(shape, given, strict=True)):
            raise Mismatch(
                _(
                    "`{name}` output shape {number}: expected {shape}, got {given} from {layer}. Check the arguments "
                    "of {kind}, and whether a layer is missing before it."
                ).format(
                    name=name, number=at + 1, shape=shape, given=given, layer=words(sources[at]), kind=sources[at].kind
                )
            )
    if len(sources) > len(wanted):
        end = wanted[-1] if wanted else _("its input")
        raise Mismatch(
            _("`{name}` goes on after {end} with {layer}, expected {counted} only. Check what follows.").format(
                name=name,
                end=end,
                layer=words(sources[len(wanted)]),
                counted=ngettext("{number} shape", "{number} shapes", len(wanted)).format(number=len(wanted)),
            )
        )


def parameters(
    model: Any,
    *,
    total: int | None = None,
    trainable: int | None = None,
    non_trainable: int | None = None,
    name: str = "model",
) -> None:
    """Require numbers of parameters, as `model.summary()` prints them.

    Args:
        model: What the student calls `name`.
        total: Trainable and non-trainable ones together; None is not compared.
        trainable: Those that training changes; None is not compared.
        non_trainable: Those that it does not change; None is not compared.
        name: The model's name in the notebook.

    Raises:
        Mismatch: One of them differs; the message gives the difference and, if it can be found, the layer behind it.
    """
    rows = rows_of(model, name)
    trained = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    fixed = sum(math.prod(weight.shape) for weight in model.non_trainable_weights)
    for what, wanted, given in (
        (N_("parameters"), total, trained + fixed),
        (N_("trainable parameters"), trainable, trained),
        (N_("non-trainable parameters"), non_trainable, fixed),
    ):
        if wanted is not None and given != wanted:
            difference = _("{count:,} too few").format(count=wanted - given)
            if given > wanted:
                difference = _("{count:,} too many").format(count=given - wanted)
            if what == "parameters":
                hint = _likely_layer(rows, given - wanted)
            else:
                hint = _frozen(model, too_many=(given > wanted) == (what == "non-trainable parameters"))
            raise Mismatch(
                _("`{name}` has {given:,} {what}, expected {wanted:,}: {difference}. {hint}").format(
                    name=name, given=given, what=_(what), wanted=wanted, difference=difference, hint=hint
                )
            )


def rows_of(model: Any, name: str) -> list[LayerRow]:
    """The layers of what a student calls `name`.

    Raises:
        Mismatch: It is not a Keras model, or its layers cannot be read.
    """
    try:
        model = require_model(model, name)
        return list(model.rows) if isinstance(model, NetworkView) else layer_rows(model)
    except ValueError as error:
        raise Mismatch(f"`{name}` {error}") from error


def _pruned(row: LayerRow, show: set[str]) -> LayerRow:
    """A row with nothing but what may be shown."""
    return LayerRow(
        row.kind,
        {key: value for key, value in row.config.items() if key in show or row.kind == ACTIVATION},
        row.output_shape if "output_shape" in show else None,
        row.parameters if "parameters" in show else None,
        sources=row.sources if "inputs" in show else None,
    )


def _require_rows(
    received: Sequence[LayerRow], expected: Sequence[LayerRow], counted: Sequence[bool], name: str, *, partial: bool
) -> None:
    """Require layers in canonical form; `counted` are those that count for credit."""
    compared = comparison.compare(expected, received)
    if not compared.equal:
        rows = compared.rows()
        credit = _credit(compared.steps, counted) if partial else 0.0
        raise Mismatch(f"{compared.summary(name)}\n\n{comparison.table(rows)}", diff=rows, credit=credit)


def _with_named_inputs(model: Any, inputs: Sequence[str], name: str) -> list[LayerRow]:
    """The layers of a network, in which -1, -2, … are the inputs with these names."""
    rows, named = rows_of(model, name), [each.name for each in model.inputs]
    if sorted(named) != sorted(inputs):
        given = ", ".join(f"`{each[:40]}`" for each in named[:8])
        raise Mismatch(
            _("`{name}` has the inputs {given}, expected {names}. Name them with `keras.Input(…, name=…)`.").format(
                name=name, given=given, names=", ".join(f"`{each}`" for each in inputs)
            )
        )
    numbers = {-1 - at: -1 - inputs.index(each) for at, each in enumerate(named)}
    return [replace(row, sources=tuple(numbers.get(at, at) for at in row.sources or (-1,))) for row in rows]


def _credit(steps: Sequence[comparison.AlignmentStep], counted: Sequence[bool]) -> float:
    """Share of the counted layers that are right and in order, less what is wrong elsewhere."""
    earned = 0
    for step in steps:
        if step.expected is None:
            earned -= step.moved is None  # a moved layer counts once, where it is missing
        elif counted[step.expected]:
            earned += step.right
        elif not step.right:
            earned -= 1
    return max(0, earned) / max(1, sum(counted))


def _likely_layer(rows: Sequence[LayerRow], surplus: int) -> str:
    """Which layer may be behind a difference in all parameters, and what to do next."""
    exact = [row for row in rows if row.parameters and row.parameters == surplus]
    if exact:
        return _("{layer} has exactly that many. Is it one too many?").format(layer=words(exact[0]))
    unbiased = [(row, (row.output_shape or (0,))[-1]) for row in rows if row.config.get("use_bias") is False]
    if unbiased and -surplus in (unbiased[0][1], sum(biases or 0 for _, biases in unbiased)):
        return _("{layer} has no bias. Leave `use_bias` as it is.").format(layer=words(unbiased[0][0]))
    largest = max(rows, key=lambda row: row.parameters or 0, default=None)
    if largest is not None and largest.parameters and 0 < surplus < largest.parameters * 2:
        return _("{layer} has most of all: check it, and the shape of its input.").format(
            layer=words(largest, ["parameters"])
        )
    return _(_COMPARE)


def _frozen(model: Any, *, too_many: bool) -> str:
    """What to do next where other parameters than expected are trainable, perhaps too many of them frozen."""
    frozen = too_many and [layer for layer in model.layers if not layer.trainable and layer.count_params()]
    return (
        _("`{frozen}` is frozen: set its `trainable` to True.").format(frozen=frozen[0].name[:40])
        if frozen
        else _(_COMPARE)
    )
