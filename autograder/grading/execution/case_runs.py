"""Runs a submission's cases on its process, and on a new one where a call of a function ended that. Trusted side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from autograder.expect.test_files import LoadedCase
from autograder.grading.cases.bundle import FILES, Bundle, beside
from autograder.grading.cases.case_grading import grade_case, undecided
from autograder.grading.cases.namespace import Namespace, answer_positions
from autograder.grading.execution.causes import why_missing, why_wrong
from autograder.grading.execution.reruns import MAX_RUNS
from autograder.language import N_
from autograder.language import gettext as _
from autograder.records import Execution, Outcome, Question
from autograder.sandbox.host.evaluation import Evaluation
from autograder.sandbox.host.recording import RecordedSession
from autograder.sandbox.host.session import Session

__all__ = ["BROKEN", "ENDED", "CaseRuns"]

BROKEN = N_("The run broke off in a way that a person has to look at.")
ENDED = N_("Not run: in a check before this one, your function ended Python, or had to be ended.")


class CaseRuns:
    """The cases of one submission.

    Attributes:
        session: The process that answers now.
        values: Question → what its cases saw when the first process had run; taken before any function was called.
        unjustified: Whether a call was ended for what its processor time does not explain.
        unrepeated: Whether the notebook ran to its end once, and not when it was run again.
    """

    def __init__(
        self,
        bundle: Bundle,
        session: Session | RecordedSession,
        evaluation: Evaluation,
        execution: Execution,
        start: Callable[[], tuple[Session, Execution]],
    ) -> None:
        """Take all values.

        Args:
            bundle: The exercise.
            session: The process, whose cells have run.
            evaluation: Computes with its networks.
            execution: The run; its causes are explained.
            start: Runs the notebook once more, in a process of its own.
        """
        self._bundle = bundle
        self._evaluation = evaluation
        self._execution = execution
        self._start = start
        self.session: Session | RecordedSession = session
        self.values = self._now = self._taken()
        self.unjustified = session.unjustified and not execution.unjustified  # ended while values were taken
        self.unrepeated = False
        self._ended_by: set[str] = set()
        self._stopped_calls: dict[str, str] = {}  # question → why a call in a public case gave nothing
        self._restarts = 0

    def run(self, question: Question, loaded: LoadedCase) -> Outcome:
        """The outcome of a case.

        A question that ended the process has no more of its cases run, so that the others cost one run more at most.
        """
        if self.session.broken:  # then any value may be forged
            return undecided(loaded.case, "error", _(BROKEN), self._execution.message)
        if question.name in self._ended_by:
            return undecided(loaded.case, "fail", _(ENDED))
        if self._restarts < min(len(self._ended_by), MAX_RUNS - 1):
            self._restart()
        ended, unjustified = self.session.ended, self.session.unjustified
        answers = answer_positions(question.name, self._execution.cells)
        self._evaluation.begin_case()
        self._now[question.name].begin_case()
        with beside(self._bundle.path / FILES):
            outcome = grade_case(
                loaded,
                self._now[question.name],
                limits=self._bundle.assignment.limits,
                missing=lambda name: why_missing(name, answers, self._execution),
                cause=self._stopped_calls.get(question.name)
                or ("" if self.values[question.name].late else why_wrong(answers, self._execution)),
            )
        if not self._bundle.data.keys().isdisjoint(loaded.case.parameters):  # labels that students do not have
            outcome = replace(outcome, confusions=())
        if not loaded.case.hidden:  # what a hidden one showed, no other case may tell
            self._stopped_calls[question.name] = self._now[question.name].stopped_call
        self.unjustified = self.unjustified or (self.session.unjustified and not unjustified)
        if self.session.ended and not ended:
            self._ended_by.add(question.name)
        return outcome

    def _restart(self) -> None:
        self._restarts += 1
        phases = self.session.phases
        self.session, run = self._start()
        self.session.phases = phases
        self.unrepeated = self.unrepeated or run.status != "completed"
        self._now = self._taken()

    def _taken(self) -> dict[str, Namespace]:
        taken = {}
        for question in self._bundle.assignment.questions:
            if not question.manual:
                answers = [self._execution.cells[at] for at in answer_positions(question.name, self._execution.cells)]
                taken[question.name] = Namespace(self._bundle, self.session, self._evaluation, question, answers)
        return taken
