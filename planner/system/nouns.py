"""The nouns of a study: goods, processes, plants, deposits, hosts, products, policies, and the
System that holds them.

Everything here is frozen: the reader makes a System once and nothing downstream writes to it.
Quantities are in internal units (tonnes of contained metal, years, USD of the study's currency
year, t CO2e, MWh). A *series* is a read-only float array of shape (Y,), one value for each calendar
year of the study. The periods of the programme, T of them, are the same years.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from planner.errors import Problem
from planner.system.losses import LossMedia
from planner.system.selection.selector import Selector

Array = npt.NDArray[np.float64]
Scalar = float | Array
"""A single number, or that of each sample of a batch, shape (B, 1)."""
V = TypeVar("V")

GoodKind = Literal["intermediate", "refined", "product", "scrap", "waste"]
ProcessKind = Literal[
    "mine",
    "byproduct",
    "import",
    "refine",
    "manufacture",
    "collect",
    "recycle",
    "release",
    "trade",
]
TRADE: ProcessKind = "trade"
"""Kind of the flows of trade.csv from one place to another; no row of processes.csv has it."""
HOME = ""
"""The place that the study is of: its country."""
Stage = Literal["extraction", "processing", "manufacture", "use", "recycling"]
Pathway = Literal[
    "domestic primary",
    "foreign primary",
    "domestic secondary",
    "foreign secondary",
    "stockpile",
    "new scrap",
]
Distribution = Literal[
    "fixed", "normal", "folded_normal", "lognormal", "weibull", "gamma", "exponential"
]
# New scrap is a loop inside manufacture: it is reported beside the supply pathways and never
# counted in their shares.
Scope = Literal["territorial", "footprint"]
MeasureKind = Literal["efficiency", "substitution", "lifetime"]
Quantity = Literal["flow", "share", "price"]
Role = Literal["test", "fitted", "input", "base", ""]

PATHWAYS: tuple[Pathway, ...] = (
    "domestic primary",
    "foreign primary",
    "domestic secondary",
    "foreign secondary",
    "stockpile",
    "new scrap",
)
SCOPES: tuple[Scope, ...] = ("territorial", "footprint")
YEAR_DIGITS = 4
"""The last part of a path that has so many digits is a year."""


@dataclass(frozen=True, slots=True)
class Place:
    """File and row of a datum in the study folder, for messages that must name it."""

    file: str
    row: int


@dataclass(frozen=True, slots=True)
class Datum:
    """One number as the study gives it, already in internal units, with the uncertainty and source
    that travel with it."""

    path: str
    """`table.key[.key].parameter[.year]`, the path that `--set` takes."""
    value: float
    low: float | None
    high: float | None
    unit: str
    """The internal unit of value, low and high."""
    source: str
    grade: str
    scenario: str
    note: str
    place: Place
    published: int | None = None
    """Year in which the number came out; None where the study does not say."""

    @property
    def stem(self) -> str:
        """The path without its year: what the numbers of a series have in common."""
        return self.path if self.year is None else self.path.rpartition(".")[0]

    @property
    def year(self) -> int | None:
        """The year that the path ends in; None for a number of all years."""
        last = self.path.rpartition(".")[2]
        return int(last) if len(last) == YEAR_DIGITS and last.isascii() and last.isdigit() else None


@dataclass(frozen=True, slots=True, eq=False)
class Stockpile:
    """A good that may be kept from year to year. Opening and closing in t; holding cost in USD per
    t and year, shape (Y,)."""

    opening: float
    closing: float
    maximum: float
    holding_cost: Array


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A step of a curve of supply or demand: an amount at a price. Series have shape (Y,)."""

    label: str
    """`of/step`: the process, good or deposit, and the name of the step."""
    price: Array
    """USD per unit of activity, per t sold, or per t of ore dug."""
    amount: Array
    """Most of it per year: units of activity, or t sold; inf where it has no limit, and for steps
    of deposits."""
    reserve: float
    """Most of it in all years, t of ore; inf where it has no limit, and for all other steps."""
    electricity: Array
    """Of a tranche of ore, MWh per t of ore as the deposit counts it (of its metal); else 0."""
    direct_emission: Array
    """Of a tranche of ore, t CO2e per t of it beside the electricity's; else 0."""
    outlay: Array | None = None
    """What a unit of it adds to the outlay where every unit is paid at the market price, USD per
    unit; None where each step is paid at its own price."""
    own: Array | None = None
    """What the unit is worth to who sells or buys it, the mean of the curve over the step, USD;
    `price` is that but for market power. Given with `outlay`."""


