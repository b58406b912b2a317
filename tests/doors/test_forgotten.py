"""One thing forgotten in the file of a how-to page is an error that names it; and a taken name is refused."""

from __future__ import annotations

import re

import pytest

import coopetition
from coopetition.batching.batch import Batch
from coopetition.games.guards import StageError
from coopetition.games.rewards import REWARD_MODES, register_reward_mode
from tests.doors.conftest import source

ENVIRONMENT = [
    ('    id: ClassVar[str] = "Fishery-v0"\n', "", TypeError, "Fishery has no id"),
    ('"Fishery-v0"', '"Fishery"', ValueError, "id = 'Fishery'.*'Fishery-v0'"),
    ("@dataclass(frozen=True, kw_only=True)\n", "", TypeError, "Fishery-v0 is no dataclass.*@dataclass"),
    ("(Sized, TeamParameters)", "(Sized)", TypeError, "not a subclass of Parameters"),
    ("(Sized, TeamParameters)", "(Sized, Parameters)", TypeError, "Fishery-v0 has no family"),
    ('mechanism: ClassVar[str] = "team"', 'mechanism: ClassVar[str] = "fish"', TypeError, "mechanism = 'fish'"),
    ('    roles: ClassVar[tuple[str, ...]] = ("boat_{}",)\n', "", (TypeError, AttributeError), "roles"),
    ('"""Fishery: boats share', '"""Boats share', TypeError, "nothing says what it models"),
    (', about="number of boats"', "", TypeError, "'n_agents' has no sentence"),
    ('parameter(4, "integer", 2, 100, about="number of boats")', "4", TypeError, "'n_agents' has no domain"),
    ('{"growth": 0.25}', '{"grow": 0.25}', TypeError, "'grow'.*did you mean 'growth'"),
    ('{"growth": 0.25}', '{"growth": 25.0}', ValueError, "growth = 25.0 is out of its domain"),
    ('StateField("stock", initial="first_stock"', 'StateField("stock", initial="first"', TypeError, "'stock'.*'first'"),
    ("parameter(0.4, low=0.0, high=3.0, unit=\"1/step\", kernel=True", "parameter(0.4, low=0.0, high=3.0",
     StageError, r"Fishery-v0.*grow.*Scalar\.GROWTH"),
    ("@stage\ndef grow", "def grow", StageError, "grow.*decorate it with @stage"),
    ("State.STOCK", "State.STOCKS", StageError, r"State\.STOCKS"),
    ('outcomes: ClassVar[tuple[str, ...]] = ("closed",)', "", StageError, r"Outcome\.CLOSED"),
    ("phi_B: float = 0.8", "phi_B = 0.8", TypeError, "phi_B = 0.8 has no type"),
    ("return team_game(", "team_game(", TypeError, r"stages\(\) returned None"),
    ("turn=grow", "turn=growing", NameError, "growing"),
    ("def stages(self)", "def stage(self)", StageError,
     "declares the state field 'stock', the kernel number 'price'.*no method stages; did you mean 'stage'"),
    (', meaning="S, tonnes of fish"', "", TypeError, "the state field 'stock' has no meaning"),
    ('StateField("stock"', 'StateField("intensity"', TypeError, "'intensity' is the name of a field that games share"),
    ("team_game(", "team_game(pay=grow, ", TypeError,
     r"team_game\(\) has no stage 'pay'; allowed: assemble, payoffs, utilities, turn; did you mean 'payoffs'"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "error", "words"), ENVIRONMENT, ids=[row[3] for row in ENVIRONMENT])
def test_of_an_environment(module, right, wrong, error, words):
    text = source("environment")
    assert right in text
    text = text.replace("import Sized, Team", "import Parameters, Sized, Team").replace(right, wrong)
    with pytest.raises(error, match=rf"(?s){words}"):
        Batch(coopetition.make_game(module(text).Fishery()), 2)


