"""Processor time of a student's first check, beyond Keras, which the notebook has imported anyway.

    python -m tests.bench.selfcheck

Exit status 1 where it is a second or more.
"""

from __future__ import annotations

import sys
import time

CASES = '''
from otter.test_files import test_case

name = "network"
points = 2

@test_case(points=1, hidden=False)
def test_layers(model):
    """`model` has the layers of the table."""
    from autograder import expect

    expect.layers(model, [expect.layer("Dense", units=8), expect.layer("ReLU"), expect.layer("Dense", units=3)])

@test_case(points=1, hidden=False)
def test_accuracy(model):
    """`model` gets most points right."""
    import numpy as np

    from autograder import expect

    expect.accuracy(model, np.zeros((500, 4)), np.arange(500) % 3, at_least=0.0)
'''


def main() -> None:
    """Import, build a network, check it, and print what that took."""
    import keras
    import numpy as np

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)])
    model.predict(np.zeros((1, 4)), verbose=0)  # as a notebook has before its first check
    began = time.process_time()
    from autograder.notebook.selfcheck import Checks

    imported = time.process_time()
    globals()["model"] = model
    result = Checks({"network": CASES}).check("network")
    first = time.process_time()
    print(result)
    print(f"import {imported - began:.2f} s, first check {first - imported:.2f} s")
    sys.exit(0 if first - began < 1 else 1)


if __name__ == "__main__":
    main()
