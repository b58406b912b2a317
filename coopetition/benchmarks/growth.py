"""Cost against the number of copies and of agents."""

from __future__ import annotations

from collections.abc import Callable

from coopetition.benchmarks.report import Curve
from coopetition.benchmarks.throughput import PAIR_GAME, batch_case
from coopetition.benchmarks.timing import Case, Effort, interleaved

COPIES = tuple(4**k for k in range(9))
AGENTS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


def _measured(
    key: str,
    what: str,
    size: str,
    sizes: tuple[int, ...],
    effort: Effort,
    per: tuple[str, Callable[[int], float]],
    make: Callable[[str, int], Case],
) -> Curve:
    name, units = per
    times = interleaved([make(str(k), k) for k in sizes], effort)
    costs = tuple(1e9 * times[str(k)].median for k in sizes)
    return Curve(
        key, what, size, sizes, costs, tuple(cost / units(k) for k, cost in zip(sizes, costs, strict=True)), name
    )


def curves(effort: Effort) -> list[Curve]:
    """Over B = 1 to 65,536; over N = 2 to 64, for trust, whose pairs count, and for teams."""

    def copies(name: str, size: int) -> Case:
        return batch_case(name, PAIR_GAME, size)

    def trust(name: str, n: int) -> Case:
        return batch_case(name, "PlatformEcosystem-v0", 256, n_developers=n - 1)

    def team(name: str, n: int) -> Case:
        return batch_case(name, "TeamProduction-v0", 256, n_agents=n)

    def unseen_team(name: str, n: int) -> Case:
        return batch_case(name, "TeamProduction-v0", 256, n_agents=n, observe=False)

    return [
        _measured(
            "copies",
            f"Cost over copies B ({PAIR_GAME})",
            "B",
            COPIES,
            effort,
            ("an agent step", lambda b: 2),
            copies,
        ),
        _measured(
            "agents.trust",
            "Cost over agents N, trust (PlatformEcosystem-v0, B = 256)",
            "N",
            AGENTS,
            effort,
            ("an ordered pair", lambda n: n * (n - 1)),
            trust,
        ),
        _measured(
            "agents.team",
            "Cost over agents N, team (TeamProduction-v0, B = 256), each of whom sees all others",
            "N",
            AGENTS,
            effort,
            ("a number seen", lambda n: n * (2 * n + 1)),
            team,
        ),
        _measured(
            "agents.team.silent",
            "The same without observations",
            "N",
            AGENTS,
            effort,
            ("an agent step", lambda n: n),
            unseen_team,
        ),
    ]
