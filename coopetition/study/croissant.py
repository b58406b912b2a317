"""Croissant 1.0 metadata of a folder of Parquet files, with the responsible-AI fields that venues for datasets ask
for.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

import coopetition
from coopetition.study.tables import SCHEMAS

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
KINDS = {
    "String": "sc:Text",
    "Float64": "sc:Float",
    "Float32": "sc:Float",
    "Int64": "sc:Integer",
    "Boolean": "sc:Boolean",
}

RESPONSIBLE = {
    "rai:dataCollection": "Computed by `coopetition study run`: learners trained on simulated games, then evaluated.",
    "rai:dataCollectionType": "Experiments",
    "rai:dataPreprocessingProtocol": "Curves are thinned to 50 points, means over the episodes of neighbouring rows; "
    "published networks are in half precision. Nothing else was changed or left out.",
    "rai:dataImputationProtocol": "None: what is not defined is empty.",
    "rai:dataAnnotationProtocol": "The audit's classes follow from its rows of kind `timing`, by a rule.",
    "rai:machineAnnotationTools": "coopetition.study.audit.classify",
    "rai:dataBiases": "One set of hyper-parameters an algorithm for all games, chosen on four of them; games are "
    "closed forms of one school of thought about cooperation among organisations.",
    "rai:dataLimitations": "Exploitability and optima are lower bounds found by search. Where `rising` is large, "
    "curves had not flattened.",
    "rai:dataUseCases": "Comparing learners and reward modes; testing methods of evaluation; studying behaviour of "
    "trained policies. Not evidence about organisations or people.",
    "rai:personalSensitiveInformation": "None: no person took part.",
    "rai:dataSocialImpact": "None expected beyond what research on cooperation has.",
    "rai:dataReleaseMaintenancePlan": "A change of environments or learners makes new records under new hashes.",
}


def _field(table: str, name: str, dtype: Any, about: str) -> dict[str, Any]:
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    made: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table}/{name}",
        "name": name,
        "description": about or name,
        "dataType": KINDS[str(inner)],
        "source": {"fileObject": {"@id": f"{table}.parquet"}, "extract": {"column": name}},
    }
    if isinstance(dtype, pl.List):
        made["repeated"] = True
    return made


def describe(
    folder: Path, name: str, description: str, meanings: Mapping[str, Mapping[str, str]], extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Croissant metadata of the Parquet files in a folder.

    Parameters
    ----------
    folder : Path
    name, description : str
        Of the dataset.
    meanings : dict
        Table: column: what it means.
    extra : dict
        More properties of the dataset.
    """
    files, records = [], []
    for path in sorted(folder.glob("*.parquet")):
        table = path.stem
        files.append(
            {
                "@type": "cr:FileObject",
                "@id": path.name,
                "name": path.name,
                "contentUrl": path.name,
                "encodingFormat": "application/x-parquet",
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "contentSize": f"{path.stat().st_size} B",
            }
        )
        columns = pl.read_parquet_schema(path)
        records.append(
            {
                "@type": "cr:RecordSet",
                "@id": table,
                "name": table,
                "field": [
                    _field(table, column, dtype, meanings.get(table, {}).get(column, ""))
                    for column, dtype in columns.items()
                ],
            }
        )
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": name,
        "description": description,
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "creator": {"@type": "sc:Organization", "name": "The coopetition authors"},
        "datePublished": datetime.date.today().isoformat(),
        "version": coopetition.__version__,
        **extra,
        "distribution": files,
        "recordSet": records,
    }


def write_croissant(folder: Path) -> Path:
    """Write ``croissant.json`` of a study's corpus."""
    meanings = {table: {name: column.about for name, column in columns.items()} for table, columns in SCHEMAS.items()}
    made = describe(
        folder,
        "coopetition-reference-study",
        "Sixteen learners on mixed-motive games under three reward modes: run records, learning curves, reference "
        "policies, a behavioural audit of the trained policies, cross-play and held-out scenarios.",
        meanings,
        {
            "citeAs": "The coopetition authors, Reference study of learning in mixed-motive games, "
            f"version {coopetition.__version__}.",
            "keywords": ["multi-agent reinforcement learning", "cooperation", "game theory", "benchmark"],
            **RESPONSIBLE,
        },
    )
    path = folder / "croissant.json"
    path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return path
