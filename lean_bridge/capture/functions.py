"""Functions that NumPy lacks, of arrays and of the values that a graph is captured with.

Of arrays they are computed by the array's own library, with nothing of the executor's rules in them: what is
captured is compared with them.
"""

from __future__ import annotations

from typing import Any

from lean_bridge.capture.trace import Traced


def _traced(name: str, *args: Any, **kwargs: Any) -> Any:
    """Return the value of a function at arguments, or ``None`` where all of them are arrays."""
    traced = next((each for each in args if isinstance(each, Traced)), None)
    return None if traced is None else traced.trace.call(name, args, kwargs)


def sigmoid(x: Any) -> Any:
    """Return ``1/(1 + exp(-x))`` of every coordinate; any shape. Lean: ``sigmoidSpec``."""
    if (traced := _traced("sigmoid", x)) is not None:
        return traced
    xp = x.__array_namespace__()
    decayed = xp.exp(-xp.abs(x))
    return xp.where(x > 0, xp.ones_like(x), decayed) / (1 + decayed)


def silu(x: Any) -> Any:
    """Return ``x * sigmoid(x)`` of every coordinate; any shape. Lean: ``siluSpec``."""
    if (traced := _traced("silu", x)) is not None:
        return traced
    return x * sigmoid(x)


def gelu(x: Any, kappa: Any) -> Any:
    """Return GELU in its tanh form; any shape. ``kappa`` is meant to be √(2/π). Lean: ``geluSpec``.

    Hendrycks and Gimpel, *Gaussian error linear units*, 2016. It is not the form with ``erf``.
    """
    if (traced := _traced("gelu", x, kappa)) is not None:
        return traced
    return x * (1 + x.__array_namespace__().tanh(kappa * (x + 0.044715 * x * x * x))) / 2


def relu(x: Any) -> Any:
    """Return the larger of every coordinate and 0; any shape. Lean: ``reluSpec``.

    Nair and Hinton, *Rectified linear units improve restricted Boltzmann machines*, 2010.
    """
    if (traced := _traced("relu", x)) is not None:
        return traced
    return x.__array_namespace__().where(x > 0, x, 0 * x)


def leaky_relu(x: Any, slope: Any) -> Any:
    """Return ``x`` where it is positive and ``slope * x`` elsewhere; any shape. Lean: ``leakyReluSpec``.

    Maas, Hannun and Ng, *Rectifier nonlinearities improve neural network acoustic models*, 2013.
    """
    if (traced := _traced("leaky_relu", x, slope)) is not None:
        return traced
    return x.__array_namespace__().where(x > 0, x, slope * x)


def huber(x: Any, delta: Any) -> Any:
    """Return ``x*x/2`` up to ``delta`` and what is linear beyond, Huber's function. Lean: ``huberSpec``.

    Huber, *Robust estimation of a location parameter*, 1964. The theorem is for ``delta > 0``.
    """
    if (traced := _traced("huber", x, delta)) is not None:
        return traced
    within = x.__array_namespace__().clip(x, -delta, delta)
    return within * (x - within / 2)


def softplus(x: Any) -> Any:
    """Return ``log(1 + exp(x))`` of every coordinate; any shape. Lean: ``softplusSpec``."""
    if (traced := _traced("softplus", x)) is not None:
        return traced
    xp = x.__array_namespace__()
    return xp.logaddexp(x, xp.zeros_like(x))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return ``log(sum(exp(x)))`` along some axes, or all, as SciPy does. Lean: ``Tensor.logsumexpAxis``."""
    if (traced := _traced("logsumexp", x, axis=axis, keepdims=keepdims)) is not None:
        return traced
    xp = x.__array_namespace__()
    shift = xp.max(x, axis=axis, keepdims=True)
    sums = xp.sum(xp.exp(x - shift), axis=axis, keepdims=True)
    kept = shift + xp.log(sums)
    return kept if keepdims else xp.sum(kept, axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return ``x - logsumexp(x)`` along an axis; any shape. Lean: ``Tensor.logSoftmaxAxis``."""
    if (traced := _traced("log_softmax", x, axis=axis)) is not None:
        return traced
    xp = x.__array_namespace__()
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