MODE = [
    ('    name: ClassVar[str] = "quasi_maximin"\n', "", TypeError, "QuasiMaximin has no name"),
    ('"quasi_maximin"', '"Quasi maximin"', ValueError, "name = 'Quasi maximin'"),
    ('"own payoff, the least, and the sum (Charness and Rabin 2002)"', '""', TypeError, "has no about"),
    ("    def stage(self)", "    def stages(self)", TypeError, "'quasi_maximin' has no stage"),
    ("@dataclass(frozen=True, kw_only=True)\n", "", TypeError, "declares weight, delta and is no dataclass"),
    ("parameter(0.5, low=0.0, high=1.0, kernel=True, about=\"of others, against one's own payoff\")", "0.5",
     TypeError, "weight has no domain"),
    ("weight: float = parameter(0.5", "weight: float = parameter(1.5", ValueError, "weight = 1.5 is out of its domain"),
    ("kernel=True, about=\"of the worst-off", "about=\"of the worst-off", StageError, r"Scalar\.DELTA"),
    ("@stage\n", "", StageError, "decorate it with @stage"),
    ("(coopetition.RewardMode)", "", TypeError, "not a subclass of RewardMode"),
    ("Work.REWARD", "Work.LEVEL", StageError, "quasi_maximin_rewards of the reward mode 'quasi_maximin' never writes"),
    ('about="of the worst-off, against the sum"', 'about=""', TypeError, "delta has no sentence"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "error", "words"), MODE, ids=[row[3] for row in MODE])
def test_of_a_reward_mode(module, right, wrong, error, words):
    text = source("reward_mode")
    assert right in text
    with pytest.raises(error, match=rf"(?s){words}"):
        Batch(coopetition.make_game("SLCD-v0", reward_mode=module(text.replace(right, wrong)).QuasiMaximin()), 2)


POLICY = [
    ('    name = "slow_reciprocator"\n', "", TypeError, "has no name"),
    ("    classifier = Classifier(memory=float(\"inf\"))\n", "", TypeError, "has no classifier"),
    ("    citation = ", "    cited = ", TypeError, "has no citation"),
    ("def play(", "def plays(", TypeError, r"neither play\(seen\) nor act"),
    ("(Policy)", "", TypeError, "not a subclass"),
    ('@register_policy("slow_reciprocator")', "@register_policy", TypeError, "has no name for SlowReciprocator"),
    ('    name = "slow_reciprocator"', '    name = "slow"', TypeError, "calls itself 'slow'"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "error", "words"), POLICY, ids=[row[3] for row in POLICY])
def test_of_a_policy(module, right, wrong, error, words):
    text = source("policy")
    assert right in text
    with pytest.raises(error, match=words):
        module(text.replace(right, wrong))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("mean", "returned None"),
        ("return 0.5", r"returned \(\)"),
        ("return 50.0 * mean", r"returned values from .* expected rates in \[0, 1\]"),
        ("return mean * np.nan", "returned values from nan"),
    ],
)
def test_of_a_policy_that_returns_no_rates(module, wrong, words):
    from coopetition.baselines import evaluate

    made = module(source("policy").replace("return mean", wrong))
    with pytest.raises(ValueError, match=rf"SlowReciprocator\.play\(seen\) {words}"):
        evaluate("SLCD-v0", made.SlowReciprocator(coopetition.make_game("SLCD-v0")), episodes=1, exploitability=False)


CONCEPT = [
    ('    objective="private",\n', "", TypeError, "objective"),
    ('objective="private"', 'objective="privat"', ValueError, "'privat'.*did you mean 'private'"),
    ('about="the one rate, the same for all, at which the sum is largest"', 'about=""', ValueError, "lacks 'about'"),
    ('source="an example; compare', 'source="" and "', ValueError, "lacks 'source'"),
    (', "a grid of rates is all the evidence"', ', ""', ValueError, "lacks 'why'"),
    ("(stage, objective, *, points=1001)", "(stage)", TypeError, "must take a stage and an objective"),
    ("points=1001", "points", TypeError, "need defaults: points"),
]


