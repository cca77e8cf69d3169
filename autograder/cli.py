"""The command line: each command calls a package and prints the result. Trusted side."""

from __future__ import annotations

import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from typer.core import TyperCommand, TyperGroup

from autograder.errors import AutograderError, UsageError
from autograder.wording import one_line

if TYPE_CHECKING:
    from autograder.publishing import ClassReport

__all__ = ["app", "main"]

NEEDS_REVIEW = 1
WRONG_USAGE = 2
INTERRUPTED = 130
TERMINATED = 143


class _PlainFlags:
    """Help that says of a flag that it is one, and not that its value is a `bool`."""

    def get_params(self, context: Any) -> list[Any]:
        parameters: list[Any] = super().get_params(context)  # type: ignore[misc]
        for parameter in parameters:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""
        return parameters


class _Command(_PlainFlags, TyperCommand):
    pass


class _Group(_PlainFlags, TyperGroup):
    pass


STUDENTS = typer.Option(
    metavar="folder|file|REGEX",
    help="What names the student, where the download is of no known system: the folder, the file, or a pattern of the "
    "path with a part called `name` or `id`.",
)

app = typer.Typer(
    cls=_Group,
    help="Grade deep-learning notebooks. Student code runs in a sandbox, without any test, answer or score in it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
screen = Console()
errors = Console(stderr=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        from autograder import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command(cls=_Command)
def build(
    slugs: Annotated[list[str] | None, typer.Argument(metavar="[SLUG]...", help="Exercises; all by default.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if anything is out of date.")] = False,
    to: Annotated[Path | None, typer.Option(help="Also copy each bundle, with its hidden data, to TO/SLUG.")] = None,
    gradescope: Annotated[
        bool, typer.Option("--gradescope", help="Also write SLUG-gradescope.zip, here or in TO, to upload there.")
    ] = False,
) -> None:
    """Make the students' notebook and the grader's bundle from reference/SLUG/master.

    Both are graded before anything is written: the notebook for students must score 0, the solution full marks.
    """
    from autograder.commands import build as command

    command.run(slugs or [], check=check, to=to, gradescope=gradescope, screen=screen, errors=errors)


@app.command(cls=_Command)
def gradescope(
    root: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where Gradescope has source/ and submission/.")],
) -> None:
    """Grade one submission as Gradescope has it grade; `run_autograder` of `autograder build --gradescope` calls it.

    It reads FOLDER/source, the zip's files, and FOLDER/submission, and writes FOLDER/results/results.json, also where
    nothing can be graded. Exit status: 0.
    """
    from autograder.commands import gradescope as command

    command.run(root, screen)


@app.command(cls=_Command)
def new(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="The new exercise: small letters, digits and _.")],
) -> None:
    """Write a small, complete exercise to begin with, reference/SLUG/master.py: `autograder build` takes it at once."""
    from autograder.commands import new as command

    command.run(slug, screen)


@app.command("try", cls=_Command)
def try_(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="An exercise of this repository.")],
    notebook: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A notebook to grade; by default the solution is shown.")
    ] = None,
) -> None:
    """Try an exercise while you write it: what the solution, or a notebook of yours, earns for each case.

    The checks are those of `autograder build`, and nothing is written. What an earlier try has graded, and has not
    changed in any way since, is not run again, and the output says so. Errors and exit status: as `autograder build`.
    """
    from autograder.commands import try_ as command

    command.run(slug, notebook, screen=screen, errors=errors)


