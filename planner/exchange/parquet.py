"""The tables of a plan as Parquet, one file each: typed columns, with their units and meanings in
the schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from planner.plan.plan import Plan
from planner.plan.schema import RESULTS, ResultTable
from planner.runtime.extras import needed


def write_parquet(plan: Plan, folder: Path) -> None:
    """Write `NAME.parquet` for each result table into a folder. Raises OutputError where pyarrow is
    missing."""
    parquet = needed("pyarrow.parquet", "parquet")
    folder.mkdir()
    for table in RESULTS:
        parquet.write_table(_arrow(table, plan), folder / f"{table.name}.parquet")


def _arrow(table: ResultTable, plan: Plan) -> Any:
    """An Arrow table with the meaning of each column, and of the table, in its schema."""
    pyarrow = needed("pyarrow", "parquet")
    kinds = {
        "text": pyarrow.string(),
        "number": pyarrow.float64(),
        "year": pyarrow.int64(),
        "truth": pyarrow.bool_(),
    }
    schema = pyarrow.schema(
        [
            pyarrow.field(
                f.name, kinds[f.kind], nullable=f.optional, metadata={"description": f.meaning}
            )
            for f in table.fields
        ],
        metadata={
            "description": table.meaning,
            "study": plan.record.study,
            "scenario": plan.record.scenario,
            "inputs_hash": plan.record.inputs_hash,
            "overrides": json.dumps(dict(plan.record.overrides)),
            **({"unsealed": plan.unsealed} if plan.unsealed else {}),
        },
    )
    return pyarrow.Table.from_pandas(plan.tables[table.name], schema=schema, preserve_index=False)
