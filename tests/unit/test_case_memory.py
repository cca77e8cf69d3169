"""A value that does not fit into memory ends the case that asks for it, and is nobody's fault until a person looks."""

from __future__ import annotations

from collections import UserDict
from typing import Any

import numpy as np
import pytest

from autograder.expect.test_files import LoadedCase
from autograder.grading.cases.case_grading import grade_case
from autograder.records import Case, Limits
from autograder.sandbox.wire import made_values
from autograder.sandbox.wire.arrays import pack_array
from autograder.sandbox.wire.deserialise import deserialise
from autograder.sandbox.wire.values import Made


class Received(UserDict[str, Any]):
    """Values that are made when they are looked up, as those of a submission are."""

    def __getitem__(self, name: str) -> Any:
        return deserialise(self.data[name])


def test_a_value_that_does_not_fit_is_an_error_and_no_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(parts: Any) -> Any:
        return np.zeros(1 << 40)  # 8 TiB

    monkeypatch.setitem(made_values._TABLE, "bytes", made_values._Made(bytes, make))
    loaded = LoadedCase(Case("c", "C", 2, hidden=True, parameters=("x",)), lambda x: None, "tests/c.py")
    values = Received({"x": Made("bytes", pack_array(np.zeros(3, np.uint8)))})
    outcome = grade_case(loaded, values, limits=Limits(memory_mb=3_000), missing=lambda name: "")
    said = "This check was ended: the values that it needs do not fit into 3,000 MiB of memory. A person looks at it."
    assert (outcome.status, outcome.message) == ("error", said)
