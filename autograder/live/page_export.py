"""A network as a page: one HTML file, without a server, a network or Python. Student's side."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import UsageError
from autograder.files import write_whole
from autograder.live import chain
from autograder.live import plan as plans
from autograder.live.front_end import front_end
from autograder.live.input_scaling import Scaling, choose, named
from autograder.live.layer_outputs import Activations
from autograder.live.plan import Plan
from autograder.live.stored_digits import codes_of, pinnable, stored_digits

__all__ = ["Report", "export"]

Array = np.ndarray[Any, Any]

ALIGNMENT = 4
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        page: The file to open.
        accuracy: Share of the stored digits that the page's network reads right.
        change: Largest change of a probability, over the stored digits, by rounding weights to float16; None without.
        flips: How many of them are read otherwise through it.
        digits: How many there are.
        rounded: Whether the weights had come as float16 already; then `change` was measured when they were made.
        scaling: How the grey values are scaled, in words.
    """

    page: Path
    accuracy: float
    change: float | None
    flips: int
    digits: int
    rounded: bool
    scaling: str


def export(
    plan: Plan, title: str, folder: Path, *, model: Any = None, float32: bool = False, scaling: str | None = None
) -> Report:
    """Write the page.

    Args:
        plan: The network.
        title: Whose it is; any text.
        folder: Made if it is not there; only `index.html` is written in it.
        model: The Keras model that the plan was made from, to hold the page to; None where there is none any more.
        float32: Keep the weights as they are, and twice as large.
        scaling: See `input_scaling.CHOICES`; the one with which the network reads best, if None.

    Raises:
        UsageError: The network does not tell digits apart, the folder cannot be written or holds another page,
            or float16 is too small.
    """
    chain.require_digits(plan.steps[-1].shape)
    script = front_end("page.js")
    digits, labels = stored_digits()
    planned = Activations(plans.rebuild(plan))
    exact = planned if model is None else Activations(model)
    shown = plan if float32 else plans.half(plan)
    network = planned if float32 else Activations(plans.rebuild(shown))
    chosen = named(scaling) if scaling else choose(network.read, digits, labels, plan.input_shape)
    inputs = chosen(digits).reshape(-1, *plan.input_shape)
    _compare(planned.answers(inputs), exact.answers(inputs))
    after = network.read(inputs)
    before = after if float32 else exact.read(inputs)
    change = float(np.abs(after - before).max())
    coded = [index for index, step in enumerate(plan.steps) if pinnable(step.shape)]
    answers = dict(zip(coded, network.of(inputs, coded), strict=True))
    report = Report(
        page=folder / "index.html",
        accuracy=float(np.mean(after.argmax(axis=1) == labels)),
        change=max(change, plan.rounded) if not float32 or plan.rounded else None,
        flips=int(np.sum(after.argmax(axis=1) != before.argmax(axis=1))),
        digits=len(digits),
        rounded=plan.rounded > 0,
        scaling=chosen.words,
    )
    content, arrays = _content(shown, "float32" if float32 else "float16", chosen, answers)
    content["meta"].update(title=title, note=_note(report), probabilities=network.are_probabilities)
    page = _page(title, script, front_end("live.css"), content, arrays)
    try:
        if report.page.exists() and _MARK.encode() not in report.page.read_bytes():
            raise UsageError(f"{report.page} is there already, and is another page. Choose another folder.")
    except OSError as error:
        raise UsageError(f"{report.page} cannot be read: {error.strerror}. Choose another folder.") from None
    write_whole(report.page, [page.encode()], shared=True)
    return report


def _compare(planned: Array, exact: Array) -> None:
    """Raise if the plan computes something else than the model, so that no page shows wrong numbers.

    Raises:
        UsageError: The model gives no finite numbers, or the plan differs from it, which is a fault of ours.
    """
    gap = float(np.abs(planned - exact).max() / max(1.0, float(np.abs(exact).max())))
    if not np.isfinite(gap):
        raise UsageError("the model gives no numbers for the stored digits, as after training diverged. Train it anew.")
    if gap >= TOLERANCE:
        raise UsageError(f"the page would not answer as the model does (by {gap:.1e}); please report this model.")


