"""Reference policies, and what they earn.

`make_policy` builds a policy by name, `available` lists the names, `evaluate` plays whole batches of episodes and
`record_episode` one, step by step.
"""

from __future__ import annotations

from coopetition.baselines.evaluation import Evaluation, evaluate
from coopetition.baselines.record import EpisodeRecord, record_episode
from coopetition.policies.policy import Classifier, Policy, scale_rates
from coopetition.policies.registry import available, check_policy_name, make_policy, register_policy

__all__ = [
    "Classifier",
    "EpisodeRecord",
    "Evaluation",
    "Policy",
    "available",
    "check_policy_name",
    "evaluate",
    "make_policy",
    "record_episode",
    "register_policy",
    "scale_rates",
]
