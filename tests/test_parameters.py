"""Parameters: validated once with errors that help, frozen, equal, hashable, and out and in through JSON."""

from __future__ import annotations

import dataclasses
import json
import math
import pickle
from typing import Any

import numpy as np
import pytest
from random_games import random_parameters

from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters

IDS = list(ENVIRONMENTS)
EVERY_FIELD = [(name, field.name) for name in IDS for field in dataclasses.fields(environment_class(name))]


def build(environment_id: str, **given: Any) -> Parameters:
    return environment_class(environment_id).build(given)


# --- out of the domain: name, value and domain

#: Environment, arguments, then words that the message must have: parameter, value, domain.
BAD = [
    ("SLCD-v0", {"shares": (0.6, 0.6)}, ["shares", "(0.6, 0.6)", "sum to 1"]),
    ("SLCD-v0", {"shares": (0.5, 0.5 + 2e-9)}, ["shares", "sum to 1, not 1.000000002"]),
    ("SLCD-v0", {"shares": (0.5 - 1e-8, 0.5)}, ["shares", "sum to 1, not 0.99999999"]),
    ("SLCD-v0", {"shares": (1.2, -0.2)}, ["shares", "(1.2, -0.2)", "[0, 1]"]),
    ("SLCD-v0", {"shares": (0.5, 0.3, 0.2)}, ["shares", "(0.5, 0.3, 0.2)", "shape is (3,)", "expected (2,)"]),
    ("SLCD-v0", {"dependence": 1.2}, ["dependence", "1.2", "[0, 1]"]),
    ("SLCD-v0", {"dependence": -0.1}, ["dependence", "-0.1", "[0, 1]"]),
    ("SLCD-v0", {"dependence": ((0.5, 0.6), (0.8, 0.0))}, ["dependence", "0.5, 0.6", "diagonal is not zero"]),
    ("SLCD-v0", {"dependence": ((0.0, 0.6, 0.1),)}, ["dependence", "shape is (1, 3)", "expected (2, 2)"]),
    ("SLCD-v0", {"dependence": ((0.0, math.nan), (0.8, 0.0))}, ["dependence", "nan", "[0, 1]"]),
    ("SLCD-v0", {"lambda_plus": -0.1}, ["lambda_plus", "-0.1", "[0, 1]"]),
    ("SLCD-v0", {"lambda_minus": 1.1}, ["lambda_minus", "1.1", "[0, 1]"]),
    ("SLCD-v0", {"mu_R": -1}, ["mu_R", "-1", "[0, 1]"]),
    ("SLCD-v0", {"delta_R": math.inf}, ["delta_R", "inf", "[0, 1]"]),
    ("SLCD-v0", {"xi": -0.5}, ["xi", "-0.5", "[0, inf)"]),
    ("SLCD-v0", {"kappa": 0.0}, ["kappa", "0.0", "(0, inf)"]),
    ("SLCD-v0", {"theta": "twenty"}, ["theta", "'twenty'", "[0, inf)", "not a number"]),
    ("SLCD-v0", {"gamma": math.nan}, ["gamma", "nan", "[0, inf)"]),
    ("SLCD-v0", {"beta": 0.0}, ["beta", "0.0", "(0, 1]"]),
    ("SLCD-v0", {"beta": [0.5, 0.5]}, ["beta", "[0.5, 0.5]", "one number"]),
    ("SLCD-v0", {"horizon": 0}, ["horizon", "0", "[1, inf)"]),
    ("SLCD-v0", {"horizon": 2.5}, ["horizon", "2.5", "not an integer"]),
    ("SLCD-v0", {"horizon": math.nan}, ["horizon", "nan"]),
    ("SLCD-v0", {"endowment": 0.0}, ["endowment", "0.0", "(0, inf)", "each agent"]),
    ("SLCD-v0", {"endowment": (100.0, -1.0)}, ["endowment", "(100.0, -1.0)", "(0, inf)"]),
    ("SLCD-v0", {"baseline": 101.0}, ["baseline", "101.0", "endowment", "100.0"]),
    ("SLCD-v0", {"baseline": -1.0}, ["baseline", "-1.0", "[0, inf)"]),
    ("SLCD-v0", {"initial_trust": 1.5}, ["initial_trust", "1.5", "[0, 1]"]),
    ("SLCD-v0", {"initial_damage": -0.5}, ["initial_damage", "-0.5", "[0, 1]"]),
    ("SLCD-v0", {"collapse_threshold": 2.0}, ["collapse_threshold", "2.0", "[0, 1]"]),
    ("SLCD-v0", {"value_form": "logaritmic"}, ["value_form", "'logaritmic'", "'power'", "did you mean 'logarithmic'"]),
    ("SLCD-v0", {"signal_scale": "endowments"}, ["signal_scale", "'endowments'", "'raw'", "did you mean 'endowment'"]),
    ("RenaultNissan-v0", {"phase": "crises"}, ["phase", "'crises'", "'formation'", "did you mean 'crisis'"]),
    ("RenaultNissan-v0", {"phase_length": 0}, ["phase_length", "0", "[1, inf)"]),
    ("RecoveryRace-v0", {"recovery_target": 0.0}, ["recovery_target", "0.0", "(0, 1]"]),
    ("SynergySearch-v0", {"gamma_range": (0.9, 0.2)}, ["gamma_range", "(0.9, 0.2)", "low < high"]),
    ("SynergySearch-v0", {"gamma_range": (0.1, 0.5, 0.9)}, ["gamma_range", "two numbers"]),
    ("SynergySearch-v0", {"reveal_gamma": 1}, ["reveal_gamma", "1", "True or False"]),
    ("PlatformEcosystem-v0", {"n_developers": 0}, ["n_developers", "0", "[1, 1000]"]),
    ("ReputationMarket-v0", {"n_agents": 1}, ["n_agents", "1", "[2, 1000]"]),
    ("ReputationMarket-v0", {"n_agents": "five"}, ["n_agents", "'five'", "[2, 1000]"]),
    ("ReputationMarket-v0", {"n_agents": None}, ["n_agents", "None", "[2, 1000]"]),
    ("ReputationMarket-v0", {"n_agents": 2.5}, ["n_agents", "2.5", "not an integer"]),
    ("ReputationMarket-v0", {"tiers": "no"}, ["tiers", "'no'", "True or False"]),
    ("ReputationMarket-v0", {"tier_thresholds": (0.2, 0.5, 0.8)}, ["tier_thresholds", "(0.2, 0.5, 0.8)", "falling"]),
    ("ReputationMarket-v0", {"tier_multipliers": (1.0, 2.0)}, ["tier_multipliers", "(1.0, 2.0)", "four"]),
    ("ReputationMarket-v0", {"reputation_visibility": 1.1}, ["reputation_visibility", "1.1", "[0, 1]"]),
    ("CooperativeNegotiation-v0", {"breach_penalty": -3}, ["breach_penalty", "-3", "[0, inf)"]),
    ("DynamicPartnerSelection-v0", {"reputation_weight": 2}, ["reputation_weight", "2", "[0, 1]"]),
    ("TeamProduction-v0", {"beta": 1.5}, ["beta", "1.5", "(0, 1]"]),
    ("TeamProduction-v0", {"omega": 0}, ["omega", "0", "(0, inf)"]),
    ("TeamProduction-v0", {"cost": -1}, ["cost", "-1", "[0, inf)"]),
    ("TeamProduction-v0", {"baseline": 60}, ["baseline", "60", "endowment"]),
    ("LoyaltyTeam-v0", {"initial_loyalty": 1.5}, ["initial_loyalty", "1.5", "[0, 1]"]),
    ("LoyaltyTeam-v0", {"initial_loyalty": 0.8, "loyalty_cap": 0.6}, ["initial_loyalty", "0.8", "cap of 0.6"]),
    ("LoyaltyTeam-v0", {"teammates": "median"}, ["teammates", "'median'", "'mean'", "'sum'"]),
    ("ApacheProject-v0", {"phase": "mature"}, ["phase", "'mature'", "did you mean 'maturity'"]),
    ("CoalitionFormation-v0", {"exit_threshold": -1}, ["exit_threshold", "-1", "[0, 1]"]),
    ("CoalitionFormation-v0", {"reentry_cooldown": 1.5}, ["reentry_cooldown", "1.5", "not an integer"]),
    ("PublicGoods-v0", {"multiplier": 0}, ["multiplier", "0", "(0, inf)"]),
    ("PublicGoods-v0", {"beta": 0.7}, ["beta", "0.7", "1"]),
    ("PublicGoods-v0", {"cost": 2.0}, ["cost", "2.0", "1"]),
    ("ReciprocalDilemma-v0", {"memory": 0}, ["memory", "0", "[1, 1000]"]),
    ("ReciprocalDilemma-v0", {"eta": -1}, ["eta", "-1", "[0, inf)"]),
    ("GiftExchange-v0", {"reciprocity_form": "gradients"}, ["reciprocity_form", "did you mean 'gradient'"]),
    ("IndirectReciprocity-v0", {"image_rate": 1.2}, ["image_rate", "1.2", "[0, 1]"]),
    ("GraduatedSanction-v0", {"rho_0": -0.1}, ["rho_0", "-0.1", "[0, inf)"]),
]


