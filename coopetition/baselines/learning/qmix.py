"""QMIX: the team's value is a monotone mix of the agents' utilities, whose weights come from the joint state.

All agents are trained on the team reward, the mean of r_i; see `value_decomposition` for the equations. The mixer
is a layer of two, elu(q W_1(x) + b_1(x)) W_2(x) + b_2(x), whose weights are absolute values of linear functions of
the joint state x: the team's value rises in every utility, so that each agent's best bin is part of the team's best
(their eq. 5). In training the mixer sees the joint state; in play an agent sees its own observation.

Hyper-parameters: eleven bins, a mixing layer of 16; the rest as for the other learners from memory.

Limits: games whose best bin of one agent depends on another's are not monotone and cannot be mixed exactly
(relative overgeneralisation); rates between bins are not tried.

References
----------
Rashid, Samvelyan, Schroeder de Witt, Farquhar, Foerster & Whiteson (2018), QMIX, arXiv:1803.11485, eq. 4-7, figure 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coopetition.baselines.learning.networks import apply_layers, init_layers
from coopetition.baselines.learning.value_decomposition import DecompositionSettings, ValueDecomposition
from coopetition.baselines.learning.xla import jax, jnp


class QMIX(ValueDecomposition):
    """Monotone mixing; see the module."""

    name = "QMIX"
    citation = "T. Rashid et al. (2018), arXiv:1803.11485"
    Settings = DecompositionSettings

    def init_mixer(self, rng: np.random.Generator, settings: Any) -> Any:
        """Linear functions of the joint state: two layers' weights and biases, the last through a hidden layer."""
        size, width, joint = self.task.size, settings.mixing, self.task.joint_size
        mixer = {
            "weights_1": init_layers(rng, (joint, size * width), 0.1),
            "bias_1": init_layers(rng, (joint, width), 0.1),
            "weights_2": init_layers(rng, (joint, width), 0.1),
            "bias_2": init_layers(rng, (joint, width, 1), 0.1),
        }
        # Weights that start at their usual size, whatever the state.
        mixer["weights_1"][0]["bias"] += np.float32(1.0 / np.sqrt(width))
        mixer["weights_2"][0]["bias"] += np.float32(1.0 / np.sqrt(width))
        return mixer

    def mix(self, mixer: Any, utilities: Any, joint: Any) -> Any:
        """Monotone in every utility."""
        width = self.settings.mixing
        weights = jnp.abs(apply_layers(mixer["weights_1"], joint)).reshape(-1, self.task.size, width)
        hidden = jnp.einsum("bl,blw->bw", utilities, weights) + apply_layers(mixer["bias_1"], joint)
        last = jnp.abs(apply_layers(mixer["weights_2"], joint))
        return (jax.nn.elu(hidden) * last).sum(axis=-1) + apply_layers(mixer["bias_2"], joint)[..., 0]
