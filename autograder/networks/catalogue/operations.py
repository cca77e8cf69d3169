"""Operations between tensors, such as `x + y`, `x[:, 0]` and `keras.ops.mean(x, axis=1)`. Both sides.

Each is a class of Keras's own, from a closed list: none of them runs code that is given to it, reads a file or draws
at random. Arguments that are no tensors are plain data.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from autograder.networks.catalogue.base import Layer

__all__ = ["OPERATIONS", "TensorOperation", "operation_class"]

# fmt: off
OperationName = Literal[
    "Add", "Subtract", "Multiply", "Divide", "TrueDivide", "FloorDivide", "DivideNoNan", "Mod", "Power", "Matmul",
    "Dot", "Tensordot", "Einsum", "Inner", "Outer", "Vdot", "Maximum", "Minimum", "Arctan2", "Hypot",
    "Logaddexp", "Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual", "Isclose",
    "LogicalAnd", "LogicalOr", "LogicalNot", "LogicalXor", "Where",
    "Absolute", "Abs", "Negative", "Sign", "Square", "Sqrt", "Rsqrt", "Reciprocal", "Cbrt", "Round", "Floor", "Ceil",
    "Trunc", "Clip", "Exp", "Exp2", "Expm1", "Log", "Log10", "Log1p", "Log2", "Logsumexp", "Erf", "Erfc", "Erfinv",
    "Sin", "Cos", "Tan", "Sinh", "Cosh", "Tanh", "Arcsin", "Arccos", "Arctan", "Arcsinh", "Arccosh", "Arctanh",
    "Isnan", "Isinf", "Isfinite", "NanToNum",
    "Sum", "Mean", "Prod", "Max", "Min", "Amax", "Amin", "Std", "Var", "Median", "Quantile", "Average", "Any", "All",
    "Argmax", "Argmin", "Argsort", "Sort", "TopK", "Cumsum", "Cumprod", "CountNonzero", "Norm", "Diff", "Normalize",
    "Moments",
    "GetItem", "Reshape", "Transpose", "Swapaxes", "Moveaxis", "ExpandDims", "Squeeze", "Ravel", "Flip", "Roll",
    "Concatenate", "Append", "Stack", "Hstack", "Vstack", "Split", "Unstack", "Repeat", "Tile", "BroadcastTo", "Pad",
    "Take", "TakeAlongAxis", "Slice", "SliceUpdate", "Diagonal", "Trace", "Tril", "Triu",
    "Cast", "ConvertToTensor", "Copy", "StopGradient", "OnesLike", "ZerosLike", "FullLike", "OneHot", "MultiHot",
    "Relu", "ReLU", "Relu6", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Glu", "Silu", "Sigmoid", "HardSigmoid",
    "HardSilu", "LogSigmoid", "HardTanh", "TanhShrink", "SoftShrink", "HardShrink", "Softplus", "Softsign", "Softmax",
    "LogSoftmax", "Sparsemax", "Squareplus", "Threshold",
    "MaxPool", "AveragePool", "DotProductAttention", "DepthToSpace", "SpaceToDepth", "RMSNorm", "LayerNorm",
    "RGBToGrayscale", "RGBToHSV", "HSVToRGB", "Resize", "PadImages", "CropImages",
]
# fmt: on

Real = Annotated[int, msgspec.Meta(ge=-(1 << 53), le=1 << 53)] | float
Text = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_,.>\-]{0,60}\Z")]
Plain = bool | Real | Text | None
Row = Annotated[tuple[Plain, ...], msgspec.Meta(max_length=64)]
Setting = Plain | Annotated[tuple[Plain | Row, ...], msgspec.Meta(max_length=64)]
Settings = Annotated[
    dict[Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9_]{0,29}\Z")], Setting], msgspec.Meta(max_length=12)
]

OPERATIONS = frozenset(OperationName.__args__)  # type: ignore[attr-defined]
"""Keras's names of their classes."""


def operation_class(name: str) -> Any:
    """Keras's class of an operation of the list; None where this version of Keras has none."""
    from keras.src import ops
    from keras.src.activations import activations

    return getattr(ops, name, getattr(activations, name, None))


class TensorOperation(Layer, frozen=True):
    """An operation, with what its class takes: `settings` of `keras.ops.mean(x, axis=1)` are `axis` and `keepdims`."""

    operation_name: OperationName
    settings: Settings

    def build(self, name: str, inner: Any = ()) -> Any:
        return operation_class(self.operation_name)(**self.settings, name=name)

    def variables(self, layer: Any) -> list[Any]:
        return []
