"""The live network in a real JupyterLab: draw in the browser, the kernel answers."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.live import STROKES, draw

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(importlib.util.find_spec("jupyterlab") is None, reason="JupyterLab is not installed"),
]

ROOT = Path(__file__).resolve().parents[2]
MAKE = """\
import keras
from autograder.student.live import LiveCNN, plan, shipped

model = plan.rebuild(shipped.load("keras_gaps"))
widget = LiveCNN(model)
widget"""
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
    folder = tmp_path_factory.mktemp("lab")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(MAKE), nbformat.v4.new_code_cell("")],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, folder / "live.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--ServerApp.token=", "--allow-root",
        "--LabApp.news_url=", "--LabApp.extension_manager=readonly", f"--ServerApp.root_dir={folder}",
        f"--LabApp.user_settings_dir={folder / 'settings'}", f"--LabApp.workspaces_dir={folder / 'workspaces'}",
    ]  # fmt: skip
    with Path(folder, "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api/status", timeout=2)
                break
            except OSError:
                assert server.poll() is None, Path(folder, "log").read_text()
                time.sleep(0.5)
        yield f"{address}/lab/tree/live.ipynb"
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def notebook(browser: Any, lab: str) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1400, "height": 1100})
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(lab)
    page.locator(".jp-Notebook .jp-CodeCell").first.click(timeout=60_000)
    page.keyboard.press("Shift+Enter")
    page.locator(".live canvas.pad").wait_for(timeout=60_000)
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
    assert notebook.errors == []


def test_stroke_to_picture_takes_less_than_a_tenth_of_a_second(notebook: Any) -> None:
    notebook.locator(".live button", has_text="Clear").click()
    draw(notebook, STROKES["0"])
    notebook.wait_for_function(
        "document.querySelector('.live .bars .best .digit')?.textContent === '0'", timeout=20_000
    )
    milliseconds = notebook.evaluate("document.querySelector('.live').live.milliseconds")
    print(f"median of the last frames: {milliseconds:.0f} ms")
    assert milliseconds < 100


def test_codes_come_from_the_kernel(notebook: Any) -> None:
    notebook.locator(".live button.example", has_text="3").click()
    notebook.locator(".live button.pin").nth(1).click()
    notebook.locator(".live .neighbours canvas").first.wait_for(timeout=20_000)
    # The very digit that the drawing started from is among those stored.
    nearest = notebook.locator(".live .neighbours li").first.inner_text()
    assert nearest.startswith("3")
    assert float(nearest.split()[-1]) < 0.5


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


def run(page: Any, source: str) -> str:
    """Runs code in the notebook's last cell and gives what it printed."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(1)
    cell.locator(".cm-content").click()
    page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")
    output = cell.locator(".jp-OutputArea-output")
    output.first.wait_for(timeout=60_000)
    return str(output.first.inner_text())
