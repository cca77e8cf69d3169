"""Every layer of the catalogue beside the Keras layer of its name, with random arguments."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from autograder.networks.canonical import layer_rows
from autograder.networks.catalogue import LAYERS, LayerConfig, family
from autograder.networks.catalogue.base import TRAINING
from autograder.networks.catalogue.operations import OPERATIONS, operation_class
from autograder.networks.catalogue.table import LEFT_OUT
from autograder.networks.network_description import as_data, describe, description_of
from autograder.sandbox.wire.deserialise import plain_data
from autograder.sandbox.wire.frames import decode, encode
from autograder.sandbox.wire.network import Network, rebuild_network
from autograder.sandbox.wire.serialise import PlainSerialiser
from autograder.sandbox.wire.values import Value

keras = pytest.importorskip("keras")

from autograder.sandbox.guest.network_serialiser import serialise_network  # noqa: E402 - after Keras is there

RANDOM = np.random.default_rng(1)

# ---------------------------------------------------------------- arguments and inputs that fit

FRACTIONS = st.sampled_from([0.0, 0.25, 0.5])
# fmt: off
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "axis": st.sampled_from([-1, 1]), "groups": st.sampled_from([1, 2]), "filters": st.sampled_from([2, 4]),
    "strides": st.sampled_from([1, 1, 2]), "dilation_rate": st.just(1), "kernel_size": st.sampled_from([1, 2, 3]),
    "output_padding": st.none(), "padding": st.sampled_from(["valid", "same"]), "size": st.sampled_from([1, 2]),
    "factor": FRACTIONS, "scale": st.booleans(), "value_range": st.just((0, 255)), "fill_value": FRACTIONS,
    "height": st.integers(2, 4), "width": st.integers(2, 4), "dims": st.permutations([1, 2]).map(tuple),
    "target_shape": st.sampled_from([(-1,), (3, -1)]), "shared_axes": st.sampled_from([None, (1,), (1, 2)]),
    "input_dim": st.just(7), "mask_value": st.sampled_from([0.0, 1.0]), "interpolation": st.just("bilinear"),
    "equation": st.just("abc,cd->abd"), "output_shape": st.just((None, 3)), "bias_axes": st.sampled_from([None, "d"]),
    "attention_axes": st.none(), "alpha": FRACTIONS, "mean": st.sampled_from([None, 0.5]), "rate": FRACTIONS,
    "epsilon": st.sampled_from([0.001, 0.1]), "logit_soft_cap": st.none(), "sliding_window": st.none(),
    "activation": st.sampled_from(["linear", "tanh", "relu", "leaky_relu", "gelu", "softmax"]),
    "num_heads": st.integers(1, 2), "max_value": st.sampled_from([None, 6.0]), "unroll": st.booleans(),
    "margins": st.sampled_from([1, 2]), "axes": st.sampled_from([-1, (2, 2)]), "output_size": st.integers(2, 3),
}
# fmt: on
BIDIRECTIONAL = st.sampled_from(["sum", "mul", "ave", "concat"])
SPECIAL: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    **{name: {"factor": st.sampled_from([(1, 8), (2, 4)])} for name in ("RandomPosterization",)},
    "RandomBrightness": {"factor": FRACTIONS},
    "CategoryEncoding": {"num_tokens": st.just(8), "output_mode": st.sampled_from(["multi_hot", "count"])},
    "Hashing": {"output_mode": st.sampled_from(["int", "multi_hot"]), "mask_value": st.none(), "num_bins": st.just(4)},
    "HashedCrossing": {"output_mode": st.sampled_from(["int", "one_hot"]), "num_bins": st.just(4)},
    "Discretization": {
        "bin_boundaries": st.just((0.0, 1.0)),
        "num_bins": st.none(),
        "output_mode": st.sampled_from(["int", "one_hot", "count"]),
    },
    "Normalization": {"axis": st.just((-1,)), "mean": st.just(0.5), "variance": st.just(2.0)},
    "RMSNormalization": {"axis": st.just(-1)},
    "UnitNormalization": {"axis": st.sampled_from([-1, 1])},
    "Concatenate": {"axis": st.sampled_from([-1, 1])},
    "RandomFlip": {"mode": st.sampled_from(["horizontal", "vertical", "horizontal_and_vertical"])},
    "MelSpectrogram": {
        "fft_length": st.just(16),
        "sequence_stride": st.just(4),
        "sequence_length": st.just(16),
        "num_mel_bins": st.integers(2, 4),
        "sampling_rate": st.just(1000),
        "min_freq": st.just(20.0),
        "max_freq": st.just(400.0),
        "window": st.sampled_from(["hann", "hamming"]),
    },
    "STFTSpectrogram": {
        "mode": st.sampled_from(["log", "magnitude", "psd", "real"]),
        "frame_length": st.just(8),
        "frame_step": st.just(4),
        "fft_length": st.just(8),
        "padding": st.just("valid"),
    },
    "Rescaling": {"scale": st.sampled_from([0.5, (1.0, 2.0, 3.0, 4.0)]), "offset": st.sampled_from([0.0, 1.0])},
    "GroupQueryAttention": {"num_query_heads": st.just(4), "num_key_value_heads": st.sampled_from([1, 2])},
    "Resizing": {"pad_to_aspect_ratio": st.just(False), "fill_mode": st.just("constant")},
    "TextVectorization": {
        "max_tokens": st.sampled_from([None, 9]),
        "output_mode": st.sampled_from(["int", "multi_hot", "count", "tf_idf"]),
        "output_sequence_length": st.none(),
        "ngrams": st.sampled_from([None, 2]),
        "pad_to_max_tokens": st.just(False),
    },
    "StringLookup": {
        "max_tokens": st.none(),
        "output_mode": st.sampled_from(["int", "multi_hot", "count", "tf_idf"]),
        "mask_token": st.sampled_from([None, "b"]),
        "oov_token": st.just("[UNK]"),
        "pad_to_max_tokens": st.just(False),
        "invert": st.just(False),
        "num_oov_indices": st.just(1),
        "salt": st.none(),
    },
    "ContrastLimitedAdaptiveHistogramEqualization": {"tile_grid_size": st.just((2, 2))},
    "MultiHeadAttention": {"output_shape": st.sampled_from([None, 3])},
    "SpectralNormalization": {"power_iterations": st.just(1)},
    "Bidirectional": {"merge_mode": BIDIRECTIONAL},
}
SPECIAL["IntegerLookup"] = SPECIAL["StringLookup"] | {
    "mask_token": st.sampled_from([None, 2]),
    "oov_token": st.just(-1),
}
LEARNED = {"vocabulary", "idf_weights"}
SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {
    **dict.fromkeys(("Embedding", "ReversibleEmbedding", "CategoryEncoding", "RepeatVector"), ((5,),)),
    **dict.fromkeys(("TextVectorization", "StringLookup", "Hashing", "Discretization", "IntegerLookup"), ((1,),)),
    **{"HashedCrossing": ((1,), (1,)), "MelSpectrogram": ((64,),), "STFTSpectrogram": ((32, 1),)},
    **dict.fromkeys(("Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"), ((4, 6),) * 3),
    **dict.fromkeys(("Subtract", "Dot", "Attention", "AdditiveAttention"), ((6, 6), (6, 6))),
    **dict.fromkeys(("MultiHeadAttention", "GroupQueryAttention"), ((6, 6), (6, 6))),
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional", "Permute", "Masking"), ((4, 3),)),
    **dict.fromkeys(("EinsumDense", "TimeDistributed"), ((4, 3),)),
    **{name: ((6, 4),) for name in LAYERS if "1D" in name},
    **{name: ((6, 6, 6, 4),) for name in LAYERS if "3D" in name},
    **{f"ConvLSTM{n}D": ((3, *(5, 5, 5)[:n], 2),) for n in (1, 2, 3)},
}
IMAGE = ((6, 8, 3),)
DTYPES = {
    **dict.fromkeys(("Embedding", "ReversibleEmbedding", "CategoryEncoding", "IntegerLookup"), "int64"),
    **dict.fromkeys(("HashedCrossing",), "int64"),
    **dict.fromkeys(("TextVectorization", "StringLookup", "Hashing"), "string"),
}
CALLED_WITH = {
    "MultiHeadAttention": lambda x: {"query": x[0], "value": x[1], "use_causal_mask": True},
    "GroupQueryAttention": lambda x: {"query": x[0], "value": x[1]},
}
SENTENCES = ["a b c", "b c", "c"]


def values(kind: msgspec.inspect.Type) -> st.SearchStrategy[Any]:
    """Small values of an argument's type."""
    match kind:
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.IntType():
            return st.integers(max(kind.ge, 1), min(kind.le, max(kind.ge, 1) + 2))
        case msgspec.inspect.FloatType():
            return st.floats(max(kind.ge, 0), min(kind.le, 1), width=32)
        case msgspec.inspect.LiteralType():
            return st.sampled_from(kind.values)
        case msgspec.inspect.StrType():
            return st.just("b")
        case msgspec.inspect.TupleType():
            return st.tuples(*map(values, kind.item_types))
        case msgspec.inspect.UnionType():
            return values(kind.types[0])
    return st.none()


