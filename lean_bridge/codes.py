"""Stable codes for everything that stops a green verdict, and what each means."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Why something was not accepted; LB1 build, LB2 declarations, LB3 graphs, LB4 kernels, LB9 none."""

    BUILD_FAILED = "LB101"
    COMPILED_FILE_ALTERED = "LB102"

    STATEMENT_DRIFT = "LB201"
    MISSING = "LB202"
    OTHER_KIND = "LB203"
    AXIOM = "LB204"
    SORRY = "LB205"
    COMPILED_CODE = "LB206"
    UNSAFE = "LB207"
    SUBSTITUTED = "LB208"
    NOT_PINNED = "LB209"
    BODY_HIDDEN = "LB210"
    DEFINITION_DRIFT = "LB211"
    DEFINED_TWICE = "LB212"

    NOT_THE_DECLARED_GRAPH = "LB301"
    ILL_FORMED_GRAPH = "LB302"
    FIELD_DISAGREES = "LB303"
    NUMBERS_DISAGREE = "LB304"
    OUTSIDE_HYPOTHESIS = "LB305"

    KERNEL_REFUSES = "LB401"
    NOT_CONFIRMED = "LB402"

    NO_TOOLCHAIN = "LB901"
    NO_PROJECT = "LB902"
    NOT_CATALOGUED = "LB903"
    UNREADABLE = "LB904"
    UNSUPPORTED = "LB905"
    BINDING = "LB906"
    ARRAY = "LB907"
    NOTHING_CHECKED = "LB908"
