"""The cases' models against the environments' kernels: where they are one, and each named departure, both shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import coopetition
from coopetition import calibration
from coopetition.calibration.cases.apache import model as apache
from coopetition.calibration.cases.apple import model as apple
from coopetition.calibration.cases.renault_nissan import model as renault_nissan
from coopetition.calibration.cases.slcd import model as slcd
from coopetition.calibration.engine.presets import departures_markdown, presets_markdown
from coopetition.calibration.studies import tr3
from coopetition.envs import environment_class
from coopetition.oracles import certify, solve
from coopetition.oracles.stage.game import StageGame


def test_every_departure_is_named_and_tested():
    named = {
        f"{name}: {departure}"
        for name in calibration.case_names()
        for departure in calibration.load_case(name).departures
    }
    assert named == set(SHOWN)


# --- S-LCD: the same game


@pytest.mark.parametrize("form", slcd.FORMS)
def test_s_lcd_is_paid_by_the_kernel(form):
    """The kernel under the preset case against TR-1's formulas, written out here."""
    rng = np.random.default_rng(11)
    games = slcd.perturbed(rng, 5, form)
    levels = rng.uniform(0.01, 80.0, (5, 2))
    paid = games.pay(levels)
    for k in range(5):
        p, a = games[k], levels[k]
        f = p.theta * np.log1p(a) if form == "logarithmic" else a**p.beta
        payoffs = np.array(p.endowment) - a + f + np.array(p.shares) * p.gamma * np.sqrt(a.prod())
        np.testing.assert_allclose(paid.payoffs[k], payoffs, rtol=1e-13)
        np.testing.assert_allclose(paid.utilities[k], payoffs + np.array(p.dependence) @ payoffs, rtol=1e-13)
        np.testing.assert_allclose(paid.value[k], f.sum() + p.gamma * np.sqrt(a.prod()), rtol=1e-12)


@pytest.mark.parametrize(("name", "objective"), [("SLCD-v0", "interdependence"), ("SLCD-v0:case", None)])
def test_s_lcd_is_what_the_oracle_solves(name, objective):
    found = solve(name, "coopetitive", objective=objective)
    np.testing.assert_allclose(found.actions, (26.633376832, 27.399141840), atol=1e-6)
    exact = slcd.case_games().solve("coopetitive").levels[0]
    assert certify(name, exact, objective or "integrated").epsilon < 1e-9


def s_lcd_box():
    """The box [.01, 100] whatever the endowment: no published run comes near a bound."""
    for run in slcd.variants():
        assert run.series["actions"].min() > 0.05
        assert run.series["actions"].max() < 80.0


# --- Renault-Nissan: TR-2's step


def alliance(trust):
    """RenaultNissan-v0 under its preset case, both playing what is documented.

    Returns trust and damage, (80, 2) each, of Renault in Nissan and of Nissan in Renault.
    """
    own = {} if trust == "corrected" else {"initial_trust": ((0.0, 1.0), (0.5, 0.0))}
    batch = coopetition.batch("RenaultNissan-v0:case", action_scale="endowment", autoreset="disabled", **own)
    batch.reset()
    start = renault_nissan.initial_trust(trust)
    series = {"trust": [start[None]], "damage": [np.zeros((1, 2))]}
    for action in renault_nissan.schedule():
        batch.step(np.full((1, 2), action))
        for name, values in series.items():
            values.append(batch.read(name)[:, [1, 0], [0, 1]])
    assert batch.truncated[0]
    return np.concatenate(series["trust"]), np.concatenate(series["damage"])


def renault_clip():
    """Trust is not clipped to the ceiling that damage sets: one and the same until the crisis, then twice the trust."""
    trust, damage = alliance("corrected")
    own_trust, own_damage = (x[0] for x in renault_nissan.trajectory(
        renault_nissan.published_parameters(), renault_nissan.initial_trust()
    ))  # fmt: skip
    np.testing.assert_allclose(own_damage, damage, rtol=0, atol=1e-15)
    np.testing.assert_allclose(own_trust[:55], trust[:55], rtol=0, atol=1e-15)
    np.testing.assert_allclose(trust[[56, 71, 79], 0], (0.092787, 0.135109, 0.230086), atol=1e-6)
    np.testing.assert_allclose(own_trust[[56, 71, 79], 0], (0.200325, 0.214877, 0.273805), atol=1e-6)
    # where the kernel clips, the report's trust lies above the ceiling of before the step
    above = own_trust[1:] > 1.0 - own_damage[:-1]
    np.testing.assert_array_equal(above[:54], False)
    assert above[54:57].all()


