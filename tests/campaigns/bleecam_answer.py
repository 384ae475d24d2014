"""Run BLEECAM's gallium case with BLEECAM's own code, and print its optimum as JSON.

To be run by a Python that has `bleecam` (0.1.0b1) and `pyomo`, `highspy`, `pandas`, `pyyaml`:
`python tests/campaigns/bleecam_answer.py`. The case file that its package lacks is made up here
from what its code and data say: periods 0 to 5, wafers demanded in the USA.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(find_spec("bleecam").submodule_search_locations[0])
DATA = ROOT / "cases" / "gallium" / "data" / "gallium"
MATERIALS = "GaAs_wafer", "GaN_wafer"


def declared() -> object:
    """The declarations of the case."""
    from bleecam.core.case_config import CaseConfig

    return CaseConfig(
        case="gallium",
        time_periods=tuple(range(6)),
        demand_location="US",
        demand_materials=MATERIALS,
        demand_source_process="wafer_market_mix",
        demand_sink_process="wafer_demand",
        data_dir=str(DATA),
        demand_flow="wafer_demand",
        baseline_scenario="baseline_Ga",
    )


def solved() -> dict[str, float]:
    """Optimum (USD) and carbon (kg CO2e) of the case at least cost."""
    import bleecam.core.case_config as config

    config.load_case_config = lambda _: declared()
    from bleecam.cases.gallium import gallium_pyomo as case
    from bleecam.core.lca_import import WEIGHTED_GWP_COL

    loaded = case.load_inputs(DATA, Path(tempfile.mkdtemp()), strict=False)
    model = case.build_model(loaded)
    said = case.solve_model(model, "appsi_highs")
    factors = loaded["impact_factors"][WEIGHTED_GWP_COL]
    carbon = sum(
        factors.get((int(key[0]), str(key[1]), str(key[2]), str(key[5])), 0.0)
        * model.flowQ[key].value
        for key in model.FlowArcs
    )
    return {"cost": said["objective_value"], "carbon": carbon, "short": len(said["demand_slack"])}


if __name__ == "__main__":
    answer = json.dumps({"data": str(DATA), **solved()})
    sys.stdout.write(answer + "\n")
