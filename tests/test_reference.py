"""The kernels agree with a plain NumPy reference that was written from the specification alone."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_games import NOT_DRAWN, random_mode, random_parameters, tempting_rates
from reference import GAMES, Reference

import coopetition
from coopetition.batching.batch import Batch
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game

IDS = list(ENVIRONMENTS)
MODES = ("private", "integrated", "cooperative")
TABLES = 5  # random parameter sets an environment

STATE = ("trust", "damage", "loyalty", "reputation", "agreement", "agreed", "agreements", "breaches")
STATE += ("members", "wait", "thin_steps", "image", "gamma", "dependence", "rates", "time")


class Side:
    """What one side of a comparison showed, step by step."""

    def __init__(self) -> None:
        self.steps: dict[str, list[Any]] = {}

    def keep(self, **values: Any) -> None:
        for name, value in values.items():
            self.steps.setdefault(name, []).append(np.array(value, dtype=float))

    def keep_batch(self, batch: Batch, stepped: bool) -> None:
        """The first copy's views, and after a step its pay and state."""
        self.keep(observations=batch.observations[0])
        if len(batch.joint):
            self.keep(joint=batch.joint[0])
        if stepped:
            self.keep(payoffs=batch.payoffs[0], utilities=batch.utilities[0], rewards=batch.rewards[0])
            self.keep(terminated=batch.terminated[0], truncated=batch.truncated[0])
            self.keep(**{name: value[0] for name, value in batch.state().items() if name in STATE})

    def keep_reference(self, reference: Reference, full: bool, out: dict[str, Any] | None) -> None:
        """The same of the reference."""
        self.keep(observations=[reference.observation(i, full) for i in range(reference.n)])
        self.keep(joint=reference.joint_state())
        if out is not None:
            self.keep(**out, **{name: reference.state[name] for name in STATE if name in reference.state})


def play_beside(games: list[Game], reference: Reference, rates: np.ndarray, gamma: float | None) -> int:
    """Step every game and the reference through the same actions; the number of steps until the end."""
    batches = [Batch(game, 1, autoreset="disabled", observe_joint=k == 0) for k, game in enumerate(games)]
    ours = [Side() for _ in games]
    theirs = {kind: Side() for kind in {game.observation for game in games}}
    modes = [game.reward_mode if game.mutuality is None else game.mutuality for game in games]
    returns = [np.zeros(reference.n) for _ in games]
    reference.reset(gamma=gamma)
    for batch, side in zip(batches, ours, strict=True):
        batch.reset(seed=0)
        if gamma is not None:
            batch.set_state({"gamma": gamma})
        side.keep_batch(batch, stepped=False)
    for kind, side in theirs.items():
        side.keep_reference(reference, kind == "full", None)
    rewards: list[list[np.ndarray]] = [[] for _ in games]
    length = 0
    for row in rates:
        out = reference.step(row * games[0].endowment)
        length += 1
        for batch, side in zip(batches, ours, strict=True):
            game = batch.game
            batch.step((game.action_low + row * (game.action_high - game.action_low))[np.newaxis])
            side.keep_batch(batch, stepped=True)
        for kind, side in theirs.items():
            side.keep_reference(reference, kind == "full", out)
        for k, mode in enumerate(modes):
            rewards[k].append(reference.rewards(mode, out))
            returns[k] += rewards[k][-1]
        if out["terminated"] or out["truncated"]:
            break
    else:
        raise AssertionError("neither terminated nor truncated by the horizon")
    for k, game in enumerate(games):
        compare(ours[k], theirs[game.observation], rewards[k])
        total = batches[k].state()["reward_total"][0]  # rewards in float64
        np.testing.assert_allclose(total, returns[k], rtol=1e-12, atol=1e-9, err_msg="reward_total")
    return length


def compare(ours: Side, theirs: Side, rewards: list[np.ndarray]) -> None:
    """Float32 views and rewards to float32's rounding, everything else to 1e-10."""
    np.testing.assert_allclose(np.array(ours.steps["rewards"]), rewards, rtol=1.2e-7, atol=1e-10, err_msg="rewards")
    compared = set(ours.steps) & set(theirs.steps)
    assert compared >= {"observations", "payoffs", "utilities", "terminated", "truncated", "rates", "time"}
    assert set(theirs.steps) - compared <= {"joint"}
    for name in compared:
        view = name in ("observations", "joint")
        close = {"rtol": 0.0, "atol": 1e-7} if view else {"rtol": 1e-12, "atol": 1e-10}
        np.testing.assert_allclose(ours.steps[name], theirs.steps[name], **close, err_msg=name)


