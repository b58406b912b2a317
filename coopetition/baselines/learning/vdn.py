"""VDN: value-decomposition networks; the team's value is the sum of the agents' utilities.

All agents are trained on the team reward, the mean of r_i; see `value_decomposition` for the equations. The sum
needs no state: what an agent should do depends on nobody else's bin. In training and in play an agent sees its own
observation.

Hyper-parameters: eleven bins; the rest as for the other learners from memory.

Limits: a team's value that is no sum over agents is fitted as one, so that a product (synergy) is seen through its
slope around what is played; rates between bins are not tried.

References
----------
Sunehag et al. (2017), Value-decomposition networks for cooperative multi-agent learning, arXiv:1706.05296, eq. 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coopetition.baselines.learning.value_decomposition import DecompositionSettings, ValueDecomposition


class VDN(ValueDecomposition):
    """Value-decomposition networks; see the module."""

    name = "VDN"
    citation = "P. Sunehag et al. (2017), arXiv:1706.05296"
    Settings = DecompositionSettings

    def init_mixer(self, rng: np.random.Generator, settings: Any) -> Any:  # noqa: ARG002
        """A sum has no parameters; an array without a cell stands for them."""
        return np.zeros(0, dtype=np.float32)

    def mix(self, mixer: Any, utilities: Any, joint: Any) -> Any:  # noqa: ARG002
        """The sum."""
        return utilities.sum(axis=-1)
