"""The zip that Gradescope takes as an autograder: scripts, the bundle, and this package as a wheel. Trusted side.

Gradescope runs `setup.sh` once, when it makes its image, and `run_autograder` for each submission.
"""

from __future__ import annotations

import base64
import hashlib
import io
import platform
import shlex
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import autograder
from autograder.grading.cases.bundle import copy_bundle
from autograder.records import Assignment

__all__ = ["gradescope_zip"]

NAME = "keras_autograder"
SETUP = """\
#!/usr/bin/env bash
# Made by `autograder build --gradescope`: installs the grader with the versions that the exercise was built with.
set -euo pipefail
apt-get update
apt-get install -y --no-install-recommends ca-certificates curl
curl -LsSf https://astral.sh/uv/install.sh | env UV_INSTALL_DIR=/usr/local/bin sh
export UV_PYTHON_INSTALL_DIR=/opt/python  # not in root's home, where the sandbox's user may not look
uv venv --python {python} /autograder/venv
cd /autograder/source
uv pip install --python /autograder/venv/bin/python -c constraints.txt {packages}
# The image is made elsewhere than it runs: each submission says whether there is a sandbox.
/autograder/venv/bin/python -m autograder doctor || true
"""
RUN = """\
#!/usr/bin/env bash
# Made by `autograder build --gradescope`: grades what is in submission/, and writes results/results.json.
cd "$(dirname "${BASH_SOURCE[0]}")"
exec venv/bin/python -m autograder gradescope .
"""
EXECUTABLE = frozenset({"setup.sh", "run_autograder"})


def gradescope_zip(bundle: Path, assignment: Assignment) -> bytes:
    """The zip to upload; it is secret, as the bundle is.

    Args:
        bundle: The exercise's bundle.
        assignment: What is in it.

    Raises:
        UsageError: The bundle cannot be read.
    """
    version = metadata.version(NAME)
    wheel = f"{NAME}-{version}-py3-none-any.whl"
    packages = shlex.join([f"./{wheel}[grade]", *assignment.requires])
    python = ".".join(platform.python_version_tuple()[:2])
    files = {
        "setup.sh": SETUP.format(python=python, packages=packages).encode(),
        "run_autograder": RUN.encode(),
        "constraints.txt": "".join(f"{line}\n" for line in _installed()).encode(),
        wheel: _wheel(version),
    }
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "bundle"
        copy_bundle(bundle, folder)
        files |= {
            path.relative_to(temporary).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    return _zipped(files)


def _installed() -> list[str]:
    """The versions of all packages here; not of this one, nor of one that no index has."""
    versions = {each.metadata["Name"]: each.version for each in metadata.distributions()}
    return sorted(
        f"{name}=={version}"
        for name, version in versions.items()
        if "+" not in version and name.replace("-", "_").lower() != NAME
    )


def _wheel(version: str) -> bytes:
    """This package as a wheel, as it is running here, be that from a checkout."""
    package, info = Path(autograder.__file__).parent, f"{NAME}-{version}.dist-info"
    files = {
        path.relative_to(package.parent).as_posix(): path.read_bytes()
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    files |= {
        f"{info}/METADATA": (metadata.distribution(NAME).read_text("METADATA") or "").encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": b"[console_scripts]\nautograder = autograder.__main__:main\n",
    }
    record = [f'"{name}",sha256={_record_digest(content)},{len(content)}\n' for name, content in files.items()]
    return _zipped({**files, f"{info}/RECORD": "".join([*record, f"{info}/RECORD,,\n"]).encode()})


def _record_digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if name in EXECUTABLE else 0o100644) << 16
            archive.writestr(entry, data)
    return content.getvalue()
