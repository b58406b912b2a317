"""Registration with Gymnasium's registry, and with PettingZoo's where there is one. Imports no environment."""

from __future__ import annotations

from typing import Any

import gymnasium

#: The twenty short ids, in the order of the docs. `coopetition.envs` maps them to modules; a test compares.
ENVIRONMENT_IDS = (
    "TrustDilemma-v0",
    "PartnerHoldUp-v0",
    "PlatformEcosystem-v0",
    "DynamicPartnerSelection-v0",
    "RecoveryRace-v0",
    "SynergySearch-v0",
    "SLCD-v0",
    "RenaultNissan-v0",
    "CooperativeNegotiation-v0",
    "ReputationMarket-v0",
    "TeamProduction-v0",
    "LoyaltyTeam-v0",
    "CoalitionFormation-v0",
    "ApacheProject-v0",
    "PublicGoods-v0",
    "ReciprocalDilemma-v0",
    "GiftExchange-v0",
    "IndirectReciprocity-v0",
    "GraduatedSanction-v0",
    "AppleAppStore-v0",
)

#: The same environments under their preset "strong", which has ids of its own.
STRONG_IDS = tuple(name.replace("-v", "Strong-v") for name in ENVIRONMENT_IDS)

NAMESPACE = "coopetition"


def register_environments() -> None:
    """Register all twenty, published and strong; a second call changes nothing.

    No ``max_episode_steps``: the horizon is the environment's own truncation, and a TimeLimit wrapper would
    count it a second time. Nor a wrapper that watches for steps before the first reset: the environment does.
    """
    for name in (*ENVIRONMENT_IDS, *STRONG_IDS):
        if f"{NAMESPACE}/{name}" not in gymnasium.registry:
            gymnasium.register(
                f"{NAMESPACE}/{name}",
                entry_point="coopetition.api.make:gymnasium_env",
                vector_entry_point="coopetition.api.make:vector_env",
                order_enforce=False,
                kwargs={"environment_id": name},
            )
    _register_with_pettingzoo()


def _register_with_pettingzoo() -> None:
    try:
        import pettingzoo
    except ImportError:  # pragma: no cover - PettingZoo is a dependency, but never needed for Gymnasium's views
        return
    zoo: Any = pettingzoo
    if not all(hasattr(zoo, name) for name in ("register", "parallel_registry", "aec_registry")):
        return  # before 1.27 there was no registry
    for kind, registry in (("parallel", zoo.parallel_registry), ("aec", zoo.aec_registry)):
        for name in (*ENVIRONMENT_IDS, *STRONG_IDS):
            if f"{NAMESPACE}/{name}" not in registry:
                zoo.register(
                    kind,
                    f"{NAMESPACE}/{name}",
                    f"coopetition.api.make:{kind}_env",
                    kwargs={"environment_id": name},
                )