def row_id(row: tuple[str, dict[str, Any], list[str]]) -> str:
    return f"{row[0]} {row[1]}"


@pytest.mark.parametrize("row", BAD, ids=row_id)
def test_out_of_its_domain(row):
    environment_id, given, words = row
    with pytest.raises((TypeError, ValueError)) as caught:
        build(environment_id, **given)
    message = str(caught.value)
    for word in [environment_id, *words]:
        assert word in message, message


@pytest.mark.parametrize(("environment_id", "name"), EVERY_FIELD)
def test_every_parameter_refuses_what_is_no_value_of_it(environment_id, name):
    cls = environment_class(environment_id)
    domain = cls.domain(name)
    if (environment_id, name) == ("PublicGoods-v0", "omega"):
        assert cls.build({name: cls().multiplier}) == cls()
        with pytest.raises(ValueError, match="omega = 7.0: .* set multiplier"):
            cls.build({name: 7.0})
        return
    if domain.kind in ("choice", "flag"):
        bad: list[Any] = ["neither", 2, None]
    else:
        bad = [math.nan, math.inf, "much", object()]
        default = next(field.default for field in dataclasses.fields(cls) if field.name == name)
        bad += [] if default is None or name == "shares" else [None]  # None: what the defaults say; equal shares
        bad += [math.nextafter(domain.low, -math.inf)] if math.isfinite(domain.low) else []
        bad += [domain.low] if domain.open_low else []
        bad += [math.nextafter(domain.high, math.inf)] if math.isfinite(domain.high) else []
    for value in bad:
        with pytest.raises((TypeError, ValueError), match=rf"{environment_id}.*\b{name}\b"):
            cls.build({name: value})


