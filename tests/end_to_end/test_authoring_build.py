"""Where exercises are found, what a build writes, and that a refused build changes nothing."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from autograder.authoring import build as authoring
from autograder.authoring.build import build, build_all, find_master, find_root, find_slugs
from autograder.errors import BuildError, UsageError
from autograder.grading.cases.bundle import copy_bundle, load_bundle
from autograder.records import SELF_CHECK, Assignment, from_json
from tests.masters import WHOLE, secret_arrays, write_repository

BUNDLE = "reference/small/bundle"
FILES = [
    "assignments/small/small.ipynb",
    f"{BUNDLE}/assignment.json",
    f"{BUNDLE}/reference.ipynb",
    f"{BUNDLE}/tests/double.py",
    f"{BUNDLE}/tests/total.py",
]


@pytest.fixture(scope="module")
def otter_once(tmp_path_factory):
    """Otter takes a second; for one master it needs to run only once."""
    return {}


@pytest.fixture
def fast(monkeypatch, otter_once):
    """Reuse what Otter wrote for the same master."""
    real = authoring.assign

    def assign(master, folder):
        key = master.source.path.read_bytes()
        if key not in otter_once:
            otter_once[key] = real(master, folder)
        return copy.deepcopy(otter_once[key])

    monkeypatch.setattr(authoring, "assign", assign)


def snapshot(root: Path) -> dict[str, str]:
    """File → digest of everything below a folder, hidden files included."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_writes_the_stub_and_the_bundle_and_nothing_else(tmp_path, fast):
    write_repository(tmp_path)
    before = set(snapshot(tmp_path))

    report = build("small", tmp_path, check=False, proof=False)

    assert sorted(set(snapshot(tmp_path)) - before) == FILES
    assert [path.as_posix() for path in report.files] == FILES
    assert report.drift == ()
    assert report.summary.startswith("small built: 5 files")


def test_the_repository_may_be_the_current_directory(tmp_path, monkeypatch):
    write_repository(tmp_path)
    monkeypatch.chdir(tmp_path)

    build("small", Path(), check=False, proof=False)

    assert (tmp_path / FILES[0]).is_file()
    assert Path.cwd() == tmp_path


def test_the_bundle_says_what_the_master_says(tmp_path, fast):
    write_repository(tmp_path)
    build("small", tmp_path, check=False, proof=False)

    assignment = from_json((tmp_path / BUNDLE / "assignment.json").read_bytes(), Assignment)

    assert assignment.title == "A small exercise"
    assert assignment.possible == 10
    assert assignment.limits.wall_seconds == 60
    assert [(q.name, q.points, q.names, q.manual) for q in assignment.questions] == [
        ("total", 5, ("total",), False),
        ("double", 4, ("double",), False),
        ("why", 1, (), True),
    ]
    assert [case.hidden for case in assignment.questions[0].cases] == [False, True]
    digest = hashlib.sha256((tmp_path / "reference" / "data" / "secrets.npz").read_bytes()).hexdigest()
    assert assignment.data == {"data/secrets.npz": f"sha256:{digest}"}
    assert np.array_equal(load_bundle(tmp_path / BUNDLE).data["secret_pixels"], secret_arrays()["secret_pixels"])
    cells = json.loads((tmp_path / FILES[0]).read_text())["cells"]
    sources = [("".join(cell["source"]), cell) for cell in cells]
    own = [source for source, cell in sources if cell["cell_type"] == "code" or cell["metadata"].get("tags")]
    assert assignment.stub == tuple(own[1:]) and own[0].startswith(SELF_CHECK), "what students get, but the self-check"


def test_two_builds_are_the_same_byte_for_byte(tmp_path):
    for folder in ("one", "two"):
        write_repository(tmp_path / folder)
        build("small", tmp_path / folder, check=False, proof=False)
    one, two = (snapshot(tmp_path / folder / "assignments") for folder in ("one", "two"))

    assert one == two
    for name in ("assignment.json", "reference.ipynb", "tests/total.py", "tests/double.py"):
        assert (tmp_path / "one" / BUNDLE / name).read_bytes() == (tmp_path / "two" / BUNDLE / name).read_bytes()


