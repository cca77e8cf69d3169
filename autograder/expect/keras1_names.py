"""What is called otherwise since Keras 1, for students whose code comes from an old tutorial. Both sides."""

from __future__ import annotations

import re

from autograder.language import N_
from autograder.language import gettext as _

__all__ = ["modern_spelling"]

MAX_ERROR = 2_000

_PLACES = {f"keras.layers.{module}": "keras.layers" for module in ("core", "convolutional", "pooling", "normalization")}
MODERN = {
    **{"border_mode": "padding", "subsample": "strides", "nb_filter": "filters", "output_dim": "units"},
    **{"init": "kernel_initializer", "W_regularizer": "kernel_regularizer", "b_regularizer": "bias_regularizer"},
    **{"dim_ordering": "data_format", "nb_epoch": "epochs", "acc": "accuracy"},
    **{"val_acc": "val_accuracy", "fit_generator": "fit", "predict_proba": "predict"},
    **{"predict_classes": "predict(…).argmax(axis=-1)", "np_utils": "keras.utils", "nb_classes": "num_classes"},
    **_PLACES,
    **{"keras.layers.advanced_activations": "keras.layers", "keras.utils.np_utils": "keras.utils"},
}
"""Argument, method, metric or module of Keras 1 → what Keras 3 has in its place."""

_NEEDED = {"units": "output_dim", "rate": "p"}
"""Arguments that Keras 3 insists on → what Keras 1 called them."""

_SENTENCE = N_(
    "`{old}` is of Keras 1; in Keras 3 it is `{new}`. Write that, or import the old spelling from "
    "`autograder.course.keras1`."
)


def modern_spelling(error: str, source: str = "") -> str:
    """One sentence for the student on an error that Keras 1's spelling raises in Keras 3; empty for any other.

    Args:
        error: `TypeError: …`; may be hostile.
        source: The cell that raised it.
    """
    quoted = re.findall(r"'([\w.]+)'", error[:MAX_ERROR])
    found = [(name, MODERN[name]) for name in quoted if name in MODERN]
    found += [(old, new) for new, old in _NEEDED.items() if new in quoted and re.search(rf"\b{old}\s*=", source)]
    return next((_(_SENTENCE).format(old=old, new=new) for old, new in found), "")
