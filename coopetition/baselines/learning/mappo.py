"""MAPPO: proximal policy optimisation with a centralised critic for each agent, of its own reward.

Actors are those of IPPO: each sees its own observation and ascends the clipped objective of its own advantages. The
critic of agent i sees the joint state s besides that observation, and estimates the discounted sum of *its own* reward
r_i of the mode: V_i(s, o_i) descends E[ (V_i - target_i)^2 ] / 2. (With team rewards all agents' targets agree, and
this is the usual MAPPO; in mixed-motive games there is no common return to estimate.)

In training critics see the joint state; in play nothing is left of them, and actors see their own observation.

Hyper-parameters: as IPPO's; "agent-specific global state" (joint state and own observation) as in Yu et al., section 5.

Limits: a centralised critic lowers the variance of advantages only where the joint state tells more than the agent's
own observation; the environment stays non-stationary while the others learn.

References
----------
Yu, Velu, Vinitsky, Gao, Wang, Bayen & Wu (2022), The surprising effectiveness of PPO in cooperative multi-agent games.
"""

from __future__ import annotations

from typing import Any

from coopetition.baselines.learning.ippo import IPPO
from coopetition.baselines.learning.xla import jnp


class MAPPO(IPPO):
    """PPO with centralised critics; see the module."""

    name = "MAPPO"
    citation = "C. Yu et al. (2022), arXiv:2103.01955"
    needs_joint = True

    @property
    def critic_size(self) -> int:
        """The joint state, and what the actor sees."""
        return self.task.joint_size + self.task.input_size

    def critic_inputs(self, observations: Any, joint: Any, lead: int = 1) -> Any:
        """Joint state and own observation (with the learner's index where networks are shared)."""
        own = self.task.with_index(observations)
        return self.task.fold(jnp.concatenate([self.task.each_joint(joint), own], axis=-1), lead)
