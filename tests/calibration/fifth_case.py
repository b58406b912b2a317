"""A fifth case in one file of a user's own package: who gives how much in a dilemma, and how much trust it leaves."""

import numpy as np

import coopetition
from coopetition.calibration import Case, CaseData, Quantity, Run, register_case

SOURCE = "minutes of the association, invented for this test"
TABLES = {
    "record": {
        "case": "fifth",
        "title": "A fifth case",
        "report": "ours",
        "about": "One documented band and one level.",
        "players": ["agent_0", "agent_1"],
        "figures": [
            {"id": "final_trust", "value": [0.6, 1.0], "unit": "trust", "what": "Trust after ten meetings",
             "source": SOURCE, "status": "ours"},
            {"id": "mean_rate", "value": 0.5, "unit": "rate", "what": "What was given", "source": SOURCE,
             "status": "ours"},
        ],
    },
    "draws": {"seed": 5, "count": 100, "note": "rates over their domain", "stated": {"rate": [0.4, 0.8]},
              "wide": {"rate": [0.0, 1.0]}},
    "rubric": {
        "name": "fifth", "case": "fifth", "kind": "published", "title": "Two points", "source": SOURCE, "total": 2,
        "phases": [], "categories": [{"id": "trust", "points": 2}],
        "criteria": [{"id": "trusting", "category": "trust", "sentence": "Trust ends above .6", "points": 2,
                      "evidence": "the band", "source": SOURCE, "quantity": "final_trust", "rule": {"above": 0.6}}],
    },
    "rubric-ours": {
        "name": "fifth-ours", "case": "fifth", "kind": "ours", "title": "Distance", "source": SOURCE, "total": 2,
        "phases": [], "categories": [{"id": "distance", "points": 2}],
        "criteria": [{"id": "level", "category": "distance", "sentence": "Trust near .8", "points": 2,
                      "evidence": "the band's middle", "source": SOURCE, "quantity": "trust_error",
                      "rule": {"ramp": [0.4, 0.0]}}],
    },
}  # fmt: skip
QUANTITIES = {
    q.name: q
    for q in (
        Quantity("mean_rate", "what both give", "rate"),
        Quantity("final_trust", "mean trust after ten steps", "trust"),
        Quantity("trust_error", "distance of final trust from .8", "trust"),
    )
}


def run(label, rates):
    """Both agents give one rate for ten steps, B games at once."""
    rates = np.atleast_1d(rates)
    batch = coopetition.batch("TrustDilemma-v0", num_envs=len(rates), autoreset="disabled")
    batch.reset(seed=0)
    for _ in range(10):
        batch.step(np.repeat(rates[:, None], 2, axis=1))
    trust = batch.read("trust")[:, [0, 1], [1, 0]].mean(axis=1)
    return Run(label, {"mean_rate": rates, "final_trust": trust, "trust_error": np.abs(trust - 0.8)})


CASE = register_case(
    Case(
        name="fifth",
        title="A fifth case",
        report="ours",
        data=CaseData("fifth_case.py", TABLES),
        quantities=QUANTITIES,
        variants=lambda: (run("both give half", 0.5), run("both give little", 0.2)),
        draws=lambda rng, count, ranges: run(ranges, CASE.data.draws.sample(rng, count, ranges)["rate"]),
        nulls=lambda rng, count: (run("uniform rates", rng.uniform(size=count)),),
        ablations=lambda: (run("nothing given", 0.0),),
        history=lambda: Run(
            "the record", {"mean_rate": np.array([0.5]), "final_trust": np.array([0.8]), "trust_error": np.zeros(1)}
        ),
    )
)
