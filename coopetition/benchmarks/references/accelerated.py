"""The two-agent trust game in JAX: as one writes it for `vmap`, and as an expert lays it out, batch last.

Both play with actions that depend on the observation. With constant actions XLA would move the mathematics out of
the loop.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

if "jax" not in sys.modules:  # one core, as everything else in the table
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp

from coopetition.benchmarks.references.constants import Constants

jax.config.update("jax_enable_x64", True)


class State(NamedTuple):
    """One copy (or, batch last, all): (2,) or (2, B) each, and ``time`` () or (B,)."""

    rates: Any
    trust: Any
    damage: Any
    payoff_total: Any
    reward_total: Any
    time: Any


class Shown(NamedTuple):
    """What one step shows."""

    observations: Any
    rewards: Any
    payoffs: Any
    utilities: Any
    terminated: Any
    truncated: Any
    final_observations: Any


def policy(seen: Any) -> Any:
    """The logistic map of the other's rate: cheap, never constant, and the same in NumPy."""
    return 3.9 * seen * (1 - seen)


class JaxTrust:
    """Functions of the game, for one copy and for a batch-last block of copies.

    Parameters
    ----------
    constants : Constants
        The game's numbers.
    dtype : {"float64", "float32"}
        Precision of state and payoffs.
    """

    def __init__(self, constants: Constants, dtype: str = "float64") -> None:
        self.constants = constants
        self.dtype = jnp.dtype(dtype)

    def _of(self, pair: Any, batch: tuple[int, ...]) -> Any:
        array = jnp.asarray(pair, self.dtype)
        return jnp.broadcast_to(array.reshape(array.shape + (1,) * len(batch)), array.shape + batch)

    def initial(self, *batch: int) -> State:
        """State at reset: of one copy, or of a block (2, B)."""
        c = self.constants
        rates = [b / e for b, e in zip(c.baseline, c.endowment, strict=True)]
        zero = self._of((0.0, 0.0), batch)
        return State(
            self._of(rates, batch),
            self._of(c.trust, batch),
            self._of(c.damage, batch),
            zero,
            zero,
            jnp.zeros(batch, self.dtype),
        )

    def _observe(self, state: State) -> Any:
        """(2, 6) for one copy; (6, 2, B) for a block."""
        batch = state.time.shape
        parts = [
            state.rates,
            state.rates[::-1],
            state.trust,
            state.damage,
            self._of(self.constants.dependence, batch),
            jnp.broadcast_to(state.time / self.constants.horizon, (2, *batch)),
        ]
        return jnp.stack(parts, axis=0 if batch else 1).astype(jnp.float32)

    def step(self, state: State, actions: Any) -> tuple[State, Shown]:
        """One step with same-step autoreset, of one copy (actions (2,)) or of a block (actions (2, B))."""
        c = self.constants
        of = partial(self._of, batch=state.time.shape)
        endowment, dependence = of(c.endowment), of(c.dependence)
        rates = jnp.clip(actions.astype(self.dtype), 0.0, 1.0)
        levels = rates * endowment
        time = state.time + 1.0

        signal = jnp.tanh(c.kappa * (levels - of(c.baseline)))[::-1]
        ceiling = 1.0 - state.damage
        gain = c.lambda_plus * signal * jnp.maximum(0.0, ceiling - state.trust)
        loss = c.lambda_minus * signal * state.trust * (1.0 + c.xi * dependence)
        trust = jnp.clip(state.trust + jnp.where(signal > 0.0, gain, loss), 0.0, ceiling)
        harm = jnp.where(signal < 0.0, -c.mu * signal * (1.0 - state.damage), -c.delta * state.damage)
        damage = jnp.clip(state.damage + harm, 0.0, 1.0)

        joint = c.gamma * jnp.sqrt(levels[0] * levels[1])
        payoffs = endowment - levels + c.theta * jnp.log1p(levels) + of(c.shares) * joint
        utilities = payoffs + jnp.minimum(trust, 1.0 - damage) * dependence * payoffs[::-1]

        terminated = trust.mean(axis=0) < c.collapse
        truncated = ~terminated & (time >= c.horizon)
        over = terminated | truncated
        played = State(rates, trust, damage, state.payoff_total + payoffs, state.reward_total + utilities, time)
        following = jax.tree.map(partial(jnp.where, over), self.initial(*time.shape), played)
        return following, Shown(
            self._observe(following),
            utilities.astype(jnp.float32),
            payoffs,
            utilities,
            terminated,
            truncated,
            self._observe(played),
        )

    def vmapped(self) -> tuple[Callable[[int], Any], Callable[[Any, Any], Any]]:
        """As one writes it: a step of one copy, vmapped and jitted, called once a step.

        Returns
        -------
        start : function of B
            State and observations (B, 2, 6).
        play : function of state and observations
            Acts on the observations and steps: state and what the step shows.
        """

        def start(copies: int) -> Any:
            state = jax.vmap(lambda _: self.initial())(jnp.arange(copies))
            return state, jax.vmap(self._observe)(state)

        def act_and_step(state: State, observations: Any) -> tuple[State, Shown]:
            return self.step(state, policy(observations[:, 1]))

        return start, jax.jit(jax.vmap(act_and_step), donate_argnums=(0, 1))

    def scanned(self, steps: int) -> tuple[Callable[[int], Any], Callable[[Any, Any], Any]]:
        """As an expert writes it: batch last, many steps inside one scan.

        Only the last step's views leave the scan, which spares JAX the memory of a trajectory.

        Returns
        -------
        start : function of B
            State and what a step shows, observations (6, 2, B).
        play : function of those
            The same, `steps` steps later.
        """

        def start(copies: int) -> Any:
            state = self.initial(copies)
            _, shown = jax.jit(self.step)(state, state.rates)
            return state, shown._replace(observations=self._observe(state))

        def once(carried: Any, _: None) -> Any:
            state, shown = carried
            return self.step(state, policy(shown.observations[1])), None

        def play(state: State, shown: Shown) -> Any:
            return jax.lax.scan(once, (state, shown), None, length=steps)[0]

        return start, jax.jit(play)

    def stepped(self) -> Callable[[Any, Any], Any]:
        """The vmapped step with given actions (B, 2), for comparisons."""
        return jax.jit(jax.vmap(self.step))

    def stepped_block(self) -> Callable[[Any, Any], Any]:
        """The batch-last step with given actions (2, B), for comparisons."""
        return jax.jit(self.step)
