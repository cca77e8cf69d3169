"""Serves the pages of `autograder review` on the loopback address, to who knows the token. Trusted side.

The token begins each path. There is no cookie: the browser would send it to every server of this machine, whatever its
port, and to this one from their pages.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Final
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograder.errors import AutograderError
from autograder.review.decisions import AnswerGroup, DecisionConflict, Decisions, ReviewPart
from autograder.review.presses import UnknownPress, pressed
from autograder.review.review_page import RefusedPress, ReviewPages

__all__ = ["application", "serve_pages"]

HOST: Final = "127.0.0.1"
MAX_BODY: Final = 384 * 2**10
"""Bytes of a form; the longest comment takes a quarter of it in any script, and a form may have three."""
CONFLICT: Final = (
    "It was decided or changed elsewhere meanwhile. What is here now is shown; your press changed nothing. "
    "What you typed is in its fields."
)
GONE: Final = "There is no such answer any more: the grades were made anew, or another notebook was handed in."
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def application(decisions: Decisions, token: str, port: int) -> ASGIApp:
    """The pages as an ASGI application, which answers 403 to whatever has not the token, or another host."""
    handlers = _Handlers(decisions, ReviewPages(decisions, f"/{token}"))
    routes = [
        Route("/", handlers.index),
        Route("/review.js", handlers.script),
        Route("/student/{student}", handlers.student),
        Route("/{part:int}/", handlers.answers),
        Route("/{part:int}/{group}", handlers.answer),
        Route("/{part:int}/{group}", handlers.press, methods=["POST"]),
    ]
    app = Starlette(routes=[Mount(f"/{token}", routes=routes)], exception_handlers={AutograderError: handlers.failed})
    return _Guard(app, token, {f"{HOST}:{port}", f"localhost:{port}"}, handlers.pages.policy)


def serve_pages(decisions: Decisions, ready: Callable[[str], None]) -> None:
    """Serve until interrupted.

    Args:
        decisions: What is shown and changed.
        ready: Called with the address once it answers.
    """
    token = secrets.token_urlsafe(24)
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen()
        port = listening.getsockname()[1]
        config = uvicorn.Config(
            application(decisions, token, port),
            access_log=False,
            http="h11",
            lifespan="off",
            log_config=None,
            loop="asyncio",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            ws="none",
        )
        ready(f"http://{HOST}:{port}/{token}/")
        uvicorn.Server(config).run([listening])


class _Guard:
    """Refuses, before anything is routed, what is not from a page of ours, and puts headers on each response."""

    def __init__(self, app: ASGIApp, token: str, hosts: set[str], policy: str) -> None:
        self._app, self._token, self._hosts = app, token.encode(), hosts
        self._headers = {**HEADERS, "Content-Security-Policy": f"{policy}; frame-ancestors 'none'"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        allowed = scope["type"] == "http" and self._allowed(scope["path"], scope["method"], Headers(scope=scope))
        app: ASGIApp = self._app if allowed else PlainTextResponse("Open the address that the command printed.", 403)
        await app(scope, receive, with_headers)

    def _allowed(self, path: str, method: str, headers: Headers) -> bool:
        given = path.split("/")[1].encode("utf-8", "replace")
        host, site, origin = (headers.get(name, "") for name in ("host", "sec-fetch-site", "origin"))
        if not secrets.compare_digest(given, self._token) or host not in self._hosts:
            return False
        # Of a form that is sent without our script, a browser says `null`, since our pages give no referrer.
        own_origin = origin in ("", f"http://{host}") or (origin == "null" and site == "same-origin")
        return method in ("GET", "HEAD") or (own_origin and site in ("", "same-origin"))


class _Handlers:
    """What answers each route."""

    def __init__(self, decisions: Decisions, pages: ReviewPages) -> None:
        self.decisions = decisions
        self.pages = pages

    def index(self, request: Request) -> Response:
        return HTMLResponse(self.pages.index(self.decisions.parts()))

    def script(self, request: Request) -> Response:
        content = resources.files("autograder.review").joinpath("static", "review.js").read_bytes()
        return Response(content, media_type="text/javascript")

    def student(self, request: Request) -> Response:
        page = self.pages.student(request.path_params["student"])
        if page is None:
            return self._gone()
        # The page's own policy allows less than ours, and another style sheet.
        return HTMLResponse(page, headers={"Content-Security-Policy": "frame-ancestors 'none'"})

    def answers(self, request: Request) -> Response:
        part, _ = self._found(request)
        return HTMLResponse(self.pages.answers(part)) if part else self._gone()

    def answer(self, request: Request) -> Response:
        part, group = self._found(request)
        return HTMLResponse(self.pages.answer(part, group)) if part and group else self._gone()

    async def press(self, request: Request) -> Response:
        body = b""
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    return PlainTextResponse("Too long.", 413)
        except ClientDisconnect:
            return PlainTextResponse("Cut off.", 400)  # nobody reads it
        try:
            pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
        except ValueError:
            return PlainTextResponse("Too many fields.", 400)
        form = {name: value.replace("\r\n", "\n") for name, value in pairs}
        return await run_in_threadpool(self._pressed, request, form)

    def _pressed(self, request: Request, form: Mapping[str, str]) -> Response:
        notice = ""
        try:
            self.decisions.decide(form.get("stamp", ""), lambda decision, row: pressed(decision, row, form))
        except UnknownPress:
            return PlainTextResponse("There is no such button.", 400)
        except DecisionConflict:
            notice = CONFLICT
        except AutograderError as error:
            notice = str(error)
        part, group = self._found(request)
        fields = [name for name in ("points", "comment") if form.get(name, "") != form.get(f"{name}_saved", "")]
        typed = {name: form[name] for name in fields if name in form}
        if not part or not group:
            return self._gone(typed.get("comment", "") if notice else "")
        if notice:
            refusal = RefusedPress(form.get("form", ""), notice, typed)
            return HTMLResponse(self.pages.answer(part, group, refusal), 409)
        here = self.pages.address(part, group)
        if form.get("do") == "next":
            here = self.pages.after(self.decisions.parts(), part.number, group.name) or f"{self.pages.root}/"
        return RedirectResponse(here, 303)

    def failed(self, request: Request, error: Exception) -> Response:
        return HTMLResponse(self.pages.problem("This cannot be shown", str(error)), 503)

    def _found(self, request: Request) -> tuple[ReviewPart | None, AnswerGroup | None]:
        number, name = request.path_params["part"], request.path_params.get("group", "")
        part = next((each for each in self.decisions.parts() if each.number == number), None)
        group = next((each for each in part.groups if each.name == name), None) if part else None
        return part, group

    def _gone(self, typed: str = "") -> Response:
        return HTMLResponse(self.pages.problem("Not there any more", GONE, typed), 404)
