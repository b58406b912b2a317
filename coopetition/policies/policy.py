"""What a policy is: rates from observations, on one copy of a game or on a batch."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.batching.streams import Seeds
from coopetition.games.game import Game
from coopetition.policies.sight import Sight

#: How far beyond [0, 1] a rate may lie by rounding, of float32 too.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Classifier:
    """What a policy needs, so that tournaments and tables can select by it.

    Attributes
    ----------
    stochastic : bool
        It draws random numbers.
    memory : float
        How many past steps it conditions on; ``math.inf`` for all of them.
    needs_model : bool
        It knows the game's payoffs.
    uses_oracle : bool
        It plays what a solver computed.
    alike : bool
        One rule plays all agents of a role, so that of exchangeable agents only one need be asked what leaving it
        gains. Not so for trained policies, who have a network for every seat.
    """

    stochastic: bool = False
    memory: float = 0
    needs_model: bool = False
    uses_oracle: bool = False
    alike: bool = False


class Policy:
    """A policy: it maps an agent's observations to cooperation rates.

    One object may play several agents of a game, and any number of copies at once. A subclass writes `play`, from what
    the agent sees by name, or, if it has to, `act`, from the bare observations; and it says its `name`, `classifier`
    and `citation`.

    Parameters
    ----------
    game : Game
        What is played.

    Attributes
    ----------
    name : str
        The name that `make_policy` knows it by.
    classifier : Classifier
        What it needs.
    citation : str
        Where it comes from.

    Examples
    --------
    >>> from coopetition.baselines import Classifier, Policy, evaluate
    >>> import coopetition
    >>> class HalfOfTheirs(Policy):
    ...     name = "half_of_theirs"
    ...     classifier = Classifier(memory=1)
    ...     citation = "An example."
    ...
    ...     def play(self, seen):
    ...         return 0.5 * seen.others_mean
    >>> game = coopetition.make_game("SLCD-v0")
    >>> rows = evaluate(game, [HalfOfTheirs(game), "constant_080"], episodes=1, exploitability=False)
    >>> rows[0].policy
    'half_of_theirs'
    """

    name: str
    classifier: Classifier
    citation: str

    _num_envs: int | None = None

    def __init__(self, game: Game) -> None:
        self.game = game
        #: What is remembered for each agent that it plays, by index and name; all of it restarts with the episode.
        self._memories: dict[int, dict[str, np.ndarray]] = {}

    @property
    def compiled(self) -> str | None:
        """The name under which the kernel itself plays it (`Batch.rollout`), or None."""
        return None

    def reset(self, seed: Seeds = None, num_envs: int = 1) -> None:
        """Start new episodes in all copies.

        Parameters
        ----------
        seed : int or sequence, optional
            Seed of what it draws: copy k draws what a single copy with seed ``seed + k``, or with its own entry, would.
            None goes on with the streams, as an environment's reset does.
        num_envs : int
            Number of copies B.
        """
        self._num_envs = int(num_envs)
        self._memories.clear()

    def remembered(self) -> dict[str, dict[str, Any]]:
        """What it remembers in the middle of its episodes, by agent and name: for checkpoints."""
        return {str(agent): copy.deepcopy(memory) for agent, memory in self._memories.items()}

    def remember(self, kept: Mapping[str, Mapping[str, Any]]) -> None:
        """Go on from what `remembered` gave, after a reset with the same number of copies."""
        self._memories = {int(agent): copy.deepcopy(dict(memory)) for agent, memory in kept.items()}

    def reseed(self, seed: Seeds) -> None:
        """Start the random streams of some copies anew, in the middle of the others' episodes.

        Parameters
        ----------
        seed : sequence of int or None
            One for each copy; None leaves a copy's stream alone.
        """

    def act(self, observations: np.ndarray, agent: int) -> np.ndarray:
        """Choose rates.

        Parameters
        ----------
        observations : ndarray (B, O) float32
            What the agent sees in each copy.
        agent : int
            Its index.

        Returns
        -------
        ndarray (B,) float64
            Rates in [0, 1]; `scale_rates` converts them for other action scales. (B, 2) for a rate and an intensity,
            where an action has two numbers; `whole_actions` adds an intensity of 0 to rates.

        Raises
        ------
        ValueError
            Observations of another number of copies than `reset` was told, or rates of another shape than (B,); or,
            in the first step after a reset, rates out of [0, 1].
        """
        first = agent not in self._memories
        seen = self.look(observations, agent)
        rates = self.play(seen)
        if np.shape(rates) != (seen.copies,) and (self.game.axes == 1 or np.shape(rates) != (seen.copies, 2)):
            raise ValueError(
                f"{type(self).__name__}.play(seen) returned {rates if rates is None else np.shape(rates)}: "
                f"expected a rate for each of {seen.copies} copies, shape ({seen.copies},)"
            )
        if first:  # whoever mistakes levels for rates does so at once; to look at every step would cost as much as it
            low, high = np.min(rates, initial=0.0), np.max(rates, initial=1.0)
            if not (low >= -ROUNDING and high <= 1.0 + ROUNDING):
                raise ValueError(
                    f"{type(self).__name__}.play(seen) returned values from {np.min(rates):g} to {np.max(rates):g}: "
                    "expected rates in [0, 1], shares of the endowment and not levels"
                )
        return rates

    def look(self, observations: np.ndarray, agent: int) -> Sight:
        """What an agent sees, by name, with what the policy remembers for it."""
        if len(observations) != self._num_envs:
            if self._num_envs is not None:
                raise ValueError(f"observations of {len(observations)} copies, but reset(num_envs={self._num_envs})")
            self.reset(num_envs=len(observations))
        memory = self._memories.get(agent)
        if memory is None:
            memory = self._memories[agent] = {}
        return Sight(self.game, observations, agent, memory)

    def play(self, seen: Sight) -> np.ndarray:
        """Choose rates (B,) from what the agent sees, by name."""
        raise NotImplementedError(f"{type(self).__name__} has neither play(seen) nor act(observations, agent)")

    def script(self, steps: int, agent: int) -> np.ndarray | None:
        """The rates (steps, B) that it would play whatever it saw, if it looks at nothing; else None.

        Scripted steps count as played: the next call goes on after them.
        """
        return None

    def waited(self, copies: np.ndarray) -> None:
        """These copies were asked, but did not play: they were restarting."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Policy:
        """A policy of its own that plays the same game, which nobody changes."""
        memo[id(self.game)] = self.game
        other = object.__new__(type(self))
        memo[id(self)] = other
        other.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return other

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self, 'name', 'without a name')} for {self.game.id}>"


