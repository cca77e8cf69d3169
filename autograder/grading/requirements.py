"""The packages that an exercise needs where it is graded, as its master names them under `requires`. Trusted side."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from importlib import metadata, util

from packaging.requirements import Requirement

from autograder.errors import UsageError
from autograder.wording import listed

__all__ = ["installable", "refuse_lacking"]

_DISTRIBUTIONS = {"PIL": "pillow", "bs4": "beautifulsoup4", "cv2": "opencv-python", "skimage": "scikit-image"}
_DISTRIBUTIONS |= {"sklearn": "scikit-learn", "yaml": "pyyaml"}
"""Module → what pip installs for it, where that has another name."""


def installable(required: str) -> str:
    """What pip installs for a requirement, which may have the name of a module: `scikit-learn>=1.5`.

    Raises:
        ValueError: It is no requirement, or one that names an address.
    """
    requirement = Requirement(required)
    if requirement.url:
        raise ValueError("an address; name the package, and say elsewhere where to get it")
    requirement.name = _DISTRIBUTIONS.get(requirement.name, requirement.name)
    return str(requirement)


def refuse_lacking(slug: str, requires: Iterable[str]) -> None:
    """Refuse to go on where a package is not installed here, or in another version.

    Args:
        slug: The exercise.
        requires: Its requirements; each can be read.

    Raises:
        UsageError: One is not met; the line says what to install.
    """
    lacking: dict[str, str] = {}
    for required in map(installable, requires):
        requirement = Requirement(required)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        versions = _versions(requirement.name)
        if not any(requirement.specifier.contains(version, prereleases=True) for version in versions):
            here = f"of which {versions[0]} is here" if versions and versions[0] else "which is not installed"
            lacking[required] = f"{required}, {here}"
    if lacking:
        raise UsageError(f"{slug} needs {listed(list(lacking.values()))}. Run `pip install {shlex.join(lacking)}`.")


def _versions(name: str) -> list[str]:
    """The versions of a package here, or of those that bring a module of this name; empty if there is none."""
    try:
        return [metadata.version(name)]
    except metadata.PackageNotFoundError:
        module = name.replace("-", "_")
        found = [metadata.version(each) for each in metadata.packages_distributions().get(module, ())]
        return found or ([""] if util.find_spec(module) is not None else [])
