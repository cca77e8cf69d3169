"""A page in the browser under watch."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class Watched:
    """A page in the browser, and everything about it that must not happen."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.requests: list[str] = []
        self.noise: list[str] = []
        self.page = browser.new_page(**options)
        self.page.on("dialog", lambda dialog: (self.noise.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("console", lambda message: self.noise.append(message.text))
        self.page.on("pageerror", lambda error: self.noise.append(str(error)))
        self.page.on("popup", lambda _: self.noise.append("popup"))
        self.page.route("**/*", self._routed)
        self.page.goto(path.as_uri())

    def _routed(self, route: Any) -> None:
        self.requests.append(route.request.url)
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            route.abort()

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self.page.close()
