"""One thing forgotten is an error that names it: environments and modes of a package outside the repository.

Each test writes a package into a folder of its own, imports it and builds what it declares.
"""

from __future__ import annotations

import importlib
import itertools
import sys
import textwrap
from types import ModuleType

import numpy as np
import pytest

from coopetition.batching.batch import Batch
from coopetition.games.game import Game
from coopetition.games.guards import StageError
from coopetition.games.rewards import REWARD_MODES

HEAD = """
from __future__ import annotations
import math
from dataclasses import dataclass
from typing import Any, ClassVar
import numpy as np
from coopetition.games import families
from coopetition.games.families import team_game, trust_game
from coopetition.games.fields import StateField
from coopetition.games.parameters import Parameters, Sized, TeamParameters, TrustParameters, parameter
from coopetition.games.rewards import RewardMode
from coopetition.kernels.machine.compiled import merged
from coopetition.kernels.machine.memory import parameter_matrix, parameter_vector, rows_of, stage, work_vector
from coopetition.kernels.machine.numbers import Descriptor, Integer, Scalar, State, Vector, Work
"""
COUNT = itertools.count()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write a package, import it, and forget it afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    names = []

    def write(text: str) -> ModuleType:
        name = f"outside_{next(COUNT)}"
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        (folder / "game.py").write_text(HEAD + textwrap.dedent(text))
        importlib.invalidate_caches()
        names.append(name)
        return importlib.import_module(f"{name}.game")

    yield write
    for module in [module for module in sys.modules if module.partition(".")[0] in names]:
        del sys.modules[module]


POOL = """
    @dataclass(frozen=True, kw_only=True)
    class Fishery(Sized, TeamParameters):
        id: ClassVar[str] = "Fishery-v0"
        roles: ClassVar[tuple[str, ...]] = ("boat_{}",)
        outcomes: ClassVar[tuple[str, ...]] = ("empty",)
        adds: ClassVar[tuple[StateField, ...]] = (
            StateField("stock", initial="first_stock", high="first_stock", scale="per_stock", meaning="fish left"),
            StateField("debts", ("n", "n"), high=9.0, integer=True, scale=1.0 / 9.0, meaning="what i owes j"),
        )
        n_agents: int = parameter(3, "integer", 2, 50, about="boats")
        first_stock: float = parameter(40.0, low=0.0, kernel=True, about="fish at reset")
        prices: Any = parameter((1.0, 0.25), "numbers", 0.0, kernel=True, about="of fish when there are many, and few")
        skills: Any = parameter(1.0, "agents", 0.0, kernel=True, about="of each boat")
        help: Any = parameter(0.5, "pairs", 0.0, 1.0, kernel=True, about="of i to j")
        season: str = parameter("summer", "choice", choices=("winter", "summer"), kernel=True, about="season")
        derived: ClassVar[dict[str, int | str]] = {"half": 1}

        @property
        def half(self) -> float:
            return self.first_stock / 2.0

        @property
        def per_stock(self) -> float:
            return 1.0 / self.first_stock

        def stages(self):
            return team_game(turn=turn)

    State, Scalar, Outcome = Fishery.State, Fishery.Scalar, Fishery.Outcome
    Vector, Matrix = Fishery.Vector, Fishery.Matrix

    @merged
    def taken(at, parameters, work, total):
        n = at[Integer.N]
        levels = work_vector(work, Work.LEVEL, n)
        skills = parameter_vector(parameters, Vector.SKILLS, n)
        helps = parameter_matrix(parameters, Matrix.HELP, n)
        for lane in range(total.size):
            total[lane] = 0.0
        for i in range(n):
            for lane in range(total.size):
                total[lane] += skills[i] * (1.0 + helps[i * n + (i + 1) % n]) * levels[i, lane] / 50.0

    @stage
    def turn(at, parameters, state, work):
        n = at[Integer.N]
        total = work[0]
        taken(at, parameters, work, total)
        stock = state[at[State.STOCK]]
        payoffs = work_vector(work, Work.PAYOFF, n)
        ended = state[at[State.ENDED]]
        outcome = state[at[State.OUTCOME]]
        debts = rows_of(state, at[State.DEBTS], n * n)
        for lane in range(stock.size):
            few = stock[lane] < parameters[Scalar.HALF]
            price = parameters[Scalar.PRICES + 1] if few else parameters[Scalar.PRICES]
            payoffs[0, lane] = price * parameters[Scalar.SEASON]
            debts[1, lane] += 1.0
            left = stock[lane] - total[lane]
            stock[lane] = left if left > 0.0 else 0.0
            ended[lane] = 1.0 if left <= 0.0 else 0.0
            outcome[lane] = Outcome.EMPTY if left <= 0.0 else 0.0
"""


