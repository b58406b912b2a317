"""Multilayer perceptrons as plain trees of arrays: ``[{"weight": (in, out), "bias": (out,)}, ...]``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from coopetition.baselines.learning.xla import jax, jnp

Layers = list[dict[str, Any]]


def init_layers(rng: np.random.Generator, sizes: Sequence[int], last_gain: float = 1.0) -> Layers:
    """Layers of a perceptron, orthogonal (Saxe et al. 2014), biases zero: NumPy arrays, float32.

    Networks start on the host: compiling a decomposition would take longer than training some of them.

    Parameters
    ----------
    rng : Generator
    sizes : sequence of int
        Inputs, hidden widths, outputs.
    last_gain : float
        Scale of the last layer; hidden ones have the square root of two.
    """
    layers = []
    for k, (inputs, outputs) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        gain = last_gain if k == len(sizes) - 2 else float(np.sqrt(2.0))
        drawn = rng.standard_normal((max(inputs, outputs), min(inputs, outputs)))
        basis, triangle = np.linalg.qr(drawn)
        basis = basis * np.sign(np.diag(triangle))
        weight = gain * (basis if inputs >= outputs else basis.T)
        layers.append({"weight": weight.astype(np.float32), "bias": np.zeros(outputs, dtype=np.float32)})
    return layers


def stack_trees(trees: Sequence[Any]) -> Any:
    """Trees of arrays of the same shapes as one, with a new first axis: networks of a run, or runs."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *trees)


def apply_layers(layers: Layers, x: Any) -> Any:
    """Outputs (..., out) of inputs (..., in); hidden units are tanh.

    Inside, units come before samples: samples are many and units few, so that a layer's products, biases and slopes run
    along the longer axis (a gradient in two thirds of the time).
    """
    hidden = x.reshape(-1, x.shape[-1]).T
    for k, layer in enumerate(layers):
        hidden = layer["weight"].T @ hidden + layer["bias"][:, None]
        if k + 1 < len(layers):
            hidden = jnp.tanh(hidden)
    return hidden.T.reshape(*x.shape[:-1], hidden.shape[0])


def named_layers(layers: Layers) -> dict[str, np.ndarray]:
    """Layers as the arrays of a policy's file, ``layers/k/weight`` and ``layers/k/bias``."""
    return {
        f"layers/{k}/{name}": np.asarray(layer[name]) for k, layer in enumerate(layers) for name in ("weight", "bias")
    }
