"""Calibration: the reports' validations re-run, audited, and set beside the historical record.

Two things are kept apart throughout. *Reproduction* re-runs the published validations number for number, and
:func:`ledger` marks every claim as reproduced, reproduced by a variant, or not reproducible. *Audit* asks
what those scores can tell: every rubric is also scored by null models, random parameters and the record
itself.

Nothing heavy is imported here: SciPy when a game is solved, matplotlib when a figure is drawn, SALib when
Sobol indices are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .audit import Audit, Sample
    from .case import Case, Run
    from .claims import Claim, Ledger, ledger
    from .dependencies import Dependency, interdependence
    from .record import Record, load_record, read_record
    from .report import CASES, Report, load_case, validate
    from .rubric import Quantity, Rubric, RubricError, Scorecard, read_rubric, score
    from .study import STUDIES, Study, Target, experiment

_HOME = {
    "audit": ("Audit", "Sample"),
    "case": ("Case", "Run"),
    "dependencies": ("Dependency", "interdependence"),
    "claims": ("Claim", "Ledger", "ledger"),
    "record": ("Record", "load_record", "read_record"),
    "report": ("CASES", "Report", "load_case", "validate"),
    "rubric": ("Quantity", "Rubric", "RubricError", "Scorecard", "read_rubric", "score"),
    "study": ("STUDIES", "Study", "Target", "experiment"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "CASES",
    "STUDIES",
    "Audit",
    "Case",
    "Claim",
    "Dependency",
    "Ledger",
    "Quantity",
    "Record",
    "Report",
    "Rubric",
    "RubricError",
    "Run",
    "Sample",
    "Scorecard",
    "Study",
    "Target",
    "experiment",
    "interdependence",
    "ledger",
    "load_case",
    "load_record",
    "load_rubric",
    "read_record",
    "read_rubric",
    "score",
    "validate",
]


def load_rubric(case: str, kind: str = "published") -> Rubric:
    """The rubric of a case: ``"published"``, or the discriminating one that is ``"ours"``.

    Parameters
    ----------
    case : {"slcd", "renault-nissan", "apache", "apple"}
    kind : {"published", "ours"}

    Returns
    -------
    Rubric

    Raises
    ------
    ValueError
        An unknown case or kind.
    """
    from .report import load_case
    from .rubric import KINDS, nearest

    if kind not in KINDS:
        raise ValueError(f"unknown kind of rubric {kind!r}; {nearest(kind, KINDS)}")
    return load_case(case).rubric(kind)  # type: ignore[arg-type]


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__