def test_every_environment_has_a_reference():
    assert set(IDS) == set(GAMES)


@pytest.mark.parametrize("environment_id", IDS)
def test_defaults_over_whole_episodes(environment_id):
    parameters = environment_class(environment_id)()
    games = [
        Game(parameters, mode, observation, scale)
        for mode, observation, scale in zip(
            MODES, ("own", "full", "own"), ("endowment", "unit", "symmetric"), strict=True
        )
    ]
    rng = np.random.default_rng(sum(map(ord, environment_id)))
    gamma = rng.uniform(0.2, 0.9) if games[0].random_gamma else None
    rates = tempting_rates(rng, games[0].n, games[0].horizon)
    play_beside(games, Reference(environment_id), rates, gamma)


@pytest.mark.parametrize("table", range(TABLES))
@pytest.mark.parametrize("environment_id", IDS)
def test_random_parameters(environment_id, table):
    rng = np.random.default_rng([table, *map(ord, environment_id)])
    given = random_parameters(environment_id, rng)
    parameters = environment_class(environment_id).build(given)
    mode = random_mode(rng, parameters.n)
    observation = str(rng.choice(["own", "full"]))
    scale = str(rng.choice(["endowment", "unit", "symmetric"]))
    game = Game(parameters, mode, observation, scale)
    gamma = rng.uniform(*parameters.gamma_range) if game.random_gamma else None
    for _ in range(2):
        rates = tempting_rates(rng, game.n, game.horizon)
        play_beside([game], Reference(environment_id, **given), rates, gamma)


@pytest.mark.parametrize("environment_id", IDS)
def test_the_random_tables_draw_every_parameter(environment_id):
    rng = np.random.default_rng(0)
    drawn = set().union(*(random_parameters(environment_id, rng) for _ in range(40)))
    names = {field.name for field in fields(environment_class(environment_id))}
    assert drawn == names - NOT_DRAWN.get(environment_id, set())


@pytest.mark.parametrize("n", [2, 5, 9])
def test_apache_project_of_any_size_is_a_loyal_team(n):
    """The reference sizes it by phase; of another size it is the loyal team with the phase's numbers."""
    rng = np.random.default_rng(n)
    game = Game(environment_class("ApacheProject-v0").build({"n_agents": n, "phase": "growth"}))
    numbers = {"omega": 25.0, "loyalty_cap": 0.85, "initial_loyalty": 0.425, "phi_B": 0.75, "phi_C": 0.25}
    twin = Reference("LoyaltyTeam-v0", n_agents=n, horizon=60, **numbers)
    assert play_beside([game], twin, tempting_rates(rng, n, 60), None) == 60


@pytest.mark.parametrize("phase", ["formation", "growth", "maturation", "evolution"])
def test_phases_of_the_apache_case(phase):
    """Team sizes, productivity and the founders' loyalty of the case, where nothing else is given."""
    game = Game(environment_class("ApacheProject-v0").build({"chronology": "case", "phase": phase}))
    rates = tempting_rates(np.random.default_rng(5), game.n, game.horizon)
    play_beside([game], Reference("ApacheProject-v0", chronology="case", phase=phase), rates, None)


@pytest.mark.parametrize("given", [{"phase": "history"}, {"phase": "history", "horizon": 250, "phase_length": 50}])
def test_history_plays_all_four_phases(given):
    """Cooperation throughout, so that the episode lives to see the last phase."""
    game = Game(environment_class("RenaultNissan-v0").build(given))
    rates = np.random.default_rng(4).uniform(0.5, 0.9, size=(game.horizon, 2))
    reference = Reference("RenaultNissan-v0", **given)
    assert play_beside([game], reference, rates, None) == game.horizon
    np.testing.assert_array_equal(reference.state["dependence"], [[0.0, 0.28], [0.65, 0.0]])


