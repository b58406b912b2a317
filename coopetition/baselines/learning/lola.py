"""LOLA: learning with opponent-learning awareness, each agent with its own reward.

Agent i does not ascend its expected return J_i alone, but the one that it will have after the others have learnt:
with their step theta_j + eta grad_j J_j, each on *its own* reward, the first-order term of Foerster et al. (eq. 4.4) is

    g_i = grad_i J_i + eta sum_{j != i} [ grad_i ( (grad_j J_i)^T grad_j J_j ) ],   grad_j J_i held fixed,

that is, agent i shapes the gradient that j will follow, in the direction that pays i. A score is the gradient of an
agent's log-probability of what it drew. Means are over copies and steps, sums within an episode:

- grad_j J_i is the mean of agent i's reward times the sum of j's scores so far, discounted by their age;
- grad_i ( p^T grad_j J_j ) is the mean of agent j's reward times the same sum of j's scores along p, times the
  undiscounted sum of i's scores so far: how j's discounted step depends on what i does before it is paid.

The two factors of a copy come from different copies: where its scores are multiplied by grad_j J_i, that is the mean
over the others. With the copy itself in it the term would be biased by their covariance, which on TrustDilemma's
episodes (private rewards, 64 copies) took a third of it away.

With a discount of 1 these are the derivatives of DiCE's objective, which discounts by a step's time and not by a
score's age; what opponents gain from episodes that start anew is no part of them. Both are sums of scores times weights
that are found by running through time once, so that an update takes as many passes through networks as there are pairs
of agents.

From rewards a baseline b is taken, the mean reward of the other copies at the same step. It is multiplied by sums of
scores that do not stop where the game's rule ends an episode, but at the horizon that was known when the trajectory
began, so that what is taken off is nothing in expectation: an agent whose episode is over is still compared with those
that play on. With the sums of the rewards themselves an end would cost nothing, and agents of TrustDilemmaStrong let
trust collapse.

The second derivative is the noisy part: most of what it is estimated from are effects of one agent's rate alone, which
have no part in grad_i grad_j. A sum of functions of single rates, fitted to rewards by least squares, has no product of
two scores of one step in expectation, and is taken off where J_j is differentiated twice.

In training agent i uses the others' parameters, observations and rewards, as LOLA does; in play actors see their own
observation. With eta = 0 this is policy gradient without critics.

Hyper-parameters: eta .3, in rewards whose running discounted return has unit deviation; 32-step trajectories. An eta of
1, the order of magnitude in the paper, was tried on TrustDilemma's stage game (private rewards): there the opponent's
step through a whole network moves its rate so far that the exact update rests at .6 and beyond, far above the nash of
.23, in places that differ between agents. The learning rate falls to a tenth: while it stayed, the last step wandered
by .01 to .04 about the rest point. Nothing else was tuned.

Where it rests: not at a nash. The update vanishes where the own slope is minus eta times the term, so that on stage
games whose payoffs cross LOLA gives more than the nash, by what its opponent's answer pays; where they do not cross
(PublicGoods) the term is zero and it ends at the nash.

On TeamProduction's stage game (four agents, private rewards) it had not come to rest after 500,000 steps: the term,
there more than ten times the own slope, throws all but one agent to rates below .1, where the slope is a sixtieth of
what it was at .5 and drowns in noise; with an eta of .1 or .03 rates end between .3 and .97, and still move.

Limits: the second-order estimate is noisy and grows with the number of pairs, so that more than six agents are refused;
each copy's share of every pair's gradient is kept apart, which takes some 35 MB a run with six agents and 64 copies;
returns are cut at the trajectory's end, without a critic; it assumes that opponents take plain gradient steps, where
here they take LOLA's with Adam; parameters are not shared.

References
----------
Foerster, Chen, Al-Shedivat, Whiteson, Abbeel & Mordatch (2018), Learning with opponent-learning awareness.
Foerster, Farquhar, Al-Shedivat, Rocktäschel, Xing & Whiteson (2018), DiCE: the infinitely differentiable Monte Carlo
estimator.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from coopetition.baselines.learning.algorithm import hyperparameters
from coopetition.baselines.learning.optimiser import descend
from coopetition.baselines.learning.reinforce import REINFORCE
from coopetition.baselines.learning.scaling import Scale, update_scale
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


class State(NamedTuple):
    """A run: actors with their optimisers (G, ...), reward scales (L, ...), and steps (E,) of the current episodes."""

    actor: Any
    optimiser: Any
    scales: Scale
    clock: Any


def length_of(tree: Any) -> Any:
    """Euclidean length of a tree."""
    return jnp.sqrt(sum(jnp.vdot(leaf, leaf) for leaf in jax.tree.leaves(tree)))


def sums_before(values: Any, discount: Any, over: Any) -> Any:
    """sum_{u <= t} discount^(t-u) x_u (T, E, ...) of values x, begun anew after a step where `over` (T, E)."""

    def step(carried: Any, now: tuple[Any, Any]) -> tuple[Any, Any]:
        value, end = now
        total = value + discount * carried
        return jnp.where(end, 0.0, total), total

    return jax.lax.scan(step, jnp.zeros_like(values[0]), (values, _beside(over, values)))[1]


def sums_after(values: Any, discount: Any, over: Any) -> Any:
    """sum_{u >= t} discount^(u-t) x_u (T, E, ...) of values x, up to the next step where `over` (T, E)."""

    def step(carried: Any, now: tuple[Any, Any]) -> tuple[Any, Any]:
        value, end = now
        total = value + discount * jnp.where(end, 0.0, carried)
        return total, total

    return jax.lax.scan(step, jnp.zeros_like(values[0]), (values, _beside(over, values)), reverse=True)[1]


def _beside(over: Any, values: Any) -> Any:
    """(T, E) with axes of one behind, to go with values (T, E, ...)."""
    return over.reshape(*over.shape, *[1] * (values.ndim - over.ndim))


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

    def init(self, rng: np.random.Generator, settings: Any) -> Any:
        """Actors as those of IPPO, all episodes at their beginning."""
        begin = super().init(rng, settings)
        return State(begin.actor, begin.optimiser, begin.scales, np.zeros(self.task.copies, dtype=np.int32))

    def horizons(self, clock: Any, steps: int) -> Any:
        """(T, E): where the horizon comes, or would have come, as it was known when the trajectory began."""
        return (clock + 1 + jnp.arange(steps)[:, None]) % self.task.horizon == 0

    def shaping(
        self,
        actors: Any,
        data: Trajectory,
        rewards: Any,
        discount: Any,
        baseline: Any = 0.0,
        additive: Any = 0.0,
        clock: Any = 0,
    ) -> tuple[Any, Any]:
        """Each agent's own gradient, and the one through its opponents' step: trees with agents in front.

        Parameters
        ----------
        actors : tree of (L, ...)
        data : Trajectory
        rewards, baseline, additive : (T, E, L)
            In units of their deviation; what is taken off them; and a sum of functions of single rates.
        discount : float
        clock : (E,)
            Steps that the episodes had lasted when the trajectory began.
        """
        steps, copies = data.terminated.shape
        inputs, latents = self.task.inputs(data.observations), self.task.fold(data.latents)
        baseline, additive = (jnp.broadcast_to(part, rewards.shape) for part in (baseline, additive))
        agents = jnp.arange(self.task.size)
        ends, horizons = data.ended, self.horizons(clock, steps)

        def log_probs(actor: Any, inputs: Any, latents: Any) -> Any:
            """(T, E) of one agent."""
            return self.distribution.log_prob(self.parameters(actor, inputs), latents)

        def weighted(actor: Any, inputs: Any, latents: Any, weights: Any) -> Any:
            """Its scores times weights (T, E), summed: a tree."""
            _, pull = jax.vjp(lambda a: log_probs(a, inputs, latents), actor)
            return pull(weights)[0]

        def along(actor: Any, inputs: Any, latents: Any, direction: Any) -> Any:
            """Its scores in a direction: what weights get back."""
            return jax.jvp(lambda a: log_probs(a, inputs, latents), (actor,), (direction,))[1]

        # grad_j J_i and what each copy adds to it: leaves (L of j, L of i, E, ...).
        gains = sums_after(rewards, discount, ends) - sums_after(baseline, discount, horizons)
        gains = jnp.moveaxis(gains, -1, 0) / (steps * copies)
        of_copies = jax.vmap(weighted, in_axes=(None, 1, 1, 1))
        shares = jax.vmap(jax.vmap(of_copies, in_axes=(None, None, None, 0)), in_axes=(0, 0, 0, None))(
            actors, inputs, latents, gains
        )
        slopes = jax.tree.map(lambda x: x.sum(axis=2), shares)
        own = jax.tree.map(lambda x: x[agents, agents], slopes)

        # A copy's scores of j in the direction that pays i as the other copies have it: (L of j, L of i, T, E).
        apart = jax.tree.map(lambda x, share: (x[:, :, None] - share) * (copies / (copies - 1)), slopes, shares)
        in_copies = jax.vmap(along, in_axes=(None, 1, 1, 0), out_axes=1)
        pays = jax.vmap(jax.vmap(in_copies, in_axes=(None, None, None, 0)))(actors, inputs, latents, apart)

        def weights_of(pays: Any, rewards: Any, baseline: Any, additive: Any) -> Any:
            """Of i's scores (T, E) in what it gains by the step of one opponent."""
            with_it = sums_after(sums_before(pays, discount, ends) * rewards, 1.0, ends)
            without = sums_after(sums_before(pays, discount, horizons) * baseline, 1.0, horizons)
            return (with_it - without - pays * additive) / (steps * copies)

        by_pair = jax.vmap(jax.vmap(weights_of, in_axes=(0, None, None, None)), in_axes=(0, -1, -1, -1))(
            pays, rewards, baseline, additive
        )
        others = jnp.where(jnp.eye(self.task.size, dtype=bool)[..., None, None], 0.0, by_pair)
        return own, jax.vmap(weighted)(actors, inputs, latents, others.sum(axis=0))

    def update(self, state: State, data: Trajectory, key: Any, settings: Any) -> tuple[State, dict[str, Any]]:
        """One step of every actor up its own gradient and through its opponents' learning."""
        scales = jax.vmap(update_scale, in_axes=(0, 2, None, None))(
            state.scales, data.rewards, data.ended, settings.discount
        )
        rewards = data.rewards / scales.deviation
        baseline = (rewards.sum(axis=1, keepdims=True) - rewards) / (self.task.copies - 1)
        additive = additive_part(data.rates, rewards - baseline)
        own, shaped = self.shaping(state.actor, data, rewards, settings.discount, baseline, additive, state.clock)

        def bonus(actor: Any, inputs: Any) -> Any:
            return self.entropy_bonus(self.parameters(actor, inputs), settings)

        if self.uses("entropy"):
            wider = jax.vmap(jax.grad(bonus))(state.actor, self.task.inputs(data.observations))
            own = jax.tree.map(jnp.add, own, wider)
        gradient = jax.tree.map(lambda g, s: -(g + settings.lookahead * s), own, shaped)
        actor, optimiser = jax.vmap(descend, in_axes=(0, 0, 0, None, None))(
            state.actor, gradient, state.optimiser, settings.learning_rate, settings.gradient_clip
        )
        clock, _ = jax.lax.scan(lambda now, end: (jnp.where(end, 0, now + 1), None), state.clock, data.ended)
        metrics = {"own_gradient": length_of(own), "shaping_gradient": length_of(shaped)}
        return State(actor, optimiser, scales, clock), metrics