Curve = Mapping[str, Step]
"""The steps of a process, good or deposit by name, in their order: a supply takes the cheapest
first, a demand the dearest."""
NO_CURVE: Curve = MappingProxyType({})


def _no_curve() -> Curve:
    return NO_CURVE


def located(name: str, place: str) -> str:
    """A good at a place, by name: `lithium/refined (Chile)`; at home its plain name."""
    return f"{name} ({place})" if place else name


@dataclass(frozen=True, slots=True, eq=False)
class Abroad:
    """The series of a place other than the country of the study, shape (Y,) each, in the units of
    those of `System`; the carbon price is paid there."""

    grid_intensity: Array
    carbon_price: Array
    direct_emission_index: Array


@dataclass(frozen=True, slots=True, eq=False)
class Good:
    """A balanced good: one metal at one stage, or a joint good (a battery pack) with a fixed
    content of several metals.

    `content[metal]` is t of metal per t of the good: exactly 1 for a single-metal good, which is
    counted in contained metal. `equivalent[metal]` is t of refined metal obtained from a t of the
    good by the reference route.
    """

    name: str
    kind: GoodKind
    stage: Stage
    export: bool
    content: Mapping[str, float]
    equivalent: Mapping[str, float]
    stockpile: Stockpile | None
    demand: Array | None
    """t per year, shape (Y,); None where nothing is demanded."""
    shortage_cost: Array | None
    """USD per t not served, shape (Y,); given exactly where demand is, unless it answers to
    price."""
    disposal_cost: Array
    collection_rate: Array | None
    """The largest share of the waste that can be collected, shape (Y,); only for waste."""
    curve: Curve = field(default_factory=_no_curve)
    """Steps of what is sold abroad where it pays, or bought at home by a demand that answers to
    price; empty where neither is."""
    place: str = HOME
    """Where it is balanced: the same good at two places is two goods, named by `located`."""

    @property
    def answers(self) -> bool:
        """Whether it is bought at home by a demand that answers to price: `demand` is then 0 until
        there is a plan, and nothing of it goes short."""
        return bool(self.curve) and not self.export

    @property
    def sold(self) -> Curve:
        """Steps of what is sold abroad; empty where nothing is."""
        return self.curve if self.export else NO_CURVE

    @property
    def plain(self) -> str:
        """Its name without its place, as goods.csv has it."""
        return self.name.removesuffix(f" ({self.place})") if self.place else self.name

    @property
    def exported(self) -> bool:
        """Whether any of it may go abroad: demanded there, or sold at a price."""
        return self.export and (self.demand is not None or bool(self.curve))


@dataclass(frozen=True, slots=True, eq=False)
class Unseen:
    """What a process costs beside what is known of it, as a calibration found it. Series have shape
    (Y,)."""

    cost: Array
    """USD per unit of activity, of either sign."""
    rise: Array
    """By how much a unit costs more beyond `begins`, USD."""
    begins: Array
    """Activity at which the process was calibrated."""


