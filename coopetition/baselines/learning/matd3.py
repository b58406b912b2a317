"""MATD3: MADDPG with twin critics, smoothed targets, and actors that move at every second update.

Every agent maximises its own discounted reward r_i of the mode; see `deterministic`. Three changes against
overestimated values, as in TD3: the target is the smaller of two critics' (clipped double Q); the target actors'
rates are blurred, clip(mu'_j(o'_j) + clip(noise, -c, c), 0, 1), so that critics cannot be peaked; actors and
targets move less often than critics. In training critics see the joint state and everybody's rates; in play an
actor sees its own observation.

Hyper-parameters: two critics, delay of two, smoothing of .1 clipped at .25 (Fujimoto et al.: .2 and .5 on a box
twice as wide); the rest as for MADDPG.

Limits: the smaller of two critics underestimates where they disagree, and what is seldom tried looks worse than it is;
half as many steps of the actors as MADDPG's for the same updates.

References
----------
Ackermann, Gabler, Osa & Sugiyama (2019), Reducing overestimation bias in multi-agent domains using double centralized
critics, arXiv:1910.01465. Fujimoto, van Hoof & Meger (2018), arXiv:1802.09477, algorithm 1.
"""

from __future__ import annotations

from typing import Any

from coopetition.baselines.learning.algorithm import hyperparameters
from coopetition.baselines.learning.deterministic import (
    DeterministicActorCritic,
    DeterministicNetworks,
    DeterministicSettings,
)
from coopetition.baselines.learning.memory import Memories
from coopetition.baselines.learning.xla import jax, jnp


@hyperparameters
class Settings(DeterministicSettings):
    """As for MADDPG, and three more.

    Attributes
    ----------
    delay : int
        Updates of critics for one of actors and targets.
    smoothing, smoothing_clip : float
        Standard deviation of the noise on target rates, and where it is cut.
    """

    delay: int = 2
    smoothing: float = 0.1
    smoothing_clip: float = 0.25


class MATD3(DeterministicActorCritic):
    """Multi-agent TD3; see the module."""

    name = "MATD3"
    citation = "J. Ackermann et al. (2019), arXiv:1910.01465; S. Fujimoto et al. (2018), arXiv:1802.09477"
    Settings = Settings
    critics = 2

    @property
    def period(self) -> int:
        """Updates of critics for one of actors and targets."""
        return int(self.settings.delay)

    def next_rates(self, networks: DeterministicNetworks, batch: Memories, key: Any, settings: Any) -> Any:
        """The target actors' rates, blurred inside the box."""
        rates = self.rates(networks.actor_target, batch.next_observations)
        noise = settings.smoothing * jax.random.normal(key, rates.shape, dtype=jnp.float32)
        limit = settings.smoothing_clip
        return jnp.clip(rates + jnp.clip(noise, -limit, limit), 0.0, 1.0)