def test_a_notebook_master_gives_the_same_files(tmp_path, fast):
    import jupytext

    master = write_repository(tmp_path)
    build("small", tmp_path, check=False, proof=False)
    from_text = snapshot(tmp_path)
    jupytext.write(jupytext.read(master, fmt="py:percent"), master.with_suffix(".ipynb"))
    master.unlink()

    build("small", tmp_path, check=False, proof=False)

    assert {name: snapshot(tmp_path)[name] for name in FILES} == {name: from_text[name] for name in FILES}


def test_check_is_content_after_a_build_and_writes_nothing(tmp_path, fast):
    write_repository(tmp_path)
    build("small", tmp_path, check=False, proof=False)
    before = snapshot(tmp_path)

    report = build("small", tmp_path, check=True, proof=False)

    assert report.drift == ()
    assert "up to date" in report.summary
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_check_names_each_file_that_drifted(tmp_path, fast, name, change):
    write_repository(tmp_path)
    build("small", tmp_path, check=False, proof=False)
    if change == "edited":
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b" ")
    else:
        (tmp_path / name).unlink()
    before = snapshot(tmp_path)

    report = build("small", tmp_path, check=True, proof=False)

    state = "is not what the master says" if change == "edited" else "is missing"
    assert report.drift == (f"{name} {state}. Run `autograder build small`.",)
    assert snapshot(tmp_path) == before


def test_hidden_data_that_changed_are_drift(tmp_path, fast):
    write_repository(tmp_path)
    build("small", tmp_path, check=False, proof=False)
    np.savez(tmp_path / "reference" / "data" / "secrets.npz", **secret_arrays(), more=np.array([1]))

    report = build("small", tmp_path, check=True, proof=False)

    assert report.drift == (f"{BUNDLE}/assignment.json is not what the master says. Run `autograder build small`.",)
    with pytest.raises(UsageError, match=r"secrets\.npz is another file than .* `autograder build small`\.$"):
        load_bundle(tmp_path / BUNDLE)


def test_check_finds_what_the_build_did_not_make(tmp_path, fast):
    write_repository(tmp_path)
    build("small", tmp_path, check=False, proof=False)
    (tmp_path / BUNDLE / "tests" / "old.py").write_text("")

    report = build("small", tmp_path, check=True, proof=False)

    assert report.drift == (f"{BUNDLE}/tests/old.py is not made by the build. Run `autograder build small`.",)


def test_a_build_removes_what_an_older_master_left_in_the_bundle(tmp_path, fast):
    write_repository(tmp_path)
    build("small", tmp_path, check=False, proof=False)
    (tmp_path / BUNDLE / "tests" / "old.py").write_text("")

    build("small", tmp_path, check=False, proof=False)

    assert not (tmp_path / BUNDLE / "tests" / "old.py").exists()


@pytest.mark.parametrize("check", [True, False])
def test_refuses_to_hand_out_a_stray_file(tmp_path, fast, check):
    write_repository(tmp_path)
    stray = tmp_path / "assignments" / "small" / "solution.ipynb"
    stray.parent.mkdir(parents=True)
    stray.write_text("mine")

    with pytest.raises(BuildError, match=r"solution\.ipynb is not made by the build"):
        build("small", tmp_path, check=check, proof=False)

    assert stray.read_text() == "mine"


def test_what_jupyter_leaves_behind_is_no_stray(tmp_path, fast):
    write_repository(tmp_path)
    checkpoint = tmp_path / "assignments" / "small" / ".ipynb_checkpoints" / "small-checkpoint.ipynb"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_text("mine")

    assert build("small", tmp_path, check=False, proof=False).drift == ()


