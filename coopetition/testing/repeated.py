"""Checks that play an episode several times."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import numpy as np

from coopetition.api.view import ViewSnapshot
from coopetition.batching.batch import Batch
from coopetition.games.game import Game
from coopetition.testing.episode import play
from coopetition.testing.frames import ConformanceError, Frame, kept, require, same
from coopetition.testing.players import AECPlayer, Player


def compare(check: str, what: str, one: list[Frame], other: list[Frame]) -> None:
    """The same frames, or an error that says where they part."""
    for step, (a, b) in enumerate(zip(one, other, strict=False)):
        require(same(a, b), check, f"{what} differ at step {step}")
    require(len(one) == len(other), check, f"{what} last {len(one) - 1} and {len(other) - 1} steps")


def check_determinism(player: Player, script: np.ndarray, seed: int) -> list[Frame]:
    """A seed fixes the whole episode, and what comes after it."""
    one = play(player, script, seed)
    after = kept(player.reset(None))
    other = play(player, script, seed)
    compare("determinism", "two episodes with one seed", one, other)
    require(same(after, player.reset(None)), "determinism", "the episodes after them start differently")
    return one


def check_instances(player: Player, script: np.ndarray, seed: int, expected: list[Frame]) -> None:
    """Another instance plays the same episode, even when both are played in turns."""
    one, other = player.another(), player.another()
    frames = [[kept(one.reset(seed))], [kept(other.reset(seed))]]
    for actions in script[: len(expected) - 1]:
        frames[0].append(kept(one.step(actions)))
        frames[1].append(kept(other.step(actions)))
    compare("instances", "two instances with one seed", frames[0], frames[1])
    compare("instances", "an instance played alone and one played in turns", expected, frames[0])


def check_global_random(player: Player, script: np.ndarray, seed: int) -> None:
    """NumPy's global generator is neither used nor seeded."""
    before = pickle.dumps(np.random.get_state())  # noqa: NPY002 - it is what must not be used
    play(player, script, seed, 5)
    after = pickle.dumps(np.random.get_state())  # noqa: NPY002
    require(before == after, "global_random", "an episode used NumPy's global random numbers")


def check_snapshot(player: Player, script: np.ndarray, seed: int, expected: list[Frame]) -> None:
    """A snapshot in the middle of an episode can be gone back to, twice."""
    middle = len(expected) // 2
    play(player, script, seed, middle)
    snapshot = player.inner.snapshot()
    for _ in range(2):
        frames = [kept(player.step(actions)) for actions in script[middle : len(expected) - 1]]
        compare("snapshot", "an episode and its continuation from a snapshot", expected[middle + 1 :], frames)
        player.inner.restore(snapshot)


def check_foreign_snapshot(player: Player, seed: int) -> None:
    """A snapshot of a game with other parameters is refused with a ValueError."""
    game = player.game
    parameters = dataclasses.replace(game.parameters, horizon=game.horizon + 1)
    other = Batch(Game(parameters, game.mode, game.observation, game.action_scale), player.copies)
    other.reset(seed=seed)
    player.reset(seed)
    own: Any = player.inner.snapshot()
    foreign: Any = other.snapshot()
    if isinstance(own, ViewSnapshot):
        foreign = dataclasses.replace(own, batch=foreign)
    try:
        player.inner.restore(foreign)
    except ValueError:
        return
    raise ConformanceError("foreign_snapshot", "a snapshot of a game with another horizon was restored")


def check_healing(player: Player, seed: int) -> None:
    """Where agents hold at the baseline, as float32 actions say it, damage heals; hands that tremble do not hold."""
    game = player.game
    field = game.layout.get("damage")
    heals = field is not None and field.settable and getattr(game.parameters, "delta_R", 0.0) > 0.0
    # Partners play as they like, trembling hands do not hold, and few levels meet the baseline.
    controlled = getattr(player.inner, "index", None) is not None
    if not heals or game.parameters.tremble > 0.0 or player.levels is not None or controlled:
        return
    twin = type(player)(copy.deepcopy(player.inner))
    twin.inner.reset(seed=seed, options={"damage": 0.5})
    batch = getattr(twin.inner, "_batch", twin.inner)
    actions = game.action_low + game.levels_of(game.baseline_rate) * (game.action_high - game.action_low)
    before = batch.read("damage")
    for _ in range(min(3, game.horizon - 1)):
        if twin.step(np.tile(actions, (player.copies, *[1] * actions.ndim))).over:
            return
        after = batch.read("damage")
        require(
            np.all((after < before) | (before == 0.0)),
            "healing",
            "agents hold at the baseline, and what they damaged does not heal",
        )
        before = after


def check_pickle(player: Player, script: np.ndarray, seed: int, expected: list[Frame]) -> None:
    """An environment pickled in the middle of an episode goes on where it was; so does the original."""
    middle = len(expected) // 2
    play(player, script, seed, middle)
    other = type(player)(pickle.loads(pickle.dumps(player.env)))
    for one in (other, player):
        frames = [kept(one.step(actions)) for actions in script[middle : len(expected) - 1]]
        compare("pickle", "an episode and its continuation from a pickle", expected[middle + 1 :], frames)


def check_refusal(player: Player, script: np.ndarray, seed: int, expected: list[Frame]) -> None:
    """A NaN is refused with a ValueError, and the episode goes on as if it had not been there."""
    play(player, script, seed, 1)
    try:
        player.bad_action(script[1])
    except ValueError:
        pass
    except Exception as error:
        raise ConformanceError("refusal", f"a NaN raised {type(error).__name__}, not ValueError") from error
    else:
        raise ConformanceError("refusal", "a NaN was played")
    require(same(player.step(script[1]), expected[2]), "refusal", "a refused action changed the state")


def check_order(player: Player, script: np.ndarray, seed: int) -> None:
    """A step before the first reset, and one after the end, raise the API's own error."""
    fresh = player.another()
    with _expected(fresh.order_errors, "a step before the first reset"):
        fresh.step_blindly(script[0])
    if not player.refuses_after_end:
        return
    play(player, script, seed)
    if isinstance(player, AECPlayer):
        while player.env.agents:  # each agent takes its last look, as PettingZoo wants it
            player.env.step(None)
    with _expected(player.order_errors, "a step after the end"):
        player.step_blindly(script[0])


class _expected:
    """A context that wants one of these errors."""

    def __init__(self, errors: tuple[type[Exception], ...], what: str) -> None:
        self.errors, self.what = errors, what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        names = " or ".join(one.__name__ for one in self.errors)
        if kind is None or issubclass(kind, ConformanceError):
            raise ConformanceError("order", f"{self.what} raised nothing, expected {names}")
        require(issubclass(kind, self.errors), "order", f"{self.what} raised {kind.__name__}, expected {names}")
        return True