#: What NumPy or Python would convert without a word.
WRONG_KINDS: list[Any] = ["0.5", "1", b"1", True, 0.5j, np.datetime64("2020-01-01"), np.ma.masked_array([0.5], [True])]


@pytest.mark.parametrize(("environment_id", "name"), EVERY_FIELD)
def test_every_parameter_refuses_what_is_of_another_kind(environment_id, name):
    cls = environment_class(environment_id)
    kind = cls.domain(name).kind
    for value in [*WRONG_KINDS, 10**400]:
        if kind == "choice" or (kind == "flag" and value is True):
            continue
        error = ValueError if value == 10**400 and kind != "flag" else TypeError
        with pytest.raises(error, match=rf"{environment_id}.*\b{name}\b"):
            cls.build({name: value})


def test_shares_that_nearly_sum_to_one_show_their_digits():
    with pytest.raises(ValueError, match=r"they must sum to 1, not 1\.00000009999"):
        build("SLCD-v0", shares=(0.5000001, 0.5))


@pytest.mark.parametrize(("environment_id", "name"), EVERY_FIELD)
def test_every_parameter_has_a_domain_and_a_sentence(environment_id, name):
    cls = environment_class(environment_id)
    assert len(cls.about(name)) > 5
    assert str(cls.domain(name)).startswith(("in [", "in (", "one of", "True"))


UNKNOWN = [
    ("SLCD-v0", "lamda_plus", "lambda_plus"),
    ("SLCD-v0", "endowments", "endowment"),
    ("ReputationMarket-v0", "num_agents", "n_agents"),
    ("ReciprocalDilemma-v0", "memory_length", "memory"),
    ("CoalitionFormation-v0", "exit_treshold", "exit_threshold"),
    ("TeamProduction-v0", "Omega", "omega"),
]


