"""Make the weights of `autograder live keras_gaps`: the exercise's network, trained and written down as data.

    python reference/data/make_live.py

    autograder/live/data/keras_gaps.npz    float16 weights, and the plan of the operations on them

What students get holds shapes, weights and the order of the operations, which the live page shows in any case; not
this file, no rate of a dropout, and no hint which layer the exercise asks for. Training on several cores is not
repeatable to the last bit, so a second run gives another network, about as good.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "autograder" / "live" / "data" / "keras_gaps.npz"
EPOCHS = 8
FLOOR = 0.94  # of accuracy on the 1,000 validation digits


def main() -> int:
    """Train, check and write; the exit status is 1 when the network is worse than the exercise asks for."""
    import keras
    from keras import layers

    from autograder.course.datasets import load_mnist
    from autograder.live import plan, shipped_networks

    keras.utils.set_random_seed(5)
    (x_train, y_train), (x_validation, y_validation) = load_mnist()
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, name="conv2d_1"),
            layers.Activation("relu", name="activation_1"),
            layers.Conv2D(32, 3, name="conv2d_2"),
            layers.Activation("relu", name="activation_2"),
            layers.MaxPooling2D(name="max_pooling2d_1"),
            layers.Dropout(0.25, name="dropout_1"),
            layers.Flatten(name="flatten_1"),
            layers.Dense(128, name="dense_1"),
            layers.Activation("relu", name="activation_3"),
            layers.Dropout(0.5, name="dropout_2"),
            layers.Dense(10, name="dense_2"),
            layers.Activation("softmax", name="activation_4"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    digits = x_train[..., None] / 255.0
    model.fit(digits, y_train, batch_size=128, epochs=EPOCHS, verbose=2)
    _, accuracy = model.evaluate(x_validation[..., None] / 255.0, y_validation, verbose=0)
    if accuracy < FLOOR:
        _say(f"only {accuracy:.1%} of the validation digits are right; nothing was written. Run it again.")
        return 1
    for layer in model.layers:
        if isinstance(layer, layers.Dropout):
            layer.rate = 0.0
    exact = plan.translate(model)
    before, after = (
        plan.rebuild(each).predict(x_validation[..., None] / 255.0, batch_size=250, verbose=0)
        for each in (exact, plan.half(exact))
    )
    change = float(abs(after - before).max())
    OUT.write_bytes(shipped_networks.pack(replace(exact, rounded=change)))
    _say(f"{OUT.relative_to(ROOT)}: {OUT.stat().st_size:,} bytes, {accuracy:.1%} of the validation digits right")
    flips = int((after.argmax(axis=1) != before.argmax(axis=1)).sum())
    _say(f"float16 changes a probability by at most {change:.2%}, and the verdict on {flips} of them")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
