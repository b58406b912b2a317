"""Renault-Nissan, 1999-2025 (TR-2): the case, put together from its model, its page and its data."""

from ...engine.case import Case
from . import model, page

CASE = Case(
    name="renault-nissan",
    title="Renault-Nissan, 1999-2025",
    report="TR-2",
    data=model.DATA,
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
)
