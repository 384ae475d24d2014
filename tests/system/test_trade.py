"""What crosses the border, against chains worked out by hand: once, in every form, by origin."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.system.nouns import System, frozen_map
from planner.system.trade import (
    FORMS,
    OWN_FORMS,
    contained,
    form_of,
    import_terms,
    importers,
    origins,
    sent_abroad,
    unsettled,
)
from tests.by_hand import ByHand


def two_steps() -> ByHand:
    """Ore of A, refined in B (0.9 t a tonne of ore) or at home; cells from C; black mass from D."""
    return (
        ByHand()
        .good("ore", "intermediate", stage="extraction")
        .good("li", "refined")
        .good("cell", "product", stage="manufacture", demand=100.0)
        .good("sold", "product", stage="manufacture", demand=10.0, export=True)
        .good("mass", "scrap", stage="recycling")
        .process("dig_abroad", "import", gives={"ore": 1.0}, origin="A", stage="extraction")
        .process(
            "refine_abroad",
            "import",
            takes={"ore": 1.0},
            gives={"li": 0.9},
            origin="B",
            loss="slag",
        )
        .process("refine", "refine", takes={"ore": 1.0}, gives={"li": 0.9}, loss="slag")
        .process("buy_cells", "import", gives={"cell": 1.0}, origin="C", stage="manufacture")
        .process("buy_mass", "import", gives={"mass": 1.0}, origin="D", stage="recycling")
    )


def with_equivalents(system: System, **stated: float) -> System:
    goods = {
        name: replace(
            good, equivalent=frozen_map({"lithium": stated[name]} if name in stated else {})
        )
        for name, good in system.goods.items()
    }
    return replace(system, goods=frozen_map(goods))


def studied() -> System:
    return with_equivalents(two_steps().system(), ore=0.9, cell=1.1, sold=1.2, mass=0.8)


def test_a_chain_of_imports_counts_once_by_what_it_delivers() -> None:
    """A tonne of ore refined in B is 0.9 t of metal and not 1.8: by the refiner 0.9 - 0.9 = 0, by
    the mine 0.9. Were each step counted alone, ore through B would count twice."""
    terms = import_terms(studied(), "lithium")
    assert {name: term.tolist() for name, term in terms.items()} == {
        "buy_cells": [pytest.approx(1.1)],
        "buy_mass": [pytest.approx(0.8)],
        "dig_abroad": [pytest.approx(0.9)],
        "refine_abroad": [pytest.approx(0.0)],
    }
    content = import_terms(studied(), "lithium", worth=contained)
    assert content["refine_abroad"].tolist() == [pytest.approx(0.9 - 1.0)]


def test_metal_depends_on_its_mine_and_on_its_refinery() -> None:
    """0.9 t through A and the same 0.9 t through B: a refiner abroad is not hidden by the mine."""
    system = studied()
    assert import_terms(system, "lithium", origin="A")["dig_abroad"] == pytest.approx([0.9])
    assert import_terms(system, "lithium", origin="B") == {"refine_abroad": pytest.approx([0.9])}
    assert origins(system, "lithium") == ("A", "B", "C", "D")


def test_a_chain_within_one_origin_counts_once() -> None:
    """Ore and refinery both in A: 0.9 t through A, not 1.8."""
    system = studied()
    here = replace(system.processes["refine_abroad"], origin="A")
    system = replace(system, processes=frozen_map({**system.processes, "refine_abroad": here}))
    terms = import_terms(system, "lithium", origin="A")
    assert terms["dig_abroad"] + terms["refine_abroad"] == pytest.approx([0.9])


def test_finished_goods_are_a_form_of_their_own() -> None:
    """Cells are indirect trade: left out of the metal's own forms, and alone in theirs."""
    system = studied()
    own = import_terms(system, "lithium", forms=OWN_FORMS)
    assert set(own) == {"buy_mass", "dig_abroad", "refine_abroad"}
    assert set(import_terms(system, "lithium", forms=("finished goods",))) == {"buy_cells"}


def test_the_name_of_a_kind_does_not_change_the_form() -> None:
    """A cell called an intermediate is a finished good all the same, by its stage."""
    system = studied()
    for name, good in system.goods.items():
        if good.kind in ("intermediate", "product"):
            for kind in ("intermediate", "product"):
                assert form_of(replace(good, kind=kind)) == form_of(good), name
    assert {form_of(good) for good in system.goods.values()} == set(FORMS)


def test_home_ore_refined_abroad_goes_out_and_comes_in() -> None:
    """What an import takes of home goods is an export, and what it gives comes in whole."""
    system = with_equivalents(
        ByHand()
        .good("ore", "intermediate", stage="extraction")
        .good("li", "refined", demand=1.0)
        .process("dig", "mine", gives={"ore": 1.0}, stage="extraction")
        .process("toll", "import", takes={"ore": 1.0}, gives={"li": 0.9}, origin="B", loss="slag")
        .system(),
        ore=0.9,
    )
    assert import_terms(system, "lithium") == {"toll": pytest.approx([0.9])}
    ((process, good, amount),) = (
        (each.process.name, each.good.name, each.amount) for each in sent_abroad(system, "lithium")
    )
    assert (process, good) == ("toll", "ore")
    assert amount == pytest.approx([1.0])
    assert list(unsettled(system, "lithium")) == []


def test_by_products_of_imported_host_ore_come_from_abroad() -> None:
    """Metal within zinc concentrate of Peru crosses the border, though no process of kind import
    brings it; home metal refined from it later does not cross again."""
    system = (
        ByHand(metals=("indium",))
        .good("crude", "intermediate", stage="extraction")
        .good("in", "refined", demand=1.0)
        .process("win", "byproduct", gives={"crude": 1.0}, origin="Peru", host="zinc")
        .process("refine", "refine", takes={"crude": 1.0}, gives={"in": 1.0}, origin="Peru")
        .host("zinc", 1.0)
        .system()
    )
    assert [process.name for process in importers(system)] == ["win"]
    assert origins(system) == ("Peru",)


def test_a_good_that_home_and_chains_give_cannot_be_counted_once() -> None:
    """Ore of A and of home mixed, taken by the refiner in B: of what B delivers, how much came in
    before cannot be told, and is said. One origin: B takes ore of A and B mixed."""
    mixed = two_steps().process("dig", "mine", gives={"ore": 1.0}, stage="extraction").system()
    (found,) = unsettled(mixed, "lithium")
    assert (found.good, found.taker, found.other) == ("ore", "refine_abroad", "dig")
    assert list(unsettled(two_steps().system(), "lithium")) == []
    both = two_steps().process("dig_b", "import", gives={"ore": 1.0}, origin="B").system()
    assert list(unsettled(both, "lithium")) == []
    assert [u.other for u in unsettled(both, "lithium", "B")] == ["dig_abroad"]
