"""Renault-Nissan, Apache and the App Store: every number that the specification tables."""

import numpy as np
import pytest

from coopetition.calibration import load_rubric
from coopetition.calibration.cases.apache import model as apache
from coopetition.calibration.cases.apple import model as apple
from coopetition.calibration.cases.renault_nissan import model as renault_nissan
from coopetition.calibration.engine.rubric import score

RENAULT, APACHE, APPLE = map(load_rubric, ("renault-nissan", "apache", "apple"))
TIMES = (12, 52, 56, 71, 79)


def total(rubric, run):
    return score(rubric, run.values).total


class TestRenaultNissan:
    @pytest.mark.parametrize(
        ("start", "nissan"),
        [
            ("corrected", (0.817411, 0.992634, 0.186020, 0.205423, 0.268623)),
            ("swapped", (1.0, 1.0, 0.187401, 0.206335, 0.269123)),
        ],
    )
    def test_trajectory(self, start, nissan):
        run = renault_nissan.simulate("", start)
        trust, damage = run.series["trust"][list(TIMES)], run.series["damage"][list(TIMES)]
        np.testing.assert_allclose(trust[:, 0, 1], (0.797123, 0.991815, 0.200325, 0.214877, 0.273805), atol=1e-6)
        np.testing.assert_allclose(trust[:, 1, 0], nissan, atol=1e-6)
        np.testing.assert_allclose(damage[:, 0, 1], (0, 0, 0.957993, 0.707544, 0.601953), atol=1e-6)
        assert run.series["trust"].shape == (80, 2, 2)

    def test_signals(self):
        signal = np.tanh(renault_nissan.schedule()[[0, 12, 52, 56, 71]] - 5.0)
        np.testing.assert_allclose(signal, (0.905148, 0.964028, -0.995055, 0.833655, 0.905148), atol=1e-6)

    @pytest.mark.parametrize("start", ["corrected", "swapped"])
    def test_score(self, start):
        card = score(RENAULT, renault_nissan.simulate("", start).values)
        assert list(card.by_category().values()) == [10, 15, 15, 9]
        assert card.total[0] == 49

    @pytest.mark.parametrize(
        ("changed", "expected"),
        [
            ({"lambda_plus": 0.25, "lambda_minus": 0.25}, 49),
            ({"lambda_plus": 0.25, "lambda_minus": 0.08}, 43),
            ({"xi": 0.0}, 48),
            ({"mu_R": 0.0}, 41),
        ],
    )
    def test_null_models(self, changed, expected):
        assert total(RENAULT, renault_nissan.simulate("", **changed))[0] == expected

    def test_fit_of_the_corrected_start(self):
        rmse, r2 = renault_nissan.fit(renault_nissan.simulate(""))
        assert rmse == pytest.approx(0.0458, abs=5e-5)
        assert r2 == pytest.approx(0.979, abs=5e-4)

    def test_anova(self):
        assert renault_nissan.phase_anova(renault_nissan.simulate("", "swapped"))[0] == pytest.approx(36.2506, abs=5e-5)

    def test_phase_regressions_have_the_sign_of_the_signal(self):
        slopes = {row["phase"]: row["slope"] for row in renault_nissan.phase_regressions(renault_nissan.simulate(""))}
        assert slopes["crisis"] < 0
        assert all(slope > 0 for phase, slope in slopes.items() if phase != "crisis")

    def test_three_thousand_random_draws(self):
        # About 58 % is stated for 3,000 draws of unstated ranges: our wide ranges give it; the study's give
        # 90 %.
        draws = renault_nissan.draws(np.random.default_rng(3), 10_000, "wide")
        share = (total(RENAULT, draws) >= 49).mean()
        assert abs(share - 0.58) < 3 * np.sqrt(0.58 * 0.42 / 3000)

    def test_batch_equals_single_runs(self):
        batch = renault_nissan.simulate("", lambda_plus=np.array([0.08, 0.25]), lambda_minus=np.array([0.25, 0.25]))
        np.testing.assert_array_equal(total(RENAULT, batch), [49, 49])

    def test_unknown_start(self):
        with pytest.raises(ValueError, match="corrected"):
            renault_nissan.initial_trust("correct")

    def test_our_rubric_sees_the_wrong_order(self):
        # Documented: Renault trusts more in 2002 and 2018, less in 2019. The model has it the other way
        # round each time.
        order = renault_nissan.simulate("").values["order_agrees"][0]
        np.testing.assert_array_equal(order[:3], 0.0)
        assert np.isnan(order[3:]).all()


