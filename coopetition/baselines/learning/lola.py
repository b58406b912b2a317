"""LOLA: learning with opponent-learning awareness, each agent with its own reward.

Agent i does not ascend its expected return J_i alone, but the one that it will have after the others have learnt:
with their step theta_j + eta grad_j J_j, each on *its own* reward, the first-order term of Foerster et al. (eq. 4.4) is

    g_i = grad_i J_i + eta sum_{j != i} [ grad_i ( (grad_j J_i)^T grad_j J_j ) ],   grad_j J_i held fixed,

that is, agent i shapes the gradient that j will follow, in the direction that pays i. Estimates come from DiCE: with
c_t = gamma c_{t-1} + sum_k log pi_k(a_k,t | o_k,t), started anew with every episode, and box(c) = exp(c - stop(c)),

    J_k = E[ box(c_t) r_k,t - box(d_t) b_k,t ],

whose derivatives of any order are the right estimates: the first is the discounted policy gradient, the mixed second
one the term above. The baseline b is the mean reward of the other copies at the same step. d_t is c_t, but goes on
where the game's rule ended an episode: an agent whose episode is over is still compared with those that play on, so
that the second term has no derivative in expectation. With c_t there, an end would cost nothing, and agents of
TrustDilemmaStrong let trust collapse.

The second derivative is the noisy part: most of what it is estimated from are effects of one agent's rate alone, which
have no part in grad_i grad_j. With f_t a sum of functions of single rates (fitted to rewards by least squares), and l_t
the log-probabilities of step t alone, E[ box(l_t) f_t ] has no mixed derivative either, and is taken off J_j where that
is what J_j is for.

In training agent i uses the others' parameters, observations and rewards, as LOLA does; in play actors see their own
observation. With eta = 0 this is policy gradient without critics.

Hyper-parameters: eta .3, in rewards of unit deviation; 32-step trajectories. An eta of 1, the order of magnitude in the
paper, was tried on TrustDilemma's stage game (private rewards): there the opponent's step through a whole network moves
its rate so far that the exact update rests at .6 and beyond, far above the nash of .23, in places that differ between
agents. The learning rate falls to a tenth: while it stayed, the last step wandered by .01 to .04 about the rest point.
Nothing else was tuned.

Where it rests: not at a nash. The update vanishes where the own slope is minus eta times the term, so that on stage
games whose payoffs cross LOLA gives more than the nash, by what its opponent's answer pays; where they do not cross
(PublicGoods) the term is zero and it ends at the nash.

Limits: the second-order estimate is noisy and grows with the number of pairs, so that more than six agents are refused;
it assumes that opponents take plain gradient steps, where here they take LOLA's with Adam; parameters are not shared.

References
----------
Foerster, Chen, Al-Shedivat, Whiteson, Abbeel & Mordatch (2018), Learning with opponent-learning awareness.
Foerster, Farquhar, Al-Shedivat, Rocktäschel, Xing & Whiteson (2018), DiCE: the infinitely differentiable Monte Carlo
estimator.
"""

from __future__ import annotations

from typing import Any, ClassVar

from coopetition.baselines.learning.algorithm import hyperparameters
from coopetition.baselines.learning.optimiser import descend
from coopetition.baselines.learning.reinforce import REINFORCE, State
from coopetition.baselines.learning.scaling import update_scale
from coopetition.baselines.learning.task import Trajectory
from coopetition.baselines.learning.xla import jax, jnp

MOST_AGENTS = 6


@hyperparameters
class Settings:
    """Hyper-parameters; floats may be swept, and mean what they do for IPPO.

    Attributes
    ----------
    lookahead : float
        eta, the length of the opponents' step that is looked through.
    """

    copies: int = 64
    length: int = 32
    hidden: tuple[int, ...] = (32, 32)
    head: str = "tanh"
    learning_rate: float = 3e-3
    final_rate: float = 0.1
    lookahead: float = 0.3
    discount: float = 0.95
    entropy: float = 0.0
    gradient_clip: float = 0.5
    log_std: float = -0.5
    final_log_std: float = 1.0


