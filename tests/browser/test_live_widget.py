"""The live network in a real JupyterLab: draw in the browser, the kernel answers."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests import browsers
from tests.live import MAKE, STROKES, draw, start

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(importlib.util.find_spec("jupyterlab") is None, reason="JupyterLab is not installed"),
]

# What the browser shows, computed once more by Keras in the kernel on the picture that came last.
COMPARE = """\
import json, numpy as np
shown = {shown}
picture = np.asarray(shown["picture"], "float32")
x = (picture / 255).reshape(1, 28, 28, 1)
worst = 0.0
for layer, (length, total, largest) in zip(model.layers, shown["layers"], strict=True):
    x = np.asarray(layer(x, training=False))
    worst = max(worst, abs(x.size - length), abs(float(x.max()) - largest), abs(float(x.mean()) - total / length))
print("WORST", worst, "CLASS", int(x.argmax()))"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with browsers.jupyterlab(tmp_path_factory.mktemp("lab"), MAKE) as address:
        yield address


@pytest.fixture(scope="module")
def notebook(browser: Any, lab: str) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1400, "height": 1100})
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    start(page, lab)
    yield page
    page.close()


def test_drawing_is_recognised_and_every_layer_is_the_models_own(notebook: Any) -> None:
    draw(notebook, STROKES["7"])
    notebook.wait_for_function(
        "document.querySelector('.live .bars .best .digit')?.textContent === '7'", timeout=20_000
    )
    notebook.wait_for_timeout(300)
    shown = notebook.evaluate(
        """() => { const { picture, activations } = document.querySelector('.live').live.result;
        return { picture: [...picture], layers: activations.map(values => [
            values.length, values.reduce((a, b) => a + b, 0), values.reduce((a, b) => Math.max(a, b))]) }; }"""
    )
    printed = run(notebook, COMPARE.format(shown=json.dumps(shown)))
    worst, verdict = re.search(r"WORST (\S+) CLASS (\d)", printed).groups()
    assert float(worst) < 1e-4
    assert verdict == "7"
    assert re.fullmatch(r"\d+ ms from stroke to picture\.", notebook.locator(".live .speed").inner_text())
    assert notebook.errors == []


def test_codes_come_from_the_kernel(notebook: Any) -> None:
    notebook.locator(".live button.example", has_text="3").click()
    notebook.locator(".live button.pin").nth(1).click()
    notebook.locator(".live .neighbours canvas").first.wait_for(timeout=20_000)
    # The very digit that the drawing started from is among those stored.
    nearest = notebook.locator(".live .neighbours li").first.inner_text()
    assert nearest.startswith("3")
    assert float(nearest.split()[-1]) < 0.5


def test_training_on_changes_answers_note_and_codes(notebook: Any) -> None:
    assert "98.0% of 200" in notebook.locator(".live").inner_text()
    run(notebook, "model.set_weights([-weight for weight in model.get_weights()])\nprint('DONE', 1 + 1)", "DONE 2")
    notebook.locator(".live button.example", has_text="3").click()
    notebook.wait_for_function("document.querySelector('.live').live.looks === 2")
    assert "98.0% of 200" not in notebook.locator(".live").inner_text()
    # Still compared by the same layer, with the codes that it gives now: the drawing is one of those stored.
    assert notebook.locator(".live button.pin[aria-pressed=true]").count() == 1
    notebook.wait_for_function(
        "parseFloat(document.querySelector('.live .neighbours li').innerText.split(/\\s+/).pop()) < 0.5", timeout=20_000
    )


def test_keys_do_not_reach_the_notebook(notebook: Any) -> None:
    cells = notebook.locator(".jp-Notebook .jp-Cell").count()
    for part in ("canvas.pad", "button.example >> nth=0", "button.channel >> nth=0", "summary"):
        notebook.locator(f".live {part}").focus()
        for key in ["Escape", "d", "d"]:  # the notebook's shortcut for deleting a cell
            notebook.keyboard.press(key)
        assert notebook.locator(".jp-Notebook .jp-Cell").count() == cells
    notebook.locator(".live canvas.pad").focus()
    for key in ["Delete", "Space", "ArrowDown", "ArrowDown", "ArrowDown", "Space"]:
        notebook.keyboard.press(key)
    strokes = notebook.evaluate("document.querySelector('.live').live.pad.strokes.map(stroke => stroke.length)")
    assert strokes == [4]


def run(page: Any, source: str, says: str = "") -> str:
    """Runs code in the notebook's last cell and gives what it printed, which has these words."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(1)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")
    output = cell.locator(".jp-OutputArea-output", has_text=says)
    output.first.wait_for(timeout=60_000)
    return str(output.first.inner_text())
