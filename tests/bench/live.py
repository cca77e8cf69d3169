"""Milliseconds from stroke to picture with the network of keras_gaps: the page beside the widget in JupyterLab.

Both run in this machine's Chromium and measure themselves: from the pointer's event to the frame in which all layers
are drawn. The same digits are drawn with the mouse in both, in turn; medians, because machines are shared and noisy.

    python tests/bench/live.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from autograder.live import page_export, shipped_networks  # noqa: E402
from tests import browsers  # noqa: E402
from tests.live import MAKE, STROKES, draw, start  # noqa: E402


def frames(page: Any) -> list[float]:
    """The frames of all strokes, drawn once on an empty pad."""
    page.evaluate("document.querySelector('.live').live.frames = []")
    for strokes in STROKES.values():
        page.locator(".live button", has_text="Clear").first.click()
        draw(page, strokes)
    page.wait_for_timeout(500)
    return list(page.evaluate("document.querySelector('.live').live.frames"))


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found = browsers.chromium()
    if found is None:
        sys.exit("No Chromium on the PATH. On Debian or Ubuntu: sudo apt install chromium")
    with tempfile.TemporaryDirectory() as folder, browsers.browser(found) as browser:
        made = page_export.export(
            shipped_networks.load("keras_gaps"), "keras_gaps", Path(folder, "page"), scaling="scale"
        )
        with browsers.jupyterlab(Path(folder), MAKE) as lab:
            page, widget = (browser.new_page(viewport={"width": 1400, "height": 1100}) for _ in range(2))
            page.goto(made.page.as_uri())
            start(widget, lab)
            measured: dict[str, list[float]] = {"page (TensorFlow.js)": [], "JupyterLab (Keras in the kernel)": []}
            for index in range(rounds + 1):
                for times, each in zip(measured.values(), (page, widget), strict=True):
                    each.bring_to_front()
                    spent = frames(each)
                    times += spent if index else []  # the first round warms the caches
    table = Table(title="Milliseconds from stroke to picture, network of keras_gaps")
    for heading in ("", "frames", "median", "9 in 10 below"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, times in measured.items():
        tenth = statistics.quantiles(times, n=10)[-1]
        table.add_row(name, str(len(times)), f"{statistics.median(times):.0f}", f"{tenth:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
