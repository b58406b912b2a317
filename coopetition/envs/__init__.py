"""The twenty environments: one file each, whose docstring is the environment's page in the docs."""

from __future__ import annotations

import importlib

from coopetition.games.parameters import Parameters, choose

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


def environment_class(environment_id: str) -> type[Parameters]:
    """The parameter class of an id, such as ``"SLCD-v0"``.

    Raises
    ------
    ValueError
        An unknown id, with the nearest known one.
    """
    name = str(environment_id).removeprefix("coopetition/")
    module, class_name = ENVIRONMENTS[choose("environment", name, ENVIRONMENTS)]
    found = getattr(importlib.import_module(f"coopetition.envs.{module}"), class_name)
    assert isinstance(found, type)
    return found