def _content(plan: Plan, dtype: str, scaling: Scaling, answers: Mapping[int, Array]) -> tuple[dict[str, Any], bytes]:
    """What the script reads: JSON, and the bytes of all arrays."""
    digits, labels = stored_digits()
    packed = _Packed()
    packed.add("stored", digits.reshape(len(digits), -1))
    rows, codes, known = [], {}, {}
    for index, step in enumerate(plan.steps):
        named = step.operation.weights.items()
        weights = {name: packed.add(f"{index}/{name}", array.astype(dtype)) for name, array in named}
        rows.append({**step.row, "weights": weights, "pinnable": index in answers})
        if index not in answers:
            continue
        digest = hashlib.sha256(answers[index].tobytes()).hexdigest()
        if digest not in known:  # a dropout's codes are those of the layer before
            numbers, ready = codes_of(answers[index])
            known[digest] = {"key": f"codes{index}", **numbers}
            for name, array in ready.items():
                packed.add(f"codes{index}/{name}", array)
        codes[index] = known[digest]
    meta = {
        "seen": scaling.words,
        "shape": list(plan.input_shape),
        "labels": [str(digit) for digit in range(chain.DIGITS)],
        "layers": rows,
    }
    content = {
        "meta": meta,
        "input": {"scale": scaling.scale, "offset": scaling.offset},
        "stored": labels.tolist(),
        "codes": codes,
        "arrays": packed.index,
    }
    return content, bytes(packed.content)


def _note(report: Report) -> str:
    right = f"{report.accuracy:.1%} of {report.digits} stored digits right"
    if not report.change:
        return f"{right} · weights as {'float32' if report.change is None else 'float16'}"
    change = f"{100 * report.change:.2g}"
    return f"{right} · weights as float16, which changes a probability by at most {change} percentage points"


class _Packed:
    """Arrays one after the other, and where each is."""

    def __init__(self) -> None:
        self.index: dict[str, Mapping[str, Any]] = {}
        self.content = bytearray()

    def add(self, name: str, array: Array) -> str:
        packed = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        self.index[name] = {"dtype": array.dtype.name, "shape": list(array.shape), "offset": len(self.content)}
        self.content += packed + bytes(-len(packed) % ALIGNMENT)
        return name


def _page(title: str, script: str, style: str, content: Mapping[str, Any], arrays: bytes) -> str:
    """The whole page. Its policy allows this script and this style by their digests, and no request of any kind."""
    script = script.replace("</script", "<\\/script").replace("<!--", "<\\!--").strip()
    allowed = f"script-src {_digest(script)}; style-src {_digest(style)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    # In a script element only `<` can end it; JSON may write it otherwise.
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return _PAGE.format(
        policy=policy,
        title=html.escape(title),
        style=style,
        script=script,
        content=data,
        arrays=base64.b64encode(arrays).decode(),
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_MARK = '<body class="live-page">'
"""What marks a file as such a page."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{title} – draw a digit and look inside the network</title>
<style>{style}</style>
</head>
<body class="live-page">
<main id="live"><p class="live-wait">The network is being set up …</p></main>
<footer class="live-foot">
<p>This page is one file. Nothing that you draw leaves it. It computes with TensorFlow.js (Apache License 2.0); the
stored digits are from MNIST (Yann LeCun, Corinna Cortes and Christopher Burges, CC BY-SA 3.0).</p>
<noscript><p>The page computes with JavaScript, which is switched off here.</p></noscript>
</footer>
<script type="application/json" id="content">{content}</script>
<script type="text/plain" id="arrays">{arrays}</script>
<script>{script}</script>
</body>
</html>
"""
