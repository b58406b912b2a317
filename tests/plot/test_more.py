"""Moving pictures, dilemmas, what was learnt, responses: what is drawn is what was found, and it can be read."""

from __future__ import annotations

import numpy as np
import pytest
from legible import check_legible
from PIL import Image

from coopetition import plot
from coopetition.baselines import record_episode
from coopetition.oracles import dilemma, dilemma_along, tournament
from coopetition.plot import learnt
from coopetition.plot.moving import drawn_steps, shown_steps


def test_an_episode_moves(tmp_path):
    record = record_episode("TrustDilemma-v0", "constant_020")  # collapses at step 3
    path = plot.animate(record, tmp_path / "trust.gif", seconds=1.0)
    with Image.open(path) as made:
        assert made.n_frames == record.steps + 1
        pictures = []
        for k in range(made.n_frames):
            made.seek(k)
            pictures.append(np.array(made.convert("RGB")))
            assert made.info["duration"] == (250 if k < record.steps else 2500)
    assert all(not np.array_equal(one, other) for one, other in zip(pictures, pictures[1:], strict=False))
    assert (pictures[0] == 255).all(axis=2).mean() > 0.5  # paper is white


@pytest.mark.slow
@pytest.mark.parametrize("environment_id", ["LoyaltyTeam-v0", "ApacheProject-v0"])
def test_pictures_show_what_has_been_played_and_no_more(environment_id):
    record = record_episode(environment_id, "random", seed=1, steps=4)
    first, later, last = drawn_steps(record, [0, 2, 4])
    assert first.shape == later.shape == last.shape == (550, 819, 3)
    coloured = [(np.ptp(one[:, :530].astype(int), axis=2) > 40).sum() for one in (first, later, last)]
    assert coloured[0] < coloured[1] < coloured[2]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"path": "a.png"}, "is a .gif"), ({"seconds": 0.0}, "seconds = 0.0"), ({"pictures": 1}, "at least 2")],
)
def test_what_cannot_move_is_refused(options, words):
    record = record_episode("SLCD-v0", steps=2)
    with pytest.raises(ValueError, match=words):
        plot.animate(record, **{"path": "a.gif", **options})


def test_long_episodes_are_thinned_out():
    assert shown_steps(100, 5) == [0, 25, 50, 75, 100]


def test_schelling_curves_are_not_cliffs():
    """A panel spans a tenth of what is paid, or what differs, whichever is more."""
    rows = [dilemma(key, episode=False) for key in ("SLCD-v0", "PublicGoods-v0")]
    figure = plot.schelling(rows)
    check_legible(figure)
    for row, axes in zip(rows, figure.axes, strict=True):
        low, high = axes.get_ylim()
        curves = row.schelling[np.isfinite(row.schelling)]
        assert high - low >= 0.0999 * np.abs(curves).max()
        assert low < curves.min()
        assert high > curves.max()


def test_dilemmas_along_a_parameter():
    values = [1.5, 2.0, 3.0]
    found = dilemma_along("PublicGoods-v0", "multiplier", values)
    figure = plot.along(found, "multiplier", values)
    check_legible(figure)
    for axes, key in zip(figure.axes, ("price_of_anarchy", "greed", "fear"), strict=True):
        np.testing.assert_allclose(axes.lines[0].get_ydata(), [getattr(one, key) for one in found])
    check_legible(plot.along([*found, *found], "phase", ["first", "second", "third"]))
    with pytest.raises(ValueError, match="3 dilemmas for 2 values"):
        plot.along(found, "multiplier", values[:2])


def test_cross_play_is_ranked():
    names = ["constant_000", "constant_100", "tit_for_tat"]
    scores = tournament("PublicGoods-v0", names).scores
    figure = plot.cross_play(scores, names)
    check_legible(figure)
    order = np.argsort(-scores.mean(axis=1))
    shown = np.asarray(figure.axes[0].images[0].get_array())
    np.testing.assert_allclose(shown, scores[order][:, order])
    rows = [
        {"focal": a, "field": b, "focal_return": float(i + j)} for i, a in enumerate("xy") for j, b in enumerate("xy")
    ]
    rows += [{"focal": "x", "field": "", "focal_return": 9.0}, {"focal": "x", "field": "x", "focal_return": 2.0}]
    again = np.asarray(plot.cross_play(rows).axes[0].images[0].get_array())
    np.testing.assert_allclose(again, [[2.0, 1.0], [1.0, 1.0]])
    with pytest.raises(ValueError, match="2 names"):
        plot.cross_play(scores, names[:2])