def test_negotiations_are_kept_and_broken():
    """The rows that matter are reached: agreements, breaches of either side, and falls short of one."""
    game = Game(environment_class("CooperativeNegotiation-v0")())
    rng = np.random.default_rng(2)
    shared = np.repeat(rng.uniform(0.3, 0.9, size=(20, 1)), 5, axis=0)
    rates = np.where(rng.uniform(size=(100, 2)) < 0.1, rng.uniform(size=(100, 2)), shared + 0.01)
    reference = Reference("CooperativeNegotiation-v0", collapse_threshold=0.0)
    quiet = Game(environment_class("CooperativeNegotiation-v0")(collapse_threshold=0.0))
    play_beside([quiet], reference, rates, None)
    assert reference.state["agreements"] > 20
    assert reference.state["breaches"] > 10
    assert game.parameters.breach_penalty == 3.0


def test_members_leave_return_and_dissolve():
    """Members leave, wait and return; then all defect, and the coalition dissolves."""
    given = {"exit_threshold": 0.3, "loyalty_loss": 0.2, "loyalty_gain": 0.07, "reentry_threshold": 0.36}
    rng = np.random.default_rng(3)
    rates = rng.uniform(0.7, 0.95, size=(150, 6))
    rates[2:15, 3:] = rng.uniform(0.01, 0.1, size=(13, 3))
    rates[60:] = rng.uniform(0.01, 0.1, size=(90, 6))
    game = Game(environment_class("CoalitionFormation-v0").build(given))
    reference = Reference("CoalitionFormation-v0", **given)
    batch = Batch(game, 1, autoreset="disabled")
    batch.reset()
    sizes = []
    for row in rates[:60]:
        batch.step(row[np.newaxis])
        sizes.append(int(batch.state()["members"].sum()))
    assert min(sizes) == 3
    assert sizes[-1] == 6
    length = play_beside([game], reference, rates, None)
    assert 60 < length < 150
    assert reference.ended()


# --- without the compiler


UNJITTED = """
import sys
import numpy as np
import numba
from random_games import random_parameters, tempting_rates
from coopetition.batching.batch import Batch
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game

assert numba.config.DISABLE_JIT == int(sys.argv[2])
found = {}
for environment_id in ENVIRONMENTS:
    rng = np.random.default_rng([7, *map(ord, environment_id)])
    for table in range(2):
        given = {} if table == 0 else random_parameters(environment_id, rng)
        if environment_id == "ApacheProject-v0":
            given["n_agents"] = 4
            for name in ("endowment", "baseline", "initial_loyalty"):
                given.pop(name, None)
        game = Game(environment_class(environment_id).build({**given, "horizon": 6}))
        copies = 1 + 2 * table
        batch = Batch(game, copies, autoreset="same_step", observe_joint=True)
        batch.reset(seed=3)
        steps = []
        for _ in range(8):
            batch.step(np.stack([tempting_rates(rng, game.n, 1)[0] for _ in range(copies)]))
            views = (batch.observations, batch.joint, batch.rewards)
            ends = (batch.terminated, batch.truncated)
            state = [part for name, part in batch.state().items() if name != "memory"]
            parts = (batch.payoffs, batch.utilities, *ends, *state, *views)
            steps.append(np.concatenate([np.ravel(part).astype(float) for part in parts]))
        found[f"{environment_id} {table}"] = np.array(steps)
np.savez(sys.argv[1], **found)
"""


def play_in_a_subprocess(tmp_path: Path, disable_jit: int) -> Any:
    target = tmp_path / f"trajectories_{disable_jit}.npz"
    here = Path(__file__).parent
    package = Path(coopetition.__file__).parent.parent
    environment = {
        **os.environ,
        "NUMBA_DISABLE_JIT": str(disable_jit),
        "PYTHONPATH": f"{package}{os.pathsep}{here}",
    }
    command = [sys.executable, "-c", UNJITTED, str(target), str(disable_jit)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return np.load(target)


def test_without_the_compiler_the_trajectories_are_the_same(tmp_path):
    """Only fused multiply-adds differ: interpreted, they round twice."""
    compiled, interpreted = (play_in_a_subprocess(tmp_path, disable) for disable in (0, 1))
    assert len(compiled.files) == 2 * len(IDS)
    for name in compiled.files:
        wanted, got = compiled[name], interpreted[name]
        assert wanted.shape == got.shape
        assert np.isfinite(got).all()
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12, err_msg=name)
