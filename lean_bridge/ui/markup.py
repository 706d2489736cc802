"""What machines read a run by: workflow commands of GitHub, and test cases in JUnit's XML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Final

from lean_bridge.ui.verdict import Tone
from lean_bridge.ui.wording import visible

CASE_TAGS: Final[Mapping[Tone, str | None]] = {"good": None, "bad": "failure", "open": "error"}
"""What a test case holds for a tone; nothing where it passed."""

_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def annotation(level: str, message: str, properties: Mapping[str, str | int]) -> str:
    """Return a workflow command; no text in it can end it, or begin another one."""
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{level}{' ' if written else ''}{written}::{_data(visible(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")


def suite(root: ET.Element, name: str) -> ET.Element:
    """Return a new test suite within ``root``."""
    return ET.SubElement(root, "testsuite", name=_xml(name))


def case(
    within: ET.Element,
    classname: str,
    name: str,
    tag: str | None,
    message: str,
    body: str = "",
    seconds: float = 0.0,
    place: tuple[str, str] | None = None,
) -> None:
    """Add a test case to a suite; ``tag`` is what became of it, and ``place`` is file and line."""
    each = ET.SubElement(
        within, "testcase", classname=_xml(classname), name=_xml(name), time=f"{seconds:.3f}"
    )
    if place is not None:
        each.set("file", _xml(place[0]))
        each.set("line", place[1])
    if tag is not None:
        ET.SubElement(each, tag, message=_xml(message)).text = _xml(body) or None
    elif body:
        ET.SubElement(each, "system-out").text = _xml(body)


def _xml(text: str) -> str:
    return visible(_NOT_XML.sub("\ufffd", text))


def document(root: ET.Element) -> str:
    """Return the file, with what each suite holds counted."""
    for each in root:
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            each.set(attribute, str(len(each.findall(f"testcase/{tag}"))))
        each.set("tests", str(len(each)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