def dot(one: Any, other: Any) -> Any:
    """Scalar product of two trees."""
    return sum(jnp.vdot(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


def additive_part(rates: Any, rewards: Any) -> Any:
    """Of rewards (T, E, L) what a sum of quadratic functions of single rates (T, E, L, A) explains.

    Least squares with a little ridge: whatever the coefficients are, it is such a sum.
    """
    flat = rates.reshape(rates.shape[0] * rates.shape[1], -1) - 0.5
    columns = jnp.concatenate([jnp.ones_like(flat[:, :1]), flat, flat**2], axis=1)
    paid = rewards.reshape(len(flat), -1)
    ridge = 1e-4 * len(flat) * jnp.eye(columns.shape[1])
    coefficients = jnp.linalg.solve(columns.T @ columns + ridge, columns.T @ paid)
    return (columns @ coefficients).reshape(rewards.shape)


class LOLA(REINFORCE):
    """Policy gradients through the opponents' learning step; see the module."""

    name = "LOLA"
    citation = "J. Foerster et al. (2018), arXiv:1709.04326 and arXiv:1802.05098"
    Settings: ClassVar[type] = Settings

    def check(self) -> None:
        """Few agents, each with a network of its own."""
        super().check()
        if self.task.size > MOST_AGENTS:
            raise ValueError(
                f"LOLA differentiates through every opponent's step: {self.task.size} agents are refused, more than "
                f"{MOST_AGENTS} (the noise of its {self.task.size * (self.task.size - 1)} second-order terms drowns "
                "the gradient); use IPPO or MAPPO"
            )
        if self.task.shared:
            raise ValueError("LOLA tells its own parameters from its opponents': share_parameters=True is refused")

    def objectives(
        self, actors: Any, data: Trajectory, rewards: Any, discount: Any, baseline: Any, additive: Any = 0.0
    ) -> Any:
        """DiCE objectives J (L,) of all agents, as functions of all actors.

        With `additive` (T, E, L), a sum of functions of single rates, they are for mixed derivatives only.
        """
        parameters = jax.vmap(self.parameters)(actors, self.task.inputs(data.observations))
        log_probs = self.distribution.log_prob(parameters, self.task.fold(data.latents)).sum(axis=0)

        def step(before: tuple[Any, Any, Any], now: tuple[Any, Any, Any]) -> tuple[Any, Any]:
            (own, whole, fixed), (log_prob, terminated, truncated) = before, now
            own, whole = discount * own + log_prob, discount * whole + log_prob
            # A horizon's end is known beforehand, unless an end that agents brought about has moved it.
            after = jnp.where(terminated | truncated, 0.0, own), jnp.where(truncated & fixed, 0.0, whole)
            return (*after, fixed & ~terminated), (own, whole)

        none = jnp.zeros_like(log_probs[0])
        begin = (none, none, jnp.ones_like(none, dtype=bool))
        _, (own, whole) = jax.lax.scan(step, begin, (log_probs, data.terminated, data.truncated))

        def box(sums: Any) -> Any:
            return jnp.exp(sums - jax.lax.stop_gradient(sums))[..., None]

        return (box(own) * rewards - box(whole) * baseline - box(log_probs) * additive).mean(axis=(0, 1))

    def shaping(
        self, actors: Any, data: Trajectory, rewards: Any, discount: Any, baseline: Any = 0.0, additive: Any = 0.0
    ) -> tuple[Any, Any]:
        """Each agent's own gradient, and the one through its opponents' step: trees with agents in front."""
        agents = jnp.arange(self.task.size)

        def each(actors: Any, additive: Any) -> Any:
            """grad_j J_k: every leaf (L of objectives k, L of parameters j, ...)."""
            return jax.jacrev(lambda a: self.objectives(a, data, rewards, discount, baseline, additive))(actors)

        slopes = each(actors, 0.0)
        own = jax.tree.map(lambda x: x[agents, agents], slopes)

        def through(i: Any) -> Any:
            """What agent i gains, to first order, by the step that every other agent takes."""
            others = agents != i
            paid = jax.tree.map(lambda x: jax.lax.stop_gradient(x[i]) * _along(others, x[i]), slopes)

            def gain(actors: Any) -> Any:
                steps = jax.tree.map(lambda x: x[agents, agents], each(actors, additive))
                return dot(paid, steps)

            return jax.tree.map(lambda x: x[i], jax.grad(gain)(actors))

        return own, jax.lax.map(through, agents)

    def update(self, state: Any, data: Trajectory, key: Any, settings: Any) -> tuple[Any, dict[str, Any]]:
        """One step of every actor up its own gradient and through its opponents' learning."""
        scales = jax.vmap(update_scale, in_axes=(0, 2, None, None))(
            state.scales, data.rewards, data.ended, settings.discount
        )
        rewards = data.rewards / scales.deviation
        baseline = (rewards.sum(axis=1, keepdims=True) - rewards) / (self.task.copies - 1)
        additive = additive_part(data.rates, rewards - baseline)
        own, shaped = self.shaping(state.actor, data, rewards, settings.discount, baseline, additive)
        gradient = jax.tree.map(lambda g, s: -(g + settings.lookahead * s), own, shaped)
        actor, optimiser = jax.vmap(descend, in_axes=(0, 0, 0, None, None))(
            state.actor, gradient, state.optimiser, settings.learning_rate, settings.gradient_clip
        )
        lengths = [jnp.sqrt(dot(part, part)) for part in (own, shaped)]
        return State(actor, optimiser, scales), {"own_gradient": lengths[0], "shaping_gradient": lengths[1]}


def _along(mask: Any, leaf: Any) -> Any:
    """A mask (L,) in the shape of a leaf (L, ...)."""
    return mask.astype(leaf.dtype).reshape(-1, *[1] * (leaf.ndim - 1))
