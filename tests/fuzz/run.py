"""Fuzzes targets with atheris, which looks for inputs that reach new code: `make fuzz SECONDS=300`.

Each target runs in a process of its own. What is a fault is written into the target's corpus, where `make test` finds
it from then on; what only reached new code stays beside it, in `.fuzz/`, and is where the next run goes on.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.fuzz.targets import CORPUS, NAMES, load

FOUND = Path(".fuzz")
MAX_BYTES = 4_000
LIBRARIES = ["autograder", "markdown_it", "mdit_py_plugins"]


def fuzz(name: str, seconds: int) -> None:
    """Fuzz one target; ends the process, with status 0 where there was no fault."""
    import atheris

    with atheris.instrument_imports(include=LIBRARIES):
        target = load(name)
    found, dictionary = FOUND / name, FOUND / f"{name}.dict"
    found.mkdir(parents=True, exist_ok=True)
    words = ("".join(f"\\x{byte:02x}" for byte in token) for token in target.TOKENS)
    dictionary.write_text("".join(f'"{word}"\n' for word in words))
    options = [f"-max_total_time={seconds}", f"-max_len={MAX_BYTES}", f"-dict={dictionary}", "-timeout=60"]
    options += ["-rss_limit_mb=4096", "-print_final_stats=1", "-verbosity=0", f"-artifact_prefix={CORPUS / name}/"]
    atheris.Setup([sys.argv[0], *options, str(found), str(CORPUS / name)], target.check)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=int)
    parser.add_argument("targets", nargs="*", help="all by default")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        fuzz(options.targets[0], options.seconds)
    failed = []
    for name in options.targets or NAMES:
        command = [sys.executable, "-m", "tests.fuzz.run", str(options.seconds), name, "--here"]
        done = subprocess.run(command, capture_output=True, text=True)
        executed = [line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line]
        print(f"{name}: {', '.join(executed) or 'no'} inputs in {options.seconds} s", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout[-3_000:] + done.stderr[-3_000:], flush=True)
    print(f"Faults in: {', '.join(failed)}" if failed else "No fault was found.")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
