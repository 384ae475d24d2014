"""The chains of lithium, cobalt and batteries hold the merit order, the balances of 2021 and the
traps that the data warn of."""

from __future__ import annotations

import pytest

from models.china.derive import batteries, black_mass, cobalt, lithium, packs
from models.china.derive.common import CHARGE_LIFE, CHARGE_RATE, Facts, Row
from models.china.derive.supply import ceiling, judged, open_order, standing

ANNUITY = CHARGE_RATE / (1 - (1 + CHARGE_RATE) ** -CHARGE_LIFE)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    facts = Facts()
    return [
        *lithium.rows(facts),
        *cobalt.rows(facts),
        *batteries.rows(facts),
        *black_mass.rows(facts),
    ]


def number(
    rows: list[Row], table: str, *, scenario: str = "", year: int | str = "", **keys: str
) -> float:
    found = [
        float(row["value"])
        for name, row in rows
        if name == table
        and "value" in row
        and row["scenario"] == scenario
        and row["year"] == year
        and all(row[key] == value for key, value in keys.items())
    ]
    assert len(found) == 1, (keys, found)
    return found[0]


def cost(
    rows: list[Row], process: str, parameter: str = "variable_cost", year: int | str = ""
) -> float:
    return number(rows, "process_values", process=process, parameter=parameter, year=year) / 1000


def price(rows: list[Row], process: str) -> float:
    """What an import cost in 2021."""
    return cost(rows, process, "import_price", 2021)


def capital(rows: list[Row], plant: str) -> float:
    return ANNUITY * number(rows, "plants", plant=plant, parameter="capital_cost") / 1000


def intake(rows: list[Row], process: str, good: str) -> float:
    return number(rows, "coefficients", process=process, good=good, direction="in")


def test_merit_order_of_2021_is_that_of_the_data(rows: list[Row]) -> None:
    """With capital put back: brine 24, lepidolite 55 USD/kg (data/README.md); spodumene 0.93 x
    (35.3, the mean of four deposits, less conversion 13.3) + 1.66 of capital + 13.3 = 35.4; as paid
    at the border: carbonate 37.6, ore 33.0 / 0.85 + 13.3 = 52.1. Conversion charged twice would
    make ore 65.4, a price read as per kg refined 46.3."""
    convert = cost(rows, "refine_lithium_concentrate_home") + capital(rows, "lithium_converter")
    ore = intake(rows, "refine_lithium_concentrate_imported", "lithium/concentrate_imported")
    micaceous = intake(rows, "refine_lithium_lepidolite_home", "lithium/lepidolite_home")
    delivered = {
        "brine": cost(rows, "mine_lithium_brine") + capital(rows, "lithium_brine"),
        "spodumene": cost(rows, "mine_lithium_spodumene") * ore
        + capital(rows, "lithium_spodumene")
        + convert,
        "imported ore": price(rows, "import_lithium_ore_australia") * ore + convert,
        "lepidolite": cost(rows, "mine_lithium_lepidolite") * micaceous
        + capital(rows, "lithium_lepidolite")
        + convert,
        "carbonate": price(rows, "import_lithium_carbonate_chile"),
    }
    wanted = {
        "brine": 24.0,
        "spodumene": 35.41,
        "imported ore": 52.14,
        "lepidolite": 55.0,
        "carbonate": 37.61,
    }
    assert delivered == pytest.approx(wanted, abs=0.05)


def test_cobalt_of_2021_costs_what_the_data_say(rows: list[Row]) -> None:
    """Home 25; as paid in 2021 hydroxide 48.15 / 0.97 + 5 = 54.6, refined 46.3 USD/kg."""
    refine = cost(rows, "refine_cobalt_hydroxide") + capital(rows, "cobalt_refinery")
    per = intake(rows, "refine_cobalt_hydroxide", "cobalt/intermediate_imported")
    assert cost(rows, "mine_cobalt_byproduct") * per + refine == pytest.approx(25.0, abs=0.05)
    hydroxide = price(rows, "import_cobalt_hydroxide_drc")
    assert hydroxide * per + refine == pytest.approx(54.6, abs=0.05)
    assert price(rows, "import_cobalt_refined_finland") == pytest.approx(46.29, abs=0.01)


@pytest.mark.parametrize(
    ("feeds", "refining", "good"),
    [
        (["mine_lithium_brine"], "refine_lithium_brine", "lithium/brine_home"),
        (["mine_lithium_spodumene"], "refine_lithium_concentrate_home", "lithium/concentrate_home"),
        (["mine_lithium_lepidolite"], "refine_lithium_lepidolite_home", "lithium/lepidolite_home"),
        (
            [f"import_lithium_ore_{x}" for x in ("australia", "zimbabwe", "brazil")],
            "refine_lithium_concentrate_imported",
            "lithium/concentrate_imported",
        ),
        (["mine_cobalt_byproduct"], "refine_cobalt_home", "cobalt/intermediate_home"),
        (
            [f"import_cobalt_hydroxide_{x}" for x in ("drc", "indonesia", "other")],
            "refine_cobalt_hydroxide",
            "cobalt/intermediate_imported",
        ),
    ],
)
def test_observed_flows_of_2021_balance(
    rows: list[Row], feeds: list[str], refining: str, good: str
) -> None:
    """What was mined or imported was refined; else a pinned base year could not be feasible."""
    seen = [
        number(rows, "process_values", year=2021, process=name, parameter="observed")
        for name in (*feeds, refining)
    ]
    assert sum(seen[:-1]) == pytest.approx(seen[-1] * intake(rows, refining, good), rel=2e-3)