def test_a_package_of_ones_own_needs_no_file_of_ours(package):
    """Fields of every shape, numbers of every kind, an outcome: declared in one file, played by every copy."""
    module = package(POOL)
    game = Game(module.Fishery(skills=(1.0, 2.0, 3.0)))
    assert game.outcomes[3] == "empty"
    assert game.layout["debts"].meaning == "what i owes j"
    batch = Batch(game, 5, autoreset="disabled", observe_joint=True)
    batch.reset(options={"stock": 30.0, "debts": np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 1.0], [3.0, 0.0, 0.0]])})
    batch.step(np.ones((5, 3)))
    assert batch.payoffs[:, 0] == pytest.approx(1.0)  # many fish, in summer
    assert batch.read("stock") == pytest.approx(30.0 - 9.0)
    np.testing.assert_array_equal(batch.read("debts")[0, 0], [0.0, 3.0, 0.0])
    assert batch.observations[0, 0, game.observation_layout["debts"]] == pytest.approx([3 / 9, 0.0])
    assert batch.observations[0, 2, game.observation_layout["debts"]] == pytest.approx([3 / 9, 0.0])
    batch.step(np.ones((5, 3)))
    assert batch.read("stock") == pytest.approx(12.0)
    batch.step(np.ones((5, 3)))
    assert batch.payoffs[:, 0] == pytest.approx(0.25)  # few
    batch.step(np.ones((5, 3)))
    assert batch.outcomes() == ["empty"] * 5
    assert batch.terminated.all()


FORGOTTEN = [
    ("Fishery.State, Fishery.Scalar", "families.State, Fishery.Scalar", AttributeError, "State"),
    (
        '"stock", initial="first_stock"',
        '"stock", initial="first_stocks"',
        TypeError,
        "'stock'.*'first_stocks'.*Fishery",
    ),
    ('{"half": 1}', '{"halves": 1}', TypeError, "Fishery-v0.*'halves'"),
    ('{"half": 1}', '{"half": 2}', TypeError, "half has 1 numbers.*declared with 2"),
    ('{"half": 1}', '{"half": 41}', TypeError, "Fishery declares 4. numbers.*Scalar.*room for 40"),
    ("Scalar.HALF", "Scalar.HALFS", StageError, "Fishery-v0.*turn.*Scalar.HALFS.*did you mean 'HALF'"),
    ("State.DEBTS", "State.TRUST", StageError, r"Fishery-v0.*turn.*state field State\.TRUST"),
    ("Vector.SKILLS", "Vector.SHARES", StageError, r"Fishery-v0.*turn.*Vector\.SHARES"),
    ("Scalar.SEASON", "Scalar.KAPPA", StageError, r"Fishery-v0.*turn.*Scalar\.KAPPA"),
    ("Outcome.EMPTY", "Outcome.SUNK", StageError, r"Fishery-v0.*turn.*Outcome\.SUNK"),
    ("Work.LEVEL", "Descriptor.LANES", StageError, r"Descriptor\.LANES, which only the driver may"),
    ("turn=turn", "turn=print", StageError, "print.*is none"),
    ('StateField("debts"', 'StateField("rates_"', StageError, r"State\.DEBTS"),
]


@pytest.mark.parametrize(("right", "wrong", "error", "words"), FORGOTTEN, ids=[row[1] for row in FORGOTTEN])
def test_one_thing_forgotten(package, right, wrong, error, words):
    assert right in POOL
    with pytest.raises(error, match=rf"(?s){words}"):
        Batch(Game(package(POOL.replace(right, wrong)).Fishery()), 2)


def test_a_stage_of_another_game(package):
    """Two classes number their own names alike; a stage of one is no stage of the other."""
    text = (
        POOL
        + """
    @dataclass(frozen=True, kw_only=True)
    class Forest(Sized, TeamParameters):
        id: ClassVar[str] = "Forest-v0"
        roles: ClassVar[tuple[str, ...]] = ("logger_{}",)
        adds: ClassVar[tuple[StateField, ...]] = (StateField("trees", initial=9.0, meaning="trees left"),)
        n_agents: int = parameter(3, "integer", 2, 50, about="loggers")

        def stages(self):
            return team_game(turn=turn)
    """
    )
    module = package(text)
    assert int(module.Forest.State.TREES) == int(module.Fishery.State.STOCK)
    with pytest.raises(StageError, match=r"Forest-v0.*turn.*which this game does not have"):
        Batch(Game(module.Forest()), 2)