REFUSED = {
    "by the reader": WHOLE.replace("points: 3\n", ""),
    "by Otter": WHOLE.replace("    # END SOLUTION\n", ""),
    "for a leak": WHOLE.replace("numbers = [4,", "mean_of_all = 18  # SOLUTION\nnumbers = [4,"),
    "for data that are not there": WHOLE.replace("data/secrets.npz", "data/other.npz"),
    "for data outside": WHOLE.replace("data/secrets.npz", "../secrets.npz"),
    "for an undefined name": WHOLE.replace("test_four(double)", "test_four(double, triple)"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refused_build_leaves_everything_as_it_was(tmp_path, fast, reason):
    master = write_repository(tmp_path)
    build("small", tmp_path, check=False, proof=False)
    np.savez(tmp_path / "secrets.npz", secret_totals=np.array([1]))
    master.write_text(REFUSED[reason])
    before = snapshot(tmp_path)

    with pytest.raises(BuildError, match=r"reference/small/master\.py"):
        build("small", tmp_path, check=False, proof=False)

    assert snapshot(tmp_path) == before


def test_a_failed_proof_leaves_everything_as_it_was(tmp_path, fast, monkeypatch):
    master = write_repository(tmp_path)
    build("small", tmp_path, check=False, proof=False)
    master.write_text(WHOLE.replace("Six numbers", "A few numbers"))
    before = snapshot(tmp_path)

    def refuse(master, make, say, grade=None):
        folder = make({})
        assert b"A few numbers" in (folder / "stub" / "small.ipynb").read_bytes()
        assert (folder / "bundle" / "assignment.json").is_file()
        raise BuildError("the reference fails")

    monkeypatch.setattr(authoring, "prove", refuse)
    with pytest.raises(BuildError, match="the reference fails"):
        build("small", tmp_path, check=False)

    assert snapshot(tmp_path) == before


def test_a_move_that_fails_halfway_puts_the_old_files_back(tmp_path, fast, monkeypatch):
    master = write_repository(tmp_path)
    build("small", tmp_path, check=False, proof=False)
    master.write_text(WHOLE.replace("Six numbers", "A few numbers"))
    before = snapshot(tmp_path)
    rename = Path.rename

    def failing(self, target):
        if self.name == "bundle" and Path(target).name == "bundle":
            raise OSError(28, "No space left on device", str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(BuildError, match="No space left on device"):
        build("small", tmp_path, check=False, proof=False)

    assert snapshot(tmp_path) == before


def test_an_exercises_folder_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    write_repository(tmp_path)

    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(authoring.tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(BuildError, match=r"reference/small cannot be written: Permission denied\. Make it writable\.$"):
        build("small", tmp_path, check=False, proof=False)


@pytest.mark.parametrize("kind", ["pickle", "no archive", "no file"])
def test_refuses_data_that_are_no_plain_arrays(tmp_path, kind):
    write_repository(tmp_path)
    path = tmp_path / "reference" / "data" / "secrets.npz"
    if kind == "pickle":
        np.savez(path, secret_totals=np.array([{}], dtype=object))
    elif kind == "no archive":
        path.write_bytes(b"PK\x03\x04 no archive")
    else:
        path.unlink()

    with pytest.raises(BuildError, match=r"data/secrets\.npz cannot be read: .*reference/small/master\.py:2\. "):
        build("small", tmp_path, check=False, proof=False)


def test_refuses_two_files_with_the_same_array(tmp_path):
    write_repository(tmp_path, WHOLE.replace("[data/secrets.npz]", "[data/secrets.npz, data/more.npz]"))
    np.savez(tmp_path / "reference" / "data" / "more.npz", secret_totals=np.array([1]))

    with pytest.raises(BuildError, match="two data files hold `secret_totals`"):
        build("small", tmp_path, check=False, proof=False)


def test_refuses_two_data_files_that_a_copy_could_not_hold(tmp_path, fast):
    write_repository(tmp_path, WHOLE.replace("[data/secrets.npz]", "[data/secrets.npz, small/secrets.npz]"))
    np.savez(tmp_path / "reference" / "small" / "secrets.npz", other=np.array([1]))

    with pytest.raises(BuildError, match=r"the same name\. reference/small/master\.py:2\. "):
        build("small", tmp_path, check=False, proof=False)


def test_a_copy_of_a_bundle_is_the_same_bundle_anywhere(tmp_path, fast, monkeypatch):
    write_repository(tmp_path / "repository")
    monkeypatch.setattr(authoring, "prove", lambda master, bundle, stub, say: None)

    list(build_all(tmp_path / "repository", [], check=False, to=tmp_path / "away"))

    original, copied = load_bundle(tmp_path / "repository" / BUNDLE), load_bundle(tmp_path / "away" / "small")
    (tmp_path / "repository").rename(tmp_path / "gone")
    load_bundle.cache_clear()
    assert load_bundle(tmp_path / "away" / "small").data.keys() == secret_arrays().keys()
    assert (copied.digest, copied.assignment) == (original.digest, original.assignment)
    with pytest.raises(UsageError, match=r"away/small: file exists\. Choose another folder\.$"):
        list(build_all(tmp_path / "gone", [], check=True, to=tmp_path / "away"))


def test_another_file_of_data_makes_another_bundle(tmp_path, fast):
    for folder, more in (("one", {}), ("two", {"more": np.array([1])})):
        write_repository(tmp_path / folder)
        np.savez(tmp_path / folder / "reference" / "data" / "secrets.npz", **secret_arrays(), **more)
        build("small", tmp_path / folder, check=False, proof=False)

    assert load_bundle(tmp_path / "one" / BUNDLE).digest != load_bundle(tmp_path / "two" / BUNDLE).digest


def test_data_of_a_copy_that_are_gone_or_others_are_refused(tmp_path, fast):
    write_repository(tmp_path / "repository")
    build("small", tmp_path / "repository", check=False, proof=False)
    copy_bundle(tmp_path / "repository" / BUNDLE, tmp_path / "small")
    data = tmp_path / "small" / "data" / "secrets.npz"

    data.write_bytes(b"other")
    with pytest.raises(
        UsageError, match=r"small/data/secrets\.npz is another file than the bundle was built with\. Run"
    ):
        load_bundle(tmp_path / "small")
    data.unlink()
    with pytest.raises(
        UsageError, match=r"secrets\.npz: no such file or directory\. Run `autograder build SLUG --to FOLDER`\.$"
    ):
        load_bundle(tmp_path / "small")


def test_finds_the_repository_and_its_exercises(tmp_path):
    write_repository(tmp_path, slug="beta")
    write_repository(tmp_path, slug="alpha")
    (tmp_path / "reference" / "no_master").mkdir()
    deep = tmp_path / "assignments" / "alpha"
    deep.mkdir(parents=True)

    assert find_root(deep) == tmp_path.resolve()
    assert find_slugs(tmp_path) == ["alpha", "beta"]
    assert find_master("beta", tmp_path) == tmp_path / "reference" / "beta" / "master.py"
    assert find_master(tmp_path / "reference" / "beta" / "master.py", tmp_path).parent.name == "beta"


def test_no_repository(tmp_path):
    with pytest.raises(UsageError, match="no reference/ folder"):
        find_root(tmp_path)


@pytest.mark.parametrize(
    ("slug", "says"),
    [
        *((slug, "small") for slug in ("gamma", "../small", "", "small/bundle")),
        ("data", r"reference/data has no master\. Write .*reference/data/master\.py"),
    ],
)
def test_no_such_exercise(tmp_path, slug, says):
    write_repository(tmp_path)

    with pytest.raises(UsageError, match=says):
        find_master(slug, tmp_path)


def test_a_master_elsewhere_is_not_built(tmp_path):
    write_repository(tmp_path)
    elsewhere = tmp_path / "small" / "master.py"
    elsewhere.parent.mkdir()
    elsewhere.write_text(WHOLE)

    with pytest.raises(UsageError, match="does not lie in a folder below"):
        find_master(elsewhere, tmp_path)


def test_two_masters_in_one_folder(tmp_path):
    write_repository(tmp_path).with_suffix(".ipynb").write_text("{}")

    with pytest.raises(BuildError, match="two masters"):
        find_master("small", tmp_path)


def test_without_names_all_exercises_are_built_and_drift_is_reported_at_the_end(tmp_path, monkeypatch):
    for slug in ("alpha", "beta", "gamma"):
        write_repository(tmp_path, slug=slug)

    def built(slug, root, *, check, say):
        drift = (f"assignments/{slug} is missing.",) if slug != "beta" else ()
        return authoring.BuildReport(slug, (), drift, done="is up to date" if check else "built")

    monkeypatch.setattr(authoring, "build", built)
    reports = []
    with pytest.raises(BuildError, match=r"alpha, gamma.*`autograder build alpha gamma`"):
        for report in build_all(tmp_path, [], check=True):
            reports.append(report.slug)

    assert reports == ["alpha", "beta", "gamma"]
