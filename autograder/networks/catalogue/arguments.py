"""The arguments of Keras's layers, each with the values that may stand on the wire. Both sides.

Text comes from closed sets, but for vocabularies and the letters of an einsum; numbers and lengths are bounded. What is
left open, such as an axis that an input has not, Keras itself refuses when it builds the layer.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from msgspec import Meta

from autograder.errors import Unsupported

__all__ = ["ACTIVATIONS", "ARGUMENTS", "ActivationName", "activation_name"]

# fmt: off
ActivationName = Literal[
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "glu", "silu", "mish", "sigmoid",
    "hard_sigmoid", "hard_silu", "hard_shrink", "log_sigmoid", "tanh", "hard_tanh", "tanh_shrink", "soft_shrink",
    "softplus", "softsign", "softmax", "log_softmax", "sparsemax", "sparse_plus", "sparse_sigmoid", "squareplus",
    "threshold", "exponential",
]
# fmt: on

_FUNCTIONS = ("relu", "relu6", "sigmoid", "softmax", "softplus", "softsign", "tanh")
"""Activations that `keras.ops` has under the same name and with the same defaults."""

ACTIVATIONS = frozenset({"activation", "recurrent_activation"})
"""Arguments that are activations."""

_TWO = Meta(min_length=2, max_length=2)  # in a union, where a bounded number beside `tuple[X, X]` crashes msgspec 0.22

Padding = Literal["valid", "same"]
Window = Annotated[int, Meta(ge=1, le=1024)]
Pair = tuple[Window, Window]
Windows = Window | Annotated[tuple[Window, ...], Meta(min_length=1, max_length=3)]
Margin = Annotated[int, Meta(ge=0, le=1024)]
Margins = Annotated[tuple[Margin | Annotated[tuple[Margin, ...], _TWO], ...], Meta(max_length=3)]
Count = Annotated[int, Meta(ge=1, le=1 << 26)]
Filters = Annotated[int, Meta(ge=1, le=1 << 16)]
Size = Annotated[int, Meta(ge=-1, le=1 << 26)]
Sizes = Annotated[tuple[Size, ...], Meta(min_length=1, max_length=6)]
Axis = Annotated[int, Meta(ge=-8, le=8)]
Axes = Annotated[tuple[Axis, ...], Meta(max_length=8)]
Rate = Annotated[float, Meta(ge=0, le=1)]
Number = Annotated[float, Meta(ge=-1e9, le=1e9)]
Positive = Annotated[float, Meta(ge=0, le=1e9)]
Whole = Annotated[int, Meta(ge=-(1 << 53), le=1 << 53)]
Several = Annotated[tuple[Number, ...], Meta(max_length=1 << 16)]
Numbers = Number | Annotated[tuple[Number | Several, ...], Meta(max_length=1 << 16)]
Factor = Number | Annotated[tuple[Number, ...], _TWO] | None
Word = Annotated[str, Meta(max_length=200)]
Vocabulary = Annotated[tuple[Word, ...], Meta(max_length=1 << 20)] | None
Keys = Annotated[tuple[Whole, ...], Meta(max_length=1 << 20)] | None
Letters = Annotated[str, Meta(pattern=r"\A[A-Za-z,.>\-]{1,60}\Z")]
OutputMode = Literal["int", "binary", "one_hot", "multi_hot", "count", "tf_idf"]

ARGUMENTS: dict[str, Any] = {
    **dict.fromkeys(("filters", "units"), Filters),
    **dict.fromkeys(("kernel_size", "strides", "pool_size", "dilation_rate", "size", "output_size"), Windows),
    **dict.fromkeys(("tile_grid_size",), Windows),
    "output_padding": Margin | Annotated[tuple[Margin, ...], Meta(max_length=3)] | None,
    "padding": Literal["valid", "same", "causal"],
    "margins": Margins,
    **dict.fromkeys(("groups", "depth_multiplier", "num_heads", "num_query_heads", "num_key_value_heads"), Filters),
    **dict.fromkeys(("key_dim", "head_dim", "n", "power_iterations", "bins", "num_bins", "height", "width"), Count),
    **dict.fromkeys(("input_dim", "output_dim", "num_chains", "chain_depth", "fft_length", "sequence_stride"), Count),
    **dict.fromkeys(("sampling_rate", "num_mel_bins", "frame_length", "num_ops"), Count),
    **dict.fromkeys(("value_dim", "sliding_window", "num_tokens", "max_tokens", "frame_step"), Count | None),
    **dict.fromkeys(("output_sequence_length", "sequence_length"), Count | None),
    "num_oov_indices": Annotated[int, Meta(ge=0, le=1 << 26)],
    "ngrams": Count | Annotated[tuple[Count, ...], Meta(max_length=16)] | None,
    **dict.fromkeys(ACTIVATIONS, ActivationName),
    **dict.fromkeys(("use_bias", "center", "scale", "use_scale", "normalize", "mask_zero", "tie_weights"), bool),
    **dict.fromkeys(("return_sequences", "return_state", "go_backwards", "unroll", "zero_output_for_mask"), bool),
    **dict.fromkeys(("reset_after", "use_gate", "keepdims", "invert", "pad_to_max_tokens", "all_ops"), bool),
    **dict.fromkeys(("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias", "power_to_db", "periodic"), bool),
    "expand_dims": bool,
    **dict.fromkeys(("rate", "dropout", "recurrent_dropout", "epsilon"), Rate),
    "axis": Axis | Axes,
    "axes": Axis | Annotated[tuple[Axis, ...], _TWO],
    "attention_axes": Axis | Axes | None,
    "shared_axes": Axes | None,
    "dims": Axes,
    "output_shape": Count | Annotated[tuple[Count | None, ...], Meta(max_length=6)] | None,
    "equation": Letters,
    "bias_axes": Letters | None,
    "score_mode": Literal["dot", "concat"],
    "merge_mode": Literal["sum", "mul", "ave", "concat"] | None,
    **dict.fromkeys(("mask_value", "stddev", "clip_limit", "l1", "l2"), Number),
    **dict.fromkeys(("factor", "brightness_factor", "contrast_factor", "saturation_factor", "hue_factor"), Factor),
    **dict.fromkeys(("x_factor", "y_factor", "height_factor", "width_factor", "sigma", "addition_factor"), Factor),
    **dict.fromkeys(("threshold_factor", "alpha", "fill_value", "logit_soft_cap", "min_freq", "max_freq"), Factor),
    **dict.fromkeys(("top_db", "mag_exp", "min_power", "ref_power"), Factor),
    "value_range": tuple[Number, Number],
    "mode": Literal["horizontal", "vertical", "horizontal_and_vertical", "log", "magnitude", "psd", "real", "imag",
                    "angle", "stft"],
    "interpolation": Literal["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"],
    "fill_mode": Literal["constant", "reflect", "wrap", "nearest"],
    "window": Literal["hann", "hamming"] | None,
    "scaling": Literal["density", "spectrum"] | None,
    "output_mode": OutputMode,
    "standardize": Literal["lower_and_strip_punctuation", "lower", "strip_punctuation"] | None,
    "split": Literal["whitespace", "character"] | None,
    "encoding": Literal["utf-8"],
    "oov_method": Literal["floormod", "farmhash"],
    "vocabulary": Vocabulary,
    "integers": Keys,
    "integer": Whole | None,
    "mask_token": Word | None,
    "oov_token": Word,
    **dict.fromkeys(("idf_weights", "bin_boundaries"), Numbers | None),
    "salt": Whole | Annotated[tuple[Whole, ...], _TWO] | None,
}  # fmt: skip
"""Argument → its type, for the layers that are lines of the table."""


def activation_name(activation: Any) -> str:
    """Keras's name of an activation, found by identity: a student's own `def relu` is not Keras's.

    Raises:
        Unsupported: It is none of Keras's; the text goes on after the layer's name.
    """
    import keras
    import tensorflow as tf

    for name in get_args(ActivationName):
        places = (keras.activations, tf.nn, *([keras.ops] if name in _FUNCTIONS else []))
        if any(activation is getattr(place, name, place) for place in places):
            return str(name)
    if isinstance(activation, keras.layers.Layer):
        raise Unsupported("has a layer as its activation; put that layer behind it")
    raise Unsupported("has an activation of its own; name one of Keras's, such as activation='relu'")