def test_a_parameter_renamed(package):
    """What a family's kernels read must be there under its name."""
    module = package("""
    @dataclass(frozen=True, kw_only=True)
    class Bare(Parameters):
        id: ClassVar[str] = "Bare-v0"
        family: ClassVar[str] = "team"
        roles: ClassVar[tuple[str, ...]] = ("a", "b")
        endowment: Any = parameter(50.0, "agents", 0.0, about="e")
        baseline: Any = parameter(20.0, "agents", 0.0, about="b")
        initial_loyalty: Any = parameter(0.5, "agents", 0.0, about="theta")
        loyalty_cap: float = parameter(1.0, about="cap")
        omegas: float = parameter(1.0, about="productivity")
        teammates: str = parameter("mean", "choice", choices=("mean", "sum"), about="mean")

    class Nowhere(Bare):
        family: ClassVar[str] = "market"
    """)
    with pytest.raises(TypeError, match="Bare-v0: kernels of the team family read 'omega'.*did you mean 'omegas'"):
        Game(module.Bare())
    with pytest.raises(TypeError, match="family = 'market' is none of trust, team, reciprocity"):
        Game(module.Nowhere())


ENVY = """
    @dataclass(frozen=True, kw_only=True)
    class InequityAverse(RewardMode):
        name: ClassVar[str] = "outside_inequity"
        about: ClassVar[str] = "pi_i less envy and guilt (Fehr and Schmidt 1999)"
        alpha: float = parameter(0.5, low=0.0, kernel=True, about="envy")
        beta: float = parameter(0.25, low=0.0, high=1.0, kernel=True, about="guilt")

        def stage(self):
            return inequity_averse

    Scalar = InequityAverse.Scalar

    @stage
    def inequity_averse(at, parameters, state, work):
        n = at[Integer.N]
        payoffs = work_vector(work, Work.PAYOFF, n)
        rewards = work_vector(work, Work.REWARD, n)
        for i in range(n):
            reward = rewards[i]
            own = payoffs[i]
            for lane in range(reward.size):
                reward[lane] = own[lane]
            for j in range(n):
                if j != i:
                    other = payoffs[j]
                    for lane in range(reward.size):
                        gap = other[lane] - own[lane]
                        envy = parameters[Scalar.ALPHA] * (gap if gap > 0.0 else 0.0)
                        guilt = parameters[Scalar.BETA] * (-gap if gap < 0.0 else 0.0)
                        reward[lane] -= (envy + guilt) / (n - 1)
"""


def test_a_reward_mode_is_one_file(package, monkeypatch):
    """With a compiled stage and numbers of its own, in games of every family, beside an environment's numbers."""
    from coopetition.envs import environment_class
    from coopetition.games import rewards

    module = package(ENVY)
    monkeypatch.setattr(rewards, "REWARD_MODES", REWARD_MODES.copy())
    rewards.register_reward_mode(module.InequityAverse)
    rng = np.random.default_rng(1)
    for environment_id in ("SLCD-v0", "ReputationMarket-v0", "LoyaltyTeam-v0", "GraduatedSanction-v0"):
        parameters = environment_class(environment_id)()
        for mode, alpha, beta in (
            ("outside_inequity", 0.5, 0.25),
            (module.InequityAverse(alpha=2.0, beta=0.0), 2.0, 0.0),
        ):
            game = Game(parameters, reward_mode=mode)
            assert game.reward_mode == "outside_inequity"
            assert Game(parameters, reward_mode=game.mode).mode == game.mode
            batch = Batch(game, 3)
            batch.reset(seed=0)
            batch.step(rng.uniform(size=(3, game.n)))
            pi = batch.payoffs
            gaps = pi[:, np.newaxis, :] - pi[:, :, np.newaxis]
            cost = alpha * np.maximum(gaps, 0.0) + beta * np.maximum(-gaps, 0.0)
            expected = pi - cost.sum(axis=2) / (game.n - 1)
            np.testing.assert_allclose(batch.rewards, expected, rtol=1e-6)


def test_a_wrong_reward_mode(package, monkeypatch):
    from coopetition.envs import environment_class
    from coopetition.games import rewards

    monkeypatch.setattr(rewards, "REWARD_MODES", REWARD_MODES.copy())
    parameters = environment_class("SLCD-v0")()
    mode = package(ENVY.replace("Scalar.ALPHA", "Scalar.GAMMAS")).InequityAverse()
    with pytest.raises(StageError, match=r"SLCD-v0.*inequity_averse.*Scalar\.GAMMAS"):
        Batch(Game(parameters, reward_mode=mode), 1)
    module = package(ENVY)
    with pytest.raises(ValueError, match="outside_inequity.*beta = 2.0 is out of its domain"):
        module.InequityAverse(beta=2.0)
    with pytest.raises(TypeError, match="no name"):
        rewards.register_reward_mode(rewards.RewardMode)
    rewards.register_reward_mode(module.InequityAverse)
    with pytest.raises(ValueError, match="already"):
        rewards.register_reward_mode(package(ENVY).InequityAverse)
    for value in ({}, None, 3 + 0j, "private "):
        with pytest.raises((TypeError, ValueError), match="reward_mode"):
            Game(parameters, reward_mode=value)