def whole_actions(game: Game, rates: np.ndarray) -> np.ndarray:
    """Rates as what an agent does: where an action has two numbers, whoever speaks of a rate alone plays k = 0.

    Parameters
    ----------
    game : Game
        What is played.
    rates : ndarray (B,), or (B, 2)
        What a policy's `act` gave: a rate for each copy, or a rate and an intensity.

    Returns
    -------
    ndarray (B,), or (B, 2)
        Of the shape that the game's actions have.
    """
    if game.axes == 1 or np.ndim(rates) == 2:
        return rates
    return np.stack([rates, np.zeros_like(rates)], axis=-1)


def scale_rates(game: Game, rates: np.ndarray, agent: int | None = None) -> np.ndarray:
    """Rates as actions of the game's action scale.

    Parameters
    ----------
    game : Game
        Whose scale: rates, levels up to the endowment, or [-1, 1].
    rates : ndarray (..., N), or of any shape for one agent
        In [0, 1]; with a last axis of two, a rate and an intensity, where an action has two numbers.
    agent : int, optional
        Whose rates they are; by default the last axis runs over all agents.

    Returns
    -------
    ndarray
        Of the same shape.
    """
    low = game.action_low if agent is None else game.action_low[agent]
    high = game.action_high if agent is None else game.action_high[agent]
    actions: np.ndarray = low + np.asarray(rates, dtype=np.float64) * (high - low)
    return actions
