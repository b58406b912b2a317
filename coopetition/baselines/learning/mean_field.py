"""MeanFieldAC: an actor-critic whose critic sees the others through their mean, three agents and more.

Every agent maximises its own discounted reward r_i of the mode. With abar_-i the mean of the others' rates, its
critics learn Q_i(o_i, a_i, abar_-i), Yang et al.'s mean-field approximation of Q_i(o_i, a_1, ..., a_N) (their eq.
9); the actor follows the gradient of Q_i through its own rate. As in their soft Boltzmann policies (eq. 12) the
policy keeps some entropy; here the squashed Gaussian and the tuned temperature of `soft_actor_critic` do that for
continuous rates. The mean does not contain the agent itself.

In training the critic sees the agent's observation and the mean: as it was played where critics learn, of what all
would draw now where actors do. In play the actor sees its own observation alone.

Hyper-parameters as for ISAC. Limits: with two agents the mean field is the other's rate and nothing is
approximated, so that they are refused; where roles differ, a mean hides who gave.

References
----------
Yang, Luo, Li, Zhou, Zhang & Wang (2018), Mean field multi-agent reinforcement learning, arXiv:1802.05438, eq. 9-13.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coopetition.baselines.learning.soft_actor_critic import SoftActorCritic, SoftSettings
from coopetition.baselines.learning.xla import jax, jnp

#: With fewer learners there is no field.
FEWEST = 3


class MeanFieldAC(SoftActorCritic):
    """Mean-field actor-critic; see the module."""

    name = "MeanFieldAC"
    citation = "Y. Yang et al. (2018), arXiv:1802.05438"
    Settings = SoftSettings

    def check(self) -> None:
        """Three learners at least."""
        super().check()
        if self.task.size < FEWEST:
            raise ValueError(f"MeanFieldAC needs {FEWEST} agents and more: of {self.task.size} there is no mean field")

    @property
    def view_size(self) -> int:
        """An observation, a rate, and a mean rate."""
        return self.task.observation_size + 2 * self.task.action_size

    def views(self, batch_seen: Any, joint: Any, own: Any, everybody: Any, age: Any) -> Any:  # noqa: ARG002
        """The agent's own observation and rate, and the mean rate of the others."""
        size = self.task.size
        weights = (1.0 - np.eye(size, dtype=np.float32)) / (size - 1)
        mean = jnp.einsum("ij,bja->bia", weights, jax.lax.stop_gradient(everybody))
        return jnp.concatenate([batch_seen, own, mean], axis=-1)
