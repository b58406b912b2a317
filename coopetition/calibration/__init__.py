"""Calibration: the reports' validations re-run, audited, and set beside the historical record.

Two things are kept apart throughout. *Reproduction* re-runs the published validations number for number, and
:func:`ledger` marks every claim as reproduced, reproduced by a variant, or not reproducible. *Audit* asks
what those scores can tell: every rubric is also scored by null models, random parameters and the record
itself.

``engine/`` reads, scores, audits and reports, and knows no case; ``cases/`` has a folder a case; ``studies/`` the four
parameter studies. A case of one's own comes in through :func:`register_case`, or as a file of data alone.

Nothing heavy is imported here: SciPy when a game is solved, matplotlib when a figure is drawn, SALib when
Sobol indices are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .claims import Claim, Ledger, ledger
    from .engine.audit import Audit, Sample
    from .engine.case import Case, CaseData, Draws, Run
    from .engine.dependencies import Dependency, interdependence
    from .engine.files import RubricError
    from .engine.record import Record, read_record
    from .engine.registry import case_names, load_case, register_case, unregister_case
    from .engine.report import Report, validate
    from .engine.rubric import Quantity, Rubric, Scorecard, read_rubric, score
    from .studies.study import STUDIES, Study, Target, experiment

_HOME = {
    "claims": ("Claim", "Ledger", "ledger"),
    "engine.audit": ("Audit", "Sample"),
    "engine.case": ("Case", "CaseData", "Draws", "Run"),
    "engine.dependencies": ("Dependency", "interdependence"),
    "engine.files": ("RubricError",),
    "engine.record": ("Record", "read_record"),
    "engine.registry": ("case_names", "load_case", "register_case", "unregister_case"),
    "engine.report": ("Report", "validate"),
    "engine.rubric": ("Quantity", "Rubric", "Scorecard", "read_rubric", "score"),
    "studies.study": ("STUDIES", "Study", "Target", "experiment"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "STUDIES",
    "Audit",
    "Case",
    "CaseData",
    "Claim",
    "Dependency",
    "Draws",
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
    "case_names",
    "experiment",
    "interdependence",
    "ledger",
    "load_case",
    "load_record",
    "load_rubric",
    "read_record",
    "read_rubric",
    "register_case",
    "score",
    "unregister_case",
    "validate",
]


def load_record(case: str) -> Record:
    """The historical record of a case, such as ``"slcd"`` or ``"renault-nissan"``.

    Raises
    ------
    ValueError
        An unknown case.
    """
    from .engine.registry import load_case

    return load_case(case).record


def load_rubric(case: str, kind: str = "published") -> Rubric:
    """The rubric of a case: ``"published"``, or the discriminating one that is ``"ours"``.

    Parameters
    ----------
    case : str
        A name of :func:`case_names`.
    kind : {"published", "ours"}

    Returns
    -------
    Rubric

    Raises
    ------
    ValueError
        An unknown case or kind.
    """
    from .engine.registry import load_case

    return load_case(case).rubric(kind)  # type: ignore[arg-type]


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__
