"""The twenty environments at a glance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from coopetition.envs import ENVIRONMENTS, environment_class

#: One line on what each models.
SUMMARIES = {
    "TrustDilemma-v0": "Two equals whose trust builds slowly and breaks fast",
    "PartnerHoldUp-v0": "A strong partner can exploit a weak one that depends on it",
    "PlatformEcosystem-v0": "A platform and the developers who live on it",
    "DynamicPartnerSelection-v0": "Partners are sought by public reputation",
    "RecoveryRace-v0": "A damaged relationship to be repaired before time runs out",
    "SynergySearch-v0": "How much cooperation pays is hidden, and differs every episode",
    "SLCD-v0": "The S-LCD joint venture of Samsung and Sony, 2004-2011",
    "RenaultNissan-v0": "The Renault-Nissan alliance from formation to strain, 1999-2025",
    "CooperativeNegotiation-v0": "Agreements reached by meeting, and penalties for breaking them",
    "ReputationMarket-v0": "Five sellers whose public reputation sets the tier they are paid in",
    "TeamProduction-v0": "Free riding on a team's joint output",
    "LoyaltyTeam-v0": "A team whose members grow loyal to it, or drift away",
    "CoalitionFormation-v0": "Members leave a coalition, come back, or see it dissolve",
    "ApacheProject-v0": "Committers of the Apache HTTP Server, 1995-2023",
    "PublicGoods-v0": "The linear public goods game, with loyalty",
    "ReciprocalDilemma-v0": "Two equals who answer kindness with kindness",
    "GiftExchange-v0": "An employer's wage and a worker's effort",
    "IndirectReciprocity-v0": "Helping those who are known to help others",
    "GraduatedSanction-v0": "Six users of a commons, and sanctions that escalate",
    "AppleAppStore-v0": "Apple, a major and a small developer, quarter by quarter, 2008-2024",
}


@dataclass(frozen=True)
class Entry:
    """One environment in the list."""

    id: str
    mechanism: str
    agents: tuple[str, ...]
    horizon: int
    models: str

    @property
    def cast(self) -> str:
        """The agents in a few words: all names of a few, the first and last of many."""
        return cast(self.agents)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), "agents": list(self.agents)}


def cast(agents: tuple[str, ...]) -> str:
    """Names of agents in a few words, such as ``member_0..39``."""
    if len(agents) <= 3:
        return ", ".join(agents)
    roles: dict[str, list[str]] = {}
    for agent in agents:
        role, _, number = agent.rpartition("_")
        roles.setdefault(role or agent, []).append(number)
    parts = [f"{role}_{ks[0]}..{ks[-1]}" if len(ks) > 1 else role for role, ks in roles.items()]
    return ", ".join(parts)


def catalogue() -> list[Entry]:
    """All twenty, at their defaults, in the order of the docs."""
    entries = []
    for name in ENVIRONMENTS:
        parameters = environment_class(name)()
        entries.append(Entry(name, parameters.mechanism, parameters.agents, parameters.horizon, SUMMARIES[name]))
    return entries
