"""ISAC: independent soft actor-critic, one actor and two critics for each agent.

Every agent maximises its own discounted reward r_i of the mode, and the entropy of its own policy; see
`soft_actor_critic` for the equations. Its critics see its own observation and its own rate, nothing else: for agent i
the others are part of the environment, in training and in play. In play it takes the median of what it learnt to draw.

Hyper-parameters: two critics, soft targets and the tuned temperature as in Haarnoja et al.; small networks and batches,
since observations are short. The target entropy of -4 leaves a standard deviation of about .005 of the endowment where
payoffs are not flat. What was tuned is said in `soft_actor_critic`.

Limits: what is replayed was played against others' older policies (Foerster et al. 2017). While all agents move at
once, high rates are remembered with the high rates of the others, which the critic does not see, and look better than
they are: five agents that remembered 50,000 steps climbed to .98 on PublicGoods, where giving nothing pays more. So the
memory is short, and critics are told how old a step is (Foerster et al.'s fingerprint), and asked for what is true at
age 0; where one agent learns among fixed partners a longer memory without fingerprint is better. The entropy term keeps
policies a little off the corners of the box.

References
----------
Haarnoja et al. (2018), Soft actor-critic algorithms and applications, arXiv:1812.05905.
de Witt et al. (2020), Is independent learning all you need in the StarCraft multi-agent challenge?
"""

from __future__ import annotations

from typing import Any

from coopetition.baselines.learning.algorithm import hyperparameters
from coopetition.baselines.learning.soft_actor_critic import SoftActorCritic, SoftSettings
from coopetition.baselines.learning.xla import jnp


@hyperparameters
class Settings(SoftSettings):
    """As for every soft actor-critic, and what tells old memories from new ones.

    Attributes
    ----------
    fingerprint : {"age", "none"}
        What critics are told beside observation and rate.
    """

    fingerprint: str = "age"


class ISAC(SoftActorCritic):
    """Independent SAC; see the module."""

    name = "ISAC"
    citation = "T. Haarnoja et al. (2018), arXiv:1812.05905; C. Schroeder de Witt et al. (2020), arXiv:2011.09533"
    Settings = Settings

    def check(self) -> None:
        """Refuse a fingerprint that there is not."""
        super().check()
        if self.settings.fingerprint not in ("age", "none"):
            raise ValueError(f"fingerprint = {self.settings.fingerprint!r}; allowed: age, none")

    @property
    def view_size(self) -> int:
        """An observation, a rate and, with a fingerprint, an age."""
        return self.task.observation_size + self.task.action_size + (self.settings.fingerprint == "age")

    def views(self, batch_seen: Any, joint: Any, own: Any, everybody: Any, age: Any) -> Any:  # noqa: ARG002
        """The agent's own observation and rate, and how long ago that was."""
        parts = [batch_seen, own]
        if self.settings.fingerprint == "age":
            parts.append(jnp.broadcast_to(age[:, None, None], (*own.shape[:2], 1)))
        return jnp.concatenate(parts, axis=-1)
