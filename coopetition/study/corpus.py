"""The published corpus: a study's tables, one file each, with Croissant metadata, a datasheet and audited networks."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from coopetition.policies.tensors import read_tensors, write_tensors
from coopetition.study.backgrounds import half
from coopetition.study.choice import choose_settings
from coopetition.study.croissant import write_croissant
from coopetition.study.datasheet import write_datasheet
from coopetition.study.plan import Job, Scale, exclusions, first_jobs, jobs_after
from coopetition.study.shards import BrokenShard, ShardStore, write_table
from coopetition.study.tables import SCHEMAS, frame, schema

TABLES = tuple(SCHEMAS)
#: In which order rows are published, so that the same study gives the same files.
ORDER = {
    "runs": ["environment", "reward_mode", "algorithm", "seed"],
    "curves": ["environment", "reward_mode", "algorithm", "seed", "environment_steps"],
    "reference": ["environment", "reward_mode", "policy", "seed"],
    "audit": [
        "environment",
        "reward_mode",
        "algorithm",
        "seed",
        "audit",
        "agent",
        "level",
        "start",
        "steps",
        "partner_seed",
        "label",
    ],
    "crossplay": ["environment", "reward_mode", "kind", "focal", "field", "seat"],
    "scenarios": ["environment", "reward_mode", "scenario", "entrant"],
    "yardsticks": ["environment", "reward_mode"],
    "longer": ["environment", "reward_mode", "algorithm", "seed", "environment_steps"],
    "settings": ["algorithm", "environment", "reward_mode", "candidate", "seed"],
    "chosen": ["algorithm", "candidate"],
    "submitted": ["environment", "reward_mode", "algorithm", "seed"],
    "excluded": ["environment", "algorithm"],
}
#: Tables in which two shards may not have a record of the same thing.
ONCE = ("runs", "reference", "yardsticks", "longer", "settings")
#: The audited policies' networks are published in half precision if that keeps the corpus under this size.
MOST_BYTES = 25_000_000


def collect(store: ShardStore, names: Iterable[str] | None = None) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """All tables of a study's shards.

    Parameters
    ----------
    store : ShardStore
    names : iterable of str, optional
        Which shards; all by default.

    Returns
    -------
    tables : dict of str to polars.DataFrame
        Sorted by `ORDER`.
    broken : list of str
        What is wrong with shards that were left out.
    """
    parts: dict[str, list[pl.DataFrame]] = {table: [] for table in TABLES}
    broken = []
    for name in store.names() if names is None else names:
        try:
            shard = store.read(name)
        except BrokenShard as error:
            broken.append(str(error))
            continue
        for table, rows in shard.tables.items():
            parts[table].append(rows)
    excluded = store.folder / "excluded.parquet"
    if excluded.exists():
        parts["excluded"].append(pl.read_parquet(excluded))
    if parts["settings"]:
        parts["chosen"].append(choose_settings(pl.concat(parts["settings"])))
    tables = {
        table: pl.concat([pl.DataFrame(schema=schema(table)), *found]).sort(ORDER[table], nulls_last=True)
        for table, found in parts.items()
    }
    return tables, broken


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def shards_of(store: ShardStore, scale: Scale, extra: Iterable[Job] = ()) -> tuple[list[str], list[Job]]:
    """What there is of a scale, with the code and settings of now, and what is missing.

    Parameters
    ----------
    store : ShardStore
    scale : Scale
    extra : iterable of Job
        Jobs beside the scale's, such as a search's.

    Returns
    -------
    names : list of str
        Of the shards.
    missing : list of Job
        Training and reference jobs that have not been run.
    """
    from coopetition.study.engine import trained_shards
    from coopetition.study.fingerprint import shard_name

    first = first_jobs(scale)
    trained = trained_shards(store, first)
    second = [job for environment in scale.environments for job in jobs_after(scale, environment, trained)]
    names, lacking = [], []
    for job in (*first, *second, *extra):
        name = shard_name(job)
        if store.has(name):
            names.append(name)
        elif job.kind in ("train", "reference"):
            lacking.append(job)
    return sorted(names), lacking


def publish(
    folder: str | Path,
    target: str | Path,
    *,
    names: Iterable[str] | None = None,
    scale: Scale | None = None,
    keep: bool = False,
) -> dict[str, Any]:
    """Write the corpus of a study, whole or as far as it has come.

    Parameters
    ----------
    folder : path
        Of its shards.
    target : path
        Made if it does not exist; files of an earlier corpus in it are replaced, submissions to it stay.
    names : iterable of str, optional
        Which shards; all by default.
    scale : Scale, optional
        Only what there is of this scale, with the code and settings of now, and whatever was searched or trained for
        longer. Cells of it that have not been run are listed among the excluded, so that each has a record or a reason.
    keep : bool
        Whether the records of the corpus in `target` stay for environments that the folder has nothing of: a study may
        be run in pieces, an environment is not.

    Returns
    -------
    dict
        ``rows`` by table, ``bytes``, ``broken`` shards, ``networks``, the number of policies published, and
        ``missing``, the number of cells that have not been run.

    Raises
    ------
    ValueError
        There is nothing to publish, or two shards have records of the same thing.
    """
    store = ShardStore(folder)
    lacking: list[Job] = []
    if scale is not None:
        mine, lacking = shards_of(store, scale)
        chosen = mine + [name for name in store.names() if name.startswith(("settings-", "longer-"))]
    else:
        chosen = store.names() if names is None else list(names)
    tables, broken = collect(store, chosen)
    if not tables["runs"].height and not tables["reference"].height:
        raise ValueError(f"{folder}: there is no shard with a record in it")
    for table in ONCE:
        _check_once(table, tables[table])
    tables = on_scale(tables)
    if scale is not None:
        tables["excluded"] = excluded_cells(scale, lacking)
    tables["shards"] = pl.DataFrame(
        [{"shard": name, **_provenance(store, name)} for name in chosen if store.has(name)],
        schema={"shard": pl.String, "status": pl.String, "job": pl.String, "files": pl.String},
    )
    home = Path(target)
    home.mkdir(parents=True, exist_ok=True)
    kept = _earlier_environments(home) - _environments(tables) if keep else set()
    if kept:
        tables = {table: _with_earlier(table, rows, home, kept) for table, rows in tables.items()}
    if (home / "submitted.parquet").exists():
        tables["submitted"] = pl.read_parquet(home / "submitted.parquet")
    for table, rows in tables.items():
        write_table(rows, home / f"{table}.parquet", 15)
    (home / "LICENSE").write_text(LICENCE, encoding="utf-8")
    describe_corpus(home)
    networks = _publish_networks(store, chosen, tables["audit"], home, kept)  # as many as fit beside all else
    size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    return {
        "rows": {table: rows.height for table, rows in tables.items()},
        "bytes": size,
        "broken": broken,
        "networks": networks,
        "missing": sum(job.environment not in kept for job in lacking),
    }


def on_scale(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Tables whose yardsticks, and places on them, are those of the oracles that there are now.

    What was observed stays: an optimum or an equilibrium that was found since is one for old records too. A game that
    draws keeps its own, which are plans played on the draws of its evaluation.
    """
    from coopetition.study.arena import draws
    from coopetition.study.measuring import derived, game_of, scale_of

    found = dict(tables)

    def stays(row: Mapping[str, Any]) -> bool:
        return row["status"] != "done" or draws(game_of(row["environment"], row["reward_mode"]))

    for table in ("runs", "reference", "longer"):
        rows = tables[table].to_dicts()
        for row in rows:
            if not stays(row):
                numbers = (np.asarray(row[name], dtype=np.float64) for name in ("returns", "payoffs"))
                row.update(derived(row["environment"], row["reward_mode"], *numbers))
        found[table] = pl.DataFrame(rows, schema=tables[table].schema)
    yardsticks = tables["yardsticks"].to_dicts()
    for row in yardsticks:
        if not draws(game_of(row["environment"], row["reward_mode"])):
            row.update(scale_of(row["environment"], row["reward_mode"]))
    found["yardsticks"] = pl.DataFrame(yardsticks, schema=tables["yardsticks"].schema)
    return found


