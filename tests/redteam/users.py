"""The red team as a normal user: the same Python and the same files, where others cannot enter their folders."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from tests.normal_user import as_normal_user
from tests.redteam.attacks import HERE

ROOT = HERE.parents[1]


def command_as_normal_user(*command: str) -> list[str]:
    """A command for root that runs another one as a normal user.

    Python or this repository may lie below a home folder that others cannot enter. No permission is changed: in a mount
    namespace of its own, an empty folder that everybody can enter takes that folder's place, with what is needed in it.
    """
    lines = ["set -e", "kept=$(mktemp -d)", "mount -t tmpfs tmpfs $kept"]
    needed = [Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), ROOT.resolve()]
    paths = {path: closed for path in needed if (closed := _closed(path))}
    for number, path in enumerate(paths):
        lines += [f"mkdir $kept/{number}", f"mount --rbind {shlex.quote(str(path))} $kept/{number}"]
    lines += [f"mount -t tmpfs -o mode=755 tmpfs {shlex.quote(str(closed))}" for closed in sorted(set(paths.values()))]
    for number, path in enumerate(paths):
        lines += [f"mkdir -p {shlex.quote(str(path))}", f"mount --rbind $kept/{number} {shlex.quote(str(path))}"]
    lines += ["umount -l $kept", "rmdir $kept"]
    lines.append(f"exec {shlex.join(as_normal_user(*command))}")
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(lines)]


def _closed(path: Path) -> Path | None:
    """The uppermost folder on the way to a path that others cannot enter."""
    folders = [*reversed(path.parents), path]
    return next((folder for folder in folders if not folder.stat().st_mode & 0o001), None)
