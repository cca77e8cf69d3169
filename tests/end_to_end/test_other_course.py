"""A course of somebody else's, in a repository of its own: none of this repository's exercises is needed."""

from __future__ import annotations

from pathlib import Path

from tests.masters import CONFIG, write_repository
from tests.notebooks import autograder, grades

MASTER = (
    CONFIG.replace("# title: A small exercise", "# title: Two runs\n# points: 20")
    + '''
# %%
class Run:
    """What stands for the result of `fit`."""

    def __init__(self, losses):
        self.history, self.epoch = {"loss": losses}, list(range(len(losses)))


# %% [raw]
# # BEGIN QUESTION
# name: runs

# %% [markdown]
# ## Train twice
# Keep what you get in `training` and `tuning`.

# %% [raw]
# # BEGIN SOLUTION

# %%
training = Run([3.0, 2.5, 1.25])  # SOLUTION
tuning = Run([1.0, 0.75])  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 12
""" # END TEST CONFIG
def test_training(training):
    """`training` has three epochs."""
    from autograder import expect

    expect.history(training, epochs=3, metrics=["loss"], name="training")

# %%
""" # BEGIN TEST CONFIG
points: 8
hidden: true
""" # END TEST CONFIG
def test_tuning(tuning, secret_totals):
    """`tuning` ends lower than it began."""
    from autograder import expect

    losses = expect.history(tuning, metrics=["loss"], name="tuning")["loss"]
    assert losses[-1] < losses[0] < secret_totals[0], "it does not"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
'''
)


def test_is_built_copied_and_graded_elsewhere(tmp_path: Path) -> None:
    repository, away = tmp_path / "repository", tmp_path / "away"
    write_repository(repository, MASTER, slug="two_runs")

    built = autograder("build", "--to", away, cwd=repository)

    assert built.returncode == 0, built.stderr
    assert "stub 0, reference 20 of 20 points" in built.stdout
    assert built.stdout.splitlines()[1:3] == [
        "  runs.training rests on what a notebook says of itself",
        "  runs.tuning rests on what a notebook says of itself",
    ]
    assert "not 10" not in built.stderr and "not 20" not in built.stderr

    (away / "class").mkdir()
    (away / "class" / "ada.ipynb").write_bytes((away / "two_runs" / "reference.ipynb").read_bytes())
    repository.rename(tmp_path / "out of reach")
    graded = autograder("grade", "two_runs", "class", "-o", "out", cwd=away)

    assert graded.returncode == 0, graded.stderr
    ada = grades(away / "out")["ada"]
    assert (ada["score"], ada["possible"]) == (20, 20)
    assert ada["questions"][0]["histories"] == {
        "training": {"loss": [3.0, 2.5, 1.25]},
        "tuning": {"loss": [1.0, 0.75]},
    }
    page = (away / "out" / "feedback" / "ada.html").read_text(encoding="utf-8")
    first, second = (page.index(f"Drawn from your <code>{name}</code>.") for name in ("training", "tuning"))
    assert first < page.index("Training loss is 1.250 after epoch 3") < second < page.index("is 0.750 after epoch 2")
