"""The layers of which nothing but their arguments is known, a line each. Both sides.

Conv1D        filters kernel_size …     arguments, of the types that `ARGUMENTS` says
ZeroPadding1D padding=margins           an argument of the type of another
GRU           reset_after?              an argument that older versions of Keras have not
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import msgspec

from autograder.networks.catalogue.arguments import ARGUMENTS
from autograder.networks.catalogue.base import Attentive, IdentityAtInference, Layer, Orderless, Recurrent
from autograder.networks.catalogue.convolution import TransposedConvolution
from autograder.networks.catalogue.holders import Cells, OneCell, OneLayer, TwoWay
from autograder.networks.catalogue.lookup import Binned, Integers, Lookup
from autograder.networks.catalogue.regularization import Noise, Sheared

__all__ = ["LEFT_OUT", "table_layers"]

_WINDOW = "kernel_size strides padding dilation_rate activation use_bias"
_SEQUENCE = "return_sequences return_state go_backwards unroll zero_output_for_mask"
_CELL = "activation recurrent_activation use_bias dropout recurrent_dropout"
_SIMPLE = _CELL.replace("recurrent_activation ", "")
_IMAGE = "fill_mode fill_value interpolation"

_TABLE = {
    Layer: f"""
        LayerNormalization axis epsilon center scale
        GroupNormalization groups axis epsilon center scale
        RMSNormalization axis epsilon
        UnitNormalization axis
        Embedding input_dim output_dim mask_zero
        ReversibleEmbedding input_dim output_dim mask_zero tie_weights logit_soft_cap?
        EinsumDense equation output_shape activation bias_axes
        Masking mask_value
        Conv1D filters groups {_WINDOW}
        Conv3D filters groups {_WINDOW}
        DepthwiseConv1D depth_multiplier {_WINDOW}
        SeparableConv1D filters depth_multiplier {_WINDOW}
        SeparableConv2D filters depth_multiplier {_WINDOW}
        MaxPooling1D pool_size strides padding
        MaxPooling3D pool_size strides padding
        AveragePooling1D pool_size strides padding
        AveragePooling3D pool_size strides padding
        GlobalMaxPooling1D keepdims
        GlobalMaxPooling3D keepdims
        GlobalAveragePooling1D keepdims
        GlobalAveragePooling3D keepdims
        AdaptiveAveragePooling1D output_size
        AdaptiveAveragePooling2D output_size
        AdaptiveAveragePooling3D output_size
        AdaptiveMaxPooling1D output_size
        AdaptiveMaxPooling2D output_size
        AdaptiveMaxPooling3D output_size
        SimpleRNNCell units {_SIMPLE}
        LSTMCell units {_CELL}
        GRUCell units {_CELL} reset_after
        ConvLSTM1D filters {_WINDOW} {_SEQUENCE} recurrent_activation dropout recurrent_dropout
        ConvLSTM2D filters {_WINDOW} {_SEQUENCE} recurrent_activation dropout recurrent_dropout
        ConvLSTM3D filters {_WINDOW} {_SEQUENCE} recurrent_activation dropout recurrent_dropout
        Subtract
        Dot axes normalize
        Permute dims
        RepeatVector n
        Cropping1D cropping=margins
        Cropping2D cropping=margins
        Cropping3D cropping=margins
        ZeroPadding1D padding=margins
        ZeroPadding3D padding=margins
        UpSampling1D size
        UpSampling2D size interpolation
        UpSampling3D size
        RandomCrop height width
        CenterCrop height width
        Resizing height width interpolation crop_to_aspect_ratio pad_to_aspect_ratio? antialias? fill_mode? fill_value?
        AutoContrast value_range
        ContrastLimitedAdaptiveHistogramEqualization value_range clip_limit tile_grid_size
        MelSpectrogram fft_length sequence_stride sequence_length window sampling_rate num_mel_bins min_freq max_freq \
            power_to_db top_db mag_exp min_power ref_power
        STFTSpectrogram mode frame_length frame_step fft_length=frame_step window periodic scaling padding expand_dims
        CategoryEncoding num_tokens output_mode
        AugMix value_range num_chains chain_depth factor alpha all_ops interpolation
        CutMix factor
        MixUp alpha
        RandAugment value_range num_ops factor interpolation
        RandomBrightness factor value_range
        RandomColorDegeneration factor value_range
        RandomColorJitter value_range brightness_factor contrast_factor saturation_factor hue_factor
        RandomContrast factor value_range
        RandomElasticTransform factor scale=factor value_range {_IMAGE}
        RandomErasing factor scale=factor value_range fill_value
        RandomFlip mode
        RandomGaussianBlur factor kernel_size sigma value_range
        RandomGrayscale factor
        RandomHue factor value_range
        RandomInvert factor value_range
        RandomPerspective factor scale=factor interpolation fill_value
        RandomPosterization factor=size value_range
        RandomRotation factor {_IMAGE}
        RandomSaturation factor value_range
        RandomSharpness factor value_range
        RandomTranslation height_factor width_factor {_IMAGE}
        RandomZoom height_factor width_factor {_IMAGE}
        Solarization addition_factor threshold_factor value_range
    """,
    Recurrent: f"""
        SimpleRNN units {_SIMPLE} {_SEQUENCE}
        LSTM units {_CELL} {_SEQUENCE}
        GRU units {_CELL} {_SEQUENCE} reset_after
    """,
    Attentive: """
        MultiHeadAttention num_heads key_dim value_dim dropout use_bias output_shape attention_axes \
            use_gate? sliding_window?
        GroupQueryAttention head_dim num_query_heads num_key_value_heads dropout use_bias use_gate? sliding_window?
        Attention use_scale score_mode dropout
        AdditiveAttention use_scale dropout
    """,
    Orderless: """
        Add
        Multiply
        Average
        Maximum
        Minimum
        Concatenate axis
    """,
    TransposedConvolution: f"""
        Conv1DTranspose filters output_padding {_WINDOW}
        Conv2DTranspose filters output_padding {_WINDOW}
        Conv3DTranspose filters output_padding {_WINDOW}
    """,
    Noise: """
        Dropout rate
        AlphaDropout rate
        GaussianDropout rate
        SpatialDropout1D rate
        SpatialDropout2D rate
        SpatialDropout3D rate
        GaussianNoise stddev
    """,
    IdentityAtInference: """
        ActivityRegularization l1 l2
    """,
    Integers: """
        Hashing num_bins mask_value=salt salt output_mode
        HashedCrossing num_bins output_mode
    """,
    Binned: """
        Discretization bin_boundaries num_bins=num_tokens epsilon output_mode
    """,
    Lookup: """
        TextVectorization max_tokens output_mode pad_to_max_tokens vocabulary idf_weights encoding \
            standardize split ngrams output_sequence_length
        StringLookup max_tokens output_mode pad_to_max_tokens vocabulary idf_weights encoding \
            mask_token oov_token num_oov_indices invert oov_method? salt?
        IntegerLookup max_tokens output_mode pad_to_max_tokens vocabulary=integers idf_weights \
            mask_token=integer oov_token=integer num_oov_indices invert oov_method? salt?
    """,
    OneLayer: """
        TimeDistributed
        SpectralNormalization power_iterations
    """,
    OneCell: f"""
        RNN {_SEQUENCE}
    """,
    Cells: """
        StackedRNNCells
    """,
    Sheared: f"""
        RandomShear x_factor y_factor {_IMAGE}
    """,
    TwoWay: """
        Bidirectional merge_mode
    """,
}

LEFT_OUT = {
    "Layer": "is the base of all layers",
    "Wrapper": "is the base of layers that hold another one",
    "Lambda": "runs code of its own",
    "TFSMLayer": "runs a saved TensorFlow graph",
    "TorchModuleWrapper": "runs a PyTorch module",
    "JaxLayer": "runs a JAX function",
    "FlaxLayer": "runs a Flax module",
    "Equalization": "cannot be part of a model, in Keras itself",
    "MaxNumBoundingBoxes": "takes the coordinates of objects in images",
    "Pipeline": "is for data sets; put its layers into the network",
}
"""Keras's other layers → why they are not rebuilt, after the layer's name."""


def table_layers() -> Iterator[type[Layer]]:
    """A class for each line of the table."""
    for base, lines in _TABLE.items():
        for line in lines.strip().splitlines():
            name, *arguments = line.split()
            fields = [_field(each) for each in arguments]
            yield cast(type[Layer], msgspec.defstruct(name, fields, bases=(base,), frozen=True, tag=name))


def _field(argument: str) -> tuple[str, object] | tuple[str, object, object]:
    name, _, other = argument.rstrip("?").partition("=")
    kind = ARGUMENTS[other or name]
    return (name, kind | msgspec.UnsetType, msgspec.UNSET) if argument.endswith("?") else (name, kind)