def arguments(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of a layer."""
    fields = msgspec.inspect.type_info(LAYERS[name]).fields
    own, wide = SPECIAL.get(name, {}), {"cropping": FITTING["margins"]}
    if name.startswith(("ZeroPadding", "Cropping")):
        wide["padding"] = FITTING["margins"]
    known = {**FITTING, **wide, **own}
    if name.startswith("Random") or name in ("AugMix", "CutMix", "RandAugment", "Solarization"):
        known["scale"] = own.get("scale", st.sampled_from([0.25, 0.5]))
    return st.fixed_dictionaries(
        {field.encode_name: known.get(field.name, values(field.type)) for field in fields if field.name not in LEARNED}
    )


def live_layer(name: str, given: dict[str, Any]) -> Any:
    """The layer of Keras's own, with what it holds and learned from data."""
    layers = keras.layers
    rnn = {"return_sequences": bool(len(given) % 2)}
    held = {
        "Bidirectional": lambda: {"layer": layers.GRU(2, **rnn)},
        "TimeDistributed": lambda: {"layer": layers.Dense(2, activation="relu")},
        "SpectralNormalization": lambda: {"layer": layers.Dense(2)},
        "RNN": lambda: {"cell": [layers.LSTMCell(2), layers.SimpleRNNCell(3)]},
    }
    layer = getattr(layers, name)(**given, **held.get(name, dict)())
    if name in ("TextVectorization", "StringLookup", "IntegerLookup"):
        data = [[3], [3], [7], [2]] if name == "IntegerLookup" else [[each] for each in SENTENCES]
        layer.adapt(np.array(data))
    return layer


def network(name: str, layer: Any) -> tuple[Any, Any]:
    """A model with the layer, and inputs for it."""
    shapes, dtype = SHAPES.get(name, IMAGE if layer_takes_images(name) else ((6, 6, 4),)), DTYPES.get(name, "float32")
    inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
    if name in CALLED_WITH:
        output = layer(**CALLED_WITH[name](inputs))
    else:
        output = layer(inputs if len(inputs) > 1 else inputs[0])
    model = keras.Model(inputs if len(inputs) > 1 else inputs[0], output)
    data = [sample(shape, dtype) for shape in shapes]
    return model, data if len(data) > 1 else data[0]


def layer_takes_images(name: str) -> bool:
    return name.startswith(("Random", "Auto", "Aug", "Cut", "Mix", "Resizing", "Center", "Equal", "Contrast", "Solar"))


def sample(shape: tuple[int, ...], dtype: str) -> Any:
    if dtype == "string":
        import tensorflow as tf

        return tf.constant([[each] for each in [*SENTENCES, "zz a"]])
    if dtype == "int64":
        return RANDOM.integers(0, 7, (4, *shape))
    return RANDOM.normal(0.5, 1, size=(4, *shape)).astype("float32")


def randomise(model: Any) -> None:
    for variable in model.weights:
        if variable.dtype == "float32":
            variable.assign(RANDOM.uniform(0.1, 0.5, variable.shape))


HELD_ALONE = {"StackedRNNCells", "LSTMCell", "GRUCell", "SimpleRNNCell"}


def compare(name: str, examples: int) -> Counter[str]:
    """Layers with random arguments, as models and as what became of them on the wire."""
    verdicts: Counter[str] = Counter()

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(arguments(name))
    def check(given: dict[str, Any]) -> None:
        try:
            layer = live_layer(name, given)
            model, x = network(name, layer)
            expected = model(x, training=False)
        except Exception as error:  # Keras and TensorFlow raise what they like
            verdicts[f"{error}"[:200]] += 1
            return
        randomise(model)
        expected = model(x, training=False)
        received = decode(encode(serialise_network(model)), Network)
        twin = rebuild_network(received)
        described = describe(twin)
        sent = decode(encode(PlainSerialiser().serialise(as_data(described))), Value)
        assert description_of(plain_data(sent)).rows == described.rows == tuple(layer_rows(model))
        assert [tuple(each.shape) for each in twin.outputs] == [tuple(each.shape) for each in model.outputs]
        for one, other in zip(model.get_weights(), twin.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
        for one, other in zip(*map(keras.tree.flatten, (expected, twin(x, training=False))), strict=True):
            np.testing.assert_allclose(np.asarray(other), np.asarray(one), atol=1e-6)
        verdicts["equal"] += 1

    check()
    return verdicts


@pytest.mark.parametrize("name", sorted({*LAYERS} - HELD_ALONE))
def test_a_layer_comes_back_as_it_was(name):
    verdicts = compare(name, 2)
    assert verdicts["equal"], verdicts


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*LAYERS} - HELD_ALONE))
def test_a_layer_comes_back_as_it_was_with_many_arguments(name):
    verdicts = compare(name, 25)
    assert 2 * verdicts["equal"] >= verdicts.total(), verdicts