def _environments(tables: Mapping[str, pl.DataFrame]) -> set[str]:
    """Of which there are records."""
    return {one for table in ("runs", "reference") for one in tables[table]["environment"].unique()}


def _earlier_environments(home: Path) -> set[str]:
    """Of which the corpus in a folder has records; none where there is no corpus."""
    if not (home / "shards.parquet").exists():
        return set()
    return _environments({table: pl.read_parquet(home / f"{table}.parquet") for table in ("runs", "reference")})


def _with_earlier(table: str, rows: pl.DataFrame, home: Path, kept: set[str]) -> pl.DataFrame:
    """A table whose rows of some environments are those that the corpus in a folder has."""
    earlier = pl.read_parquet(home / f"{table}.parquet")
    if table in ("settings", "chosen", "submitted"):  # of all environments together
        return rows if rows.height else earlier
    environment = pl.col("job").str.json_path_match("$.environment") if table == "shards" else pl.col("environment")
    of_them = environment.is_in(sorted(kept))
    both = pl.concat([rows.filter(~of_them), earlier.filter(of_them)])
    if table in ("longer", "shards"):  # what was trained for longer may be new where all else is kept
        new = rows.filter(of_them & pl.col("shard").str.starts_with("longer-"))
        both = pl.concat([both.filter(~pl.col("shard").is_in(new["shard"].unique().to_list())), new])
    return both.sort(ORDER.get(table, ["shard"]), nulls_last=True)


