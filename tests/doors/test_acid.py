"""One file outside the repository: complete through every interface, list, page and command, in every process."""

from __future__ import annotations

import json

import pytest

from tests.doors.conftest import PAGES, blocks, entry_points

ENVIRONMENT = """
import json, pickle
import gymnasium, numpy as np, pettingzoo
import coopetition, fairshare.fishery
from coopetition.baselines import evaluate
from coopetition.commands.catalogue import catalogue
from coopetition.envs import environment_ids
from coopetition.oracles import solve, yardstick
from coopetition.testing import check_env

found = {}
for name in ("Fishery-v0", "FisheryStrong-v0"):
    check_env(name)
    check_env(gymnasium.make("coopetition/" + name))
    check_env(gymnasium.make_vec("coopetition/" + name, num_envs=3))
    found[name] = [f"coopetition/{name}" in registry for registry in
                   (gymnasium.registry, *[getattr(pettingzoo, kind, {"": 0}) for kind in ()])]
    zoo = getattr(pettingzoo, "parallel_registry", None)
    if zoo is not None:
        assert f"coopetition/{name}" in zoo and f"coopetition/{name}" in pettingzoo.aec_registry
        pettingzoo.make("parallel", f"coopetition/{name}").reset(seed=1)
game = coopetition.make_game("Fishery-v0", preset="strong")
assert pickle.loads(pickle.dumps(game.parameters)) == game.parameters and game.parameters.growth == 0.25
assert "Fishery-v0" in environment_ids() and "FisheryStrong-v0" in environment_ids(strong=True)
assert [entry.models for entry in catalogue() if entry.id == "Fishery-v0"][0].startswith("Boats share")
assert [entry.id for entry in catalogue("strong")][-1] == "FisheryStrong-v0"
nash = solve("Fishery-v0", "nash")
short = coopetition.make_game("Fishery-v0", horizon=8, reward_mode="private", first_stock=55.0)
rows = evaluate(short, ["constant_000"] * 4, episodes=2)
batch = coopetition.batch("Fishery-v0", num_envs=2, autoreset="disabled")
batch.reset(seed=0, options={"stock": 900.0})
first = batch.step(np.full((2, 4), 0.5))
stock = float(batch.read("stock")[0])
played = batch.rollout("constant_000", 99)
print(json.dumps([nash.actions.tolist(), nash.converged, stock, batch.payoffs.tolist(), batch.outcomes(),
                  rows[0].outcomes, rows[0].efficiency, rows[0].exploitability,
                  float(yardstick(short, "private").optimum)]))
"""


def test_an_environment(run):
    """Views, registries, oracles, evaluation, presets; and the numbers are those of the formulas."""
    nash, converged, stock, _, outcomes, ends, efficiency, gain, optimum = json.loads(
        run("-c", ENVIRONMENT).splitlines()[-1]
    )
    assert nash == [0.0] * 4  # a step alone: a day at sea brings 1.6 and costs 0.2
    assert converged
    assert stock == pytest.approx(900.0 + 0.4 * 900.0 * 0.1 - 0.002 * 100.0 * 900.0)
    assert outcomes == ["closed", "closed"]
    assert list(ends) == ["closed"]
    assert efficiency < 1.0
    assert gain >= 0.0
    assert optimum > 0.0


