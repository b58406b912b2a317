"""Apple iOS App Store, 2008-2024 (TR-4): the case, put together from its model, its page and its data."""

from ...engine.case import Case
from . import model, page

CASE = Case(
    name="apple",
    title="Apple iOS App Store, 2008-2024",
    report="TR-4",
    data=model.DATA,
    quantities=model.QUANTITIES,
    variants=model.variants,
    draws=model.draws,
    nulls=model.nulls,
    ablations=model.ablations,
    history=model.history,
    seeds=model.seeds,
    comparison=page.comparison,
    notes=page.notes,
    figure=page.draw,
)
