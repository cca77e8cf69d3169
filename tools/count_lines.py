"""Count the lines of Python code in autograder/, without blanks, comments and docstrings: at a revision, and now.

A text below an attribute that describes it (PEP 257) is a docstring, too.

`make lines` runs it: `python tools/count_lines.py [REVISION]`.
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tarfile
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "autograder"
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_lines(source: str) -> int:
    """How many lines of a module hold code."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        for each in node.body if isinstance(node, DOCUMENTED) else ():
            if (
                isinstance(each, ast.Expr)
                and isinstance(each.value, ast.Constant)
                and isinstance(each.value.value, str)
            ):
                lines.difference_update(range(each.lineno, (each.end_lineno or 0) + 1))
    return len(lines)


def at_revision(revision: str) -> dict[str, str]:
    """Path → source of the package's modules at a revision."""
    archive = subprocess.run(["git", "archive", revision, PACKAGE], cwd=ROOT, capture_output=True)
    if archive.returncode:
        sys.exit(f"lines: git has no {PACKAGE}/ at {revision}. Name a revision that it has: make lines BASE=HEAD~1")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        files = [member for member in tar if member.name.endswith(".py")]
        return {file.name: tar.extractfile(file).read().decode() for file in files}


def now() -> dict[str, str]:
    """Path → source of the package's modules in the working tree."""
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in (ROOT / PACKAGE).rglob("*.py")}


def by_package(sources: dict[str, str]) -> dict[str, int]:
    """Lines of code for each folder directly in autograder/."""
    counts: dict[str, int] = {}
    for path, source in sources.items():
        folder = Path(path).parts[1] if len(Path(path).parts) > 2 else "."
        counts[folder] = counts.get(folder, 0) + code_lines(source)
    return counts


def main() -> None:
    """Print both counts, folder by folder, and their sums."""
    revision = sys.argv[1] if len(sys.argv) > 1 else "HEAD"
    before, after = by_package(at_revision(revision)), by_package(now())
    print(f"{'':14}{revision:>10}{'now':>10}")
    for folder in sorted(before | after):
        print(f"{folder:14}{before.get(folder, 0):>10,}{after.get(folder, 0):>10,}")
    total, total_now = sum(before.values()), sum(after.values())
    print(f"{'all':14}{total:>10,}{total_now:>10,}  ({total_now - total:+,})")


if __name__ == "__main__":
    main()