def _check_once(table: str, rows: pl.DataFrame) -> None:
    """Refuse two records of the same thing, such as a shard of today's code beside one of yesterday's."""
    key = ORDER[table]
    twice = rows.group_by(key).agg(pl.col("shard").unique()).filter(pl.col("shard").list.len() > 1)
    if twice.height:
        row = twice.row(0, named=True)
        what = ", ".join(str(row[name]) for name in key)
        raise ValueError(
            f"{table}: {what} has records in several shards, {' and '.join(sorted(row['shard']))}; "
            "publish one scale (--scale), or remove what is out of date"
        )


def excluded_cells(scale: Scale, lacking: Iterable[Job]) -> pl.DataFrame:
    """The table ``excluded``: cells that cannot be, and cells that have not been run."""
    rows = [
        {"environment": environment, "algorithm": algorithm, "kind": "impossible", "reason": reason}
        for algorithm, environment, reason in exclusions(scale)
    ]
    rows += [
        {
            "environment": job.environment,
            "algorithm": job.algorithm or "(reference policies)",
            "kind": "not run",
            "reason": "it has not been run yet",
        }
        for job in lacking
    ]
    return frame("excluded", rows).sort(ORDER["excluded"])


def describe_corpus(home: Path) -> None:
    """Write datasheet and metadata of the tables that there are."""
    write_datasheet(home / "DATASHEET.md", {table: pl.read_parquet(home / f"{table}.parquet") for table in TABLES})
    write_croissant(home)


LICENCE = """This corpus is published under the Creative Commons Attribution 4.0 International licence (CC-BY-4.0):
https://creativecommons.org/licenses/by/4.0/
"""


def _provenance(store: ShardStore, name: str) -> dict[str, str]:
    about = store.about(name)
    return {
        "status": about["status"],
        "job": json.dumps(about["job"], sort_keys=True),
        "files": json.dumps(about["files"], sort_keys=True),
    }