def renault_start():
    """T(Nissan in Renault) starts at 1 by a swapped entry: the kernel plays either start."""
    for start, trust in (("corrected", 0.817411), ("swapped", 1.0)):
        found = alliance(start)[0]
        assert found[12, 1] == pytest.approx(trust, abs=1e-6)
        own = renault_nissan.trajectory(renault_nissan.published_parameters(), renault_nissan.initial_trust(start))[0]
        np.testing.assert_allclose(own[0, :55], found[:55], rtol=0, atol=1e-15)


def renault_building():
    """Trust builds by (1 - T)(1 - R) in the place of max(0, 1 - R - T): the same while there is no damage."""
    start = renault_nissan.initial_trust()
    gap, product = (
        renault_nissan.trajectory(renault_nissan.published_parameters(), start, building=law)[0][0]
        for law in ("gap", "product")
    )
    np.testing.assert_allclose(gap[:53], product[:53], rtol=0, atol=1e-12)
    assert (product[79] > gap[79] + 0.05).all()


# --- Apache: TR-3's team


def project(reading, k):
    """ApacheProject-v0 under its preset case in one phase, and the case's efforts in it."""
    phase = apache.DATA.record.phases[k].name
    parameters = environment_class("ApacheProject-v0", "case")(phase=phase, teammates=reading)
    return parameters, apache.simulate("", reading).series["members"][k, : parameters.n_agents]


def apache_bound():
    """Efforts end at .01, not at 0: whoever stays there would rather leave, and nothing else is gained by anybody."""
    for reading in apache.TEAMMATES:
        for k in range(4):
            parameters, efforts = project(reading, k)
            idle = efforts == 0.01
            published = certify(parameters, efforts, "integrated").epsilon
            assert published == pytest.approx(0.0, abs=1e-9) if not idle.any() else 1e-4 < published < 3e-3
            # the same total, given by those who work: the kernel's equilibrium
            working = np.where(idle, 0.0, efforts)
            working[np.argmax(np.where(efforts < 50.0, working, -1.0))] += efforts[idle].sum()
            assert certify(parameters, working, "integrated").epsilon < 1e-9


def apache_teammates():
    """The teammates' payoff as a sum is the kernel's own argument: 60 points, and 45 as a mean."""
    rubric = calibration.load_rubric("apache")
    for reading, points in (("sum", 60), ("mean", 45)):
        assert calibration.score(rubric, apache.simulate("", reading).values).total[0] == points
        assert project(reading, 0)[0].teammates == reading


@pytest.mark.parametrize("reading", apache.TEAMMATES)
def test_the_oracle_finds_the_published_efforts(reading):
    """ApacheProject-v0 under its preset case, solved: the four published mean efforts, without the bound of .01."""
    published = apache.simulate("", reading).values["effort"][0]
    for k in range(4):
        parameters, _ = project(reading, k)
        found = solve(parameters, "coopetitive")
        assert found.actions.mean() == pytest.approx(published[k], abs=1e-6)
        assert found.certificate.epsilon < 1e-9


def test_tr3_efforts_are_equilibria_of_the_kernel():
    """A spread of the study's 3,125 sets, both readings, those inside the bounds."""
    rng = np.random.default_rng(3)
    for _ in range(12):
        x = {name: float(rng.choice(levels)) for name, levels in tr3.LEVELS.items()}
        for reading in apache.TEAMMATES:
            effort = float(tr3.effort({k: np.array([v]) for k, v in x.items()}, x["theta"], reading)[0])
            n = int(x["n"])
            parameters = environment_class("LoyaltyTeam-v0")(
                n_agents=n, omega=x["omega"], beta=x["beta"], cost=x["c"], phi_B=tr3.PHI_B, phi_C=tr3.PHI_C,
                initial_loyalty=x["theta"], loyalty_gain=0.0, loyalty_loss=0.0, teammates=reading,
            )  # fmt: skip
            if effort > tr3.LOWER:
                assert certify(parameters, [effort] * n, "integrated").epsilon < 1e-9


# --- the App Store: TR-4's response