@app.command(cls=_Command)
def grade(
    slug: Annotated[
        str,
        typer.Argument(metavar="SLUG", help="An exercise of this repository, a bundle's folder, or a zip of Otter's."),
    ],
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="A notebook, a folder, or a zip from your LMS (Moodle, Canvas).")
    ],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Output folder (default: SLUG-grades).")] = None,
    students: Annotated[str, STUDENTS] = "",
    roster: Annotated[
        Path | None,
        typer.Option(help="Your class list: a CSV with a column `student`, or as an LMS exports it."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Submissions at one time (default: as many as cores and memory allow)."),
    ] = None,
    executor: Annotated[
        str,
        typer.Option(
            metavar="local|tcp://…|tls://…",
            help="Where the workers run: on this machine, or on a Dask cluster (its scheduler's address; tcp: on this "
            "machine alone).",
        ),
    ] = "local",
    gpus: Annotated[
        str | None,
        typer.Option(
            metavar="N,…", help="NVIDIA GPUs that notebooks may use, one for each worker; weakens the sandbox."
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Grade unchanged submissions, too.")] = False,
    share: Annotated[
        bool, typer.Option("--share/--no-share", help="Run code that several students handed in once for all of them.")
    ] = True,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N", help="Grade part I of N parts of the class; `autograder merge` puts them together."
        ),
    ] = None,
    keep: Annotated[
        str, typer.Option(help="What of each run is kept in OUT, so that changed cases need no run: `all` or `none`.")
    ] = "all",
    remove: Annotated[
        list[str] | None, typer.Option(metavar="STUDENT", help="Take this student out of OUT; may be repeated.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what happens as JSON objects, one a line; all else is on stderr.")
    ] = False,
) -> None:
    """Grade a class: run each notebook in a sandbox, write grades, and a feedback page for each student.

    SLUG may be the autograder.zip that `otter assign` makes. A case in it that needs what cannot be sent from the
    sandbox is listed first, and a person grades it.

    SOURCE may be what Moodle, Canvas, Gradescope, Blackboard, Brightspace, ILIAS, OpenOlat, Teams, GitHub Classroom,
    Google Classroom, nbgrader or Otter give, or a folder of notebooks or of students' folders. `autograder intake
    SOURCE` shows who is read from it, and changes nothing.

    The class list (--roster) may be the participants or gradebook that one of these exports. Of another CSV, columns
    such as `student`, `name`, `first name` and `last name`, `id`, `email` are read, in five languages.

    What OUT holds already stays; submissions are added to it, or replace earlier ones. One whose notebook, exercise,
    versions and processor are the same as before is not graded again, unless its grade needs review. So what was
    interrupted goes on with the same command.

    Written answers are in OUT/manual.csv: fill in their points, then run `autograder report OUT`.

    Exit status: 0 all graded, 1 a submission needs review or was rejected, or an answer changed that you had graded by
    hand, 2 wrong usage or a failure of the grader (nothing is lost), 130 or 143 interrupted. Who handed in nothing, and
    answers that you have not graded yet, are 0.
    """
    from autograder.commands import grade as command
    from autograder.commands.progress import events

    emit = events(screen if as_json else None)
    with command.opened(slug, errors) as bundle:
        options = command.GradeOptions(
            out=out,
            students=students,
            roster=roster,
            workers=workers,
            executor=executor,
            gpus=gpus,
            again=again,
            share=share,
            shard=shard,
            keep=keep,
            remove=remove or [],
        )
        outcome = command.run(bundle, source, options, console=errors, emit=emit)
    emit("report", index=str(outcome.out / "index.html"), needs_review=outcome.needs_review)
    _end(outcome, errors if as_json else screen)


@app.command(cls=_Command)
def intake(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="A notebook, a folder, or a zip from your LMS (Moodle, Canvas).")
    ],
    students: Annotated[str, STUDENTS] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects.")] = False,
) -> None:
    """Show who is in a download, and which notebook of each counts; nothing is graded."""
    from autograder.commands import intake as command

    command.run(source, students=students, as_json=as_json, screen=screen)


@app.command(cls=_Command)
def export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The output folder of `autograder grade`.")],
    to: Annotated[
        str, typer.Option(metavar="moodle|canvas|gradescope|nbgrader|csv|json|junit", help="For which system.")
    ],
    template: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Moodle's grading worksheet or Canvas' gradebook, as you exported it."),
    ] = None,
    target: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="The file to write (default: SLUG-FORMAT here).")
    ] = None,
    with_pending: Annotated[
        bool, typer.Option("--with-pending", help="Export scores to which points by hand are still to come.")
    ] = False,
) -> None:
    """Write grades for an LMS: its own file, filled in place, and beside it the zip of feedback pages.

    Whoever would be missing there is named, with the reason.
    """
    from autograder.commands import export as command

    command.run(out, to=to, template=template, target=target, with_pending=with_pending, screen=screen)


@app.command(cls=_Command)
def report(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The output folder of `autograder grade`.")],
    also: Annotated[
        str,
        typer.Option(
            metavar="FORM,…",
            help="Beside each student's page, in OUT/feedback: `markdown`, for comments in an LMS, and `pdf`, for "
            "printing (takes Chromium or Chrome). What an earlier report had of these and is not asked for again goes.",
        ),
    ] = "",
    remove: Annotated[
        list[str] | None, typer.Option(metavar="STUDENT", help="Take this student out of OUT; may be repeated.")
    ] = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Also write a copy for sharing, with pseudonyms in place of students.")
    ] = False,
    copy: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="COPY", help="Folder for that copy; new, or empty.")
    ] = None,
) -> None:
    """Write grades and pages again, with the points that you entered in OUT/manual.csv; no notebook is run.

    Exit status: as of `autograder grade`.
    """
    from autograder.commands import report as command

    if anonymous != (copy is not None):
        raise UsageError(
            "--anonymous and -o COPY belong together: a copy with pseudonyms goes into a folder of its own."
        )
    forms = [name.strip() for name in also.split(",") if name.strip()]
    _end(command.run(out, also=forms, remove=remove or [], copy=copy, console=errors))


@app.command(cls=_Command)
def review(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The output folder of `autograder grade`.")],
    named: Annotated[bool, typer.Option("--names", help="Show students' names, in place of pseudonyms.")] = False,
) -> None:
    """Grade by hand in a browser: one question over all students, each different answer once.

    It prints the address of a page on this machine, which nobody else can open. Each decision is in OUT/manual.csv at
    once; you may edit that file meanwhile. Then run `autograder report OUT`. Needs the extra [review].
    """
    from autograder.commands import review as command

    command.run(out, named=named, screen=screen)


