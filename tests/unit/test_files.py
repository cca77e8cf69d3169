"""Files are there whole, or as they were; equal arrays give equal bytes."""

from __future__ import annotations

import io
import os
import stat

import numpy as np
import pytest

from autograder.errors import AutograderError
from autograder.files import npz_bytes, write_whole


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x"
    write_whole(path, [b"one", b"two"])

    def broken():
        yield b"three"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_whole(path, broken())
    (tmp_path / "taken").mkdir()
    with pytest.raises(AutograderError, match=r"taken cannot be written: Is a directory\. Put that right"):
        write_whole(tmp_path / "taken", [b"three"])
    with pytest.raises(AutograderError, match="cannot be written: No such file"):
        write_whole(tmp_path / "new" / "x", [b"three"])
    assert path.read_bytes() == b"onetwo"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["taken", "x"]


def test_only_what_is_shared_can_be_read_by_others(tmp_path):
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "mine", [b""])
        write_whole(tmp_path / "new" / "ours", [b""], shared=True)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "mine", tmp_path / "new" / "ours")}
    assert modes == {"mine": 0o600, "ours": 0o644}


def test_arrays_come_back_and_give_the_same_bytes_at_any_time(monkeypatch):
    arrays = {"step": np.array(0.5), "fortran": np.asfortranarray(np.arange(6).reshape(2, 3))}
    content = npz_bytes(arrays)
    monkeypatch.setattr("time.time", lambda: 0)
    assert npz_bytes(arrays) == content
    with np.load(io.BytesIO(content), allow_pickle=False) as read:
        assert read["step"].shape == ()
        assert read["fortran"].tolist() == [[0, 1, 2], [3, 4, 5]]
