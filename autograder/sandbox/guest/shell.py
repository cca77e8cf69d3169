"""IPython's shell without a kernel: cells show the outputs that they show in a notebook. Untrusted side."""

from __future__ import annotations

import base64
import builtins
import ctypes
import hashlib
import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from autograder.sandbox.wire.messages import MAX_MIME_TYPES, Display, Error, Stream

__all__ = ["Shell", "make_shell"]

FLUSH_CHARACTERS = 1 << 15
MAX_NATIVE_BYTES = 1 << 20
# What TensorFlow's C++ code and fontconfig write to fd 2 when loaded; no setting prevents it (TensorFlow 2.21).
LIBRARY_NOISE = re.compile(
    r"^(?:WARNING: All log messages before absl::|[IW]\d{4} [\d:.]+ +\d+ \w+\.cc:\d+\]|Fontconfig error: ).*\n?",
    re.MULTILINE,
)
# Set-up lines for Colab and for one's own machine. The sandbox has no network, and nothing to install.
SKIPPED_COMMANDS = re.compile(
    r"^\s*(?:sudo\s+)?(?:\S*python\S*\s+-m\s+)?(?:pip3?|apt(?:-get)?|conda|mamba|uv|wget|curl)\b"
)
SHOWN_MIME_TYPES = ("text/", "image/", "application/json")


class _StandardStream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of the cells: text goes out as messages, in order."""

    errors = "replace"
    encoding = "utf-8"

    def __init__(self, shell: Shell, name: str, fd: int) -> None:
        self._shell = shell
        self.name = name
        self._fd = fd
        self._parts: list[str] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._parts.append(text)
        self._size += len(text)
        if self._size > FLUSH_CHARACTERS:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if self._parts:
            text, self._parts, self._size = "".join(self._parts), [], 0
            self._shell.emit(Stream(self.name, _encodable(text)))


class _Publisher(DisplayPublisher):
    """`display(...)` becomes messages."""

    def publish(self, data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
        transient = kwargs.get("transient") or {}
        kind = "update_display_data" if kwargs.get("update") else "display_data"
        self.shell.show(Display(kind, _texts(data), str(transient.get("display_id") or "")[:200]))

    def clear_output(self, wait: bool = False) -> None:
        self.shell.show(Display("clear_output", wait=bool(wait)))


class _Hook(DisplayHook):
    """The value of a cell's last expression becomes a message."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        self.shell.show(Display("execute_result", _texts(format_dict)))

    def finish_displayhook(self) -> None:
        pass


class _Compiler(CachingCompiler):
    """Names cells as a kernel does, so that tracebacks read the same."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        digest = hashlib.sha256(transformed_code.encode(errors="replace")).hexdigest()
        return f"/tmp/ipykernel_{os.getpid()}/{int(digest[:8], 16)}.py"  # noqa: S108 - a name, never opened


class Shell(InteractiveShell):
    """An IPython shell whose every output goes to `emit`."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    compiler_class = Type(_Compiler)

    emit: Callable[[Any], None] = staticmethod(lambda output: None)
    capture_fd = -1
    streams: tuple[_StandardStream, ...] = ()
    last_count = 0
    _last_error = ""

    def init_io(self) -> None:
        pass

    def init_hooks(self) -> None:
        super().init_hooks()
        self.set_hook("show_in_pager", self._page, 0)

    def enable_gui(self, gui: Any = None) -> None:
        pass

    def ask_exit(self) -> None:
        print("[grader] exit is ignored; the next cell runs.")

    def _page(self, *args: Any, **kwargs: Any) -> None:
        content = args[1] if len(args) > 1 else ""
        print(content.get("text/plain", "") if isinstance(content, dict) else content)

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        name = getattr(etype, "__name__", str(etype))[:200]
        text = _encodable(str(evalue))
        if isinstance(evalue, SyntaxError) and evalue.msg:  # `str` adds a file name, which means nothing in a notebook
            text = _encodable(f"{evalue.msg} (line {evalue.lineno})")
            name = "SyntaxError" if name == "_IncompleteInputError" else name  # the name of Python 3.13
        self._last_error = f"{name}: {text}"
        lines = [_encodable(str(line)) for line in (stb if isinstance(stb, list) else [str(stb)])]
        self.show(Error(name, text[:4000], lines[-400:]))

    def system(self, cmd: str) -> None:
        command = self.var_expand(cmd, depth=1)
        if SKIPPED_COMMANDS.match(command):
            print(f"[grader] skipped: {command.strip()}")
            return
        with subprocess.Popen(  # noqa: S602 - a student's own `!command`, inside the sandbox
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                sys.stdout.write(line)
            self.user_ns["_exit_code"] = process.wait()

    system_piped = system
    system_raw = system

    def show(self, output: Any) -> None:
        """Send one output, after everything printed before it."""
        self.drain()
        self.emit(output)

    def drain(self) -> None:
        """Send what was printed: by Python, then by C code and child processes."""
        for stream in self.streams:
            stream.flush()
        ctypes.CDLL(None).fflush(None)
        size = os.fstat(self.capture_fd).st_size
        if size:
            text = os.pread(self.capture_fd, min(size, MAX_NATIVE_BYTES), 0).decode(errors="replace")
            os.ftruncate(self.capture_fd, 0)
            text = LIBRARY_NOISE.sub("", text)
            if text:
                self.emit(Stream("stdout", text))

    def run(self, source: str) -> str:
        """Run one cell; returns `NameError: …` if it raised, else an empty string."""
        self._last_error = ""
        self.last_count = self.execution_count
        sys.stdout, sys.stderr = self.streams
        result = self.run_cell(source, store_history=True)
        if result.success:
            return ""
        error = result.error_before_exec or result.error_in_exec
        return self._last_error or f"{type(error).__name__}: {error}"


Shell.__name__ = "ZMQInteractiveShell"  # what code looks for that asks whether it runs in a notebook


def make_shell(capture_fd: int) -> Shell:
    """A shell like a notebook kernel's: no history file, no colours, no input, inline figures."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.autoawait = True
    shell: Shell = Shell.instance(config=config)
    shell.capture_fd = capture_fd
    shell.streams = (_StandardStream(shell, "stdout", 1), _StandardStream(shell, "stderr", 2))
    shell.register_magic_function(lambda line: None, "line", "tensorflow_version")
    shell.register_magic_function(lambda line: print(f"[grader] skipped: pip {line}"), "line", "pip")
    builtins.input = _no_input
    # Matplotlib says so only where that takes long, as on a busy machine; the output must not depend on it.
    logging.getLogger("matplotlib.font_manager").addFilter(lambda record: "font cache" not in record.getMessage())
    return shell


def _no_input(prompt: object = "") -> str:
    raise RuntimeError("input() cannot be answered while the notebook is graded; assign the value in the cell instead.")


def _texts(data: Any) -> dict[str, str]:
    """A MIME bundle with text values only: bytes in base64, JSON left to its `repr`."""
    texts = {}
    for mime, value in dict(data).items():
        if isinstance(mime, str) and mime.startswith(SHOWN_MIME_TYPES):
            if isinstance(value, bytes):
                value = base64.b64encode(value).decode()
            texts[mime[:200]] = _encodable(value if isinstance(value, str) else str(value))
    return dict(islice(texts.items(), MAX_MIME_TYPES))


def _encodable(text: str) -> str:
    """Text without lone surrogates, which cannot be encoded."""
    return text.encode("utf-8", "replace").decode()
