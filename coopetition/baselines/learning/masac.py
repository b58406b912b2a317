"""MASAC: soft actor-critic with centralised critics, one pair for each agent's own reward.

Every agent maximises its own discounted reward r_i of the mode and the entropy of its own policy; see
`soft_actor_critic`. In training its critics see the joint state and everybody's rates: those that were played where
they learn, those that everybody would draw now at the next step and where actors learn (Iqbal & Sha, section 3:
replayed partners are not those that an actor will meet); in play its actor sees its own observation alone. The actor's
gradient goes through the agent's own rate only.

Hyper-parameters as for ISAC.

Limits: centralised critics grow with the number of agents, and they do not make a common policy of selfish ones: each
still maximises its own reward.

References
----------
Haarnoja et al. (2018), arXiv:1812.05905. Lowe et al. (2017), Multi-agent actor-critic for mixed cooperative-competitive
environments, eq. 5 and 6 (critics). Iqbal & Sha (2019), Actor-attention-critic, section 3 (soft variant).
"""

from __future__ import annotations

from typing import Any

from coopetition.baselines.learning.soft_actor_critic import SoftActorCritic, SoftSettings


class MASAC(SoftActorCritic):
    """SAC with centralised critics; see the module."""

    name = "MASAC"
    citation = "T. Haarnoja et al. (2018), arXiv:1812.05905; R. Lowe et al. (2017), arXiv:1706.02275"
    Settings = SoftSettings

    @property
    def view_size(self) -> int:
        """The joint state and all rates."""
        return self.task.joint_size + self.task.size * self.task.action_size

    def views(self, batch_seen: Any, joint: Any, own: Any, everybody: Any, age: Any) -> Any:  # noqa: ARG002
        """Joint state and everybody's rates."""
        return self.joint_view(joint, own, everybody)