def store(trust, baseline, **changed):
    """AppleAppStore-v0 under its preset case, trust held: its response to actions against a baseline."""
    parameters = environment_class("AppleAppStore-v0", "case")(
        initial_trust=trust, lambda_plus=0.0, lambda_minus=0.0, mu_R=0.0, reciprocity_form="additive", **changed
    )
    stage = StageGame(parameters, {"memory_mean": baseline})

    def response(actions):
        payoffs, utilities = stage.evaluate(np.asarray(actions)[None])
        weights = np.asarray(trust) * np.asarray(parameters.dependence)
        return utilities[0] - payoffs[0] - weights @ payoffs[0]

    return response


def apple_adjustment():
    """Actions follow by adjustment, decay and noise: what drives them is the response that the kernel pays."""
    parameters = {**apple.published_parameters(), "noise_sd": 0.0}
    actions, trust = (x[0] for x in apple.trajectory(parameters, np.zeros((1, 66, 3))))
    baseline = np.full(3, 0.5)
    for t in range(35):
        response = store(trust[t], np.clip(baseline, 0.0, 1.0))(actions[t])
        moved = np.clip(actions[t] + 0.12 * response - 0.05 * (actions[t] - baseline), 0.0, 1.0)
        np.testing.assert_allclose(actions[t + 1], moved, rtol=0, atol=1e-13)
        baseline = 0.92 * baseline + 0.08 * actions[t]


def apple_baseline():
    """Expectations adapt by .08 a quarter in the place of a moving average over k steps."""
    still = apple.simulate("", noise_sd=0.0, baseline_adaptation=0.0).series["actions"]
    adapting = apple.simulate("", noise_sd=0.0).series["actions"]
    np.testing.assert_array_equal(still[1], adapting[1])
    assert np.abs(still[10] - adapting[10]).max() > 0.05


def one_pair(trust, damage, signal):
    """One step of the kernel's trust and of the case's, for Apple in the major developers."""
    record = apple.DATA.record
    batch = coopetition.batch("AppleAppStore-v0:case", autoreset="disabled")
    batch.reset()
    batch.set_state({"trust": trust * (1 - np.eye(3)), "damage": damage * (1 - np.eye(3))})
    batch.step(np.array([[0.5, 0.5 + signal, 0.5]]))
    kernel = float(batch.read("trust")[0, 0, 1])
    ceiling = min(record["ceiling"], 1.0 - record["ceiling_slope"] * damage)
    if signal > 0:
        own = trust + record["lambda_plus"] * signal * max(0.0, ceiling - trust)
    else:
        own = trust + record["lambda_minus"] * signal * trust * (1.0 + record["psi"] * record["D"][0][1])
    return kernel, min(max(own, 0.0), ceiling)


def apple_signal():
    """The signal is the deviation itself, not its hyperbolic tangent: alike for small deviations."""
    small, large = one_pair(0.5, 0.0, -0.01), one_pair(0.5, 0.0, -0.5)
    assert small[0] == pytest.approx(small[1], abs=1e-6)
    assert large[0] - large[1] > 0.005
    # with the kernel's signal in its place, the case's step is the kernel's
    assert large[0] == pytest.approx(0.5 - 0.3 * np.tanh(0.5) * 0.5 * (1 + 0.5 * 0.66), abs=1e-15)


def apple_ceiling():
    """The ceiling is min(.90, 1 - .60 R), not 1 - R."""
    kernel, own = one_pair(0.85, 0.0, 0.01)
    assert kernel == pytest.approx(0.85 + 0.1 * np.tanh(0.01) * 0.15, abs=1e-12)
    assert own == pytest.approx(0.85 + 0.1 * 0.01 * 0.05, abs=1e-12)
    kernel, own = one_pair(0.5, 0.8, 0.01)
    assert kernel == pytest.approx(0.2)
    assert own > 0.5


def apple_order():
    """Signals, responses and trust all read the values at t; the kernel pays with the trust after the step."""
    record = apple.DATA.record
    off = 1 - np.eye(3)
    base = np.full(3, 0.5)
    before = store(0.5 * off, base)([0.9, 0.9, 0.9])
    parameters = environment_class("AppleAppStore-v0", "case")(initial_trust=0.5 * off, reciprocity_form="additive")
    payoffs, utilities = (x[0] for x in StageGame(parameters, {"memory_mean": base}).evaluate(np.full((1, 3), 0.9)))
    after = 0.5 + 0.1 * np.tanh(0.4) * 0.5
    paid = utilities - payoffs - after * np.asarray(record["D"]) @ payoffs
    np.testing.assert_allclose(paid, before * after / 0.5, rtol=1e-12)