# ---------------------------------------------------------------- the table beside Keras

NEVER = {
    *("data_format", "name", "dtype", "weights", "ragged", "sparse", "stateful", "layer", "backward_layer", "cell"),
    *("cells", "lora_rank", "lora_alpha", "quantization_config", "gptq_unpacked_column_size", "reverse_dtype"),
    *("flash_attention", "use_cudnn", "renorm", "renorm_clipping", "renorm_momentum", "vocabulary_dtype"),
}
"""Arguments that a layer must have left as they are, or that are found in another way."""


def test_every_layer_of_keras_is_rebuilt_or_left_out_with_a_reason():
    members = [getattr(keras.layers, name) for name in dir(keras.layers)]
    theirs = {each for each in members if isinstance(each, type) and issubclass(each, keras.layers.Layer)}
    ours = {getattr(keras.layers, name, None) for name in ("InputLayer", *LAYERS, *LEFT_OUT)} - {None}
    assert {each.__name__ for each in theirs - ours} == set()
    assert ours <= theirs
    assert not {*LAYERS} & {*LEFT_OUT}
    assert len(LAYERS) >= 130


@pytest.mark.parametrize("name", LAYERS)
def test_an_argument_of_keras_is_in_the_catalogue_or_steers_the_training(name):
    taken = inspect.signature(getattr(keras.layers, name).__init__).parameters
    known = {*LAYERS[name].__struct_fields__, *LAYERS[name].IGNORED, *NEVER, "self", "kwargs"}
    assert [each for each in taken if each not in known and not each.endswith(TRAINING)] == []


