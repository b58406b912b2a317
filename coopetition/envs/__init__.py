"""The twenty environments and what extends them, a file each; and the door for a user's own, `register`."""

from __future__ import annotations

import importlib
from typing import TypeVar

from coopetition.envs.complete import check_complete
from coopetition.games.doors import address_of, load_named, module_in, not_registered, offered, without_module
from coopetition.games.parameters import Parameters, choose
from coopetition.games.presets import PUBLISHED, STRONG, preset_class, preset_id, presets_of
from coopetition.registration import GROUP, forget_ids, register_ids

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


#: What extends the suite and is not counted among the twenty: two actions an agent.
EXTENSIONS = {"SLCDBiaxial-v0": ("slcd_biaxial", "SLCDBiaxial")}

#: Everything of this package, by id.
_OURS = {**ENVIRONMENTS, **EXTENSIONS}

#: The ids under which the strong presets are registered, in the same order.
STRONG_IDS = tuple(preset_id(name, STRONG) for name in ENVIRONMENTS)


P = TypeVar("P", bound=Parameters)
#: Environments registered in this process, by id.
_registered: dict[str, type[Parameters]] = {}


def register(environment: type[P]) -> type[P]:
    """Give an environment of one's own every interface: usable as a decorator of its class.

    From here on its id is known to `make_game`, `batch`, the views, Gymnasium's registry (``coopetition/Fishery-v0``)
    and PettingZoo's, `check_env`, oracles, evaluation, learners and the command line; so is that of its strong preset.

    Parameters
    ----------
    environment : type
        A frozen dataclass that subclasses `TrustParameters`, `TeamParameters` or `ReciprocityParameters`, in a file
        whose docstring begins ``Fishery: what it models, in a line.``

    Returns
    -------
    type
        The same class.

    Raises
    ------
    TypeError
        Something is forgotten, which is named: id, roles, the dataclass decorator, a parameter's domain or sentence, a
        line on what it models.
    ValueError
        The id is taken or no id, or a default or a preset's number is out of its domain.

    Notes
    -----
    An installed package offers its environments by entry points instead, and nothing needs to be imported; the name is
    the id::

        [project.entry-points."coopetition.environments"]
        "Fishery-v0" = "my_package.fishery:Fishery"

    Other processes find it there, by ``"my_package.fishery:Fishery-v0"`` wherever an id is, or by ``--load``.
    """
    check_complete(environment)
    names = [preset_id(environment.id, preset) for preset in presets_of(environment) if preset in (PUBLISHED, STRONG)]
    for name in names:
        owner = _owner_of(name)
        known = _registered.get(environment.id)
        again = known is environment or (known is not None and address_of(known) == address_of(environment) is not None)
        if owner is not None and not again and owner != address_of(environment):
            raise ValueError(f"{environment.__qualname__}: the id {name!r} is taken by {owner}")
    _registered[environment.id] = environment
    module = environment.__module__
    register_ids({name: name if module == "__main__" else f"{module}:{name}" for name in names})
    return environment


def _owner_of(name: str) -> str | None:
    """Whose an id is: where its class is imported from, in words for this package's own."""
    if name in _OURS or name in STRONG_IDS:
        return "this package"
    for known in _registered.values():
        if name in (known.id, preset_id(known.id, STRONG)):
            return address_of(known) or known.__qualname__
    return offered(GROUP)[name].value if name in offered(GROUP) else None


def unregister(environment_id: str) -> None:
    """Take an environment that was registered in this process off every list again.

    Raises
    ------
    ValueError
        None of that id was.
    """
    choose("registered environment", environment_id, _registered)
    del _registered[environment_id]
    forget_ids((environment_id, preset_id(environment_id, STRONG)))


def environment_ids(strong: bool = False) -> tuple[str, ...]:
    """Ids of all environments: the twenty, extensions, those of installed packages, those registered in this process.

    Parameters
    ----------
    strong : bool
        Whether the ids of their strong presets follow.
    """
    load_named()
    own = tuple(dict.fromkeys((*(_published(name) for name in offered(GROUP)), *_registered)))
    ids = (*_OURS, *(name for name in own if name not in _OURS))
    if not strong:
        return ids
    mine = [preset_id(name, STRONG) for name in ids[len(_OURS) :] if STRONG in _class_of(name).presets]
    return (*ids, *STRONG_IDS, *mine)


def _published(name: str) -> str:
    """The published id behind an entry point's name, which may be that of a strong preset too."""
    head, dash, version = name.rpartition("-v")
    bare = f"{head.removesuffix('Strong')}{dash}{version}"
    return bare if head.endswith("Strong") and bare in offered(GROUP) else name


def _class_of(name: str) -> type[Parameters]:
    """The class of a published id that is known."""
    if name in _OURS:
        module, class_name = _OURS[name]
        found = getattr(importlib.import_module(f"coopetition.envs.{module}"), class_name)
    elif name in _registered:
        return _registered[name]
    else:
        point = offered(GROUP)[name]
        found = getattr(importlib.import_module(point.module), point.attr, None)
        if not (isinstance(found, type) and issubclass(found, Parameters) and found.id == name):
            has = (
                f"{found.id!r}; of its presets, 'strong' alone has an id"
                if found is not None and hasattr(found, "id")
                else repr(found)
            )
            raise LookupError(
                f"entry point {name!r} = {point.value!r} should be an environment of that id: it is {has}"
            )
        register(found)
    assert isinstance(found, type)
    return found


def environment_class(environment_id: str, preset: str | None = None) -> type[Parameters]:
    """The parameter class of an id, such as ``"SLCD-v0"`` or ``"SLCDStrong-v0"``, under a preset.

    Parameters
    ----------
    environment_id : str
        With or without ``coopetition/``; an environment's id, that of its strong preset, or id and preset joined by a
        colon, such as ``"TrustDilemma-v0:relational"``. A module in front of it, ``"my_package.fishery:Fishery-v0"``,
        is imported first.
    preset : str, optional
        The preset whose numbers are the defaults; by default what the id says, or else the published ones.

    Raises
    ------
    ValueError
        An unknown id or preset, with the nearest known one; or a preset beside an id that is another one's.
    LookupError
        An entry point that should have the environment and does not, named.
    """
    given = str(environment_id).removeprefix("coopetition/")
    asked = without_module(given)
    name, _, named = asked.removeprefix("coopetition/").partition(":")
    if name not in _OURS and name not in _registered:
        if name not in STRONG_IDS:
            known_ids = environment_ids(strong=True)
            if module_in(given) and name not in known_ids:
                raise not_registered(given, "environment", "coopetition.register", _registered)
            choose("environment", name, known_ids)
        known = ENVIRONMENTS if name in STRONG_IDS else environment_ids()
        for one in known:
            if name == preset_id(one, STRONG):
                name, named = one, named or STRONG
                break
    found = _class_of(name)
    if named and preset is not None and preset != named:
        raise ValueError(f"{environment_id} is the preset {named!r}, not {preset!r}: ask {name} for that")
    return preset_class(found, preset or named or PUBLISHED)
