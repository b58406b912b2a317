"""Distributions of rates on [0, 1]: squashed Gaussians, and the Beta.

A *latent* is what is drawn: u for a Gaussian, the rate itself for a Beta. The rate follows from it, and `log_prob` is
the log-density of the *rate*, so that it contains the logarithm of the squashing's slope:
log p(rate) = log N(u; mean, std) - log |d rate / d u|.

Parameters come as one array with the last axis of length 2 A for A actions: mean and log standard deviation, or what
becomes Beta's two shapes. Everything works on any leading axes and sums over actions.

References
----------
Haarnoja et al. (2018), Soft Actor-Critic, appendix C (squashing). Chou, Maturana & Scherer (2017), Improving stochastic
policy gradients with the Beta distribution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.baselines.learning.xla import jax, jnp

#: Limits of the log standard deviation: from nearly certain to wider than the box.
LOG_STD_LOW, LOG_STD_HIGH = -5.0, 1.0
#: A Beta's draws stay this far inside (0, 1), where its density is finite.
EDGE = 1e-6
#: Nodes of the quadrature of a squashed Gaussian's entropy.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)


def _split(parameters: Any) -> tuple[Any, Any]:
    first, second = jnp.split(parameters, 2, axis=-1)
    return first, second


@dataclass(frozen=True)
class SquashedGaussian:
    """u ~ N(mean, std), rate = s(slope * u), s the logistic function; slope 2 is (1 + tanh u) / 2.

    Attributes
    ----------
    name : {"tanh", "sigmoid"}
        Which.
    """

    name: str

    @property
    def slope(self) -> float:
        """Of the logistic function's argument."""
        return 2.0 if self.name == "tanh" else 1.0

    def sample(self, key: Any, parameters: Any) -> Any:
        """Latents (..., A)."""
        mean, log_std = _split(parameters)
        return mean + jnp.exp(self._bounded(log_std)) * jax.random.normal(key, mean.shape, dtype=jnp.float32)

    def rate(self, latent: Any) -> Any:
        """Rates in [0, 1] of latents."""
        return jax.nn.sigmoid(self.slope * latent)

    def middle(self, parameters: Any) -> Any:
        """The median rate, which is what a trained policy plays."""
        return self.rate(_split(parameters)[0])

    def _bounded(self, log_std: Any) -> Any:
        return jnp.clip(log_std, LOG_STD_LOW, LOG_STD_HIGH)

    def log_slope(self, latent: Any) -> Any:
        """log d rate / d u."""
        x = jnp.abs(self.slope * latent)
        return math.log(self.slope) - x - 2.0 * jnp.log1p(jnp.exp(-x))

    def log_prob(self, parameters: Any, latent: Any) -> Any:
        """Log-density (...) of the latent's rate."""
        mean, log_std = _split(parameters)
        log_std = self._bounded(log_std)
        normal = -0.5 * jnp.square((latent - mean) * jnp.exp(-log_std)) - log_std - 0.5 * math.log(2.0 * math.pi)
        return jnp.sum(normal - self.log_slope(latent), axis=-1)

    def entropy(self, parameters: Any) -> Any:
        """Entropy (...) of the rate, by Gauss-Hermite quadrature."""
        mean, log_std = _split(parameters)
        log_std = self._bounded(log_std)
        nodes = jnp.asarray(_NODES, dtype=jnp.float32)
        weights = jnp.asarray(_WEIGHTS / math.sqrt(2.0 * math.pi), dtype=jnp.float32)
        latents = mean[..., None] + jnp.exp(log_std)[..., None] * nodes
        squashing = jnp.sum(weights * self.log_slope(latents), axis=-1)
        return jnp.sum(0.5 * math.log(2.0 * math.pi * math.e) + log_std + squashing, axis=-1)


@dataclass(frozen=True)
class Beta:
    """rate ~ Beta(1 + softplus(x), 1 + softplus(y)): one peak, whole support, no squashing."""

    name: str = "beta"

    def shapes(self, parameters: Any) -> tuple[Any, Any]:
        """Both shapes, at least 1."""
        first, second = _split(parameters)
        return 1.0 + jax.nn.softplus(first), 1.0 + jax.nn.softplus(second)

    def sample(self, key: Any, parameters: Any) -> Any:
        """Latents (..., A), which are rates."""
        above, below = self.shapes(parameters)
        drawn = jax.random.beta(key, above, below, dtype=jnp.float32)
        return jnp.clip(jax.lax.stop_gradient(drawn), EDGE, 1.0 - EDGE)

    def rate(self, latent: Any) -> Any:
        """The latents themselves."""
        return latent

    def middle(self, parameters: Any) -> Any:
        """The mean rate."""
        above, below = self.shapes(parameters)
        return above / (above + below)

    def log_prob(self, parameters: Any, latent: Any) -> Any:
        """Log-density (...)."""
        above, below = self.shapes(parameters)
        kernel = (above - 1.0) * jnp.log(latent) + (below - 1.0) * jnp.log1p(-latent)
        return jnp.sum(kernel - _log_beta(above, below), axis=-1)

    def entropy(self, parameters: Any) -> Any:
        """Entropy (...), exact."""
        above, below = self.shapes(parameters)
        digamma = jax.scipy.special.digamma
        total = above + below
        parts = (above - 1.0) * digamma(above) + (below - 1.0) * digamma(below) - (total - 2.0) * digamma(total)
        return jnp.sum(_log_beta(above, below) - parts, axis=-1)


def _log_beta(above: Any, below: Any) -> Any:
    gammaln = jax.scipy.special.gammaln
    return gammaln(above) + gammaln(below) - gammaln(above + below)


DISTRIBUTIONS: dict[str, SquashedGaussian | Beta] = {
    "tanh": SquashedGaussian("tanh"),
    "sigmoid": SquashedGaussian("sigmoid"),
    "beta": Beta(),
}
