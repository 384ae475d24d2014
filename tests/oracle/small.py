"""Studies of a few rows, written by hand, each for one question (QUESTIONS.md, DISAGREEMENTS.md).

A study is a text: its `study.toml`, then each table after a line `== name`; units and sources that
do not matter are filled in.
"""

from __future__ import annotations

import csv
from pathlib import Path

HEAD = """title = "Small"
country = "Home"
metals = ["lithium"]
currency_year = 2021
"""

UNITS = {
    "demand": "t/year",
    "coefficients": "t/t",
    "collection": "1",
    "hosts": "kt/year",
    "uses": "t/t",
}
PARAMETER_UNITS = {
    "equivalent": "t/t",
    "content": "t/t",
    "opening_stock": "t",
    "closing_stock": "t",
    "max_stock": "t",
    "holding_cost": "USD_2021/t/year",
    "max_activity": "t/year",
    "min_activity": "t/year",
    "observed": "t/year",
    "host_content": "t/t",
    "direct_emission": "tCO2e/t",
    "electricity": "MWh/t",
    "transport_emission": "tCO2e/t",
    "embodied_emission": "tCO2e/t",
    "existing_capacity": "t/year",
    "under_construction": "t/year",
    "capital_cost": "USD_2021/(t/year)",
    "fixed_cost": "USD_2021/(t/year)/year",
    "life": "year",
    "lead_time": "year",
    "lifetime_mean": "year",
    "lifetime_sd": "year",
    "lifetime_shape": "1",
    "longer": "year",
    "delay": "year",
    "inflow": "t/year",
    "stock": "t",
    "reserve": "t",
    "additions": "t/year",
    "most": "t",
    "growth": "1/year",
    "decline": "1/year",
    "stopping_cost": "USD_2021/t",
    "step": "t/year/year",
    "ratio": "t/t",
    "grid_intensity": "tCO2e/MWh",
    "carbon_price": "USD_2021/tCO2e",
    "foreign_emission_index": "1",
    "direct_emission_index": "1",
}


def unit(table: str, row: dict[str, str]) -> str:
    """Unit of a number."""
    if table in UNITS:
        return UNITS[table]
    if row.get("parameter") == "potential":
        return "1" if table == "measure_values" else "t/year"
    name = row.get("parameter") or row.get("series", "")
    return PARAMETER_UNITS.get(name, "USD_2021/t")


def write(text: str, folder: Path) -> Path:
    """Write a study folder."""
    head, *tables = text.strip().split("== ")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line.strip() for line in head.splitlines()]
    (folder / "study.toml").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    for block in tables:
        name, *rows = [line.strip() for line in block.strip().splitlines()]
        write_table(name, list(csv.DictReader(rows)), folder)
    return folder


def write_table(name: str, rows: list[dict[str, str]], folder: Path) -> None:
    """Write a table, with a unit and a source where there is a value."""
    for row in rows:
        if "value" in row:
            row.setdefault("unit", unit(name, row))
            row.setdefault("source", "made")
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


TWO_STEPS = """
    discount_rate = 0.0
    [years]
    first = 2021
    last = 2021
    [policies.cap]
    kind = "import_share"
    source = "made"
    metal = "lithium"
    origin = "Chile"
    share = 0.4
    == goods
    good,metal,kind,stage,export
    lithium/port,lithium,intermediate,extraction,
    lithium/ore,lithium,intermediate,extraction,
    lithium/refined,lithium,refined,processing,
    == good_values
    good,metal,parameter,value
    lithium/port,lithium,equivalent,1
    lithium/ore,lithium,equivalent,1
    lithium/refined,,shortage_cost,1000
    == demand
    good,value
    lithium/refined,100
    == processes
    process,kind,stage,pathway,origin,loss
    buy,import,extraction,,Chile,lost
    ship,import,extraction,,Chile,lost
    refine,refine,processing,foreign primary,,lost
    home,mine,processing,domestic primary,,lost
    == coefficients
    process,good,direction,value
    buy,lithium/port,out,1
    ship,lithium/port,in,1
    ship,lithium/ore,out,1
    refine,lithium/ore,in,1
    refine,lithium/refined,out,1
    home,lithium/refined,out,1
    == process_values
    process,parameter,value
    buy,import_price,10
    home,variable_cost,50
"""

