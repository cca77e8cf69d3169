"""Run a script in a small virtual machine with control groups of version 2: the rights of root over a whole kernel.

The machine has a kernel of this machine (or `$KERNEL`), and a file system in memory with the distribution's Python, the
programs that a sandbox needs, and this package. Without hardware support it takes a minute to start.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from tests.normal_user import normal_users_python

QEMU = shutil.which("qemu-system-x86_64")
PROGRAMS = ("/usr/bin/setpriv", "/usr/bin/prlimit", "/usr/bin/nice", "/bin/sh", "/usr/bin/sleep")
SECONDS = 400

# Bubblewrap cannot leave the first file system of all, so everything is copied to another one.
INIT = """#!{python}
import ctypes, os, shutil, sys, traceback
def mount(kind, target, flags=0, source=None):
    os.makedirs(target, exist_ok=True)
    if ctypes.CDLL(None, use_errno=True).mount((source or kind).encode(), target.encode(), kind.encode(), flags, None):
        raise OSError(ctypes.get_errno(), target)
try:
    mount("tmpfs", "/new")
    for name in os.listdir("/"):
        if name not in ("new", "dev"):
            source = os.path.join("/", name)
            if os.path.islink(source):
                os.symlink(os.readlink(source), "/new/" + name)
            elif os.path.isdir(source):
                shutil.copytree(source, "/new/" + name, symlinks=True)
    os.chdir("/new")
    os.chroot(".")
    for kind, target in (("proc", "/proc"), ("devtmpfs", "/dev"), ("sysfs", "/sys")):
        mount(kind, target)
    mount("cgroup2", "/sys/fs/cgroup")
    open("/sys/fs/cgroup/cgroup.subtree_control", "w").write("+memory +pids +cpu")
    os.environ["PATH"] = "/usr/bin:/bin"
    pid = os.spawnv(os.P_NOWAIT, {inside!r}, [{inside!r}, "/opt/script.py"])
    print("@status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
except BaseException:
    traceback.print_exc()
finally:
    sys.stdout.flush()
    os.sync()
    ctypes.CDLL(None).reboot(0x4321FEDC)
"""


def why_not() -> str:
    """Why no virtual machine can be started here; empty if one can."""
    if QEMU is None:
        return "there is no qemu-system-x86_64"
    if _kernel() is None:
        return "there is no readable kernel in /boot; give one as $KERNEL"
    python = normal_users_python()
    return python if isinstance(python, str) else ""


def run(script: str) -> tuple[int, str]:
    """Run a Python script as root in a fresh machine; its exit status and what it printed."""
    kernel, python = _kernel(), normal_users_python()
    assert QEMU is not None and kernel is not None and isinstance(python, Path)
    image = python.parents[1] / "initramfs"
    image.write_bytes(gzip.compress(_archive(python, script), 1))
    command = [QEMU, "-kernel", str(kernel), "-initrd", str(image), "-m", "2048", "-smp", "2", "-nographic"]
    command += ["-append", "console=ttyS0 quiet panic=-1 random.trust_cpu=on PYTHONHASHSEED=0"]
    command += ["-cpu", "max", "-no-reboot", "-net", "none"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS)
    status = re.search(r"@status (-?\d+)", done.stdout)
    return (int(status[1]) if status else -1), done.stdout


def _kernel() -> Path | None:
    given = [Path(os.environ["KERNEL"])] if "KERNEL" in os.environ else sorted(Path("/boot").glob("vmlinuz-*"))
    return next((path for path in reversed(given) if os.access(path, os.R_OK)), None)


def _archive(python: Path, script: str) -> bytes:
    """A file system as the kernel unpacks it at its start: an archive of cpio's format `newc`."""
    folder, version = python.parents[1], f"{sys.version_info.major}.{sys.version_info.minor}"
    real = Path(f"/usr/bin/python{version}")
    files = [Path("/usr/bin/env"), real, *map(Path, PROGRAMS)]
    libraries = Path(f"/usr/lib/python{version}")
    for root in (folder, libraries):
        files += [path for path in root.rglob("*") if "__pycache__" not in path.parts and path.name != "initramfs"]
    programs = [path for path in files if path.is_file() and (path.suffix == ".so" or os.access(path, os.X_OK))]
    linked = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True).stdout
    files += {Path(each) for each in re.findall(r"(/(?:usr/)?lib\S+)(?= \()", linked)}
    archive = io.BytesIO()
    made: set[str] = set()

    def add(name: str, mode: int, content: bytes) -> None:
        if name in made:
            return
        if "/" in name:
            add(name.rpartition("/")[0], stat.S_IFDIR | 0o755, b"")
        made.add(name)
        fields = (len(made), mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        archive.write(header + bytes(-len(header) % 4) + content + bytes(-len(content) % 4))

    for link in ("bin", "sbin", "lib", "lib64"):
        if Path("/", link).is_symlink():
            add(link, stat.S_IFLNK | 0o777, str(Path("/", link).readlink()).encode())
    for path in files:
        name = str(path.parent.resolve() / path.name).lstrip("/")
        if path.is_symlink():
            add(name, stat.S_IFLNK | 0o777, str(path.readlink()).encode())
            files.append(path.parent / path.readlink())
        elif path.is_file():
            add(name, stat.S_IFREG | (0o755 if os.access(path, os.X_OK) else 0o644), path.read_bytes())
    add("init", stat.S_IFREG | 0o755, INIT.format(python=real, inside=str(python)).encode())
    add("opt/script.py", stat.S_IFREG | 0o644, script.encode())
    add("TRAILER!!!", 0, b"")
    return archive.getvalue()