@pytest.mark.parametrize(("environment_id", "name", "near"), UNKNOWN)
def test_an_unknown_keyword_names_the_nearest(environment_id, name, near):
    with pytest.raises(TypeError) as caught:
        build(environment_id, **{name: 1.0})
    message = str(caught.value)
    assert environment_id in message
    assert repr(name) in message
    assert f"did you mean {near!r}?" in message
    assert "horizon" in message  # what is allowed is listed


def test_a_name_like_no_other_has_no_hint():
    with pytest.raises(TypeError) as caught:
        build("SLCD-v0", zzzzqqqq=1.0)
    assert "did you mean" not in str(caught.value)


IDENTITIES = [
    ("SLDC-v0", "SLCD-v0"),
    ("TrustDilemma", "TrustDilemma-v0"),
    ("coopetition/PublicGood-v0", "PublicGoods-v0"),
]


@pytest.mark.parametrize(("name", "near"), IDENTITIES)
def test_an_unknown_id_names_the_nearest(name, near):
    with pytest.raises(ValueError, match=f"unknown environment.*did you mean '{near}'"):
        environment_class(name)


OPTIONS = [
    ({"reward_mode": "integrate"}, "reward_mode 'integrate'.*'private'.*did you mean 'integrated'"),
    ({"reward_mode": np.eye(3)}, r"(?s)reward_mode.*\(2, 2\) matrix"),
    ({"reward_mode": np.array([[1.0, np.nan], [0.0, 1.0]])}, "(?s)reward_mode.*finite"),
    ({"observation": "all"}, "observation 'all'.*'own', 'full'"),
    ({"action_scale": "endowments"}, "action_scale 'endowments'.*did you mean 'endowment'"),
]


@pytest.mark.parametrize(("options", "words"), OPTIONS)
def test_unknown_options_of_a_game(options, words):
    with pytest.raises(ValueError, match=words):
        Game(build("SLCD-v0"), **options)


# --- values


@pytest.mark.parametrize("seed", [None, 0, 1])
@pytest.mark.parametrize("environment_id", IDS)
def test_out_and_in_again(environment_id, seed):
    """Through a dict, JSON and pickle, defaults and random parameters alike."""
    cls = environment_class(environment_id)
    given = {} if seed is None else random_parameters(environment_id, np.random.default_rng(seed))
    parameters = cls.build(given)
    values = parameters.to_dict()
    assert values["id"] == environment_id
    assert set(values) == {"id", *(field.name for field in dataclasses.fields(cls))}
    twins = [
        cls.from_dict(values),
        cls.from_dict(json.loads(json.dumps(values))),
        pickle.loads(pickle.dumps(parameters)),
    ]
    for twin in twins:
        assert type(twin) is cls
        assert twin == parameters
        assert hash(twin) == hash(parameters)
        assert twin.to_dict() == values
    np.testing.assert_array_equal(Game(twins[1]).parameter_block, Game(parameters).parameter_block)


@pytest.mark.parametrize("environment_id", IDS)
def test_frozen_equal_and_hashable(environment_id):
    cls = environment_class(environment_id)
    parameters = cls()
    assert parameters == cls()
    assert len({parameters, cls(), cls.build({"horizon": 7})}) == 2
    assert parameters != cls.build({"horizon": 7})
    for field in dataclasses.fields(cls):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(parameters, field.name, getattr(parameters, field.name))
    assert cls.build({"horizon": np.int64(7)}) == cls.build({"horizon": 7})
    with pytest.raises(TypeError, match=r"horizon = 7\.0 .* not an integer"):
        cls.build({"horizon": 7.0})


@pytest.mark.parametrize("environment_id", IDS)
def test_values_are_plain_and_immutable(environment_id):
    """Numbers, strings, flags and tuples of them; arrays and lists that were given are not kept."""

    def plain(value: Any) -> bool:
        if isinstance(value, tuple):
            return all(plain(part) for part in value)
        return value is None or type(value) in (int, float, str, bool)

    cls = environment_class(environment_id)
    endowment = np.full(cls().n, 90.0)
    parameters = cls.build({"endowment": endowment, "baseline": list(0.5 * endowment)})
    endowment[0] = 1.0
    assert all(plain(value) for value in parameters.to_dict().values())
    assert parameters.to_dict()["endowment"] == (90.0,) * cls().n


