"""S-LCD: Samsung and Sony, 2004-2011 (TR-1): the case, put together from its model, its page and its data."""

from ...engine.case import Case
from . import model, page

CASE = Case(
    name="slcd",
    title="S-LCD: Samsung and Sony, 2004-2011",
    report="TR-1",
    data=model.DATA,
    environment="SLCD-v0",
    quantities=model.QUANTITIES,
    variants=model.variants,
    draws=model.draws,
    nulls=model.nulls,
    ablations=model.ablations,
    history=model.history,
    notes=page.notes,
    figure=page.draw,
    measures=model.measures,
    departures={
        "the box": (
            "levels lie in [.01, 100], whatever the endowments; the kernel's lie in [0, e_i]. No published run "
            "is near a bound."
        ),
    },
)