@pytest.mark.parametrize(("right", "wrong", "error", "words"), CONCEPT, ids=[row[3] for row in CONCEPT])
def test_of_a_concept(module, right, wrong, error, words):
    text = source("concept")
    assert right in text
    with pytest.raises(error, match=words):
        module(text.replace(right, wrong))


def test_of_a_concept_without_certificate(module):
    from coopetition.oracles import solve

    module(source("concept").replace("    return Solution(", "    Solution("))
    with pytest.raises(TypeError, match="'common_rate' returned NoneType, not a Solution"):
        solve("SLCD-v0", "common_rate")


@pytest.mark.parametrize(
    "piece", ["title", "report", "quantities", "variants", "draws", "nulls", "ablations", "history"]
)
def test_of_a_case(module, piece):
    text = re.sub(rf"^        {piece}=", f"        # {piece}=", source("case"), flags=re.MULTILINE)
    if piece == "history":
        text = re.sub(r"# history=lambda: Run\(\n.*?\n        \),", "# no history", text, flags=re.DOTALL)
    with pytest.raises((ValueError, TypeError), match=piece):
        module(text)


TAKEN = {
    "environment": ("Fishery-v0", "SLCD-v0", "the id 'SLCD-v0' is taken by this package"),
    "reward_mode": ("quasi_maximin", "inequity_averse", "taken"),
    "policy": ("slow_reciprocator", "tit_for_tat", "taken"),
    "concept": ("common_rate", "nash", "taken by this package"),
    "case": ("meetings", "slcd", "taken by this package"),
}


@pytest.mark.parametrize("page", TAKEN)
def test_a_taken_name_is_refused(module, page):
    """One of this package's, and one of another user's."""
    name, other, words = TAKEN[page]
    with pytest.raises(ValueError, match=words):
        module(source(page).replace(f'"{name}', f'"{other}'))
    module(source(page))
    with pytest.raises(ValueError, match="taken"):
        module(source(page))


def test_a_strong_id_is_taken_too(module):
    with pytest.raises(ValueError, match="the id 'SLCDStrong-v0' is taken"):
        module(source("environment").replace('"Fishery-v0"', '"SLCDStrong-v0"'))


def test_registering_again_changes_nothing(module):
    mode = module(source("reward_mode")).QuasiMaximin
    assert register_reward_mode(mode) is mode
    environment = module(source("environment")).Fishery
    assert coopetition.register(environment) is environment
    assert REWARD_MODES


def _ask_of(page):
    """What asks a registry for a name."""
    from coopetition.calibration.engine.registry import load_case
    from coopetition.envs import environment_class
    from coopetition.games.rewards import reward_mode_class
    from coopetition.oracles.stage.registry import concept
    from coopetition.policies.registry import check_policy_name

    asks = {
        "environment": environment_class,
        "reward_mode": reward_mode_class,
        "policy": check_policy_name,
        "concept": concept,
        "case": load_case,
    }
    return asks[page]


@pytest.mark.parametrize("page", TAKEN)
def test_a_module_that_registers_nothing_of_the_name(module, page):
    """It is said that the module was imported, and what it registered instead if anything."""
    kind, name, ask = page, TAKEN[page][0], _ask_of(page)
    empty = module('"""Nothing."""').__name__
    with pytest.raises(
        ValueError, match=rf"unknown {kind} '{name}': the module '{empty}' was.* registered no {kind}: "
    ):
        ask(f"{empty}:{name}")
    full = module(source(page)).__name__
    with pytest.raises(ValueError, match=rf"the module '{full}' was.* registered no {kind} of that name, but '{name}'"):
        ask(f"{full}:another")


def test_the_command_line_says_it_too(module):
    from typer.testing import CliRunner

    from coopetition.cli import app

    empty = module('"""Nothing."""').__name__
    said = CliRunner().invoke(app, ["show", f"{empty}:Fishery-v0"])
    assert said.exit_code == 2
    assert "was imported and registered no environment" in " ".join(said.output.split())