def test_ids_do_not_mix():
    with pytest.raises(ValueError, match="parameters of SLCD-v0, not of TrustDilemma-v0"):
        environment_class("TrustDilemma-v0").from_dict(build("SLCD-v0").to_dict())
    assert build("TeamProduction-v0") != build("LoyaltyTeam-v0", phi_B=0.0, phi_C=0.0)


def test_one_number_stands_for_all():
    one = build("AppleAppStore-v0", endowment=90, baseline=10, dependence=0.4, initial_trust=0.3, shares=1 / 3)
    assert one.endowment == (90.0, 90.0, 90.0)
    assert one.dependence == ((0.0, 0.4, 0.4), (0.4, 0.0, 0.4), (0.4, 0.4, 0.0))
    assert one == build(
        "AppleAppStore-v0", endowment=[90] * 3, baseline=np.full(3, 10.0), dependence=0.4, initial_trust=0.3
    )


SIZES = [
    ("PlatformEcosystem-v0", {"n_developers": 2}, ("platform", "developer_0", "developer_1")),
    ("ReputationMarket-v0", {"n_agents": 2}, ("agent_0", "agent_1")),
    ("PublicGoods-v0", {"n_agents": 3}, ("player_0", "player_1", "player_2")),
    ("ApacheProject-v0", {"n_agents": 2}, ("committer_0", "committer_1")),
    ("SLCD-v0", {}, ("samsung", "sony")),
    ("AppleAppStore-v0", {}, ("apple", "major", "small")),
]


@pytest.mark.parametrize(("environment_id", "given", "agents"), SIZES)
def test_agents_by_name(environment_id, given, agents):
    parameters = build(environment_id, **given)
    assert parameters.agents == agents
    assert parameters.n == len(agents)


PHASES = [
    (
        "ApacheProject-v0",
        "emergence",
        {"n_agents": 8, "loyalty_cap": 1.0, "omega": 20.0, "initial_loyalty": (0.5,) * 8},
    ),
    (
        "ApacheProject-v0",
        "growth",
        {"n_agents": 15, "loyalty_cap": 0.85, "omega": 25.0, "initial_loyalty": (0.425,) * 15},
    ),
    (
        "ApacheProject-v0",
        "maturity",
        {"n_agents": 40, "loyalty_cap": 0.70, "omega": 30.0, "initial_loyalty": (0.35,) * 40},
    ),
    (
        "ApacheProject-v0",
        "evolution",
        {"n_agents": 35, "loyalty_cap": 0.60, "omega": 28.0, "initial_loyalty": (0.3,) * 35},
    ),
    (
        "RenaultNissan-v0",
        "formation",
        {"dependence": ((0.0, 0.78), (0.66, 0.0)), "initial_trust": ((0.0, 0.45), (0.45, 0.0))},
    ),
    (
        "RenaultNissan-v0",
        "mature",
        {"dependence": ((0.0, 0.51), (0.66, 0.0)), "initial_damage": ((0.0, 0.02), (0.02, 0.0))},
    ),
    (
        "RenaultNissan-v0",
        "crisis",
        {"dependence": ((0.0, 0.35), (0.72, 0.0)), "initial_damage": ((0.0, 0.45), (0.45, 0.0))},
    ),
    (
        "RenaultNissan-v0",
        "strained",
        {"dependence": ((0.0, 0.28), (0.65, 0.0)), "initial_trust": ((0.0, 0.40), (0.40, 0.0))},
    ),
]


@pytest.mark.parametrize(("environment_id", "phase", "wanted"), PHASES)
def test_phases(environment_id, phase, wanted):
    parameters = build(environment_id, phase=phase)
    for name, value in wanted.items():
        assert getattr(parameters, name) == value
    given = {"omega": 9.0} if environment_id == "ApacheProject-v0" else {"initial_trust": 0.11}
    name, value = next(iter(given.items()))
    kept = getattr(build(environment_id, phase=phase, **given), name)
    assert kept == value or kept == ((0.0, value), (value, 0.0))