def _publish_networks(store: ShardStore, names: list[str], audit: pl.DataFrame, home: Path, kept: set[str]) -> int:
    """Write the networks of audited policies in half precision.

    Earlier networks of the environments that are kept stay. Where they would make the corpus too large, those of the
    last seed are left out, then those of the last but one, and so on; of the seed that fits in part, a sample by the
    hashes of their names, so that no learner, environment or mode goes first.
    """
    audited = set(audit.select("shard", "reward_mode", "seed").unique().iter_rows())
    folder = home / "networks"
    folder.mkdir(exist_ok=True)
    mine = tuple(f"{environment}-" for environment in kept)
    for path in folder.glob("*"):
        if not path.name.startswith(mine):
            path.unlink()
    for name in names:
        for path in sorted((store.path(name) / "networks").glob("*")):
            arrays, metadata = read_tensors(path)
            about = json.loads(metadata["policy"])
            if (name, about["reward_mode"], about["seed"]) not in audited:
                continue
            halves = {key: half(value) for key, value in arrays.items()}
            write_tensors(folder / f"{about['environment']}-{path.name}", halves, metadata)
    room = MOST_BYTES - sum(path.stat().st_size for path in home.rglob("*") if path.is_file() and path.parent != folder)
    count = 0
    for path in sorted(folder.glob("*"), key=_precedence):
        room -= path.stat().st_size
        if room < 0:
            path.unlink()
        else:
            count += 1
    return count


def _precedence(path: Path) -> tuple[int, str]:
    """A network's place among those that are published first: by seed, then as the hash of its name has it."""
    return int(path.stem.rpartition("-seed")[2]), hashlib.sha256(path.stem.encode()).hexdigest()


def write_archive(folder: str | Path, target: str | Path) -> Path:
    """Write the final networks of all runs to one archive (tar, gzip), by shard."""
    store = ShardStore(folder)
    path = Path(target)
    with tarfile.open(path, "w:gz") as archive:
        for name in store.names():
            store.check(name)
            for file in sorted((store.path(name) / "networks").glob("*")):
                archive.add(file, arcname=f"{name}/{file.name}")
    return path


def export_scores(corpus: str | Path) -> dict[str, Any]:
    """Scores in the layouts of rliable and marl-eval, training seeds as units.

    Returns
    -------
    dict
        ``rliable``: reward mode: algorithm: rows of seeds, columns of environments (efficiencies; empty where a cell
        does not exist), beside ``environments``; ``marl_eval``: environment: mode: algorithm: seed: step: returns, and
        ``absolute_metrics``, what the final policy was evaluated at.
    """
    home = Path(corpus)
    runs = pl.read_parquet(home / "runs.parquet").filter(pl.col("status") == "done")
    curves = pl.read_parquet(home / "curves.parquet")
    environments = sorted(runs["environment"].unique())
    place = {name: k for k, name in enumerate(environments)}
    tables: dict[str, Any] = {}
    for (mode, algorithm), rows in runs.group_by("reward_mode", "algorithm", maintain_order=True):
        seeds = sorted(rows["seed"].unique())
        scores = np.full((len(seeds), len(environments)), np.nan)
        for seed, environment, efficiency in rows.select("seed", "environment", "efficiency").iter_rows():
            scores[seeds.index(seed), place[environment]] = efficiency
        cells = [[None if np.isnan(x) else float(x) for x in row] for row in scores]
        tables.setdefault(str(mode), {})[str(algorithm)] = cells
    evaluation: dict[str, Any] = {}
    keys = ("environment", "reward_mode", "algorithm", "seed", "environment_steps", "payoff_total")
    for environment, mode, algorithm, seed, step, payoff in curves.select(*keys).iter_rows():
        runs_of = evaluation.setdefault(environment, {}).setdefault(mode, {}).setdefault(algorithm, {})
        steps = runs_of.setdefault(f"seed_{seed}", {})
        steps[f"step_{len(steps)}"] = {"step_count": step, "return": [payoff]}
    for environment, mode, algorithm, seed, payoff in runs.select(*keys[:4], "payoff_total").iter_rows():
        run = evaluation.get(environment, {}).get(mode, {}).get(algorithm, {}).get(f"seed_{seed}")
        if run is not None:
            run["absolute_metrics"] = {"return": [payoff]}
    return {"environments": environments, "rliable": tables, "marl_eval": evaluation}