def test_lithium_mined_in_2021_is_14_kt_and_grows_to_62_in_2025(rows: list[Row]) -> None:
    """Capacity in products, under construction to 2025: 14.1, 22.6, 35.6, 41.3, 61.9 kt; a model
    without it reports a false gap."""
    mines = [f"lithium_{ore}" for ore in ("brine", "spodumene", "lepidolite")]
    running = sum(
        number(rows, "plants", year=2021, plant=mine, parameter="existing_capacity")
        for mine in mines
    )
    path = [running]
    for year in range(2022, 2026):
        running += sum(
            number(rows, "plants", year=year, plant=mine, parameter="under_construction")
            for mine in mines
        )
        path.append(running)
    assert path == pytest.approx([14_100, 22_600, 35_700, 41_400, 62_000], rel=0.005)


def test_chain_carbon_is_neither_lost_nor_doubled(rows: list[Row]) -> None:
    """Imported ore: 72 at home + 18 abroad = 90 kg per kg refined; spodumene mined at home the same
    90, all at home."""
    grid = Facts().grid_2021.value

    def home(process: str) -> float:
        values = {
            row["parameter"]: row["value"]
            for table, row in rows
            if table == "process_values" and row["process"] == process and not row["scenario"]
        }
        return float(values.get("direct_emission", 0.0)) + grid * float(
            values.get("electricity", 0.0)
        )

    ore = intake(rows, "refine_lithium_concentrate_imported", "lithium/concentrate_imported")
    abroad = number(
        rows,
        "process_values",
        process="import_lithium_ore_australia",
        parameter="embodied_emission",
    )
    assert home("refine_lithium_concentrate_imported") == pytest.approx(72.0)
    assert abroad * ore == pytest.approx(18.0)
    assert home("mine_lithium_spodumene") * ore + home(
        "refine_lithium_concentrate_home"
    ) == pytest.approx(90.0)
    assert home("mine_cobalt_byproduct") / 0.97 + home("refine_cobalt_home") == pytest.approx(
        20.0, rel=0.01
    )


def test_cleaner_conversion_gives_a_carbon_price_something_to_choose(rows: list[Row]) -> None:
    """Abatement costs at the grid of 2021 lie between the carbon prices of 0 and 200 USD/t: neither
    free nor out of reach."""
    grid = Facts().grid_2021.value
    name = "refine_lithium_concentrate_imported"
    carbon = [
        number(rows, "process_values", process=p, parameter="direct_emission")
        + grid * number(rows, "process_values", process=p, parameter="electricity")
        for p in (name, f"{name}_electric", f"{name}_hydro")
    ]
    prices = [cost(rows, p) for p in (name, f"{name}_electric", f"{name}_hydro")]
    for other in (1, 2):
        assert 20 < 1000 * (prices[other] - prices[0]) / (carbon[0] - carbon[other]) < 200


def test_battery_lines_create_no_metal(rows: list[Row]) -> None:
    contents = packs.contents(Facts())
    for scrap, wastes in batteries.SCRAPS.items():
        for metal, content in contents[wastes[0]].items():
            made = [
                row["value"]
                for table, row in rows
                if table == "coefficients"
                and row["process"] == f"recycle_battery_{scrap}"
                and row["good"] == f"{metal}/refined"
            ]
            assert made
            assert max(made) < content.value


def test_black_mass_comes_in_since_august_2025(rows: list[Row]) -> None:
    """Five months of 809 t in 2025; shut under the law of 2023, twice as much from 2030 on where
    the rest of the ban falls too."""
    black_mass = {"process": "import_scrap_black_mass", "parameter": "max_activity"}

    def most(year: int | str, scenario: str = "") -> float:
        return number(rows, "process_values", scenario=scenario, year=year, **black_mass)

    assert most(2024) == 0
    assert most(2025) == 5 * 809
    assert most("", "law-2023") == 0
    assert most(2030, "scrap-imports") == 2 * most(2030)


def test_black_mass_is_paid_seven_tenths_of_its_cobalt_and_nickel(rows: list[Row]) -> None:
    """0.7 x (0.06 x 46,292 + 0.20 x 16,000) = 4,184 USD/t in 2021."""
    paid = price(rows, "import_scrap_black_mass")
    assert paid == pytest.approx(4.1843, rel=1e-4)


def test_pack_price_is_a_transfer_and_never_a_cost(rows: list[Row]) -> None:
    """Processing 1,562 and 18,000 yuan paid for the pack: cost would be 4,049 USD/t were the
    transfer counted."""
    assert number(
        rows, "process_values", year=2021, process="recycle_battery_lfp", parameter="variable_cost"
    ) == pytest.approx(0.93 * 1679.05, rel=1e-4)
    assert number(
        rows, "process_values", process="recycle_battery_lfp", parameter="transfer"
    ) == pytest.approx(0.93 * 2674.59, rel=1e-4)


def test_ceiling_multiplies_output_and_share_at_every_year_that_either_gives() -> None:
    output = [judged(100, "t", "", year=2021), judged(200, "t", "", year=2031)]
    share = [
        judged(0.5, "1", "", year=2021),
        judged(1.0, "1", "", year=2026),
        judged(1.0, "1", "", year=2060),
    ]
    assert {fact.year: fact.value for fact in ceiling(output, share)} == pytest.approx(
        {2021: 50, 2026: 150, 2031: 200, 2060: 200}
    )


def test_existing_plants_retire_and_orders_wait_for_what_is_being_built() -> None:
    assert [(fact.year, fact.value) for fact in standing(judged(100, "t/year", ""))] == [
        (2021, 100),
        (2036, 100),
        (2046, 0),
    ]
    assert [(fact.year, fact.value) for fact in open_order(judged(60, "t/year", ""), 3, 2026)] == [
        (2022, 0),
        (2023, 60),
    ]