@dataclass(frozen=True, slots=True, eq=False)
class Process:
    """A recipe: per unit of activity it takes goods (and ore from deposits) in and gives goods out;
    the rest is a named loss.

    All series have shape (Y,). Costs in USD per unit of activity, electricity in MWh, emissions in
    t CO2e.
    """

    name: str
    kind: ProcessKind
    stage: Stage
    pathway: Pathway | None
    origin: str
    """The country or region an import comes from, or from whose ore the metal was won; empty for
    home metal."""
    host: str
    plant: str
    ramp_group: str
    loss: str
    """Name of the loss: what goes in and does not come out (tailings, slag, dust ...)."""
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    deposits: Mapping[str, Array]
    """Ore taken from each deposit per unit of activity."""
    loading: float
    variable_cost: Array
    import_price: Array
    transport_cost: Array
    credit: Array
    """Revenue from by-products outside the study, USD per unit of activity; it lowers the cost."""
    transfer: Array
    """A payment between parties inside the country (pack purchase): reported apart, never part of
    the cost."""
    electricity: Array
    direct_emission: Array
    embodied_emission: Array
    transport_emission: Array
    max_activity: Array
    """Upper bound on activity per year, inf where it has none, closures by policy included."""
    min_activity: Array
    observed: Array
    """Observed activity, for a pinned year and the shares of a simulation; NaN where unknown."""
    host_content: Array
    """t of by-product metal that a t of host output can yield; NaN for a process without a host."""
    curve: Curve = field(default_factory=_no_curve)
    """Steps of what the process can be had at, on top of its running cost; empty: at that alone."""
    hosting: Mapping[str, Array] = field(default_factory=dict)
    """t of output of a host that a unit of activity is, by host; empty of all but hosts that are
    in the study themselves."""
    unseen: Unseen | None = None
    """What a calibration found that the process costs beside what is known of it."""
    place: str = HOME
    """Where it runs; of trade where it goes to."""
    source: str = HOME
    """Of trade the place that it comes from; of all other processes of no meaning."""
    duty: Array | None = None
    """Of trade: what the place that it goes to levies, tariff and share of the value, USD per t."""
    border_charge: Array | None = None
    """Of trade: the carbon price at the border on what the good embodies, USD per t."""

    @property
    def is_trade(self) -> bool:
        return self.kind == TRADE

    @property
    def at_home(self) -> bool:
        """Whether it runs in the country of the study; trade and imports run between countries."""
        return self.place == HOME and self.kind not in ("import", TRADE)

    @property
    def from_abroad(self) -> bool:
        """Whether metal comes into the country by this process: an import, trade that comes in, or
        metal won at home from ore of a stated origin (a by-product of imported host ore), which
        takes in no good."""
        if self.place != HOME:
            return False
        return self.kind in ("import", TRADE) or bool(self.origin and not self.inputs)

    @property
    def made_at(self) -> str:
        """Where it works: its place, or the origin of an import; of trade where it comes from."""
        if self.is_trade:
            return self.source
        return self.origin if self.kind == "import" else self.place

    @property
    def goes_abroad(self) -> bool:
        """Whether a home good leaves the country by this process, in trade."""
        return self.is_trade and self.source == HOME

    @property
    def has_foreign_metal(self) -> bool:
        """Whether the study says that the metal was won from ore or waste of another country."""
        return bool(self.origin) or (self.pathway or "").startswith("foreign")