def test_responses_are_what_constants_earn():
    rows = plot.measured_responses("SLCD-v0", "tit_for_tat", levels=[0.0, 0.3, 1.0])
    assert [row["agent"] for row in rows] == ["samsung"] * 3 + ["sony"] * 3
    for row in rows:
        cast = ["tit_for_tat", "tit_for_tat"]
        cast[row["seat"]] = f"constant_{int(100 * row['level']):03d}"
        played = record_episode("SLCD-v0", cast).rewards.sum(axis=0)
        assert row["value"] == pytest.approx(played[row["seat"]], rel=1e-9)
    check_legible(plot.response_curves(rows, title="SLCD-v0"))


def test_the_surface_of_constants_shows_the_collapse():
    figure = plot.response_surface("TrustDilemma-v0", grid=6)
    check_legible(figure)
    (panel,) = [axes for axes in figure.axes if axes.get_title(loc="left") == "steps"]
    steps = np.asarray(panel.images[0].get_array())
    assert steps.max() == 100
    lasted = record_episode("TrustDilemma-v0", ["constant_020", "constant_000"]).steps
    assert steps[0, 1] == lasted < 10


def log_of(values, n=2):
    """Curves of three modes and seeds, with gaps."""
    rng = np.random.default_rng(0)
    runs = [(mode, value) for mode in plot.MODE_COLOURS for value in values for _ in range(3)]
    efficiency = 0.6 + 0.02 * rng.standard_normal((20, len(runs))) + np.linspace(0.0, 0.3, 20)[:, None]
    efficiency[rng.random(efficiency.shape) < 0.1] = np.nan
    rates = np.clip(0.5 + 0.1 * rng.standard_normal((20, len(runs), n)), 0.0, 1.0)
    payoffs = np.repeat(efficiency[:, :, None], n, axis=2)
    modes, chosen = zip(*runs, strict=True)
    agents = tuple(f"agent_{i}" for i in range(n))
    return learnt.Log("IPPO on a game", agents, np.arange(1, 21) * 5000, modes, chosen, efficiency, payoffs, rates)


SWEPT = [{}, *({"learning_rate": rate} for rate in (1e-4, 1e-3, 1e-2))]


def test_learning_curves_and_sweeps_can_be_read(monkeypatch):
    one, two = SWEPT[1:], [{**rate, "discount": d} for rate in SWEPT[1:] for d in (0.9, 0.99)]
    for values, n, draw in ((SWEPT[:1], 6, plot.learning_curves), (one, 2, plot.sweep), (two, 2, plot.sweep)):
        log = log_of(values, n)
        monkeypatch.setattr(learnt, "read_log", {"a folder": log}.get)
        check_legible(draw("a folder"))
    monkeypatch.setattr(learnt, "read_log", lambda _: log_of(SWEPT[:1]))
    with pytest.raises(ValueError, match="0 hyper-parameters were swept"):
        plot.sweep("a folder")


def test_a_training_folder_is_read(tmp_path):
    """What `coopetition train` writes, by hand: a seed, two rows, an empty cell."""
    from coopetition.baselines.learning.population import FORMAT

    header = "steps,run,seed,reward_mode,efficiency,payoff a,payoff b,reward a,reward b,rate a,rate b,loss"
    rows = ["10,private-seed0,0,private,,,,,,,,1", "20,private-seed0,0,private,0.5,1,2,1,2,0.25,0.75,1"]
    (tmp_path / "curves.csv").write_text("\n".join([header, *rows]) + "\n")
    (tmp_path / "population.json").write_text(
        f'{{"format": {FORMAT!r}, "algorithm": "IPPO", "environment": "SLCD-v0"}}'.replace("'", '"')
    )
    log = learnt.read_log(tmp_path)
    assert (log.title, log.agents, log.modes) == ("IPPO on SLCD-v0", ("a", "b"), ("private",))
    np.testing.assert_array_equal(log.efficiency, [[np.nan], [0.5]])
    np.testing.assert_array_equal(log.rates[1], [[0.25, 0.75]])
    check_legible(plot.learning_curves(tmp_path))


@pytest.mark.slow
def test_the_page_of_figures_is_what_its_code_draws(tmp_path, monkeypatch):
    """Every piece runs, and writes the pictures that the page shows."""
    import importlib.util
    import re
    from pathlib import Path

    file = Path(__file__).parents[2] / "docs" / "plot_figures.py"
    spec = importlib.util.spec_from_file_location("plot_figures", file)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    shown = set(re.findall(r"figures/plots/(\w+\.png)", script.PAGE.read_text(encoding="utf-8")))
    assert shown == {path.name for path in script.FIGURES.glob("*.png")}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(script, "FIGURES", tmp_path)
    script.main()
    assert shown == {path.name for path in tmp_path.glob("*.png")}
