"""The four parameter studies, against the figures of the specification."""

import sys

import numpy as np
import pytest
from calibration import computed

from coopetition.calibration import experiment
from coopetition.calibration.studies import tr2, tr3, tr4
from coopetition.calibration.studies.study import full_factorial


@pytest.fixture(scope="module")
def studies():
    return computed.studies()


@pytest.mark.parametrize(("name", "runs"), [("tr1", 22_000), ("tr2", 15_625), ("tr3", 3_125), ("tr4", 15_625)])
def test_size(studies, name, runs):
    assert studies[name].runs == runs
    assert studies[name].seconds > 0.0  # how many is the benchmark's question


@pytest.mark.parametrize(
    ("metric", "median", "least", "most", "digits"),
    [
        ("negativity ratio", 3.0, 1.0, 9.0, 9),
        ("hysteresis recovery", 0.8341, 0.4951, 1.0317, 4),
        ("cumulative amplification", 1.9734, 1.5099, 2.4986, 4),
        ("dependency amplification", 1.2727, 1.1698, 1.3684, 4),
        ("hysteresis recovery, product law", 1.1116, 0.7881, 1.1707, 4),
    ],
)
def test_tr2(studies, metric, median, least, most, digits):
    x = studies["tr2"].metrics[metric]
    np.testing.assert_allclose(
        [np.median(x), x.min(), x.max()], [median, least, most], atol=0.5 * 10.0**-digits + 1e-12
    )


def test_tr2_negativity_moments(studies):
    x = studies["tr2"].metrics["negativity ratio"]
    assert (x.mean(), x.std()) == (pytest.approx(3.473, abs=5e-4), pytest.approx(1.929, abs=5e-4))


def test_tr2_kappa_is_inert(studies):
    for x in studies["tr2"].metrics.values():
        assert np.ptp(x.reshape(-1, 5), axis=1).max() == 0.0
    with pytest.raises(ValueError, match="building law"):
        tr2.recovery(full_factorial(tr2.levels("standard")), "sum")


@pytest.mark.parametrize(
    ("target", "value", "digits"),
    [
        ("free-riding baseline", 96.48, 2),
        ("loyalty monotone, sum", 100, 6),
        ("loyalty monotone, mean", 100, 6),
        ("effort differentiation, sum", 100, 6),
        ("effort differentiation, mean", 100, 6),
        ("median differentiation, sum", 15.036, 3),
        ("median differentiation, mean", 4.4782, 4),
        ("team size, sum", 100, 6),
        ("team size, mean", 100, 6),
        ("synergy, sum", 99.52, 2),
        ("synergy, mean", 99.52, 2),
        ("bounded, sum", 100, 6),
        ("bounded, mean", 100, 6),
        ("effect size d, sum", 0.7148, 4),
        ("effect size d, mean", 0.4398, 4),
    ],
)
def test_tr3(studies, target, value, digits):
    assert studies["tr3"][target].ours == pytest.approx(value, abs=0.5 * 10.0**-digits + 1e-9)


def test_tr3_robustness_outside_the_range():
    assert tr3.robustness("mean") == pytest.approx(0.56, abs=0.03)
    assert tr3.robustness("mean", beta=None) == 1.0


@pytest.mark.parametrize(
    ("target", "value", "digits"),
    [
        ("cooperation emergence", 97.504, 3),
        ("defection punishment", 100, 6),
        ("forgiveness", 87.859, 3),
        ("asymmetric differentiation", 100, 6),
        ("trust-reciprocity", 100, 6),
        ("bounded", 100, 6),
        ("effect size of the ratio", 1.5658, 4),
    ],
)
def test_tr4(studies, target, value, digits):
    assert studies["tr4"][target].ours == pytest.approx(value, abs=0.5 * 10.0**-digits + 1e-9)


def test_tr4_targets_that_cannot_fail(studies):
    assert [t.name for t in studies["tr4"].targets if t.cannot_fail] == [
        "asymmetric differentiation",
        "bounded",
        "effect size of the ratio",
    ]


def test_tr4_memory_of_one_is_the_last_action():
    p = {name: np.array([1.0]) for name in ("rho_0", "eta", "kappa", "lambda_R", "k")}
    actions, _ = tr4.trajectory(p, np.array([0.6]), 3, memory=True)
    # At t = 1 the signal is a_j(1) - a_j(0): with equal starts the drift at t = 0 is that of the fixed
    # baseline.
    plain, trust = tr4.trajectory(p, np.array([0.6]), 3)
    np.testing.assert_array_equal(actions[1], plain[1])
    pull = (1 + 0.6 * 0.8) * 0.8
    expected = plain[1, 0] + 0.15 * pull * trust[1] * np.tanh(plain[1, 1] - plain[0, 1]) - 0.01 * (plain[1, 0] - 0.3)
    np.testing.assert_allclose(actions[2, 0], expected, atol=1e-15)


def test_tr1(studies):
    study = studies["tr1"]
    assert study["robust: logarithmic beats power"].ours == 100.0
    assert study["robust: mean score, logarithmic"].agrees
    assert study["robust: mean score, power"].agrees
    assert study["every solve certified (ours)"].ours == 100.0
    assert study["cooperation rises with gamma, D01, D10 (ours)"].ours == 100.0


def test_fine_grid_of_tr3():
    study = experiment("tr3", grid="fine")
    assert study.runs == 9 * 9 * 9 * 6 * 9
    assert study["effort differentiation, sum"].ours == 100.0


def test_main_effects_average_to_the_mean(studies):
    for study in studies.values():
        for effect in study.effects:
            assert np.mean(effect.means) == pytest.approx(study.metrics[effect.metric].mean(), rel=1e-9, abs=1e-12)


def test_sobol_indices_find_the_inert_parameters():
    pytest.importorskip("SALib")
    indices = {s.metric: s for s in experiment("tr2", sobol=True).sobol}
    amplification = indices["dependency amplification"]
    total = dict(zip(amplification.parameters, amplification.total, strict=True))
    assert total["xi"] == pytest.approx(1.0, abs=0.1)
    assert total["kappa"] == 0.0


def test_sobol_without_salib(monkeypatch):
    monkeypatch.setitem(sys.modules, "SALib", None)
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    with pytest.raises(ImportError, match="calibration"):
        experiment("tr3", sobol=True)


@pytest.mark.parametrize(("arguments", "match"), [(("tr5",), "tr"), (("tr1", "finer"), "fine")])
def test_unknown_names(arguments, match):
    with pytest.raises(ValueError, match=match):
        experiment(*arguments)