@dataclass(frozen=True, slots=True, eq=False)
class Ramp:
    """Limits on the growth and decline of a group of processes: both per year, step in t per year
    and year."""

    name: str
    growth: float
    step: float
    decline: float
    """Largest decline per year as a share; NaN where the group may stop at once."""
    stopping_cost: Array
    """USD per t per year that stops faster, shape (Y,); NaN where the study does not say."""
    waived: npt.NDArray[np.bool_]
    """Years in which a closure suspends the run-down limit, shape (Y,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Plant:
    """Equipment that processes share. Capacity in units of activity per year; money in USD."""

    name: str
    existing: Array
    """Capacity that runs without a new order: standing at the start, and under construction then,
    shape (Y,)."""
    capital_cost: Array
    """USD per unit of yearly capacity, by year of order; NaN where the plant cannot be ordered."""
    fixed_cost: Array
    life: float
    lead_time: int
    availability: Array
    max_new: Array
    """Most that may be ordered per year; 0 closes the option; inf leaves it open."""
    max_capacity: Array
    interest_rate: float


@dataclass(frozen=True, slots=True, eq=False)
class Deposit:
    """A reserve that mining depletes, in t of contained metal (or of recovered metal where the
    coefficients say so)."""

    name: str
    metal: str
    reserve: float
    additions: Array
    """Reserve growth by exploration, t per year, shape (Y,)."""
    filled_by: Mapping[str, Array]
    """Of a residue (tailings, slag, ash): by host, the share of what no by-product process won of
    its metal that stays accessible here, shape (Y,). Empty where nature filled it."""
    curve: Curve = field(default_factory=_no_curve)
    """Steps of rising cost of extraction, on top of what its mines cost; empty: none."""
    growth: Array = field(default_factory=lambda: np.zeros(1))
    """Brownfield growth: share of the ore left at the end of the year before that a year adds,
    shape (Y,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Host:
    """A host metal whose output bounds its by-products, t per year, shape (Y,)."""

    name: str
    output: Array
    """What is put out beside what processes of the study give of it (`Process.hosting`)."""
    content: Mapping[str, Array]
    """By metal, t in a t of the host's output, won or not, shape (Y,); without a metal that the
    study does not state: its by-products then share the tonnes of the host."""


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A use stock: products enter, stay by a lifetime distribution and leave as waste, by cohort.

    `mean`, `sd` and `shape` are by cohort, shape (H + Y,), where the first H cohorts are those of
    `history_years`.
    """

    name: str
    metals: tuple[str, ...]
    content: Mapping[str, float]
    waste: str
    """The waste good that leaving products become; empty where all is dissipated."""
    dissipated: Array
    """Share of the outflow that is lost in use and never becomes waste, shape (Y,)."""
    distribution: Distribution
    mean: Array
    sd: Array
    shape: Array
    uses: Mapping[str, Array]
    """t of product that enters use per t of each demanded good, shape (Y,)."""
    history_years: tuple[int, ...]
    """Consecutive years before the first year of the study; empty where the stock starts from
    nothing."""
    history_inflow: Array
    """t that entered use in each history year, shape (H,)."""
    initial_stock: Array
    """t of each history cohort still in use when the study begins; NaN where it follows from the
    inflow, shape (H,)."""
    place: str = HOME
    """Where the products are in use."""


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """A way to need less of a demanded good, bought in the plan. Series have shape (Y,).

    `efficiency` serves the same need with less of the good; `substitution` with `ratio` t of the
    good `instead`, or with something outside the study; `lifetime` gives what enters a product
    `longer` years of mean life, so that later demand can be avoided.
    """

    name: str
    kind: MeasureKind
    good: str
    instead: str
    product: str
    """The use stock whose life is extended; empty unless the kind is lifetime."""
    cost: Array
    """USD per t of the good avoided; for lifetime per t given the longer life."""
    potential: Array
    """Largest share of the demand for the good that can be avoided, or given the longer life."""
    ratio: Array
    longer: float


@dataclass(frozen=True, slots=True, eq=False)
class Exploration:
    """Reserves that can be found for money: what is found in a year can be mined `delay` years
    later."""

    deposit: str
    cost: Array
    """USD per t found, shape (Y,)."""
    potential: Array
    """Most that can be found in a year, t per year, shape (Y,)."""
    delay: int
    most: float
    """Most that there is to be found in all, t; inf where no limit is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Discovery:
    """A type of deposit that may be found (`planner.system.discoveries`)."""

    name: str
    deposit: str
    """The deposit that what is found adds to."""
    plant: str
    """The plant that its capacity adds to; empty where capacity does not matter."""
    rate: Array
    """Expected number found in a year, shape (Y,)."""
    tonnage: float
    """Median of the ore in one, t."""
    tonnage_spread: float
    """Standard deviation of its natural logarithm."""
    grade: float
    """Median of the metal in a tonne of its ore."""
    grade_spread: float
    capacity_factor: float
    capacity_exponent: float
    lead_time: int
    """Whole years from finding to the first ore."""


@dataclass(frozen=True, slots=True, eq=False)
class TakeBack:
    """Waste that is collected beyond the collection rate because somebody is made to pay for it:
    extended producer responsibility."""

    good: str
    more: Array
    """Largest further share of what arises, shape (Y,)."""
    cost: Array
    """USD per t collected so: what it takes to collect it, shape (Y,)."""
    fee: Array
    """USD per t paid to whoever hands it in (deposit, premium): a payment between parties at home,
    no cost to the country; shape (Y,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Impact:
    """An impact beside carbon, in its own unit. Series have shape (Y,)."""

    name: str
    unit: str
    scope: Scope
    """What its price falls on, and a frontier aims at."""
    description: str
    price: Array
    """USD per unit."""
    electricity: Array
    """Per MWh from the home grid."""
    factors: Mapping[str, Array]
    """By process, per unit of activity: at home without the electricity, of imports cradle to
    border."""


@dataclass(frozen=True, slots=True)
class Observed:
    """An observation of a flow or price in one year: not part of the plan, but what the flow
    balance is reconciled with, and what a hindcast sets beside the plan."""

    name: str
    source: str
    """Node of the flow table that it comes from; * stands for any text, and matches are summed. Of
    a price the good."""
    target: str
    metal: str
    quantity: Quantity
    """t of contained metal per year; the flow as a share of all that enters the process `source`;
    or USD per t of the good `source`."""
    year: int
    value: float
    low: float | None
    """Ends of the 95 % interval."""
    high: float | None
    reference: str
    """Source of the number."""
    grade: str
    place: Place
    role: Role = ""
    """What it is to the plan, as the study says."""
    published: int | None = None
    same_as: str = ""
    """Other sources that saw the same, parted by a semicolon."""

    @property
    def reconciled(self) -> bool:
        """Return True for what the flow balance is reconciled with."""
        return self.quantity != "price" and self.role != "base"

    @property
    def item(self) -> tuple[str, str, str, str]:
        """What it observes, whatever the year and whoever says so: metal, quantity, from, to."""
        return self.metal, self.quantity, self.source, self.target


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A target or limit. `level` (share, t, t CO2e, USD or months) is NaN in years where the policy
    is not in force."""

    name: str
    kind: str
    """A row of POLICY_FORMS in `planner.study.schema`."""
    level: Array
    metal: str = ""
    origin: str = ""
    stages: tuple[str, ...] = ()
    goods: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    scope: Scope = "territorial"
    impact: str = ""
    of: Literal["demand", "imports"] = "demand"
    provenance: Literal["any", "home"] = "any"
    """Output that self-sufficiency counts: every output at home at its stage, or only metal won
    from home ore and waste."""
    penalty: float | None = None
    """USD per unit of breach; None means the floor is hard."""
    numerator: Selector | None = None
    denominator: Selector | None = None
    """Of a share, what it counts and what that is a share of; of a subsidy, the first selects what
    is paid for."""
    each: tuple[str, ...] = ()
    """Fields of the numerator, each name of which has a row of its own."""
    measured: Literal["refined", "contained", "activity"] = "refined"
    """What a share counts tonnes of."""
    ceiling: bool = False
    """True for a share that is an upper limit."""
    demand: tuple[str, ...] = ()
    """Goods whose demand a stockpile covers; empty: all demand for its metals."""
    plants: tuple[str, ...] = ()
    """Plants whose orders a subsidy pays for."""
    budget: Array | None = None
    """Most that a subsidy pays, USD per year, shape (Y,); NaN in years without a limit."""
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names in further fields of its form, by field."""
    preset: str = ""
    """The law or strategy whose target it is, a name of `planner.presets`."""
    source: str = ""
    place: Place = field(default_factory=lambda: Place("study.toml", 0))


@dataclass(frozen=True, slots=True)
class Period:
    """A run of calendar years: `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """A whole study for one scenario, validated, in internal units."""

    name: str
    title: str
    country: str
    metals: tuple[str, ...]
    order_periods: tuple[Period, ...]
    """The periods that the study states: plants are ordered once in each (`planner.system.orders`).
    All else is planned year by year."""
    currency_year: int
    discount_rate: float
    stock_convention: Literal["uniform", "end", "middle", "start"]
    scenario: str
    overrides: Mapping[str, str]
    goods: Mapping[str, Good]
    processes: Mapping[str, Process]
    ramps: Mapping[str, Ramp]
    plants: Mapping[str, Plant]
    deposits: Mapping[str, Deposit]
    hosts: Mapping[str, Host]
    products: Mapping[str, Product]
    policies: Mapping[str, Policy]
    grid_intensity: Array
    """t CO2e per MWh, shape (Y,)."""
    carbon_price: Array
    """USD per t CO2e, shape (Y,)."""
    direct_emission_index: Array
    """Multiplies every direct emission at home (falling fossil heat), shape (Y,)."""
    foreign_emission_index: Array
    """Multiplies embodied and transport emissions of imports, shape (Y,)."""
    border_adjustment: bool
    """True if the carbon price also falls on the embodied emissions of imports."""
    data: tuple[Datum, ...]
    """Every number in force, with source and grade."""
    inputs_hash: str
    """sha256 of the study's files, the scenario and the overrides."""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The study's files as they were read, name to content: what a run folder keeps as its frozen
    inputs."""
    measures: Mapping[str, Measure] = field(default_factory=dict)
    exploration: Mapping[str, Exploration] = field(default_factory=dict)
    """By deposit."""
    loss_media: Mapping[str, LossMedia] = field(default_factory=dict)
    """By the name of the loss."""
    take_back: Mapping[str, TakeBack] = field(default_factory=dict)
    """By waste."""
    discoveries: Mapping[str, Discovery] = field(default_factory=dict)
    """Types of deposit that ensembles draw; no plan counts on any."""
    impacts: Mapping[str, Impact] = field(default_factory=dict)
    """Impacts beside carbon."""
    observations: tuple[Observed, ...] = ()
    abroad: Mapping[str, Abroad] = field(default_factory=dict)
    """The places other than the country, by name; empty where the study has none."""
    border_charges: frozenset[str] = frozenset()
    """Places whose border charges their carbon price on what trade embodies."""
    population: Array | None = None
    """Persons, shape (Y,); NaN where the study does not say."""
    warnings: tuple[Problem, ...] = ()
    """What reads but is probably not meant so, with its place and remedy."""

    periods: tuple[Period, ...] = field(init=False, repr=False)
    """The periods of the programme, T of them: each is one year, whatever periods the study states,
    so that every limit holds in every year."""

    def __post_init__(self) -> None:
        first, last = self.order_periods[0].first, self.order_periods[-1].last
        years = tuple(Period(year, year) for year in range(first, last + 1))
        object.__setattr__(self, "periods", years)

    def __repr__(self) -> str:
        """In one line: all its fields would fill a book."""
        return (
            f"System {self.name} [{self.scenario or 'base'}], {self.years[0]}-{self.years[-1]}: "
            f"{', '.join(self.metals)}; "
            f"{len(self.goods)} goods, {len(self.processes)} processes"
        )

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(period.first for period in self.periods)

    def name_of_place(self, place: str) -> str:
        """The name of a place; that of the country of the study where it is empty."""
        return place or self.country

    def as_given(self, name: str) -> str:
        """The name that recipes and contents give a good, whatever its place; of all else its
        own."""
        return self.goods[name].plain if name in self.goods else name

    @property
    def orders_yearly(self) -> bool:
        """Return True if plants can be ordered in every year."""
        return len(self.order_periods) == len(self.periods)

    def period_mean(self, series: Array) -> Array:
        """A yearly series in each period of the programme, which is its year: a copy, shape (...,
        T), T = Y."""
        return np.array(series, dtype=float)


def frozen_map(mapping: Mapping[str, V]) -> Mapping[str, V]:
    """A read-only copy of a mapping, sorted by key so that the order of input rows is lost."""
    return MappingProxyType({key: mapping[key] for key in sorted(mapping)})


def frozen_array(values: npt.ArrayLike) -> Array:
    """A read-only float copy."""
    array = np.array(values, dtype=float)
    array.setflags(write=False)
    return array
