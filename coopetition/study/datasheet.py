"""The datasheet of a corpus, after Gebru et al. (2021), Datasheets for datasets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from coopetition.study.tables import SCHEMAS


def write_datasheet(path: Path, tables: Mapping[str, pl.DataFrame]) -> Path:
    """Write the datasheet; what it says of amounts is counted."""
    runs = tables["runs"]
    failed = runs.filter(pl.col("status") == "failed").height
    audited = tables["audit"].select("shard", "reward_mode", "seed").unique().height
    counts = "\n".join(f"| `{table}.parquet` | {rows.height:,} |" for table, rows in tables.items())
    columns = "\n\n".join(
        f"### {table}\n\n| column | meaning |\n|---|---|\n"
        + "\n".join(f"| `{name}` | {column.about} |" for name, column in SCHEMAS[table].items())
        for table in tables
    )
    excluded = tables["excluded"]
    not_run = excluded.filter(pl.col("kind") == "not run").height
    whole = (
        "No: every cell of algorithms, environments, modes and seeds is there, or stands in\n`excluded.parquet` with "
        "the reason why it does not exist."
    )
    part = (
        f"It is part of a study that is being run: {not_run:,} jobs of it have not been yet, and are\nlisted in "
        "`excluded.parquet`, as are the cells that do not exist, with the reason. Every environment that is there\nmay "
        "lack learners; compare only what that table allows."
    )
    outside = tables["submitted"].height
    submitted = (
        f"\n**From others?** {outside:,} rows of `submitted.parquet` were reported from outside, and checked for "
        "form and consistency\nonly; the study's own are in `runs.parquet`."
        if outside
        else ""
    )
    text = f"""# Datasheet

After Gebru et al., Datasheets for datasets, Communications of the ACM 64 (2021).

## Motivation

**Why was it made?** To answer whether the reward layer changes what learners do in mixed-motive games, and how far each
is from what theory says, with records that anybody can make again. **By whom?** The authors of the package coopetition.
**Who paid?** Nobody; it takes hours on an ordinary machine.

## Composition

**What are the instances?** Training runs ({runs.height:,}, of which {failed:,} failed, with their tracebacks), their
learning curves, evaluations of reference policies, audits of {audited:,} trained policies, matches of cross-play, and
held-out scenarios.

| file | rows |
|---|---:|
{counts}

**Is it a sample?** {part if not_run else whole}
**Labels?** The audit's classes follow from its rows of kind `timing`, by a rule
that stands in the package. **Missing values?** Empty where a quantity is not defined. **Relations?** Records name their
shard; `shards.parquet` names each shard's job and checksums. **Splits?** Scenarios have a train and a test split.
**Errors and noise?** Exploitability, best responses and optima are lower bounds found by search. All agents are asked
what they gain by leaving their policies; in games of more than eight, eight that are evenly spread, one of each role
among them, and the sum over agents is left empty. Where a game draws (SynergySearch), everything that is compared is
played under the same draws: learners on as many episodes as a reference policy's rows together, audits, matches and
scenarios over the same few for everybody, and efficiencies divide by what the best plan known earns in the same
episodes. Statistics should take training seeds as units. **Self-contained?** Yes. **Confidential, offensive, about
people?** No.{submitted}

## Collection

**How?** By `coopetition study run` (embedded Ray, one job a core), from seeded generators; the same call gives the same
numbers on one machine. Times and hardware differ. **Who, when?** Programs, on the dates of the shards. **Ethics?** No
persons took part.

## Preprocessing

Curves are thinned to 50 points: means over the episodes of neighbouring rows, with how many those are. Copies begin
together, so that many points have no episode, and others very unlike numbers: weigh by them. Networks in `networks/`
are audited policies' in half precision: as many as fit into 25 MB, those of the first seeds first, and of a seed that
fits in part a sample by the hashes of their names. Nothing else was cleaned or left out.

## Uses

**Has it been used?** For the report in the package's docs. **For what else?** Comparing methods of evaluation, ranking
by cross-play, studying when deviations pay.
**What should it not be used for?** As evidence about organisations or people.

## Distribution and maintenance

Under CC-BY-4.0, with the package. A change of an environment or a learner makes new records under new hashes;
`coopetition study run` makes what is missing.

## Columns

{columns}

In `audit`, `value` is by kind of audit: the agent's return under the constant (`surface`), the gain of the best
deviation found (`deviation`: searched for quickly for every agent that is asked, and by climbing besides for one of
each role of the first seeds), the return under the deviation (`timing`, whose starts are shares of the episode as it is
when nobody leaves, and `optimal` for the best level and start on a finer grid), the others' mean rate so many steps
after the defection (`impulse`), the return among partners of another seed (`partners`), and the largest gain in time of
all agents as a share of the agent's own return (`class`, whose `reference` is the share from which a gain counts, and
whose `steps` the length of the episode when nobody leaves: late is its last fifth).
"""
    path.write_text(text, encoding="utf-8")
    return path
