"""The seven reference oracles of the platform, as policies that play any environment (arXiv:2605.02063).

An oracle knows the model. What it does not know is the state, and it needs none of it to be shown: the dynamics are
deterministic, everybody's last rates are in every observation, so it keeps copies of the game and steps them with
what was played. Oracles that condition on the state solve the stage game anew at each step, from the last solution;
copies in the same state are solved once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.batching.batch import Batch
from coopetition.games.game import Game
from coopetition.games.parameters import choose
from coopetition.oracles.episode.constants import best_constant
from coopetition.oracles.stage.equilibrium import find_equilibrium
from coopetition.oracles.stage.game import Array, Objective, StageGame, as_game
from coopetition.oracles.stage.social_optimum import social_optimum
from coopetition.oracles.stage.solution import NotConverged

#: How far a replica's rates may be from those observed (float32) before they count as other rates.
_SEEN = 1e-6


@dataclass(frozen=True)
class Reference:
    """What a named oracle plays.

    Attributes
    ----------
    mechanism : str
        The platform's class of environments that it is the reference of.
    plays : str
        "equilibrium", "optimum" or "constant".
    objective : str
        What agents maximise in the equilibrium.
    conditions_on_state : bool
        Whether it solves again at each step.
    about : str
        One line.
    """

    mechanism: str
    plays: str
    objective: str
    conditions_on_state: bool
    about: str


ORACLES = {
    "Oracle_Equilibrium": Reference(
        "interdependence", "equilibrium", "interdependence", False, "coopetitive equilibrium with w = D, without trust"
    ),
    "Oracle_TrustAware": Reference(
        "trust", "equilibrium", "integrated", True, "coopetitive equilibrium at the current trust"
    ),
    "Oracle_Nash": Reference("team", "equilibrium", "private", False, "nash equilibrium of payoffs: free-riding"),
    "Oracle_Loyalty": Reference(
        "team", "equilibrium", "integrated", True, "coopetitive equilibrium at the current loyalty"
    ),
    "Oracle_SocialOptimum": Reference("team", "optimum", "private", False, "utilitarian optimum of payoffs"),
    "Oracle_ReciprocityEquilibrium": Reference(
        "reciprocity", "equilibrium", "integrated", False, "coopetitive equilibrium at the reset state"
    ),
    "Oracle_BoundedReciprocity": Reference(
        "reciprocity", "constant", "integrated", False, "the constant profile with the largest total utility"
    ),
}


class Oracle:
    """A policy that plays a solution of the game; a baseline like any other.

    Parameters
    ----------
    name : str
        One of `ORACLES`. Any of them can be asked of any environment; in a team game, which has no interdependence,
        "Oracle_Equilibrium" plays the coopetitive equilibrium of the reset state.
    game_or_id : str, Parameters, Game or environment
        What is played; its action scale does not matter, `act` returns rates.
    state : mapping, optional
        Named parts of the starting state, when episodes start elsewhere than the game does and the observations do not
        show it.

    Attributes
    ----------
    classifier : dict
        ``stochastic``, ``memory``, ``needs_model``, ``uses_oracle``.
    unsolved : int
        Steps since `reset` at which no certified solution was found, and the best point was played.

    Raises
    ------
    ValueError
        An unknown name.
    """

    def __init__(self, name: str, game_or_id: Any, state: Mapping[str, Any] | None = None) -> None:
        self.name = choose("oracle", name, ORACLES)
        self.reference = ORACLES[name]
        shown = as_game(game_or_id)
        if not shown.parameters.observe_time:
            raise ValueError(f"an oracle follows the state of {shown.id}, and needs the clock: observe_time=True")
        mode = shown.asked_mode
        self.game = Game(shown.parameters, mode, observation=shown.observation)
        self.start = dict(state or {})
        self.classifier = {
            "stochastic": False,
            "memory": self.game.horizon if self.reference.conditions_on_state else 0,
            "needs_model": True,
            "uses_oracle": True,
        }
        self._stage = StageGame(self.game, self.start)
        self._objective = self._chosen_objective(self._stage)
        self._fixed: Array | None = None
        self.unsolved = 0
        self._solved: dict[bytes, Array] = {}
        self._replica: Batch | None = None
        self.reset()

    def _chosen_objective(self, stage: StageGame) -> Objective:
        what = self.reference.objective
        if what == "interdependence" and "dependence" not in self.game.layout:
            what = "integrated"
        return Objective(stage, what)

    def reset(self, seed: int | None = None, num_envs: int = 1) -> None:
        """Start new episodes in `num_envs` copies; nothing is random, so the seed does not matter."""
        self._copies = int(num_envs)
        self.unsolved = 0
        self._warm: Array | None = None
        self._decided: tuple[NDArray[np.int64], Array] | None = None
        if self.reference.conditions_on_state:
            if self._replica is None or self._replica.num_envs != self._copies:
                self._replica = Batch(self.game, self._copies, autoreset="disabled", observe=False)
            self._replica.reset(seed=0, options=self.start)
            self._steps = np.zeros(self._copies, dtype=np.int64)

    def act(self, observations: Any, i: int) -> Array:
        """Rates (B,) of agent i from its observations (B, O).

        Raises
        ------
        ValueError
            A wrong shape, or an agent that the game does not have.
        RuntimeError
            Steps are missing between two calls: the state cannot be told any more.
        """
        seen = np.asarray(observations, dtype=np.float64)
        if seen.shape != (self._copies, self.game.observation_size):
            raise ValueError(
                f"observations have shape {seen.shape}, expected {(self._copies, self.game.observation_size)}"
            )
        if not 0 <= i < self.game.n:
            raise ValueError(f"agent {i} is not one of {self.game.n}")
        if not self.reference.conditions_on_state:
            return np.repeat(self.profile[i][None], self._copies, axis=0)
        self._follow(seen, i)
        return np.ascontiguousarray(self._decide()[:, i])

    @property
    def profile(self) -> Array:
        """The rates (N,) that an oracle plays that does not condition on the state."""
        if self._fixed is None:
            self._fixed = self._solve_fixed()
        return self._fixed

    def _solve_fixed(self) -> Array:
        if self.reference.plays == "optimum":
            return self._rates(social_optimum(self._stage, self._objective).actions)
        if self.reference.plays == "constant":
            best = best_constant(self.game, "integrated", self.start, per_agent=True)
            return np.ascontiguousarray(best.actions[0] / self.game.endowment)
        return self._rates(self._equilibrium(self._stage, None))

    def _rates(self, coordinates: Array) -> Array:
        """Levels, and intensities where actions have any, as rates of the shape of all agents' actions."""
        return np.asarray(self._stage.actions_of(coordinates) / self.game.action_units)

    def _equilibrium(self, stage: StageGame, warm: Array | None) -> Array:
        objective = self._objective
        profile, certificate, _ = find_equilibrium(stage, objective, warm)
        if certificate.epsilon > 1e-5:
            self.unsolved += 1
        return profile

    def _follow(self, seen: Array, i: int) -> None:
        """Bring the replica to the state that the observations come from."""
        assert self._replica is not None
        replica, game = self._replica, self.game
        time = np.rint(seen[:, game.observation_layout["time"]][:, 0] * game.horizon).astype(np.int64)
        behind = time - self._steps
        restarted = behind < 0
        fresh = restarted | (time == 0)
        if fresh.any():
            if restarted.any():
                replica.reset(options=self.start, mask=restarted)
                self._steps[restarted] = 0
                self._decided = None
            if self._steps[fresh].max(initial=0) == 0:
                self._read_start(seen, i, fresh)
            behind = time - self._steps
        if (behind > 1).any():
            raise RuntimeError("an oracle must be asked at every step: steps are missing since its last call")
        moved = behind == 1
        if moved.any():
            rates = np.empty((self._copies, game.n))
            others = [j for j in range(game.n) if j != i]
            rates[:, i] = seen[:, game.observation_layout["own_rate"]][:, 0]
            rates[:, others] = seen[:, game.observation_layout["other_rates"]]
            if game.axes > 1:
                rates = np.stack([rates, np.empty_like(rates)], axis=-1)
                rates[:, [i, *others], 1] = seen[:, game.observation_layout["intensity"]]
            if self._decided is not None:  # our own decision is known in full precision, what is seen is float32
                close = np.abs(rates - self._decided[1]) < _SEEN
                rates = np.where(close, self._decided[1], rates)
            # What the replica would do to a copy that has not moved is undone.
            before = replica.rows()
            replica.step(rates)
            after = replica.rows()
            if not moved.all():
                after[:, ~moved] = before[:, ~moved]
                replica.memory.write_rows(after)
            self._steps = time.copy()
            self._decided = None

    def _read_start(self, seen: Array, i: int, fresh: NDArray[np.bool_]) -> None:
        """At the start of an episode, take over whatever the observation shows that differs from the reset state."""
        assert self._replica is not None
        game = self.game
        size = game.observation_size
        rows = game.observation_rows[i * size : (i + 1) * size]
        scales = game.observation_scales[i * size : (i + 1) * size]
        noisy = game.noise_places[(game.noise_places >= i * size) & (game.noise_places < (i + 1) * size)] - i * size
        state = self._replica.rows()
        expected = (state[rows] * scales[:, None]).T
        differs = (np.abs(expected - seen) > _SEEN) & fresh[:, None]
        differs[:, noisy] = False
        if differs.any():
            copies, columns = np.nonzero(differs)
            state[rows[columns], copies] = seen[copies, columns] / scales[columns]
            self._replica.memory.write_rows(state)
            self._decided = None

    def _decide(self) -> Array:
        """Rates (B, N) at the replica's state; solved once for copies in the same state."""
        assert self._replica is not None
        if self._decided is not None:
            return self._decided[1]
        state = self._replica.rows()
        layout = self.game.layout
        # Totals and the clock do not change what a step pays.
        ignored = [layout[name].rows for name in ("payoff_total", "reward_total", "ended", "outcome")]
        key_state = state.copy()
        for rows in ignored:
            key_state[rows] = 0.0
        key_state[layout["time"].rows] = np.minimum(key_state[layout["time"].rows], self.game.horizon - 1)
        distinct, place = np.unique(key_state.T, axis=0, return_inverse=True)
        place = place.reshape(-1)
        profiles = np.empty((len(distinct), *self.game.action_shape))
        for k, vector in enumerate(distinct):
            key = vector.tobytes()
            found = self._solved.get(key)
            if found is None:
                self._stage.state = np.ascontiguousarray(vector)
                self._stage._groups.clear()
                near = None
                if self._warm is not None:
                    near = (self._warm[int(np.argmax(place == k))] * self.game.action_units).reshape(-1)
                found = self._rates(self._equilibrium(self._stage, near))
                if len(self._solved) >= 4096:
                    self._solved.pop(next(iter(self._solved)))
                self._solved[key] = found
            profiles[k] = found
        rates = profiles[place]
        self._warm = rates
        self._decided = (self._steps.copy(), rates)
        return rates

    def __repr__(self) -> str:
        return f"Oracle({self.name!r}, {self.game.id!r})"


def oracles_of(game_or_id: Any) -> tuple[str, ...]:
    """The reference oracles of an environment's class."""
    mechanism = as_game(game_or_id).parameters.mechanism
    return tuple(name for name, reference in ORACLES.items() if reference.mechanism == mechanism)


__all__ = ["ORACLES", "NotConverged", "Oracle", "Reference", "oracles_of"]