class TestApache:
    @pytest.mark.parametrize(
        ("reading", "efforts", "categories", "expected", "atol"),
        [
            ("mean", (9.665906, 0.096273, 0.011132, 0.014748), None, 45, 1e-6),
            ("sum", (50.0, 35.93, 14.53, 11.47), [12, 16, 16, 16], 60, 5e-3),
        ],
    )
    def test_published(self, reading, efforts, categories, expected, atol):
        run = apache.simulate("", reading)
        np.testing.assert_allclose(run.values["effort"][0], efforts, atol=atol)
        card = score(APACHE, run.values)
        assert card.total[0] == expected
        if categories:
            assert list(card.by_category().values()) == categories

    def test_points_by_phase_of_the_mean_reading(self):
        card = score(APACHE, apache.simulate("", "mean").values)
        phases = [c.phase for c in APACHE.cells]
        assert [sum(p for p, f in zip(card.points[0], phases, strict=True) if f == name) for name in APACHE.phases] == [
            12,
            12,
            11,
            10,
        ]

    def test_formation_under_the_mean_reading(self):
        members = np.sort(apache.simulate("", "mean").series["members"][0, :8])
        np.testing.assert_allclose(members, [0.01] * 6 + [27.267247, 50.0], atol=1e-3)

    @pytest.mark.parametrize("reading", ["mean", "sum"])
    def test_efforts_are_a_nash_equilibrium(self, reading):
        """Best responses by grid, on the utilities of TR-3 written out here from their definition."""
        n, omega, beta, c, phi_B, phi_C = 8, 30.0, 0.65, 1.2, 0.8, 0.3
        theta = np.array([0.85, 0.90, 0.80, 0.75, 0.70, 0.78, 0.82, 0.76])
        a = apache.simulate("", reading).series["members"][0, :8]

        def utility(i, own):
            b = a.copy()
            b[i] = own
            payoffs = omega * b.sum() ** beta / n - c * b
            others = np.delete(payoffs, i)
            x = others.mean() if reading == "mean" else others.sum()
            return payoffs[i] + theta[i] * (phi_B * x + phi_C * c * b[i])

        for i in range(n):
            best = max(utility(i, own) for own in np.linspace(0.01, 50.0, 1001))
            assert best - utility(i, a[i]) < 1e-7

    def test_the_record_and_a_constant(self):
        assert total(APACHE, apache.history())[0] == 52
        assert score(APACHE, apache.measure(np.full((1, 4), 20.0))).total[0] == 52

    def test_uniform_efforts(self):
        # 37.7 on average with 18 % at 45 or more is stated for "uniform random" without its range. On the
        # box the mean is 41.7
        # (33 %); drawn log-uniformly 18 % reach 45, at a mean of 38.4. No range tried gives both.
        rng = np.random.default_rng(9)
        logs = score(APACHE, apache.measure(np.exp(rng.uniform(np.log(0.01), np.log(50.0), (20_000, 4))))).total
        assert abs((logs >= 45).mean() - 0.18) < 0.01
        assert logs.mean() == pytest.approx(38.4, abs=0.2)
        box = score(APACHE, apache.measure(rng.uniform(0.01, 50.0, (20_000, 4)))).total
        assert box.mean() == pytest.approx(41.7, abs=0.2)

    def test_teams_with_equal_and_missing_members(self):
        efforts = apache.team_efforts(np.array([[30.0, 30.0, 5.0, np.nan], [300.0, 20.0, 1.0, np.nan]]), 0.01, 50.0)
        np.testing.assert_allclose(efforts[0, :3], [14.995, 14.995, 0.01])
        np.testing.assert_allclose(efforts[1, :3], [50.0, 0.01, 0.01])
        assert np.isnan(efforts[:, 3]).all()

    def test_unknown_reading(self):
        with pytest.raises(ValueError, match="'mean' or 'sum'"):
            apache.simulate("", "median")


class TestApple:
    def test_published_run(self):
        run = apple.simulate("")
        np.testing.assert_allclose(run.series["actions"][-1], (0.8801250, 0.4345417, 0.8893138), atol=1e-7)
        assert total(APPLE, run)[0] == 43.0

    def test_cells(self):
        table = {
            "cooperation_trend": (1, 1, 1, 0.5, 1),
            "response_magnitude": (1, 1, 0, 0, 0.5),
            "memory_effects": (0.5, 1, 0.5, 0.5, 1),
            "asymmetry": (1,) * 5,
            "trust_reciprocity": (1, 1, 1, 1, 0.5),
            "punishment": (1, 1, 0.5, 1),
            "forgiveness": (0.5,),
            "phase_timing": (1,) * 5,
            "recovery_shape": (1,),
            "equilibrium_stability": (1,) * 5,
            "parameter_sensitivity": (1, 1, 1, 0.5, 1),
            "overall_fit": (1, 1, 0.5, 0.5, 0.5),
        }
        card = score(APPLE, apple.simulate("").values)
        found = {}
        for cell, points in zip(APPLE.cells, card.points[0], strict=True):
            found.setdefault(cell.criterion, []).append(float(points))
        assert {name: tuple(points) for name, points in found.items()} == table

    def test_constant_cells_and_range(self):
        assert (len(APPLE.cells), sum(c.constant for c in APPLE.cells), APPLE.constant_points) == (
            51,
            22,
            21.0,
        )
        assert (APPLE.floor, APPLE.ceiling) == (32.5, 50.0)

    def test_null_models(self):
        assert total(APPLE, apple.simulate("", noise_sd=0.0))[0] == 44.0
        assert total(APPLE, apple.simulate("", rho_0=0.0))[0] == 39.5
        assert total(APPLE, apple.history())[0] == 48.5
        # "Constant actions 41.5" is stated without their level: .8 gives it, the starting actions give 42.
        assert score(APPLE, apple.measure(np.full((1, 67, 3), 0.8))).total[0] == 41.5

    def test_random_actions(self):
        scores = score(APPLE, apple.measure(np.random.default_rng(0).uniform(size=(4000, 67, 3)))).total
        assert scores.mean() == pytest.approx(35.4, abs=0.1)

    def test_seeds(self):
        scores = total(APPLE, apple.seeds())
        assert scores.mean() == pytest.approx(43.1, abs=0.05)
        assert (scores.min(), scores.max()) == (41, 46)

    def test_a_batch_equals_its_runs(self):
        noise = apple.legacy_noise(40, 5)
        batch, _ = apple.trajectory(apple.published_parameters(), noise)
        np.testing.assert_array_equal(batch[2], apple.simulate("").series["actions"])

    def test_the_crisis_is_where_the_model_fails(self):
        values = apple.simulate("").values
        errors = np.stack([values[f"level_error_{a}"][0] for a in apple.ACTORS])
        assert errors[:, 3].mean() > 0.15 > errors[:, 0].mean()