OTHERS = """
import json
import gymnasium, numpy as np
import coopetition, fairshare.common_rate, fairshare.fishery, fairshare.quasi_maximin, fairshare.slow_reciprocator
from coopetition import pages
from coopetition.baselines import make_policy, record_episode
from coopetition.games.rewards import reward_mode_names
from coopetition.oracles import CONCEPTS, solve, status_of
from coopetition.testing import check_env

# A mode: every view, a page, what is paid by its formula, and an object with numbers of its own.
mode = "quasi_maximin"
assert mode in reward_mode_names()
for name in ("GiftExchange-v0", "Fishery-v0"):
    assert mode in pages.sections(name)["Rewards"]
    check_env(coopetition.parallel_env(name, reward_mode=mode, horizon=6))
    check_env(coopetition.aec_env(name, reward_mode=mode, horizon=6))
    check_env(gymnasium.make("coopetition/" + name, reward_mode=mode, horizon=6))
    weak = {"control": 0, "partners": "slow_reciprocator"}
    check_env(gymnasium.make("coopetition/" + name, **weak, reward_mode=mode, horizon=6))
    check_env(gymnasium.make_vec("coopetition/" + name, num_envs=2, reward_mode=mode, horizon=6))
kinder = fairshare.quasi_maximin.QuasiMaximin(weight=0.9, delta=1.0)
batch = coopetition.batch("SLCD-v0", num_envs=3, reward_mode=kinder)
batch.reset(seed=0)
batch.step(np.array([[0.2, 0.8], [0.5, 0.5], [1.0, 0.0]]))
paid = 0.1 * batch.payoffs + 0.9 * batch.payoffs.min(axis=1, keepdims=True)
assert np.allclose(batch.rewards, paid, rtol=1e-6)

# A policy: in a recorded episode, by hand in an environment, as partners.
policies = ["slow_reciprocator", "constant_080", "slow_reciprocator", "slow_reciprocator"]
game = coopetition.make_game("Fishery-v0", horizon=6)
recorded = np.asarray(record_episode(game, policies, seed=5).rates)
env = coopetition.parallel_env("Fishery-v0", horizon=6)
one = coopetition.gymnasium_env("Fishery-v0", control="boat_1", partners="slow_reciprocator", horizon=6)
seen, _ = env.reset(seed=5)
one.reset(seed=5)
players = [make_policy(name, game) for name in policies]
for t in range(6):
    rates = [player.act(seen[agent][None], i)[0] for i, (agent, player) in enumerate(zip(env.agents, players))]
    assert np.allclose(rates, recorded[t], rtol=0, atol=1e-7), (t, rates, recorded[t])
    actions = {agent: np.array([rate], dtype=np.float32) for agent, rate in zip(env.agents, rates)}
    seen, rewards, *_ = env.step(actions)
    assert one.step(np.array([0.8], dtype=np.float32))[1] == rewards["boat_1"]

# A concept: every class of environments, one's own among them.
assert "common_rate" in CONCEPTS and status_of("common_rate", "trust").level == "experimental"
found = {}
for name in ("SLCD-v0", "TrustDilemma-v0", "PublicGoods-v0", "GiftExchange-v0", "Fishery-v0", "FisheryStrong-v0"):
    solution = solve(name, "common_rate", points=101)
    assert solution.converged and solution.certificate.epsilon == 0.0, name
    found[name] = solution.actions.tolist()
print(json.dumps(found))
"""


def test_a_mode_a_policy_and_a_concept(run):
    """Every view, page and list, for games of ours and of one's own; the same numbers on every way."""
    found = json.loads(run("-c", OTHERS).splitlines()[-1])
    assert found["PublicGoods-v0"] == [found["PublicGoods-v0"][0]] * 5
    assert len(set(found["FisheryStrong-v0"])) == 1


COMMANDS = [
    (["list"], "Boats share a stock"),
    (["list", "--preset", "strong"], "FisheryStrong-v0"),
    (["show", "fishery"], "what a tonne brings"),
    (["show", "FisheryStrong", "--json"], '"growth"'),
    (["run", "Fishery", "--policy", "slow_reciprocator", "--steps", "3"], "boat_0"),
    (["run", "GiftExchange", "--reward-mode", "quasi_maximin", "--steps", "3"], "employer"),
    (["run", "Fishery", "--reward-mode", "inequity_averse", "--steps", "3"], "boat_0"),
    (["evaluate", "Fishery", "--policies", "slow_reciprocator", "--episodes", "1", "--no-normalise",
      "--no-exploitability", "--reward-mode", "quasi_maximin", "--json"], "slow_reciprocator"),
    (["solve", "Fishery-v0", "--concept", "common_rate"], "common_rate"),
    (["dilemma", "Fishery-v0", "--reward-mode", "quasi_maximin", "--json"], '"quasi_maximin"'),
    (["validate", "meetings", "--draws", "20"], "Trust after ten meetings"),
    (["validate", "wages.toml", "--draws", "20"], "Rise of effort"),
    (["show", "allotments"], "gardener_2"),
    (["policies"], "slow_reciprocator"),
    (["show", "SLCD"], "own payoff, the least, and the sum"),
    (["solve", "SLCD", "--reward-mode", "quasi_maximin", "--json"], '"quasi_maximin"'),
    (["run", "Fishery", "--preset", "strong", "--steps", "3", "--plot", "episode.png"], "boat_3"),
    (["validate", "meetings", "--draws", "20", "--json"], '"score"'),
    (["record", "Fishery", "--policy", "slow_reciprocator", "--episodes", "2", "--out", "WAY", "--json"], "Fishery-v0"),
]  # fmt: skip
CALLS = """
import json, sys
from typer.testing import CliRunner
from coopetition.cli import app
for arguments in json.load(sys.stdin) if not sys.argv[1:] else json.loads(sys.argv[1]):
    given = CliRunner(env={"COLUMNS": "400"}).invoke(app, arguments)
    print(json.dumps([given.exit_code, given.output + repr(given.exception or "")]))
"""
MODULES = ["allotments", "fishery", "quasi_maximin", "slow_reciprocator", "common_rate", "meetings"]


def called(run, commands: list[list[str]], **options: str) -> list[tuple[int, str]]:
    """What each command of the command line gives, all in one process."""
    lines = run("-c", CALLS, json.dumps(commands), **options).splitlines()
    return [tuple(json.loads(line)) for line in lines if line.startswith("[")]


