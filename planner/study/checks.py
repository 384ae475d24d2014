"""Checks across the nouns of a study: no metal from nothing, names where they are needed, demand at
the end of the chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from planner.study.nouns import Nouns
from planner.study.numbers import Numbers
from planner.study.problems import Problems
from planner.study.rows import Key, RowReader
from planner.system.nouns import HOME, Array, Deposit, Process

CLOSES = 1e-9
"""Share of what goes in that a recipe may miss by rounding."""


class Checks:
    """Runs every check across rows; skips what was refused already, and the recipes of which no
    number changed."""

    def __init__(
        self, reader: RowReader, numbers: Numbers, nouns: Nouns, problems: Problems
    ) -> None:
        self.structure = reader.structure
        self.numbers, self.nouns, self.problems = numbers, nouns, problems

    def run(self) -> None:
        """Report what does not hold."""
        self._deposit_names()
        self._residues()
        self._curve_names()
        self._tranches_at_home()
        self._tranches_without_impacts()
        self._demand_is_terminal()
        self._one_place()
        contents_changed = self._goods_of_other_content()
        for process in self.nouns.processes.values():
            if self.numbers.changed(
                process.name, "coefficients"
            ) or not contents_changed.isdisjoint((*process.inputs, *process.outputs)):
                self._recipe(process)

    def _goods_of_other_content(self) -> set[str]:
        """Joint goods whose contents changed; a good of a single metal holds 1 of it, whatever
        good_values says."""
        return {
            name
            for name, row in self.structure.get("goods", {}).items()
            if not row.cells["metal"] and self.numbers.changed(self._plain(name), "good_values")
        }

    def _deposit_names(self) -> None:
        """A deposit and a good of one name could not be told apart in a recipe."""
        for name in self.nouns.deposits:
            if name in self.nouns.goods:
                self.problems.at(
                    self.numbers.first_row("deposits", name),
                    "deposit",
                    f"'{name}' is a good too; give the deposit another name",
                )

    def _residues(self) -> None:
        """A residue is filled by a stated content, and no content is laid down more than once."""
        shares: dict[tuple[str, str], tuple[Array, str]] = {}
        for deposit in self.nouns.deposits.values():
            for host, kept in deposit.filled_by.items():
                if host not in self.nouns.hosts:
                    continue
                self._require_content(deposit, host)
                before, with_it = shares.get((host, deposit.metal), (np.zeros(1), ""))
                total = before + kept
                shares[host, deposit.metal] = total, f"{with_it} '{deposit.name}'"
                if (total > 1 + CLOSES).any():
                    self._refuse_residue(
                        deposit.name,
                        host,
                        f"of the {deposit.metal} that '{host}' leaves, {float(total.max()):.9g} "
                        f"would be laid down in{shares[host, deposit.metal][1]}; lower the shares "
                        "to 1 in all",
                    )

    def _require_content(self, deposit: Deposit, host: str) -> None:
        """What fills a residue holds its metal."""
        if deposit.metal not in self.nouns.hosts[host].content:
            self._refuse_residue(
                deposit.name,
                host,
                f"'{host}' fills deposit '{deposit.name}', but its content of {deposit.metal} is "
                "not stated; give it in host_contents.csv",
            )

    def _refuse_residue(self, deposit: str, host: str, message: str) -> None:
        key = "residues", (deposit, host), "kept"
        if not self.problems.spoiled("host_contents"):
            self.problems.at(self.numbers.rows[key][0], "host", message)

    def _curve_names(self) -> None:
        """A curve is of one noun: what a process and a good are both called is of neither."""
        nouns = self.nouns
        for name in self.numbers.names("curves"):
            if (name in nouns.processes) + (name in nouns.goods) + (name in nouns.deposits) > 1:
                self.problems.at(
                    self.numbers.first_row("curves", name),
                    "of",
                    f"'{name}' is a process as well as a good or deposit, so that nobody can tell "
                    "whose curve it is; give one of them another name",
                )

    def _tranches_at_home(self) -> None:
        """The energy of ore is counted at home, by the study's grid: what stands at another place,
        or an import, digs elsewhere."""
        for process in self.nouns.processes.values():
            elsewhere = process.kind == "import" or process.place != HOME
            for name in process.deposits if elsewhere else ():
                if self._has_energy(name):
                    self.problems.at(
                        self.numbers.first_row("curves", name),
                        "of",
                        f"the ore of '{name}' has energy of its own, which counts at home, but "
                        f"'{process.name}' digs it abroad; give what digs there its own emission "
                        "and electricity instead, by tonne of metal, and a deposit of its own",
                    )

    def _has_energy(self, deposit: str) -> bool:
        """Return True if the ore of a deposit has electricity or emission of its own."""
        steps = self.nouns.deposits[deposit].curve.values()
        return any(step.electricity.any() or step.direct_emission.any() for step in steps)

    def _tranches_without_impacts(self) -> None:
        """Impacts of electricity are those of processes: of the ore's own they would be left
        out."""
        powered = [each.name for each in self.nouns.impacts.values() if each.electricity.any()]
        for deposit in self.nouns.deposits.values() if powered else ():
            if any(step.electricity.any() for step in deposit.curve.values()):
                self.problems.at(
                    self.numbers.first_row("curves", deposit.name),
                    "of",
                    f"the ore of '{deposit.name}' has electricity of its own, which no "
                    f"{powered[0]} is counted of; give its mine the electricity by tonne of metal "
                    "instead",
                )

    def _demand_is_terminal(self) -> None:
        """Nothing takes in a good that is demanded, or sold abroad; trade may move what is left of
        it to another place, where it is another good."""
        goods = self.nouns.goods
        for process in self.nouns.processes.values():
            for name in () if process.is_trade else process.inputs:
                if self._is_final(name):
                    self.problems.at(
                        self.numbers.rows[_coefficient(process, goods[name].plain, "in")][0],
                        "good",
                        f"'{name}' is demanded or sold abroad, so nothing may take it in; let a "
                        "process make a product from it and demand that",
                    )

    def _is_final(self, name: str) -> bool:
        """Return True for a good that is demanded, or sold abroad."""
        good = self.nouns.goods.get(name)
        return good is not None and (good.demand is not None or bool(good.curve))

    def _one_place(self) -> None:
        """What processes share stands where they do: a plant, deposit or host has one place."""
        first: dict[tuple[str, str], Process] = {}
        for process in self.nouns.processes.values():
            for cell, name in _shared(process):
                other = first.setdefault((cell, name), process)
                if name and other.place != process.place:
                    self._refuse(
                        process,
                        "place",
                        f"'{process.name}' and '{other.name}' stand at different places and share "
                        f"the {cell} '{name}', which stands at one; give each place its own",
                    )

    # ---- recipes

    def _recipe(self, process: Process) -> None:
        """A process gives something out, says where its metal comes from, and makes none; trade
        does by its making."""
        name, spoiled = process.name, self.problems.spoiled
        if (
            process.is_trade
            or spoiled("keys of", "coefficients", name)
            or spoiled("coefficients", name)
        ):
            return
        if not process.outputs:
            self._refuse(
                process,
                "process",
                f"'{name}' gives nothing out; add its rows to coefficients.csv",
            )
        if self._is_sound(process):
            self._provenance(process)
            self._conservation(process)

    def _is_sound(self, process: Process) -> bool:
        """Return True if nothing of a process and its recipe was refused."""
        spoiled = self.problems.spoiled
        return not spoiled("processes", process.name) and not any(
            spoiled(*key) for key in self._coefficients(process)
        )

    def _provenance(self, process: Process) -> None:
        """A process that makes refined metal names its pathway, an import its origin."""
        if process.place != HOME:
            self._place(process)
            return
        refined = self._refined(process)
        if refined and process.pathway is None:
            self._refuse(
                process,
                "pathway",
                f"is empty, but '{process.name}' gives out '{refined[0]}', which is refined; say "
                "which pathway it belongs to",
            )
        if process.kind == "import" and not process.origin:
            self._refuse(
                process,
                "origin",
                f"is empty, but '{process.name}' is an import; say where it comes from",
            )

    def _place(self, process: Process) -> None:
        """What runs abroad is no import, and its metal is foreign whatever it is labelled."""
        if process.kind == "import":
            self._refuse(
                process,
                "place",
                f"'{process.name}' is an import, which brings into the country what no place of "
                "the study gives; leave its place empty, or let trade.csv bring it there",
            )
        self._labels_abroad(process)
        if any(map(self._has_energy, process.deposits)):
            self._refuse(
                process,
                "place",
                f"'{process.name}' stands at '{process.place}' and digs ore whose electricity or "
                "emission is stated by its tonne, which counts at home; state it by the tonne of "
                "metal with the process, as electricity and direct_emission",
            )

    def _labels_abroad(self, process: Process) -> None:
        """What runs abroad is of no domestic pathway, and its origin is its place."""
        if (process.pathway or "").startswith("domestic"):
            self._refuse(
                process,
                "pathway",
                f"is {process.pathway}, but '{process.name}' stands at '{process.place}': its "
                "metal is foreign to the country; write foreign instead of domestic, or leave it "
                "empty",
            )
        if process.origin:
            self._refuse(
                process,
                "origin",
                f"is '{process.origin}', but '{process.name}' stands at '{process.place}', which "
                "is its origin; leave it empty",
            )

    def _refined(self, process: Process) -> list[str]:
        """The refined goods that a process gives out."""
        goods = self.nouns.goods
        return [g for g in process.outputs if g in goods and goods[g].kind == "refined"]

    def _conservation(self, process: Process) -> None:
        """Of every metal at most what goes in comes out; from outside the study at most a tonne of
        metal per unit of activity."""
        taken, given = self._metal(process.inputs), self._metal(process.outputs)
        if taken is None or given is None:
            return
        for name, ore in process.deposits.items():
            metal = self.nouns.deposits[name].metal
            taken[metal] = taken.get(metal, 0.0) + ore
        if process.inputs or process.deposits:
            self._metals(process, taken, given)
        else:
            self._from_outside(process, given)

    def _from_outside(self, process: Process, given: Mapping[str, Array]) -> None:
        """Metal from outside the study is at most the whole of what it comes in."""
        total = np.asarray(sum(given.values(), np.zeros(1)))
        if (total > 1 + CLOSES).any():
            remedy = "a tonne from outside holds at most 1 t"
            self._refuse_gain(process, total, np.ones(1), "metal", remedy)

    def _metals(
        self, process: Process, taken: Mapping[str, Array], given: Mapping[str, Array]
    ) -> None:
        """Of no metal more comes out than goes in, and what does not come out is a named loss."""
        lost, nothing = False, np.zeros(1)
        for metal in sorted({*taken, *given}):
            into, out = taken.get(metal, nothing), given.get(metal, nothing)
            if (out > into * (1 + CLOSES)).any():
                remedy = "lower what goes out, or add the good that the metal comes from"
                self._refuse_gain(process, out, into, metal, remedy)
            lost = lost or (not process.loss and bool((into - out > CLOSES * into).any()))
        if lost:
            self._refuse(
                process,
                "loss",
                f"is empty, but more goes into '{process.name}' than comes out; name the loss",
            )

    def _metal(self, goods: Mapping[str, Array]) -> dict[str, Array] | None:
        """t of each metal per unit of activity, shape (Y,); None where a good was refused."""
        if any(self._refused(name) for name in goods):
            return None
        total: dict[str, Array] = {}
        for name, coefficient in goods.items():
            for metal, content in self.nouns.goods[name].content.items():
                total[metal] = total.get(metal, 0.0) + coefficient * content
        return total

    def _refused(self, good: str) -> bool:
        """Return True if what a good holds cannot be told."""
        return (
            good not in self.nouns.goods
            or self.problems.spoiled("goods", good)
            or self.problems.spoiled("keys of", "good_values", good)
        )

    def _coefficients(self, process: Process) -> Iterable[Key]:
        """The series of a recipe."""
        for good in (*process.inputs, *process.deposits):
            yield _coefficient(process, self._plain(good), "in")
        for good in process.outputs:
            yield _coefficient(process, self._plain(good), "out")

    def _plain(self, name: str) -> str:
        """The name of a good, or of a deposit, as a recipe has it."""
        good = self.nouns.goods.get(name)
        return name if good is None else good.plain

    # ---- refusals

    def _refuse(self, process: Process, column: str, message: str) -> None:
        """Report what is wrong with the row of a process."""
        self.problems.at(self.structure["processes"][process.name], column, message)

    def _refuse_gain(
        self, process: Process, out: Array, into: Array, metal: str, remedy: str
    ) -> None:
        """Report that more comes out than goes in, at the largest coefficient of the outputs."""
        excess = np.atleast_1d(out - into)
        worst = int(np.argmax(excess))
        year = f" in {self.numbers.first + worst}" if np.ptp(excess) > 0 else ""
        largest = max(
            (row for key in self._outputs_of(process, metal) for row in self.numbers.rows[key]),
            key=lambda row: (row.value, row.row),
        )
        self.problems.at(
            largest,
            "value",
            f"process '{process.name}' gives out {np.broadcast_to(out, excess.shape)[worst]:.9g} t "
            f"of {metal} per unit of activity and takes in "
            f"{np.broadcast_to(into, excess.shape)[worst]:.9g} t{year}: metal would come from "
            f"nothing; {remedy}",
        )

    def _outputs_of(self, process: Process, metal: str) -> Iterator[Key]:
        """The coefficients of outputs that hold a metal, or any ("metal")."""
        for key in self.numbers.keys("coefficients", process.name):
            _, good, direction = key[1]
            known = self.nouns.goods.get(good)
            if direction == "out" and known and (metal == "metal" or metal in known.content):
                yield key


def _shared(process: Process) -> Iterator[tuple[str, str]]:
    """Kind and name of what a process may share with others."""
    yield "plant", process.plant
    yield "host", process.host
    yield from (("deposit", name) for name in process.deposits)


def _coefficient(process: Process, good: str, direction: str) -> Key:
    return "coefficients", (process.name, good, direction), "coefficient"
