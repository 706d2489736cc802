"""SARIF 2.1.0, for code scanning: a rule for each code with its help, a result for each thing to point at."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from lean_bridge.audit.catalogue import CATALOGUE
from lean_bridge.codes import EXPLANATIONS, Code
from lean_bridge.ui.wording import coded, escaped_json, visible
from pybind_models import Place
from pybind_models.policy import Finding, GateReport

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {"error": "error", "warning": "warning", "notice": "note"}
_MESSAGE: Final = "message"
"""The rule of what has no code: Lean's warnings, and what a reader must know."""
_LINES: Final = re.compile(r"(?<=[^\s:]):\d+(:\d+)?")
"""Where in a file, within a message: what is the same stays so when lines move."""
_EXIT: Final = {"accepted": 0, "rejected": 1, "no verdict": 2}


def render_sarif(gate: GateReport) -> str:
    """Return the file. Places are relative to the repository (``%SRCROOT%``).

    A result without a place of its own stands at the policy's file, at the first library that is there, or at
    the directory in which one was looked for: readers of the format take no result that stands nowhere.
    """
    rules = [_MESSAGE, *Code]
    findings = [each for each in gate.all_findings if each.level != "notice"]
    if gate.verdict != "accepted" and not any(each.level == "error" for each in findings):
        said = coded(gate.code, gate.reason or gate.verdict)
        title = f"lean-bridge gate: {gate.verdict}"
        findings.append(Finding(code=gate.code, level="error", title=title, message=said))
    run: dict[str, Any] = {
        "tool": {"driver": _driver(rules)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "the top of the repository"}}},
        "invocations": [
            {
                "executionSuccessful": gate.verdict != "no verdict",
                "exitCode": _EXIT[gate.verdict],
                "exitCodeDescription": gate.verdict,
            }
        ],
        "results": [_result(each, _fallback(gate), rules) for each in findings],
        "properties": {
            "verdict": gate.verdict,
            "reason": gate.reason,
            "policy": {"file": gate.policy.file, "sha256": gate.policy.digest},
            "relaxed": list(gate.relaxed),
        },
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return escaped_json(json.dumps(log, indent=2, ensure_ascii=False)) + "\n"


def _driver(rules: list[str]) -> dict[str, Any]:
    return {
        "name": "lean-bridge",
        "version": version("lean-bridge"),
        "rules": list(map(_rule, rules)),
    }


def _rule(code: str) -> dict[str, Any]:
    if code == _MESSAGE:
        short, full = "a message", "What Lean or lean-bridge has to say beside the verdict."
        mend, why, name = "Read it.", "It does not decide about the verdict.", "Message"
    else:
        told = EXPLANATIONS[Code(code)]
        short, full, why, mend = told.title, told.meaning, told.why, told.mend
        name = "".join(part.capitalize() for part in Code(code).name.split("_"))
    markdown = f"**{short}**\n\n{full}\n\n{why}\n\n{mend}\n\n`lean-bridge explain {code}`"
    return {
        "id": code,
        "name": name,
        "shortDescription": {"text": short},
        "fullDescription": {"text": full},
        "help": {"text": f"{full} {why} {mend}", "markdown": markdown},
        "defaultConfiguration": {"level": "warning" if code == _MESSAGE else "error"},
    }


def _result(finding: Finding, fallback: Place, rules: list[str]) -> dict[str, Any]:
    rule = finding.code if finding.code in rules else _MESSAGE
    place = finding.place or fallback
    said = _LINES.sub("", f"{finding.title}\n{finding.message}")
    identity = f"{rule}\n{place.file}\n{said}"
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "level": _LEVELS[finding.level],
        "message": {"text": visible(f"{finding.title}\n{finding.message}")},
        "locations": [_location(place)],
        "partialFingerprints": {
            "leanBridge/v1": hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()
        },
    }
    related = [
        {"id": number, **_location(each), "message": {"text": "rests on it"}}
        for number, each in enumerate(_distinct(finding, place))
    ]
    return result | ({"relatedLocations": related} if related else {})


def _distinct(finding: Finding, place: Place) -> Iterator[Place]:
    yield from (each for each in dict.fromkeys(finding.related) if each != place)


def _location(place: Place) -> dict[str, Any]:
    artifact = {"uri": quote(place.file.encode("utf-8", "surrogateescape")), "uriBaseId": "%SRCROOT%"}
    column = {"startColumn": place.column} if place.column is not None else {}
    region = {"startLine": place.line or 1, **column}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _fallback(gate: GateReport) -> Place:
    """Return the place of what is there, for what stands in no file: a file if one is known to be."""
    file = gate.policy.file
    if file is not None and not PurePosixPath(file).is_absolute():
        return Place(file=file, line=1)
    opened = next((each.place for each in gate.libraries if each.report.library is not None), None)
    if opened is not None:
        return Place(file=str(PurePosixPath(opened, CATALOGUE)), line=1)
    return Place(file=f"{next((each.place for each in gate.libraries), '.')}/", line=1)