@app.command(cls=_Command)
def merge(
    parts: Annotated[
        list[Path],
        typer.Argument(metavar="OUT…", help="Output folders of `autograder grade --shard`, one for each part."),
    ],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder of all (default: SLUG-grades).")] = None,
) -> None:
    """Put the grades of parts of a class together, which several machines have graded, and write the report of all.

    Exit status: as of `autograder grade`.
    """
    from autograder.commands import merge as command

    _end(command.run(parts, out, console=errors))


def _end(outcome: ClassReport, console: Console = screen) -> NoReturn:
    from autograder.commands.report import show

    show(outcome, console)
    raise typer.Exit(NEEDS_REVIEW if outcome.needs_review else 0)


@app.command(cls=_Command)
def calibrate(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="An exercise of this repository.")],
    seeds: Annotated[int, typer.Option(min=2, max=1000, help="Runs in all, those of earlier calls included.")] = 20,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Runs at one time.")] = 2,
) -> None:
    """Measure how an exercise's accuracies vary with the random seed, and propose a smallest accuracy for each case.

    The solution runs once for each seed, in the sandbox; every `set_random_seed(number)` in it gets another number.
    Results are stored beside the master. A run that was stopped continues where it stopped.
    """
    from autograder.commands import calibrate as command

    measured = command.run(slug, seeds=seeds, workers=workers, console=errors)
    command.show(slug, measured, screen)


@app.command(cls=_Command)
def features(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Images: one subfolder for each class.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.")] = Path("features.npz"),
    model: Annotated[str, typer.Option(help="`efficientnet-lite0` or `vgg16` (downloads 528 MB).")] = (
        "efficientnet-lite0"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the split into training, validation and test.")] = 0,
) -> None:
    """Turn images into the features of a pretrained network, for an exercise: 4,096 numbers each, in one .npz.

    Of each class 60 % of the images are for training, 20 % for validation, 20 % for the test. The file holds x_train,
    y_train, x_validation and so on; features are int8; multiplied by step they are in standard deviations.
    """
    from autograder.commands import features as command

    command.show(command.run(folder, out, model=model, seed=seed, console=errors), screen)


@app.command(cls=_Command)
def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="`mnist`, `MobileNetV2`, …; all datasets by default."),
    ] = None,
) -> None:
    """Say which files to put where, so that `keras.datasets` and pretrained networks work where notebooks are graded.

    Nothing is downloaded, here or while grading: get each file from the address that is printed, on any machine. The
    sandbox reads the folder and never writes to it.

    Exit status: 0 all that was named is there, 1 something is missing or is another file.
    """
    from autograder.commands import fetch as command

    if not command.run(names or [], screen):
        raise typer.Exit(NEEDS_REVIEW)


@app.command(cls=_Command)
def live(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A .keras file, or `keras_gaps` for a trained one.")],
    folder: Annotated[Path, typer.Option("--export", metavar="DIR", help="Folder to write the page to.")],
    float32: Annotated[bool, typer.Option("--float32", help="Keep weights as float32: twice the size.")] = False,
    scaling: Annotated[
        str | None, typer.Option("--input", help="standardise, scale (to 0…1) or raw; detected by default.")
    ] = None,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in your browser.")] = False,
) -> None:
    """Make a web page on which you draw a digit and see the output of every layer of a network.

    The page is one file that needs no server, no network and no Python. A .keras file is loaded with Keras's own layers
    only.
    """
    from autograder.commands import live as command

    report = command.run(model, folder=folder, float32=float32, scaling=scaling)
    command.show(report, screen, browser=browser)


@app.command()
def doctor() -> None:
    """Say what this machine can do, what it lacks, and how to get that: run it before you grade for the first time.

    Exit status: 0 notebooks can be graded here, 1 they cannot.
    """
    from autograder.commands import doctor as command

    if not command.show(command.run(), screen):
        raise typer.Exit(NEEDS_REVIEW)


def main() -> None:
    """Entry point of `autograder`: an error is one line on stderr and exit status 2."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app()
    except AutograderError as error:
        errors.print(f"autograder: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(WRONG_USAGE)
    except (KeyboardInterrupt, SystemExit) as ending:  # Typer turns the first into the second
        status = INTERRUPTED if isinstance(ending, KeyboardInterrupt) else ending.code
        if status not in (INTERRUPTED, TERMINATED):
            raise
        continues = sys.argv[1:2] in (["grade"], ["calibrate"])
        again = " Run the same command again to continue where it stopped." if continues else ""
        errors.print(f"autograder: stopped.{again}", markup=False, soft_wrap=True)
        sys.exit(status)
    except Exception as error:
        from autograder.__main__ import EXTRAS  # it says which extra is not installed

        lacking = error.name if isinstance(error, ModuleNotFoundError) else None
        if sys.flags.dev_mode or (lacking or "").partition(".")[0] in EXTRAS:
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__}: {one_line(str(error))} ({place.filename}:{place.lineno})"
        line = f"autograder: the grader failed; nothing is lost. Report this, with {sys.executable} -X dev: {what}"
        errors.print(line, style="red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(WRONG_USAGE)


def _terminate(signal_number: int, frame: object) -> NoReturn:
    raise SystemExit(TERMINATED)
