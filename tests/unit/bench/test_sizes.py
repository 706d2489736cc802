"""Sizes as they are written on the command line."""

from __future__ import annotations

from itertools import product

import pytest

from lean_bridge.bench.sizes import SIZES, Size, parse_sizes
from lean_bridge.crosscheck.known import KNOWN
from lean_bridge.errors import BindingError
from tests.unit.executor.graphs import attention, cross_entropy, encoder, layer_norm, llama_block


def test_names_give_a_block_its_dimensions() -> None:
    tiny, small = parse_sizes(["tiny,small"], encoder(fixed=False))
    assert tiny == Size("tiny", {"n": 8, "dModel": 16, "numHeads": 2, "headDim": 8, "dFF": 32})
    assert small.dims["dFF"] == 512
    assert parse_sizes(["tiny"], attention())[0].dims == {"n": 8, "dModel": 16, "numHeads": 2, "headDim": 8}


def test_names_give_what_is_known_its_dimensions() -> None:
    (large,) = parse_sizes(["large"], llama_block())
    of_heads = {"kvHeads": 4, "groups": 4, "halfDim": 32}
    assert large.dims == {"seqLen": 512, "dModel": 1024, **of_heads, "dFF": 4096}
    lengths = {tuple(sorted(size.dims.values())) for size in parse_sizes(list(SIZES), cross_entropy())}
    assert lengths == {(8, 64), (64, 1024), (256, 8192), (512, 16384)}


def test_every_size_has_every_role_of_what_is_known() -> None:
    for known, lengths in product(KNOWN, SIZES.values()):
        roles = {role for axes in (*known.entries.values(), *known.arrays.values()) for role in axes}
        assert roles - known.composed.keys() <= lengths.keys()


def test_dimensions_may_be_given_for_any_graph() -> None:
    assert parse_sizes(["m=4, n=8", "m=1,n=2"], layer_norm()) == [
        Size("m=4, n=8", {"m": 4, "n": 8}),
        Size("m=1, n=2", {"m": 1, "n": 2}),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("huge", "no size 'huge'; expected tiny, small, medium, large, or m=…,n=…"),
        ("tiny", r"tiny is a size of transformer blocks and of .*; give m=…,n=… \(no transformer block: "),
        ("m=4,n=x", "sizes: n: expected an integer ≥ 0, found 'x'"),
        ("m=4,n=" + "9" * 20, "sizes: n: expected an integer of at most 18 digits, found 20"),
        ("m=4,=4", "expected dimensions as in n=8,dModel=16, found '=4'"),
        ("m=4,tiny", "found 'tiny'"),
    ],
)
def test_what_is_no_size_is_refused(text: str, message: str) -> None:
    model = layer_norm().replaced(lean_name="Test.norm")
    model = model.replaced(context=model.context, nodes=model.nodes[:1])
    with pytest.raises(BindingError, match=message):
        parse_sizes([text], model)


@pytest.mark.parametrize("text", ["", ",,,", " , "])
def test_no_size_at_all_is_refused(text: str) -> None:
    with pytest.raises(BindingError, match="sizes: expected tiny, small, medium, large, or n=…,"):
        parse_sizes([text], attention())


def test_a_dimension_that_is_given_twice_is_refused() -> None:
    with pytest.raises(BindingError, match="sizes: n is given more than once in 'n=1,n=2'"):
        parse_sizes(["n=1,n=2"], attention())
