"""What the tests of the live network share: strokes, small networks, and the pad."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

import numpy as np

STROKES = {
    "1": [[(140, 60), (140, 220)]],
    "7": [[(80, 70), (200, 70), (150, 150), (125, 225)]],
    "0": [[(140, 60), (95, 90), (85, 140), (95, 195), (140, 222), (185, 195), (195, 140), (185, 90), (140, 60)]],
}


def counted_names() -> list[int]:
    """How far Keras has counted the names that it gives to layers and models; asking counts on by one."""
    import keras
    from keras import layers

    made = [
        layers.Activation("relu"), layers.BatchNormalization(), layers.Conv2D(1, 1), layers.Dense(1),
        layers.Dropout(0.5), layers.Flatten(), layers.MaxPooling2D(), keras.Sequential(),
    ]  # fmt: skip
    return [int(re.search(r"(?<=_)\d+$|$", each.name)[0] or 0) for each in made]


MAKE = """\
import keras
from autograder.live import LiveCNN, plan, shipped_networks

model = plan.rebuild(shipped_networks.load("keras_gaps"))
widget = LiveCNN(model)
widget"""


def start(page: Any, lab: str) -> None:
    """Run a notebook's first cell in JupyterLab, up to the pad it shows."""
    # What is run before the kernel is there is lost without a word, or opens a dialog that asks for a kernel.
    page.add_locator_handler(
        page.locator(".jp-Dialog"), lambda dialog: dialog.locator(".jp-mod-accept").click(), no_wait_after=True
    )
    page.goto(lab)
    first = page.locator(".jp-Notebook .jp-CodeCell").first
    first.wait_for(timeout=180_000)
    for _ in range(180):
        kernels = page.request.get(urljoin(lab, "/api/kernels")).json()
        if any(kernel["connections"] and kernel["execution_state"] == "idle" for kernel in kernels):
            break
        page.wait_for_timeout(1_000)
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(timeout=180_000)
    first.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    page.locator(".live canvas.pad").wait_for(timeout=180_000)


def draw(page: Any, strokes: list[list[tuple[float, float]]]) -> None:
    """Draw with the mouse; points in pad pixels of 280."""
    pad = page.locator("canvas.pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    scale = box["width"] / 280
    for stroke in strokes:
        first, *rest = [(box["x"] + x * scale, box["y"] + y * scale) for x, y in stroke]
        page.mouse.move(*first)
        page.mouse.down()
        for point in rest:
            page.mouse.move(*point, steps=4)
        page.mouse.up()


def network(*stack: Any, shape: tuple[int, ...] = (28, 28, 1)) -> Any:
    import keras

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input(shape), *stack])
    # Biases and statistics that are not what they begin with, and of both signs, so that leaving one out shows.
    rng = np.random.default_rng(3)
    for weight in model.weights:
        value = np.asarray(weight) + rng.normal(0, 0.1, weight.shape)
        weight.assign(np.abs(value) + 0.1 if "variance" in weight.path else value)
    return model


def everything() -> Any:
    """A network of all layers and activations that a plan may hold."""
    from keras import layers

    from autograder.networks.catalogue.core import PAGE_ACTIVATIONS

    return network(
        layers.Rescaling(0.5, offset=-0.1, name="rescaling"),
        layers.ZeroPadding2D(((1, 2), (0, 1)), name="zero_padding"),
        layers.Conv2D(6, (3, 5), strides=2, padding="same", activation="leaky_relu", name="conv_same"),
        layers.BatchNormalization(name="norm"),
        layers.GaussianNoise(0.3, name="noise"),
        layers.Conv2D(4, 3, dilation_rate=2, use_bias=False, name="conv_dilated"),
        layers.LeakyReLU(negative_slope=1.3, name="leaky"),
        layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="tanh", name="depthwise"),
        layers.MaxPooling2D((2, 3), strides=1, padding="same", name="max_pool"),
        layers.ReLU(negative_slope=0.1, name="relu_slope"),
        layers.AveragePooling2D(2, padding="same", name="average_pool"),
        layers.ReLU(max_value=0.8, name="relu_6"),
        layers.BatchNormalization(center=False, scale=False, name="plain_norm"),
        layers.SpatialDropout2D(0.4, name="spatial"),
        layers.Flatten(name="flatten"),
        *(layers.Dense(8, activation=name, name=f"dense_{name}") for name in sorted(PAGE_ACTIVATIONS)),
        layers.ELU(alpha=0.7, name="elu"),
        layers.Reshape((2, 2, 2), name="reshape"),
        layers.GlobalAveragePooling2D(name="global_average"),
        layers.Identity(name="identity"),
        layers.Dropout(0.5, name="dropout"),
        layers.Dense(10, name="logits"),
        layers.Activation("softmax", name="softmax_activation"),
        layers.Softmax(name="softmax"),
    )
