"""A study at the smallest scale, and what two runs of it must have in common."""

from __future__ import annotations

from coopetition.study.corpus import collect
from coopetition.study.plan import Scale
from coopetition.study.shards import ShardStore
from coopetition.study.tables import CIRCUMSTANCES

#: Reference policies of the smallest scale.
FEW = ("constant_000", "constant_050", "constant_100", "tit_for_tat")
TINY = Scale(
    "tiny",
    environments=("TrustDilemma-v0",),
    algorithms=("IPPO", "MeanFieldAC"),
    modes=("private", "cooperative"),
    seeds=(0, 1),
    audited=(0, 1),
    steps={"*": 256},
    episodes=1,
    drawn_seeds=1,
    climbed=(),
    teams=3,
    settings={"copies": 4, "length": 8},
)


def contents(folder):
    """All tables without what differs from run to run."""
    tables, broken = collect(ShardStore(folder))
    assert broken == []
    return {name: table.drop([c for c in CIRCUMSTANCES if c in table.columns and c != "status"])
            for name, table in tables.items()}  # fmt: skip


def assert_same(one, other):
    mine, theirs = contents(one), contents(other)
    for name in mine:
        assert mine[name].equals(theirs[name]), name
