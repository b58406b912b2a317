"""MADDPG: multi-agent deep deterministic policy gradient, a centralised critic of each agent's own reward.

Every agent maximises its own discounted reward r_i of the mode; see `deterministic` for the equations. In training
its critic sees the joint state and everybody's rates; in play its actor sees its own observation alone.

Hyper-parameters: soft targets and clipped Gaussian noise as in Lillicrap et al. and Fujimoto et al.; small networks
and batches, since observations are short. What was tuned is said in `deterministic`.

Limits: a deterministic actor stays where its critic is flat; one critic overestimates (see MATD3). The others'
rates in the actor's gradient are those that were replayed, as in the paper's code.

References
----------
Lowe, Wu, Tamar, Harb, Abbeel & Mordatch (2017), arXiv:1706.02275, eq. 5 and 6, algorithm 1.
"""

from __future__ import annotations

from coopetition.baselines.learning.deterministic import DeterministicActorCritic, DeterministicSettings


class MADDPG(DeterministicActorCritic):
    """Multi-agent DDPG; see the module."""

    name = "MADDPG"
    citation = "R. Lowe et al. (2017), arXiv:1706.02275"
    Settings = DeterministicSettings
