"""A reference job: the policies that do not learn, each in every seat."""

from __future__ import annotations

import time
from typing import Any

from coopetition.games.game import Game
from coopetition.policies.policy import Policy
from coopetition.policies.registry import make_policy
from coopetition.study.arena import Maker, draws
from coopetition.study.measuring import EVALUATION_SEED, evaluated, game_of, measure, scale_of
from coopetition.study.plan import Job

#: The published set: 101 constants, two simple policies and seven oracles. Strategies beyond it come besides.
PUBLISHED = (
    *(f"constant_{percent:03d}" for percent in range(101)),
    "random",
    "tit_for_tat",
    "Oracle_Equilibrium",
    "Oracle_TrustAware",
    "Oracle_Nash",
    "Oracle_Loyalty",
    "Oracle_SocialOptimum",
    "Oracle_ReciprocityEquilibrium",
    "Oracle_BoundedReciprocity",
)


def maker_of(name: str) -> Maker:
    """Makes the policy of a name."""

    def make(game: Game) -> Policy:
        return make_policy(name, game)

    return make


def evaluate_reference(job: Job, name: str) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    """Carry a reference job out: the tables ``reference`` and ``yardsticks``."""
    rows = []
    yardsticks = []
    for mode in job.modes:
        game = game_of(job.environment, mode)
        who = {"shard": name, "environment": job.environment, "reward_mode": mode}
        on = evaluated(game, job.episodes, job.drawn_seeds)
        yardsticks.append({**who, **scale_of(job.environment, mode, on)})
        for policy in PUBLISHED:
            about = make_policy(policy, game).classifier
            for k in range(job.drawn_seeds if about.stochastic or draws(game) else 1):
                began = time.process_time()
                # Together these are the episodes on which learners are evaluated, where the game draws.
                seed = EVALUATION_SEED + k * job.episodes
                # Gains of constants are searched for at every tenth rate only, since they are smooth in it; not against
                # oracles that solve anew at every step, which a search would ask for minutes.
                solves = about.uses_oracle and about.memory > 0
                gains = not solves and (not policy.startswith("constant_") or policy.endswith("0"))
                found = measure(job.environment, mode, maker_of(policy), job.episodes, seed, gains=gains)
                rows.append(
                    {
                        **who,
                        "policy": policy,
                        "seed": seed,
                        **found,
                        "cpu_seconds": time.process_time() - began,
                    }
                )
    return {"reference": rows, "yardsticks": yardsticks}, {}
