"""What learners reach, against targets that theory sets: stage games (horizon 1, discount 0), and whole episodes.

The targets were written before anything was trained. Independent learners ascend their own payoff, so that on a stage
game with one pure equilibrium they should end there: at the certified nash under private rewards, at the coopetitive
equilibrium under integrated ones, within 2 % of the endowment. TeamProduction's cost is linear in the level, so that an
agent's best reply fixes the team's total and any split of it is an equilibrium: its target is the mean level.

Run with ``-m learn``: about three minutes of processor time.
"""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.baselines import evaluate
from coopetition.baselines.learning import learn
from coopetition.batching.batch import Batch
from coopetition.oracles import solve

pytestmark = pytest.mark.learn

CONCEPTS = {"private": "nash", "integrated": "coopetitive"}
MARGIN = 0.02
#: Algorithm, game, options, steps, and whether only the mean level is determined.
TARGETS = [
    ("IPPO", "TrustDilemma-v0", {"collapse_threshold": 0.0}, 60_000, False),
    ("IPPO", "PublicGoods-v0", {}, 60_000, False),
    ("IPPO", "GiftExchange-v0", {}, 60_000, False),
    ("IPPO", "TeamProduction-v0", {}, 150_000, True),
]


@pytest.mark.parametrize(("algorithm", "environment", "options", "steps", "total"), TARGETS)
def test_stage_games_end_in_equilibrium(algorithm, environment, options, steps, total):
    found = learn(environment, algorithm, reward_mode=list(CONCEPTS), steps=steps, seeds=2,
                  settings={"discount": 0.0}, measure_efficiency=False, horizon=1, **options)  # fmt: skip
    for k, run in enumerate(found.runs):
        game = found.games[k]
        solution = solve(game, CONCEPTS[run.reward_mode])
        target = np.asarray(solution.actions) / game.endowment
        seen = Batch(game, 1).reset(seed=0)
        policy = found.policy(k)
        rates = np.array([policy.act(seen[:, i], i)[0] for i in range(game.n)])
        gap = abs(rates.mean() - target.mean()) if total else np.abs(rates - target).max()
        assert gap < MARGIN, (run.name, rates, target)


#: The start plays a rate of .5, which on TrustDilemma earns 98 % of the optimum: beating it takes more steps.
EPISODES = [("TrustDilemma-v0", 200_000), ("LoyaltyTeam-v0", 60_000)]


@pytest.mark.parametrize(("environment", "steps"), EPISODES)
def test_episodes_beat_chance_and_the_start(environment, steps):
    options = {"reward_mode": "private", "seeds": 2, "measure_efficiency": False}
    found = learn(environment, "IPPO", steps=steps, **options)
    start = learn(environment, "IPPO", steps=1, settings={"learning_rate": 0.0}, **options)

    def earned(policy):
        rows = evaluate(found.games[0], policy, episodes=20, normalise=False, exploitability=False)
        return sum(row.mean_return for row in rows)

    chance = earned("random")
    for k in range(2):
        learnt = earned(found.policy(k))
        assert learnt > chance
        assert learnt > earned(start.policy(k))