def softmax(x: Any, axis: int = -1) -> Any:
    """Return ``exp(x) / sum(exp(x))`` along an axis; any shape. Lean: ``Tensor.softmaxAxis``."""
    if (traced := _traced("softmax", x, axis=axis)) is not None:
        return traced
    xp = x.__array_namespace__()
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return e / xp.sum(e, axis=axis, keepdims=True)


def masked_softmax(x: Any, mask: Any) -> Any:
    """Return the softmax along the last axis over what a mask allows; 0 elsewhere.

    ``mask`` has truth values for the last axes of ``x``; the theorem is for one that allows something in
    every row. Lean: ``Op.maskedSoftmax``.
    """
    if (traced := _traced("masked_softmax", x, mask)) is not None:
        return traced
    xp = x.__array_namespace__()
    e = xp.exp(x - xp.max(xp.where(mask, x, -xp.inf), axis=-1, keepdims=True))
    e = xp.where(mask, e, xp.zeros_like(e))
    return e / xp.sum(e, axis=-1, keepdims=True)


def cross_entropy(logits: Any, targets: Any) -> Any:
    """Return the mean of ``-log_softmax(logits)`` at the targets, one for each row along the last axis.

    PyTorch: ``cross_entropy``, of classes on the last axis. Lean: ``Losses.crossEntropyDGraph``.
    """
    if (traced := _traced("cross_entropy", logits, targets)) is not None:
        return traced
    xp = logits.__array_namespace__()
    return -xp.mean(xp.take_along_axis(log_softmax(logits), xp.expand_dims(targets, axis=-1), axis=-1))


def linear(x: Any, weight: Any, bias: Any) -> Any:
    """Return ``x @ weight.T + bias``, of shapes (n, i), (o, i) and (o,), as one op. Lean: ``Op.dense``."""
    if (traced := _traced("linear", x, weight, bias)) is not None:
        return traced
    return x @ weight.T + bias


def layer_norm(x: Any, weight: Any, bias: Any, eps: Any) -> Any:
    """Return ``(x - mean) / sqrt(var + eps) * weight + bias`` along the last axis. Lean: ``Op.layerNorm``.

    ``weight`` and ``bias`` have its length; the variance is biased. Ba, Kiros and Hinton, *Layer
    normalization*, 2016. The theorem is for ``eps > 0``.
    """
    if (traced := _traced("layer_norm", x, weight, bias, eps)) is not None:
        return traced
    xp = x.__array_namespace__()
    centred = x - xp.mean(x, axis=-1, keepdims=True)
    variance = xp.mean(centred * centred, axis=-1, keepdims=True)
    return centred / xp.sqrt(variance + eps) * weight + bias


def rms_norm(x: Any, weight: Any, eps: Any) -> Any:
    """Return ``x / sqrt(mean(x * x) + eps) * weight`` along the last axis. Lean: ``Op.rmsNorm``.

    Zhang and Sennrich, *Root mean square layer normalization*, 2019. The theorem is for ``eps > 0``.
    """
    if (traced := _traced("rms_norm", x, weight, eps)) is not None:
        return traced
    xp = x.__array_namespace__()
    return x / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + eps) * weight


def rotary(x: Any, cos: Any, sin: Any) -> Any:
    """Return ``x`` turned by the angles of its positions, of shapes (…, n, 2 d), (n, d) and (n, d).

    Features j and d + j are turned together, as Hugging Face's ``rotate_half`` pairs them. Lean:
    ``Op.rotary``. Su et al., *RoFormer: enhanced transformer with rotary position embedding*, 2021.
    """
    if (traced := _traced("rotary", x, cos, sin)) is not None:
        return traced
    xp, d = x.__array_namespace__(), cos.shape[-1]
    first, second = x[..., :d], x[..., d:]
    return xp.concat((first * cos - second * sin, second * cos + first * sin), axis=-1)
