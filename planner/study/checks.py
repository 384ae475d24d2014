"""What must hold between the nouns of a study: no metal from nothing, names where they are needed,
demand at the end of the chain."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.study.nouns import Nouns
from planner.study.problems import Problems
from planner.study.rows import RowReader
from planner.study.values import Values
from planner.system.nouns import Array, Process

CLOSES = 1e-9
"""Share of what goes in that a recipe may miss by rounding."""


class Checks:
    """Runs every check across rows; skips what was refused already, and the recipes of which no
    number changed."""

    def __init__(self, reader: RowReader, values: Values, nouns: Nouns, problems: Problems) -> None:
        self.reader, self.values, self.nouns, self.problems = reader, values, nouns, problems

    def run(self) -> None:
        self._names()
        self._demand()
        # a good of a single metal holds 1 of it, whatever good_values says
        changed, goods = self.values.changed, self.reader.structure.get("goods", {})
        joint = {
            name
            for name, row in goods.items()
            if not row.cells["metal"] and changed(name, "good_values")
        }
        for process in self.nouns.processes.values():
            if changed(process.name, "coefficients") or not joint.isdisjoint(
                (*process.inputs, *process.outputs)
            ):
                self._process(process)

    def _names(self) -> None:
        """A deposit and a good of one name could not be told apart in a recipe."""
        for name in self.nouns.deposits:
            if name in self.nouns.goods:
                place = self.values.first_row("deposits", name)
                self.problems.add(
                    *place, "deposit", f"'{name}' is a good too; give the deposit another name"
                )

    def _demand(self) -> None:
        for process in self.nouns.processes.values():
            for name in process.inputs:
                if name in self.nouns.goods and self.nouns.goods[name].demand is not None:
                    row = self.values.rows[
                        "coefficients", (process.name, name, "in"), "coefficient"
                    ][0]
                    self.problems.add(
                        row.file,
                        row.row,
                        "good",
                        f"'{name}' is demanded, so nothing may take it in; let a process make a "
                        "product from it and demand that",
                    )

    def _process(self, process: Process) -> None:
        row = self.reader.structure["processes"][process.name]
        if self.problems.spoiled("keys of", "coefficients", process.name) or self.problems.spoiled(
            "coefficients", process.name
        ):
            return
        whole = not self.problems.spoiled("keys of", "coefficients") and not self.problems.spoiled(
            "coefficients"
        )
        recipe = [
            ("coefficients", (process.name, good, direction), "coefficient")
            for direction, goods in (
                ("in", {**process.inputs, **process.deposits}),
                ("out", process.outputs),
            )
            for good in goods
        ]
        if (
            whole
            and not process.outputs
            and not self.problems.spoiled("keys of", "coefficients", process.name)
        ):
            self.problems.add(
                "processes.csv",
                row.row,
                "process",
                f"'{process.name}' gives nothing out; add its rows to coefficients.csv",
            )
        if any(self.problems.spoiled(*key) for key in recipe) or not whole:
            return
        makes_refined = [
            g
            for g in process.outputs
            if g in self.nouns.goods and self.nouns.goods[g].kind == "refined"
        ]
        if self.problems.spoiled("processes", process.name):
            return
        if makes_refined and process.pathway is None:
            self.problems.add(
                "processes.csv",
                row.row,
                "pathway",
                f"is empty, but '{process.name}' gives out '{makes_refined[0]}', which "
                "is refined; say which pathway it belongs to",
            )
        if process.kind == "import" and not process.origin:
            self.problems.add(
                "processes.csv",
                row.row,
                "origin",
                f"is empty, but '{process.name}' is an import; say where it comes from",
            )
        self._conserve(process, row.row)

    def _conserve(self, process: Process, row: int) -> None:
        """Of every metal at most what goes in comes out; from outside the study at most a tonne of
        metal per unit of activity."""
        taken, given = self._metal(process.inputs), self._metal(process.outputs)
        if taken is None or given is None:
            return
        for name, ore in process.deposits.items():
            metal = self.nouns.deposits[name].metal
            taken[metal] = taken.get(metal, 0.0) + ore
        if not process.inputs and not process.deposits:
            total = np.asarray(sum(given.values(), np.zeros(1)))
            if (total > 1 + CLOSES).any():
                self._refuse(
                    process, total, np.ones(1), "metal", "a tonne from outside holds at most 1 t"
                )
            return
        lost = False
        for metal in sorted({*taken, *given}):
            into, out = (
                np.asarray(taken.get(metal, np.zeros(1))),
                np.asarray(given.get(metal, np.zeros(1))),
            )
            if (out > into * (1 + CLOSES)).any():
                self._refuse(
                    process,
                    out,
                    into,
                    metal,
                    "lower what goes out, or add the good that the metal comes from",
                )
            lost = lost or (not process.loss and bool((into - out > CLOSES * into).any()))
        if lost:
            self.problems.add(
                "processes.csv",
                row,
                "loss",
                f"is empty, but more goes into '{process.name}' than comes out; name the loss",
            )

    def _metal(self, goods: Mapping[str, Array]) -> dict[str, Array] | None:
        """t of each metal per unit of activity, shape (Y,); None where a good was refused."""
        total: dict[str, Array] = {}
        for name, coefficient in goods.items():
            refused = self.problems.spoiled("goods", name) or self.problems.spoiled(
                "keys of", "good_values", name
            )
            if name not in self.nouns.goods or refused:
                return None
            for metal, content in self.nouns.goods[name].content.items():
                total[metal] = total.get(metal, 0.0) + coefficient * content
        return total

    def _refuse(self, process: Process, out: Array, into: Array, metal: str, remedy: str) -> None:
        excess = np.atleast_1d(out - into)
        worst = int(np.argmax(excess))
        year = f" in {self.values.first + worst}" if len(excess) > 1 and np.ptp(excess) > 0 else ""
        holding = [
            key
            for key in self.values.keys("coefficients", process.name)
            if key[1][2] == "out"
            and (metal == "metal" or metal in self.nouns.goods[key[1][1]].content)
        ]
        at = max(
            (row for key in holding for row in self.values.rows[key]),
            key=lambda row: (row.value, row.row),
        )
        self.problems.add(
            at.file,
            at.row,
            "value",
            f"process '{process.name}' gives out {np.broadcast_to(out, excess.shape)[worst]:.9g} "
            f"t of {metal} per unit of activity and "
            f"takes in {np.broadcast_to(into, excess.shape)[worst]:.9g} t{year}: metal would come "
            f"from nothing; {remedy}",
        )
