"""Apple iOS App Store, 2008-2024 (TR-4): the case, put together from its model, its page and its data."""

from ...engine.case import Case
from . import model, page

CASE = Case(
    name="apple",
    title="Apple iOS App Store, 2008-2024",
    report="TR-4",
    data=model.DATA,
    environment="AppleAppStore-v0",
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
    departures={
        "adjustment": (
            "actions follow by a_i + .12 response_i - .05 (a_i - b_i) + noise; in the environment agents "
            "choose. The response is the kernel's."
        ),
        "the adapting baseline": (
            "what is expected moves by b <- .92 b + .08 a, not as a moving average over k steps."
        ),
        "the unsaturated signal": "trust reads a_j - b_j itself, not its hyperbolic tangent.",
        "the ceiling": "trust is held under min(.90, 1 - .60 R), not under 1 - R.",
        "the order of the step": (
            "signals, responses and trust all read the values at t; the kernel moves trust first and pays with it."
        ),
        "shocks": "three quarters begin with changes of actions that are put in by hand.",
    },
)
