"""Every bad twin is refused for its own reason, every good one accepted, and none leaves the corpus."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from lean_bridge.codes import Code
from lean_bridge.toolchain.provider import Provider, WorkerPool
from lean_bridge.toolchain.warm import keep_warm
from tests.adversarial.corpus import Attack, Trial, read_attacks, try_twins
from tests.running_lean import WORKERS, kept_running

ATTACKS = read_attacks()
NAMES = [
    "arguments_for_lean",
    "assumed_instance",
    "axiom_beyond_the_pinned",
    "axiom_in_instance",
    "axiom_in_look_alike_namespace",
    "axiom_in_the_text",
    "axiom_named_like_allowed",
    "beside_a_limit",
    "box_in_a_box",
    "changed_definition",
    "checked_without_manifest",
    "claim_behind_a_decision",
    "claim_made_in_two_ways",
    "class_of_functions_from_nothing",
    "comment_of_a_slash",
    "contradicting_modules",
    "contradictory_class",
    "copied_answers",
    "copied_store_entry",
    "csimp",
    "declared_again",
    "defined_twice",
    "dimension_of_a_structure",
    "divisibility_of_its_own",
    "doc_comment_of_a_slash",
    "domain_of_proofs",
    "dropped_from_catalogue",
    "early_exit",
    "edited_header",
    "edited_literal",
    "edited_proof",
    "edited_statement",
    "empty_context",
    "empty_dimension",
    "empty_glob",
    "ends_lean_early",
    "ends_lean_from_a_task",
    "entry_of_another_hand",
    "equality_of_the_same_name",
    "error_kept_back",
    "explained_theorem",
    "extern",
    "extra_hypothesis",
    "false_claim_behind_words",
    "field_of_symbols",
    "fifo_for_a_manifest",
    "fifo_for_a_source",
    "forged_module_name",
    "friendlier_word",
    "function_for_every_type",
    "functions_from_nothing",
    "gave_up",
    "graph_certificate_axiom",
    "graph_certificate_inherits_sorry",
    "graph_certificate_native",
    "graph_certificate_sorry",
    "graph_names_swapped",
    "graph_of_another_theorem",
    "graph_that_assumes",
    "half_a_bracket",
    "hash_exit",
    "hidden_body",
    "hidden_by_interpolation",
    "hidden_by_quotation",
    "hidden_falsehood",
    "hidden_proof",
    "identity_between_universes",
    "implemented_by",
    "import_of_mathlib",
    "inherited_sorry",
    "instance_in_place",
    "instance_inside_a_class",
    "instance_of_a_generated_name",
    "instance_of_lean",
    "instance_under_let",
    "instance_within_a_value",
    "kernel_auxiliary",
    "kernel_bool",
    "kernel_eq",
    "kernel_gcd",
    "kernel_nat",
    "kernel_reduce",
    "kernel_shift",
    "kernel_string",
    "kernel_xor",
    "lakefile_program",
    "left_for_the_next_module",
    "left_out_of_manifest",
    "lemma_of_two_modules",
    "letter_of_no_width",
    "linked_catalogue",
    "linked_directory",
    "linked_source",
    "lists_of_hidden_length",
    "local_instance",
    "local_notation",
    "look_alike_letter",
    "membership_that_exists",
    "misspelt_catalogue",
    "misspelt_key",
    "moved_library",
    "name_of_lean",
    "name_of_std",
    "name_of_two_lines",
    "name_that_lean_exports",
    "native_decide",
    "new_axiom",
    "numeral_of_another_type",
    "only_in_comment",
    "op_mapped_to_wrong_rule",
    "op_of_another_meaning",
    "opaque",
    "open_beside_an_axiom",
    "order_turned_round",
    "other_namespace",
    "outside_hypothesis",
    "overriding_instance",
    "overwrites_another_module",
    "overwrites_lean_s_library",
    "own_cast",
    "own_decision",
    "own_derivative",
    "own_numeral",
    "own_order",
    "own_sum",
    "own_words_left_out",
    "partial",
    "proof_as_a_definition",
    "proofs_as_sorry",
    "proofs_told_apart",
    "reads_outside",
    "reads_the_environment",
    "ready_in_tree",
    "redefined_primitive",
    "removed_catalogue",
    "removed_manifest",
    "required_package",
    "rules_of_nothing",
    "same_definition_twice",
    "same_private_name",
    "second_proof",
    "size_of_its_own",
    "skip_kernel",
    "skip_kernel_by_macro",
    "skip_kernel_in_lakefile",
    "slow_literals",
    "source_outside",
    "stale_olean",
    "starts_a_process",
    "statement_of_lean",
    "sum_behind_a_function",
    "sum_of_nothing",
    "sum_that_is_written_in_part",
    "token_before_a_comment",
    "token_glued_to_a_theorem",
    "token_like_a_comment",
    "trivial_field",
    "two_sums",
    "type_left_out",
    "type_under_let",
    "uninhabited_structure",
    "unpinned_and_changed",
    "unsafe",
    "value_at_another_universe",
    "wide_tolerance",
    "width_of_a_record",
    "without_module",
    "word_of_nothing",
    "word_twice",
    "writes_its_own_module",
    "zero_behind_definitions",
]


def files(root: Path) -> dict[str, list[str]]:
    found = (path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix != ".pyc")
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8").splitlines() for path in found
    }


@pytest.fixture(name="lean", scope="module")
def _lean(embedded: Provider, running: WorkerPool) -> Iterator[Provider]:
    with (
        kept_running(running, embedded.library),
        keep_warm(embedded, WORKERS, time_limit=120.0) as lean,
    ):
        yield lean


def test_no_attack_has_left_the_corpus() -> None:
    assert [attack.name for attack in ATTACKS] == NAMES


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_twins_are_one_change_apart(attack: Attack) -> None:
    good, bad = (files(attack.directory / twin) for twin in ("good", "bad"))
    assert set(good) == set(bad)
    differ = [name for name in good if good[name] != bad[name]]
    if len(differ) > 1:  # each twin is pinned as it is
        differ.remove("certified.toml")
    (name,) = differ
    before, after = good[name], bad[name]
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    changes = [(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"]
    assert sum(map(max, changes)) <= 6, list(difflib.ndiff(before, after))


def in_tiers() -> Iterator[ParameterSet]:
    """Of the attacks that one code refuses, try the first; the others are of the long tier."""
    seen: set[Code] = set()
    for attack in ATTACKS:
        is_long = attack.expected in seen
        seen.add(attack.expected)
        yield pytest.param(attack, id=attack.name, marks=[pytest.mark.full] if is_long else [])


@pytest.mark.lean
@pytest.mark.parametrize("attack", [*in_tiers()])
def test_the_bad_twin_is_refused_for_its_own_reason_and_in_full_the_good_one_accepted(
    attack: Attack, lean: Provider, trials: list[Trial], full: bool
) -> None:
    trial = try_twins(attack, lean, full=full)
    trials.append(trial)
    assert (trial.good is not None) == full
    assert trial.good is None or trial.good.is_accepted, trial.good
    assert trial.bad.is_refused_as(attack), (attack.expected, attack.because, trial.bad)
    if trial.alone is None:
        assert not full
        assert attack.without_kernel is None
    else:
        foretold = attack.without_kernel or attack.expected
        assert trial.alone.is_as_foretold_alone(attack), (foretold, trial.alone)