def test_every_operation_is_a_class_of_keras_own():
    known = {name: kind for name in OPERATIONS if (kind := operation_class(name))}
    assert len(known) >= 0.9 * len(OPERATIONS)
    for kind in known.values():
        assert issubclass(kind, keras.Operation)
        assert "name" in inspect.signature(kind.__init__).parameters


# ---------------------------------------------------------------- what does not decode

CONVOLUTION = {
    **{"filters": 4, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "dilation_rate": [1, 1]},
    **{"groups": 1, "activation": "linear", "use_bias": True},
}
LSTM = {
    **{"units": 3, "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True, "dropout": 0.0},
    **{"recurrent_dropout": 0.0, "return_sequences": False, "return_state": False, "go_backwards": False},
    **{"unroll": False, "zero_output_for_mask": False},
}
VECTORIZATION = {
    **{"max_tokens": None, "output_mode": "int", "pad_to_max_tokens": False, "vocabulary": ["a"], "idf_weights": None},
    **{"encoding": "utf-8", "standardize": None, "split": None, "ngrams": None, "output_sequence_length": None},
}
MEAN = {"operation_name": "Mean", "settings": {"axis": 1}}


@pytest.mark.parametrize(
    ("name", "config"),
    [("LSTM", LSTM), ("Conv2D", CONVOLUTION), ("TextVectorization", VECTORIZATION), ("TensorOperation", MEAN)],
)
def test_what_the_refused_ones_vary_decodes(name, config):
    assert type(msgspec.convert(config | {"type": name}, LayerConfig)).__name__ == name


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("Lambda", {"function": "x"}),
        ("Layer", {}),
        ("_Reshaped", {}),
        ("IdentityAtInference", {}),
        ("Noise", {"rate": 0.5}),
        ("keras.layers.Dense", {"units": 1, "activation": "relu", "use_bias": True}),
        ("TFSMLayer", {"filepath": "/"}),
        *(
            ("Dense", {"units": units, "activation": "relu", "use_bias": True})
            for units in (0, -1, 10**9, True, 3.0, "3")
        ),
        *(
            ("Dense", {"units": 3, "activation": name, "use_bias": True})
            for name in ("evil", "get", {}, None, "relu\n")
        ),
        ("Dense", {"units": 3, "activation": "relu", "use_bias": 1}),
        ("Dense", {"units": 3, "activation": "relu"}),
        ("Dense", {"units": 3, "activation": "relu", "use_bias": True, "kernel_initializer": "zeros"}),
        ("Conv2D", CONVOLUTION | {"kernel_size": [3]}),
        ("Conv2D", CONVOLUTION | {"kernel_size": [3, 3, 3]}),
        ("Conv2D", CONVOLUTION | {"kernel_size": 3}),
        ("Conv2D", CONVOLUTION | {"kernel_size": [0, 3]}),
        ("Conv2D", CONVOLUTION | {"kernel_size": [1025, 3]}),
        ("Conv2D", CONVOLUTION | {"strides": [0, 1]}),
        ("Conv2D", CONVOLUTION | {"dilation_rate": [1, -1]}),
        ("Conv2D", CONVOLUTION | {"groups": 0}),
        ("Conv2D", CONVOLUTION | {"padding": "causal"}),
        ("Conv2D", CONVOLUTION | {"data_format": "channels_first"}),
        ("Conv3D", CONVOLUTION | {"kernel_size": [3] * 4}),
        ("Dropout", {"rate": 1.5}),
        ("Dropout", {"rate": float("nan")}),
        ("Dropout", {"rate": True}),
        ("BatchNormalization", {"axis": [1], "epsilon": 0.1, "center": True, "scale": True}),
        ("BatchNormalization", {"axis": 1 << 40, "epsilon": 0.1, "center": True, "scale": True}),
        ("BatchNormalization", {"axis": 1, "epsilon": float("inf"), "center": True, "scale": True}),
        ("Rescaling", {"scale": 1e300, "offset": 0.0}),
        ("Reshape", {"target_shape": []}),
        ("Reshape", {"target_shape": [1] * 7}),
        ("Reshape", {"target_shape": [-2]}),
        ("ZeroPadding2D", {"padding": [[0, 1 << 20], [0, 0]]}),
        ("ZeroPadding2D", {"padding": [[0, -1], [0, 0]]}),
        ("RandomFlip", {"mode": "both"}),
        ("LSTM", LSTM | {"stateful": True}),
        ("LSTM", LSTM | {"recurrent_activation": "os.system"}),
        ("LSTM", LSTM | {"units": 1 << 30}),
        ("Embedding", {"input_dim": 1 << 40, "output_dim": 1, "mask_zero": False}),
        ("TextVectorization", VECTORIZATION | {"vocabulary": "/etc/passwd"}),
        ("TextVectorization", VECTORIZATION | {"vocabulary": ["a" * 1000]}),
        ("TextVectorization", VECTORIZATION | {"vocabulary": [["a"]]}),
        ("TextVectorization", VECTORIZATION | {"standardize": "os.system"}),
        ("TextVectorization", VECTORIZATION | {"split": {"class_name": "function"}}),
        ("TextVectorization", VECTORIZATION | {"encoding": "hex"}),
        ("EinsumDense", {"equation": "ab,bc->ac\n", "output_shape": 3, "activation": "relu", "bias_axes": None}),
        ("EinsumDense", {"equation": "a" * 100, "output_shape": 3, "activation": "relu", "bias_axes": None}),
        ("Bidirectional", {"merge_mode": "concat", "layer": "LSTM"}),
        ("TensorOperation", MEAN | {"operation_name": "Map"}),
        ("TensorOperation", MEAN | {"operation_name": "WhileLoop"}),
        ("TensorOperation", MEAN | {"operation_name": "mean"}),
        ("TensorOperation", MEAN | {"settings": {"axis": "a b"}}),
        ("TensorOperation", MEAN | {"settings": {"axis": {"a": 1}}}),
        ("TensorOperation", MEAN | {"settings": {"__class__": 1}}),
        ("TensorOperation", MEAN | {"settings": {"axis": [0] * 100}}),
        ("TensorOperation", MEAN | {"settings": {"axis": 1 << 60}}),
    ],
    ids=str,
)
def test_arguments_out_of_range_do_not_decode(name, config):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(config | {"type": name}, LayerConfig)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Conv2D", "Conv"),
        ("ConvLSTM2D", "Conv"),
        ("Flatten", "Global pooling and flattening"),
        ("GlobalMaxPooling3D", "Global pooling and flattening"),
        ("MaxPooling3D", "Pooling"),
        ("GroupNormalization", "Normalization"),
        ("MyConv", "Conv"),
        ("Dense", ""),
        ("LSTM", "Recurrent"),
    ],
)
def test_a_layer_belongs_to_the_family_that_its_name_says(kind, expected):
    assert family(kind) == expected
