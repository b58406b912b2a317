"""Apache HTTP Server, 1995-2023 (TR-3): the case, put together from its model, its page and its data."""

from ...engine.case import Case
from . import model, page

CASE = Case(
    name="apache",
    title="Apache HTTP Server, 1995-2023",
    report="TR-3",
    data=model.DATA,
    environment="ApacheProject-v0",
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
        "the lower bound": (
            "efforts lie in [.01, 50], the kernel's in [0, 50]: the total is the same wherever it exceeds the bound."
        ),
        "the teammates' sum": (
            "the abstract's figures weigh the sum of the teammates' payoffs, the released code's their mean; "
            "the kernel plays both (teammates=)."
        ),
    },
)