def apple_shocks():
    """Shocks are put in by hand in three quarters; without them the same law."""
    shocked, free = (apple.simulate("", noise_sd=0.0, shocked=x).series["actions"] for x in (True, False))
    np.testing.assert_array_equal(shocked[:36], free[:36])
    np.testing.assert_allclose(shocked[36] - free[36], (0.0, -0.15, -0.10), atol=1e-12)


SHOWN = {
    "slcd: the box": s_lcd_box,
    "renault-nissan: no clip to the ceiling": renault_clip,
    "renault-nissan: the swapped start": renault_start,
    "renault-nissan: the product law": renault_building,
    "apache: the lower bound": apache_bound,
    "apache: the teammates' sum": apache_teammates,
    "apple: adjustment": apple_adjustment,
    "apple: the adapting baseline": apple_baseline,
    "apple: the unsaturated signal": apple_signal,
    "apple: the ceiling": apple_ceiling,
    "apple: the order of the step": apple_order,
    "apple: shocks": apple_shocks,
}


@pytest.mark.parametrize("departure", SHOWN)
def test_a_departure_shows_both(departure):
    SHOWN[departure]()


# --- the preset "case" holds the record's numbers


def test_presets_hold_the_records_numbers():
    record = {name: calibration.load_record(name) for name in ("slcd", "renault-nissan", "apache", "apple")}
    one, two, three, four = (environment_class(calibration.load_case(name).environment, "case")() for name in record)
    own = record["slcd"]
    assert (one.theta, one.gamma, one.beta) == (own["theta"], own["gamma_logarithmic"], own["beta"])
    assert one.dependence == ((0.0, own["D_samsung_sony"]), (own["D_sony_samsung"], 0.0))
    assert one.shares == tuple(own["ownership"])
    assert set(one.endowment) == {own["endowment"]}
    assert one.agents == own.players

    own = record["renault-nissan"]
    for name in ("lambda_plus", "lambda_minus", "mu_R", "delta_R", "xi", "kappa"):
        assert getattr(two, name) == own[name]
    assert two.agents == own.players[::-1]
    assert two.dependence == ((0.0, own["D_nissan_renault"]), (own["D_renault_nissan"], 0.0))
    assert two.initial_trust == ((0.0, own["initial_trust"][1]), (own["initial_trust"][0], 0.0))
    assert set(two.baseline) == {own["baseline"]}
    assert two.horizon == own.phases[-1].end
    assert max(two.endowment) >= max(phase.values["action"] for phase in own.phases)

    own = record["apache"]
    for phase in own.phases:
        game = type(three)(phase=phase.name)
        n = phase.values["members"]
        assert game.n_agents == n
        assert game.historical_effort == phase.values["effort"]
        np.testing.assert_allclose(
            game.initial_loyalty, np.resize(own["founder_loyalty"], n) * phase.values["multiplier"], rtol=1e-15
        )
        for name in ("omega", "beta", "phi_B", "phi_C"):
            assert getattr(game, name) == own[name]
        assert (game.cost, game.endowment[0]) == (own["c"], own["a_max"])
    with pytest.raises(ValueError, match="the chronology 'case' has 'formation'"):
        type(three)(phase="maturity")

    own = record["apple"]
    for name in ("rho_0", "eta", "lambda_R", "omega", "lambda_plus", "lambda_minus", "mu_R", "delta_R"):
        assert getattr(four, name) == own[name]
    assert (four.kappa_r, four.xi, four.horizon) == (own["kappa"], own["psi"], own.phases[-1].end)
    np.testing.assert_array_equal(four.dependence, own["D"])
    np.testing.assert_array_equal(four.initial_trust, apple.published_parameters()["trust"])
    assert set(four.baseline) == {own["baseline"]}
    assert [player.split("_")[0] for player in own.players] == list(four.agents)


def test_the_page_shows_where_they_differ():
    page = (Path(__file__).parents[2] / "docs" / "calibration.md").read_text()
    assert presets_markdown() in page
    assert departures_markdown() in page
