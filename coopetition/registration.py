"""Registration with Gymnasium's registry, and with PettingZoo's where there is one. Imports no environment."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import gymnasium

from coopetition.games.doors import offered

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

#: What extends the suite and is not counted among the twenty.
EXTENSION_IDS = ("SLCDBiaxial-v0",)

#: The twenty under their preset "strong", which has ids of its own.
STRONG_IDS = tuple(name.replace("-v", "Strong-v") for name in ENVIRONMENT_IDS)

NAMESPACE = "coopetition"


#: Entry-point group in which an installed package offers environments: ``"Fishery-v0" = "module:Class"``.
GROUP = "coopetition.environments"


def register_environments() -> None:
    """Register all twenty, published and strong, extensions, and what packages offer; a second call changes nothing.

    No ``max_episode_steps``: the horizon is the environment's own truncation, and a TimeLimit wrapper would
    count it a second time. Nor a wrapper that watches for steps before the first reset: the environment does.
    """
    ids = {name: name for name in (*ENVIRONMENT_IDS, *STRONG_IDS, *EXTENSION_IDS)}
    for name, point in offered(GROUP).items():
        if name in ids:
            warnings.warn(
                f"{GROUP}: the entry point {name!r} = {point.value!r} is refused: the name belongs to this package",
                stacklevel=2,
            )
        ids.setdefault(name, name)
    register_ids(ids)


def register_ids(addresses: Mapping[str, str]) -> None:
    """Register ids with Gymnasium, and with PettingZoo where it has a registry; those that are there stay.

    Parameters
    ----------
    addresses : mapping of str to str
        Id, and what the views are asked for: the same, or with the module that registers it in front, for workers.
    """
    for name, address in addresses.items():
        if f"{NAMESPACE}/{name}" not in gymnasium.registry:
            gymnasium.register(
                f"{NAMESPACE}/{name}",
                entry_point="coopetition.api.make:gymnasium_env",
                vector_entry_point="coopetition.api.make:vector_env",
                order_enforce=False,
                kwargs={"environment_id": address},
            )
    for kind, registry in _zoo_registries().items():
        import pettingzoo

        zoo: Any = pettingzoo  # older ones have no register, and types that say so
        for name, address in addresses.items():
            if f"{NAMESPACE}/{name}" not in registry:
                zoo.register(
                    kind,
                    f"{NAMESPACE}/{name}",
                    f"coopetition.api.make:{kind}_env",
                    kwargs={"environment_id": address},
                )


def forget_ids(ids: Iterable[str]) -> None:
    """Take ids off the registries again."""
    for registry in (gymnasium.registry, *_zoo_registries().values()):
        for name in ids:
            registry.pop(f"{NAMESPACE}/{name}", None)


def _zoo_registries() -> dict[str, Any]:
    """PettingZoo's registries by kind; before 1.27 there was none."""
    try:
        import pettingzoo
    except ImportError:  # pragma: no cover - PettingZoo is a dependency, but never needed for Gymnasium's views
        return {}
    zoo: Any = pettingzoo
    if not all(hasattr(zoo, name) for name in ("register", "parallel_registry", "aec_registry")):
        return {}
    return {"parallel": zoo.parallel_registry, "aec": zoo.aec_registry}
