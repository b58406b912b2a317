"""How far a concept can be trusted in a class of environments, and which test shows it.

proven
    A closed form or a theorem gives the answer, and a test compares the two.
cross-checked
    A second, independent method agrees, in a test.
experimental
    The certificate of the solution itself is all there is; it is a lower bound of what could be gained.
"""

from __future__ import annotations

from dataclasses import dataclass

CLASSES = ("interdependence", "trust", "team", "reciprocity")
LEVELS = ("proven", "cross-checked", "experimental")


@dataclass(frozen=True)
class Status:
    """Status of a concept in a class of environments.

    Attributes
    ----------
    level : {"proven", "cross-checked", "experimental"}
        See the module.
    test : str
        Path and name of the test that shows it, ``"tests/test_it.py::test_name"``.
    why : str
        One line.

    Raises
    ------
    ValueError
        An unknown level, or nothing said of the test or of why.
    """

    level: str
    test: str
    why: str

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"status level = {self.level!r}: expected one of {', '.join(LEVELS)}")
        for name in ("test", "why"):
            if not getattr(self, name):
                raise ValueError(f"a status of level {self.level!r} lacks {name!r}")


def by_class(everywhere: Status | None = None, **classes: Status) -> dict[str, Status]:
    """A status for every class: the common one, unless the class has its own.

    Raises
    ------
    ValueError
        A class without a status, or a name that is no class; both are named.
    """
    for name in classes:
        if name not in CLASSES:
            raise ValueError(f"{name!r} is no class of environments: {', '.join(CLASSES)}")
    found = {}
    for name in CLASSES:
        chosen = classes.get(name, everywhere)
        if chosen is None:
            raise ValueError(f"the class {name!r} has no status")
        found[name] = chosen
    return found
