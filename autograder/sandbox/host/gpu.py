"""One GPU for the sandbox of a notebook, where the instructor has chosen that: NVIDIA's device files. Trusted side.

A sandbox sees that GPU's own file, and the driver's common ones; another GPU has no file there. A notebook talks to the
driver in the kernel through them, so a GPU makes the sandbox weaker: see docs/security.md.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from autograder.errors import UsageError

__all__ = ["GPU_VARIABLE", "assigned_gpu", "chosen_gpus", "gpu_binds", "gpu_environment", "gpu_name"]

GPU_VARIABLE = "AUTOGRADER_GPUS"
"""Environment variable: the numbers of the GPUs that a grader, or one of its processes, gives to sandboxes; one to each
at a time."""
DEVICES = Path("/dev")
DRIVER = Path("/proc/driver/nvidia/gpus")
COMMON = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools")
LIBRARIES = Path("/usr/local/nvidia")
"""Where container runtimes put the driver's libraries; else they are below /usr/lib, which sandboxes have."""


def chosen_gpus(numbers: str, option: str = "--gpus") -> tuple[int, ...]:
    """The GPUs in a list such as `0,1`.

    Args:
        numbers: It.
        option: What it was given as, for messages.

    Raises:
        UsageError: It names none, one twice, or one that is not there.
    """
    if not re.fullmatch(r"\d{1,3}(,\d{1,3})*", numbers):
        raise UsageError(f"{option} {numbers[:40]!r}: give the numbers of GPUs, such as 0 or 0,1.")
    found = tuple(map(int, numbers.split(",")))
    if len(set(found)) < len(found):
        raise UsageError(f"{option} {numbers}: a GPU is named twice.")
    for name in (*(f"nvidia{number}" for number in found), *COMMON[:2]):
        if not (DEVICES / name).exists():
            raise UsageError(f"{option} {numbers}: {DEVICES / name} is not there. Leave {option} out to grade without.")
    return found


def assigned_gpu() -> int | None:
    """The GPU of this process, as the environment says; by default none.

    Raises:
        UsageError: See `chosen_gpus`.
    """
    numbers = os.environ.get(GPU_VARIABLE, "")
    return chosen_gpus(numbers, GPU_VARIABLE)[0] if numbers else None


def gpu_name(number: int) -> str:
    """A GPU's model, as the driver says; `GPU` where it does not."""
    for file in sorted(DRIVER.glob("*/information")):
        text = file.read_text(encoding="utf-8", errors="replace")
        if re.search(rf"^Device Minor:\s*{number}$", text, re.MULTILINE):
            model = re.search(r"^Model:\s*(.+)$", text, re.MULTILINE)
            return model[1].strip() if model else "GPU"
    return "GPU"


def gpu_binds(number: int) -> list[str]:
    """Bubblewrap's options for a GPU: files that can be used, and libraries that can be read."""
    names = (f"nvidia{number}", *COMMON)
    devices = [(DEVICES / name, Path("/dev", name)) for name in names if (DEVICES / name).exists()]
    libraries = ("--ro-bind", str(LIBRARIES), str(LIBRARIES)) if LIBRARIES.is_dir() else ()
    return [*(word for at, inside in devices for word in ("--dev-bind", str(at), str(inside))), *libraries]


def gpu_environment() -> dict[str, str]:
    """Environment variables of a sandbox with a GPU; memory is taken as it is needed."""
    return {
        "CUDA_CACHE_PATH": "/tmp/.nv",  # noqa: S108 - the sandbox's own
        "LD_LIBRARY_PATH": f"{LIBRARIES}/lib64" if LIBRARIES.is_dir() else "",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.75",
    }