DIRECT_RECYCLER = """
    discount_rate = 0.0
    [years]
    first = 2021
    last = 2021
    == goods
    good,metal,kind,stage,export
    lithium/waste,lithium,waste,use,
    lithium/refined,lithium,refined,processing,
    == good_values
    good,metal,parameter,value
    lithium/refined,,shortage_cost,1000
    == demand
    good,value
    lithium/refined,100
    == processes
    process,kind,stage,pathway,origin,loss
    recycle,recycle,recycling,domestic secondary,,lost
    == coefficients
    process,good,direction,value
    recycle,lithium/waste,in,1
    recycle,lithium/refined,out,1
    == products
    product,metal,waste,distribution
    things,,lithium/waste,fixed
    == product_values
    product,parameter,value
    things,lifetime_mean,1
    == cohorts
    product,parameter,year,value
    things,inflow,2020,80
    == collection
    good,value
    lithium/waste,0.5
"""

TINY_SHARE = """
    discount_rate = 0.05
    [years]
    periods = [2021, 2022]
    last = 2023
    == goods
    good,metal,kind,stage,export
    lithium/goods,lithium,product,manufacture,
    lithium/waste,lithium,waste,use,
    lithium/refined,lithium,refined,processing,
    == good_values
    good,metal,parameter,value
    lithium/goods,,shortage_cost,7090
    == demand
    good,value
    lithium/goods,43.41
    == measures
    measure,kind,good
    instead,substitution,lithium/goods
    == measure_values
    measure,parameter,value
    instead,cost,582.2
    instead,potential,0.5346
    == processes
    process,kind,stage,pathway,origin,loss
    mine,mine,processing,domestic primary,,lost
    == coefficients
    process,good,direction,value
    mine,lithium/refined,out,1
    == products
    product,metal,waste,distribution
    things,,lithium/waste,lognormal
    == product_values
    product,parameter,value
    things,lifetime_mean,10.41
    things,lifetime_sd,2.9835
    == uses
    product,good,value
    things,lithium/goods,0.9472
"""

FOREIGN_BYPRODUCT = """
    discount_rate = 0.0
    [years]
    first = 2021
    last = 2021
    [policies.home]
    kind = "self_sufficiency"
    source = "made"
    metal = "lithium"
    stages = ["extraction"]
    share = 0.5
    provenance = "home"
    == goods
    good,metal,kind,stage,export
    lithium/ore,lithium,intermediate,extraction,
    lithium/ore_abroad,lithium,intermediate,extraction,
    lithium/refined,lithium,refined,processing,
    == good_values
    good,metal,parameter,value
    lithium/ore,lithium,equivalent,1
    lithium/ore_abroad,lithium,equivalent,1
    lithium/refined,,shortage_cost,1000
    == demand
    good,value
    lithium/refined,100
    == processes
    process,kind,stage,pathway,origin,loss
    residue,byproduct,extraction,,Peru,lost
    mine,mine,extraction,,,lost
    refine_home,refine,processing,domestic primary,,lost
    refine_abroad,refine,processing,foreign primary,,lost
    == coefficients
    process,good,direction,value
    residue,lithium/ore_abroad,out,1
    mine,lithium/ore,out,1
    refine_home,lithium/ore,in,1
    refine_home,lithium/refined,out,1
    refine_abroad,lithium/ore_abroad,in,1
    refine_abroad,lithium/refined,out,1
    == process_values
    process,parameter,value
    residue,variable_cost,10
    mine,variable_cost,50
"""
