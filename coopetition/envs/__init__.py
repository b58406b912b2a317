"""The twenty environments: one file each, whose docstring is the environment's page in the docs."""

from __future__ import annotations

import importlib

from coopetition.games.parameters import Parameters, choose
from coopetition.games.presets import PUBLISHED, STRONG, preset_class, preset_id

#: Id: module and class. The order is that of the docs: trust games, team games, reciprocity games.
ENVIRONMENTS = {
    "TrustDilemma-v0": ("trust_dilemma", "TrustDilemma"),
    "PartnerHoldUp-v0": ("partner_hold_up", "PartnerHoldUp"),
    "PlatformEcosystem-v0": ("platform_ecosystem", "PlatformEcosystem"),
    "DynamicPartnerSelection-v0": ("dynamic_partner_selection", "DynamicPartnerSelection"),
    "RecoveryRace-v0": ("recovery_race", "RecoveryRace"),
    "SynergySearch-v0": ("synergy_search", "SynergySearch"),
    "SLCD-v0": ("slcd", "SLCD"),
    "RenaultNissan-v0": ("renault_nissan", "RenaultNissan"),
    "CooperativeNegotiation-v0": ("cooperative_negotiation", "CooperativeNegotiation"),
    "ReputationMarket-v0": ("reputation_market", "ReputationMarket"),
    "TeamProduction-v0": ("team_production", "TeamProduction"),
    "LoyaltyTeam-v0": ("loyalty_team", "LoyaltyTeam"),
    "CoalitionFormation-v0": ("coalition_formation", "CoalitionFormation"),
    "ApacheProject-v0": ("apache_project", "ApacheProject"),
    "PublicGoods-v0": ("public_goods", "PublicGoods"),
    "ReciprocalDilemma-v0": ("reciprocal_dilemma", "ReciprocalDilemma"),
    "GiftExchange-v0": ("gift_exchange", "GiftExchange"),
    "IndirectReciprocity-v0": ("indirect_reciprocity", "IndirectReciprocity"),
    "GraduatedSanction-v0": ("graduated_sanction", "GraduatedSanction"),
    "AppleAppStore-v0": ("apple_app_store", "AppleAppStore"),
}


#: The ids under which the strong presets are registered, in the same order.
STRONG_IDS = tuple(preset_id(name, STRONG) for name in ENVIRONMENTS)


def environment_class(environment_id: str, preset: str | None = None) -> type[Parameters]:
    """The parameter class of an id, such as ``"SLCD-v0"`` or ``"SLCDStrong-v0"``, under a preset.

    Parameters
    ----------
    environment_id : str
        With or without ``coopetition/``; an environment's id, that of its strong preset, or id and preset joined by a
        colon, such as ``"TrustDilemma-v0:relational"``.
    preset : str, optional
        The preset whose numbers are the defaults; by default what the id says, or else the published ones.

    Raises
    ------
    ValueError
        An unknown id or preset, with the nearest known one; or a preset beside an id that is another one's.
    """
    name, _, named = str(environment_id).removeprefix("coopetition/").partition(":")
    if name in STRONG_IDS:
        name, named = list(ENVIRONMENTS)[STRONG_IDS.index(name)], named or STRONG
    module, class_name = ENVIRONMENTS[choose("environment", name, (*ENVIRONMENTS, *STRONG_IDS))]
    found = getattr(importlib.import_module(f"coopetition.envs.{module}"), class_name)
    assert isinstance(found, type)
    if named and preset is not None and preset != named:
        raise ValueError(f"{environment_id} is the preset {named!r}, not {preset!r}: ask {name} for that")
    return preset_class(found, preset or named or PUBLISHED)