@pytest.mark.parametrize("way", ["entry points", "--load"])
def test_every_command_has_them(run, folder, way):
    """Installed, or loaded: lists, pages, tables, solvers and validations take up all five."""
    first: list[str] = []
    if way == "entry points":
        about = folder / "fairshare-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: fairshare\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(entry_points())
    else:
        first = [word for name in MODULES for word in ("--load", f"fairshare.{name}")]
    asked = [[word.replace("WAY", f"recorded {way}") for word in arguments] for arguments, _ in COMMANDS]
    results = called(run, [[*first, *arguments] for arguments in asked])
    assert len(results) == len(COMMANDS)
    for (arguments, words), (code, text) in zip(COMMANDS, results, strict=True):
        assert code == 0, (arguments, text)
        assert words in text, (arguments, text)


@pytest.mark.learn
def test_they_train(run, folder):
    """One's own game, under one's own mode, against one's own policy."""
    text = run("-m", "coopetition.cli", "--load", "fairshare.fishery", "--load", "fairshare.quasi_maximin", "--load",
               "fairshare.slow_reciprocator", "train", "Fishery", "--reward-mode", "private,quasi_maximin", "--control",
               "boat_0", "--partners", "slow_reciprocator", "--steps", "64", "--set", "horizon=8", "--hyper",
               "copies=4", "--hyper", "length=8", "--no-efficiency", "--out", "trained", "--json")  # fmt: skip
    assert "quasi_maximin" in text
    assert len(list((folder / "trained").glob("*quasi_maximin*.safetensors"))) == 1


def test_an_installed_environment_is_registered_by_import_of_ours_alone(run, folder):
    about = folder / "fairshare-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: fairshare\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(entry_points())
    text = run("-c", """
import sys, gymnasium, coopetition
assert "coopetition/Fishery-v0" in gymnasium.registry and "coopetition/FisheryStrong-v0" in gymnasium.registry
assert "fairshare" not in sys.modules and "numba" not in sys.modules
env = gymnasium.make("coopetition/FisheryStrong-v0")
print(env.unwrapped.game.parameters.growth)
""")  # fmt: skip
    assert text.strip() == "0.25"


WORKERS = """
import multiprocessing, sys
import gymnasium
import coopetition

def totals(queue, environment, mode, partners):
    env = coopetition.gymnasium_env(environment, control=0, partners=partners, reward_mode=mode, horizon=5)
    env.reset(seed=1)
    queue.put(sum(env.step([0.3])[1] for _ in range(5)))

def pickled(queue, env):
    env.reset(seed=1)
    queue.put(sum(env.step([0.3])[1] for _ in range(5)))

def main():
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    from coopetition.games import doors
    for name in ("fishery", "quasi_maximin", "slow_reciprocator"):
        doors.load("fairshare." + name)
    arguments = ("Fishery-v0", "quasi_maximin", "slow_reciprocator")
    worker = context.Process(target=totals, args=(queue, *arguments))
    worker.start()
    there = queue.get(timeout=60)
    worker.join()
    import os
    del os.environ[doors.VARIABLE]
    named = ("fairshare.fishery:Fishery-v0", "fairshare.quasi_maximin:quasi_maximin",
             "fairshare.slow_reciprocator:slow_reciprocator")
    worker = context.Process(target=totals, args=(queue, *named))
    worker.start()
    by_module = queue.get(timeout=60)
    worker.join()
    env = coopetition.gymnasium_env("FisheryStrong-v0", control=0, reward_mode="quasi_maximin", horizon=5)
    worker = context.Process(target=pickled, args=(queue, env))
    worker.start()
    of_pickle = queue.get(timeout=60)
    worker.join()
    totals(queue, *arguments)
    here = queue.get()
    assert there == by_module == here, (there, by_module, here)
    pickled(queue, coopetition.gymnasium_env("FisheryStrong-v0", control=0, reward_mode="quasi_maximin", horizon=5))
    assert queue.get() == of_pickle
    envs = gymnasium.make_vec("coopetition/Fishery-v0", num_envs=2, vectorization_mode="async",
                              vector_kwargs={"context": "spawn"})
    envs.reset(seed=1)
    envs.close()
    print("alike")

if __name__ == "__main__":
    main()
"""


def test_spawned_workers_find_them(run, folder):
    """By --load's variable, by a module in front of the name, by pickling, and in Gymnasium's own workers."""
    (folder / "work.py").write_text(WORKERS)
    assert run("work.py").strip() == "alike"


def test_what_the_pages_do_with_them_runs(run):
    run("-c", "\n".join(blocks(page)["use"] for page in PAGES))


def test_a_module_that_is_not_there_is_named(run):
    text = run("-c", "import coopetition", load="fairshare.nothing", fails=True)
    assert "COOPETITION_LOAD: 'fairshare.nothing' cannot be imported" in text
    text = run("-m", "coopetition.cli", "--load", "fairshare.nothing", "list", fails=True)
    assert "fairshare.nothing" in text
