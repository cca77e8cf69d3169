"""The network in the notebook: draw a digit, and the kernel computes every layer. Student's side.

The grader gets a placeholder instead (see `autograder.live`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import numpy as np
import traitlets

from autograder.errors import UsageError
from autograder.live import chain, shipped_networks
from autograder.live import plan as plans
from autograder.live.front_end import front_end
from autograder.live.input_scaling import choose, named, pictures_to_input
from autograder.live.layer_outputs import Activations
from autograder.live.stored_digits import codes_of, pinnable, stored_digits

__all__ = ["LiveCNN"]

Array = np.ndarray[Any, Any]


class LiveCNN(anywidget.AnyWidget):
    """A pad to draw on, and what each layer of `model` computes from the drawing.

        LiveCNN(cnn2)

    Any network of the course will do, trained or not: layers one after the other that take a picture of 28×28 pixels.
    It is your model itself that answers, so after more training the same widget shows what has changed.

    Args:
        model: A Keras model; or `"keras_gaps"`, for a trained network to look at before you have one.
        preprocess: What you do with digits before the model gets them: a function of digits of shape `(n, 28, 28)`,
            from 0 to 255. Without it, the widget takes the scaling with which the model reads stored digits best
            (standardised, divided by 255 or as they are) and says which.

    Raises:
        UsageError: The model has no input shape yet, branches, takes something else than a picture of 28×28 pixels, or
            does not end with ten numbers.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    _meta = traitlets.Dict().tag(sync=True)
    _pictures = traitlets.Bytes().tag(sync=True)

    def __init__(self, model: Any, preprocess: Callable[[Any], Any] | None = None) -> None:
        if isinstance(model, str):
            plan, title = shipped_networks.load(model), f"A trained network of {model}"
            preprocess = preprocess or named(shipped_networks.SLUGS[model])
            model, steps = plans.rebuild(plan), plan.steps
        else:
            steps, title = chain.steps(model), str(getattr(model, "name", "model"))
        chain.require_digits(steps[-1].shape)
        self._shape = chain.input_shape(model)
        self._activations = Activations(model)
        self._given = preprocess
        self._digits, self._labels = stored_digits()
        self._state = self._activations.state()
        self._looks = 0
        self._look()
        self._run(np.zeros(chain.PIXELS, "float32"))  # traced here, not under the first stroke
        meta = {
            "title": title,
            "note": self._note,
            "seen": self._seen,
            "shape": list(self._shape),
            "labels": [str(digit) for digit in range(chain.DIGITS)],
            "layers": [{**step.row, "pinnable": pinnable(step.shape)} for step in steps],
            "stored": self._labels.tolist(),
        }
        scripts = {"_esm": front_end("widget.js"), "_css": front_end("live.css")}
        super().__init__(**scripts, _meta=meta, _pictures=self._digits.tobytes())
        self.on_msg(self._answer)

    def _look(self) -> None:
        """Measure with which scaling the model classifies stored digits best, and how many it classifies correctly."""
        self._looks += 1
        self._preprocess = self._given or choose(self._activations.read, self._digits, self._labels, self._shape)
        self._seen = getattr(self._preprocess, "words", "Then through your own preprocess.")
        shares = self._activations.read(self._inputs(self._digits))
        right = float(np.mean(shares.argmax(axis=1) == self._labels))
        self._note = f"{right:.1%} of {len(self._digits)} stored digits right"

    def _answer(self, _: Any, content: Any, buffers: list[Any]) -> None:
        """A message of the front end: a drawing to run, or a layer whose codes are wanted."""
        reply: dict[str, Any] = {"id": content.get("id")}
        try:
            if (state := self._activations.state()) != self._state:  # it was trained since
                self._state = state
                self._look()
            if content.get("kind") == "run":
                arrays = self._run(np.frombuffer(buffers[0], dtype="<f4"))
                reply.update(seen=self._seen, note=self._note, looks=self._looks)
            else:
                (answers,) = self._activations.of(self._inputs(self._digits), [int(content["layer"])])
                reply["numbers"], codes = codes_of(answers)
                arrays = list(codes.values())
        except Exception as error:  # noqa: BLE001 - whatever the model or `preprocess` raises is shown beside the pad
            self.send({**reply, "error": f"{type(error).__name__}: {error}"[:400]})
            return
        self.send(reply, buffers=[np.ascontiguousarray(array).tobytes() for array in arrays])

    def _run(self, picture: Array) -> list[Array]:
        """A picture of 784 grey values → what the model gets, the probabilities, and each layer's output."""
        if picture.shape != (chain.PIXELS,):
            raise UsageError(f"a picture has {chain.PIXELS} grey values, not {picture.shape}.")
        inputs = self._inputs(picture[None])
        outputs = self._activations(inputs)
        return [inputs, self._activations.probabilities(outputs[-1]), *outputs]

    def _inputs(self, pictures: Array) -> Array:
        return pictures_to_input(self._preprocess, pictures, self._shape)
