"""Renault-Nissan, 1999-2025 (TR-2): the case, put together from its model, its page and its data."""

from ...engine.case import Case
from . import model, page

CASE = Case(
    name="renault-nissan",
    title="Renault-Nissan, 1999-2025",
    report="TR-2",
    data=model.DATA,
    environment="RenaultNissan-v0",
    quantities=model.QUANTITIES,
    variants=model.variants,
    draws=model.draws,
    nulls=model.nulls,
    ablations=model.ablations,
    history=model.history,
    comparison=page.comparison,
    notes=page.notes,
    figure=page.draw,
    measures=model.measures,
    departures={
        "no clip to the ceiling": (
            "trust is clipped to [0, 1] only; the kernel clips it to the ceiling 1 - R of before the step. One "
            "and the same until the second quarter of the crisis."
        ),
        "the swapped start": (
            "the published run starts T(Nissan in Renault) at 1.0, an entry of the wrong player; the corrected "
            "start is .55."
        ),
        "the product law": (
            "the variant behind the published hysteresis builds trust by lambda+ s (1 - T)(1 - R), not by "
            "lambda+ s max(0, 1 - R - T)."
        ),
    },
)
