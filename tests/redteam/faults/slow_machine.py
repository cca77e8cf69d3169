"""A machine that is busy with other things makes honest work run into its limits."""

import contextlib
import subprocess
import sys

ALONE = True


@contextlib.contextmanager
def beside():
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(20)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


# %% answer:number
answer = 1
