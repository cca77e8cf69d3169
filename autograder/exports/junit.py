"""JUnit's XML: a test suite for each student. Trusted side."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

from autograder.exports.exported import Exported, FinishedReport
from autograder.feedback.safe_text import points
from autograder.records import Outcome

__all__ = ["to_junit"]

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(report: FinishedReport) -> Exported:
    """A test suite for each student, with the points as properties."""
    root = ET.Element("testsuites", name=_xml(report.assignment.slug))
    for grade in report.grades:
        cases = [(question.name, case) for question in grade.questions for case in question.cases]
        counts = {kind: sum(_junit(case) == kind for _, case in cases) for kind in ("failure", "error", "skipped")}
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_xml(grade.student),
            tests=str(len(cases)),
            failures=str(counts["failure"]),
            errors=str(counts["error"]),
            skipped=str(counts["skipped"]),
            time=f"{grade.execution.wall_seconds:g}",
        )
        properties = ET.SubElement(suite, "properties")
        for name in ("score", "raw_score", "penalty", "possible", "pending"):
            ET.SubElement(properties, "property", name=name, value=points(getattr(grade, name)))
        for question, case in cases:
            element = ET.SubElement(suite, "testcase", classname=_xml(question), name=_xml(case.name), time="0")
            own = ET.SubElement(element, "properties")
            ET.SubElement(own, "property", name="points", value=points(case.points))
            ET.SubElement(own, "property", name="possible", value=points(case.possible))
            if kind := _junit(case):
                ET.SubElement(element, kind, message=_xml(case.message))
    ET.indent(root)
    return Exported(ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n", ".xml")


def _junit(case: Outcome) -> str:
    return {"fail": "failure", "error": "error", "skipped": "skipped", "manual": "skipped"}.get(case.status, "")


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
