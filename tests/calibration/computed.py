"""What the tests of several files ask of the published cases and studies, computed once a process."""

from __future__ import annotations

from functools import cache

from coopetition import calibration


@cache
def reports() -> dict[str, calibration.Report]:
    """Every case validated, with its published number of draws."""
    return {name: calibration.validate(name) for name in calibration.case_names()}


@cache
def studies() -> dict[str, calibration.Study]:
    """Every parameter study of the reports."""
    return {name: calibration.experiment(name) for name in calibration.STUDIES}
