"""How each op is written: its node, the certificate of that, and under which condition there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_MODULES: Final = "Proofs.Autograd.Nodes.Certified"


@dataclass(frozen=True, slots=True)
class Form:
    """What stands for an op in a module that opens ``Proofs.Autograd``.

    The arguments of the node have the names of the op's own binders; operands follow them.
    """

    node: str
    """The function that makes the node; its certificate has the same name with ``Fderiv`` behind it."""
    module: str
    """What has that certificate."""
    proof: str = ""
    """What is given after the operands."""
    structure: bool = False
    """Whether the operands are given as one structure."""
    condition: str = ""
    """What the certificate asks for: of arguments by their binders, as in ``0 < {ε}``, or of a coordinate."""
    operand: int | None = None
    """The operand of which all coordinates are asked for that, ``{x}`` in the condition, at the point."""
    hypothesis: str = ""
    """The binder of the certificate that takes the proof of it."""
    made: str = ""
    """The function that makes the node's certificate, where its name does not follow the node's."""

    @property
    def certificate(self) -> str:
        """The function that makes the node's certificate."""
        return self.made or f"{self.node}Fderiv{'' if self.operand is None else 'At'}"


def _forms(module: str, **nodes: str) -> dict[str, Form]:
    """Return forms by ops, of the functions below ``TapeNodes`` that make their nodes."""
    return {op: Form(f"TapeNodes.{node}", f"{_MODULES}.{module}") for op, node in nodes.items()}


def _at_points(**conditions: str) -> dict[str, Form]:
    """Return forms by ops of one operand, each coordinate of which is asked for something at the point."""
    return {
        op: Form(
            f"TapeNodes.{op}", f"{_MODULES}.Rectifiers", condition=condition, operand=0, hypothesis="hne"
        )
        for op, condition in conditions.items()
    }


FORMS: Final[Mapping[str, Form]] = {
    **_forms("MatMul", matmul="matmul", bmatmul="Batched.matmul"),
    **_forms("Affine", dense="dense"),
    **_forms("Pointwise", add="add", sub="sub", mul="mul", scale="scale", neg="neg"),
    **_forms("Elementwise", addConst="addConst", gelu="gelu"),
    **_forms("Activations", exp="exp", tanh="tanh", sigmoid="sigmoid", silu="silu", square="square"),
    **_forms("Logarithms", softplus="softplus"),
    **_forms("Quotients", powNat="powNat"),
    **_forms(
        "AxisSoftmax",
        softmaxAxis="softmaxAxis",
        logsumexpAxis="logsumexpAxis",
        logSoftmaxAxis="logSoftmaxAxis",
    ),
    **_forms("Reduce", rowMean="rowMean", broadcastRow="broadcastRow", broadcastCol="broadcastCol"),
    **_forms("Rotary", rotary="rotary"),
    **_forms("Total", sum="sum", mean="mean"),
    **_forms("Softmax", softmaxLast="Batched.softmaxLast"),
    **_forms("Gather", embedding="embedding", takeAlong="takeAlong"),
    **_forms(
        "Reindex",
        transposeLast2="ShapeOps.transpose3dLastTwo",
        swap01="ShapeOps.swapFirstTwo3d",
        splitHeads="ShapeOps.splitHeads",
    ),
    **_forms(
        "Axes",
        swapAxes="swapAxes",
        take="take",
        drop="drop",
        concat="concat",
        expandAxis="expandAxis",
        sumAxis="sumAxis",
        meanAxis="meanAxis",
    ),
    "layerNorm": Form(
        "LayerNorm.wholeNode",
        f"{_MODULES}.LayerNorm",
        structure=True,
        condition="0 < {ε}",
        hypothesis="hε",
        made="LayerNorm.wholeNodeFDerivCorrect",
    ),
    "rmsNorm": Form("TapeNodes.rmsNorm", f"{_MODULES}.RmsNorm", condition="0 < {ε}", hypothesis="hε"),
    "maskedSoftmax": Form(
        "TapeNodes.maskedSoftmax",
        f"{_MODULES}.MaskedSoftmax",
        condition="AllowsSome (o := {t}) {mask}",
        hypothesis="h",
    ),
    "huber": Form("TapeNodes.huber", f"{_MODULES}.Rectifiers", condition="0 < {δ}", hypothesis="hδ"),
    **_at_points(
        relu="{x} ≠ 0",
        leakyRelu="{x} ≠ 0",
        abs="{x} ≠ 0",
        maxConst="{x} ≠ {c}",
        minConst="{x} ≠ {c}",
        clamp="{x} ≠ {lo} ∧ {x} ≠ {hi}",
    ),
    "reshape": Form("TapeNodes.ShapeOps.reshape", f"{_MODULES}.Reindex", "(by grind [Shape.size])"),
}
"""By ops. What is missing takes what no graph has among its inputs."""
