"""One episode, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.baselines.outcomes import Outcomes, of_record
from coopetition.baselines.players import Players, Policies, as_game
from coopetition.batching.batch import Batch
from coopetition.games import checks
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters

#: State that is a total or a flag of the whole episode, or repeats what a record has under another name.
NOT_RECORDED = ("rates", "time", "ended", "outcome", "payoff_total", "reward_total", "memory")


@dataclass(frozen=True)
class EpisodeRecord:
    """What happened in one episode of T steps.

    Attributes
    ----------
    game : Game
        What was played.
    policies : tuple of str
        Who played each agent.
    seed : int
        Seed of the game's draws and of the policies'.
    rates, payoffs, utilities, rewards : ndarray (T, N)
        Of each step.
    states : dict of str to ndarray (T + 1, ...)
        The named state at reset and after each step: ``trust`` (T + 1, N, N), ``loyalty`` (T + 1, N) and so on.
    terminated, truncated : bool
        How it ended; neither, if it was stopped before.
    outcome : str
        "collapsed", "recovered", "dissolved", or "".
    """

    game: Game
    policies: tuple[str, ...]
    seed: int
    rates: np.ndarray
    payoffs: np.ndarray
    utilities: np.ndarray
    rewards: np.ndarray
    states: dict[str, np.ndarray]
    terminated: bool
    truncated: bool
    outcome: str

    @property
    def steps(self) -> int:
        """T."""
        return len(self.rates)

    @property
    def end(self) -> str:
        """The end in one word."""
        return self.outcome or ("horizon" if self.truncated else "ended" if self.terminated else "stopped")

    @property
    def social(self) -> Outcomes:
        """Equality, least share and sustainability of this episode; how a defection is answered takes another one."""
        return of_record(self.game, self.payoffs, self.states, self.outcome)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain numbers and lists, for JSON."""
        return {
            "environment": self.game.id,
            "agents": list(self.game.agents),
            "policies": list(self.policies),
            "seed": self.seed,
            "reward_mode": self.game.reward_mode,
            "steps": self.steps,
            "terminated": self.terminated,
            "truncated": self.truncated,
            "outcome": self.outcome,
            "social": self.social.to_dict(),
            "rates": self.rates.tolist(),
            "payoffs": self.payoffs.tolist(),
            "utilities": self.utilities.tolist(),
            "rewards": self.rewards.tolist(),
            "states": {name: values.tolist() for name, values in self.states.items()},
        }


def record_episode(
    game: Game | Parameters | str,
    policies: Policies = "tit_for_tat",
    *,
    seed: int = 0,
    steps: int | None = None,
    **options: Any,
) -> EpisodeRecord:
    """Play one episode and keep everything.

    Parameters
    ----------
    game : Game, Parameters or str
        What to play; ids take `options`.
    policies : str, policy, or sequence of either
        For all agents, or one for each.
    seed : int
        Seed of the game's draws and of the policies'.
    steps : int, optional
        Stop after so many steps; the horizon by default.
    **options
        ``reward_mode``, ``observation``, and any parameter of the environment.

    Raises
    ------
    ValueError, TypeError
        Unknown names, with the nearest match; numbers out of their domain.

    Examples
    --------
    >>> from coopetition.baselines import record_episode
    >>> record = record_episode("SLCD-v0", ["constant_100", "tit_for_tat"], horizon=4)
    >>> record.rates[:, 1].tolist(), record.end
    ([0.3..., 1.0, 1.0, 1.0], 'horizon')
    """
    played = as_game(game, options)
    players = Players(played, policies)
    seed = checks.count("seed", seed, low=0)
    most = played.horizon if steps is None else min(checks.count("steps", steps), played.horizon)
    batch = Batch(played, 1, autoreset="disabled")
    observations = batch.reset(seed=seed)
    players.reset(seed, 1)
    rows: dict[str, list[np.ndarray]] = {"rates": [], "payoffs": [], "utilities": [], "rewards": []}
    kept = [name for name in played.layout if name not in NOT_RECORDED]
    states: dict[str, list[np.ndarray]] = {name: [] for name in kept}

    def keep_state() -> np.ndarray:
        state = batch.state()
        for name in kept:
            states[name].append(state[name][0].copy())
        return state["rates"][0]

    keep_state()
    for _ in range(most):
        batch.step(players.act(observations))
        rows["rates"].append(keep_state().copy())
        for name in ("payoffs", "utilities", "rewards"):
            rows[name].append(np.array(getattr(batch, name)[0], dtype=np.float64))
        if batch.terminated[0] or batch.truncated[0]:
            break
    return EpisodeRecord(
        game=played,
        policies=players.names,
        seed=seed,
        states={name: np.array(values) for name, values in states.items()},
        terminated=bool(batch.terminated[0]),
        truncated=bool(batch.truncated[0]),
        outcome=batch.outcomes()[0],
        **{name: np.array(values) for name, values in rows.items()},
    )
