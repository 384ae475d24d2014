"""Ensembles: known answers, the same result with any number of workers and after any interruption,
nothing lost or doubled."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import planner
from planner.analysis.uncertainty.ensemble import BLOCK, CHECKED, Ensemble, ensemble, solve_block
from planner.analysis.uncertainty.outcomes import OutcomeReader, yearly_table
from planner.cli import app
from planner.errors import InfeasibleError, OutputError, SolverError, SpecError
from planner.runtime.run_folder import written_file
from planner.solver.compiled import compiled
from planner.solver.highs import Program
from tests.small import Study

STANDS = 4.0
"""Seconds after which a local worker that was not forked has started, also on a busy machine."""
PRICE = "process_values.import_lithium.import_price"
TABLES = ("headline", "yearly", "options", "observed")


@pytest.fixture(scope="module")
def whole() -> Ensemble:
    """Three blocks, the last one not full, in this process and in memory."""
    return ensemble(planner.read("quickstart"), samples=2 * BLOCK + 8, seed=3, workers=1)


def same(a: Ensemble, b: Ensemble) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(
            getattr(a, name), getattr(b, name), check_exact=True, check_dtype=False
        )


def test_each_sample_is_the_plan_of_the_study_with_its_values(whole: Ensemble) -> None:
    for sample in (0, 5, 20, 39):
        values = {
            name: whole.values(name).set_index("sample")["value"][sample]
            for name in (i.name for i in whole.uncertain.inputs)
        }
        units = {i.name: i.unit for i in whole.uncertain.inputs}
        system = planner.read(
            "quickstart",
            overrides={name: f"{float(value)!r} {units[name]}" for name, value in values.items()},
        )
        plan = planner.solve(system)
        head = whole.headline.set_index("sample").loc[sample]
        assert head["cost"] == pytest.approx(plan.objective, rel=1e-9)
        assert head["status"] == "optimal"
        short = plan.indicators[plan.indicators["indicator"] == "shortage"]["value"].sum()
        assert head["shortage"] == pytest.approx(short, abs=1e-6)


def test_outcomes_are_the_numbers_of_the_tables() -> None:
    system = planner.read("china")
    plan = planner.solve(system)
    made = compiled(system)
    from planner.plan.solve import break_ties
    from planner.solver.highs import Program

    program = Program(made.arrays)
    first = program.run()
    final, _ = break_ties(program, first)
    reckoner = OutcomeReader(system, made.arrays)
    outcome = reckoner.read(system, made.arrays, final)
    assert outcome.emissions == pytest.approx(dict(plan.record.emissions), rel=1e-9)
    found = yearly_table(system, {0: outcome}).set_index(["metal", "year"])
    supply = plan.supply.groupby(["metal", "year", "pathway"])["value"].sum()
    for (metal, year, pathway), value in supply.items():
        assert found.loc[(metal, year), pathway] == pytest.approx(value, rel=1e-9, abs=1e-6)
    price = yearly_table(system, {0: reckoner.read(system, made.arrays, first)}).set_index(
        ["metal", "year"]
    )["price"]
    goods = plan.indicators[plan.indicators["indicator"] == "price: goods"]
    told = goods.set_index(["metal", "year"])["value"]
    assert price.loc[told.index].to_numpy() == pytest.approx(told.to_numpy(), rel=1e-9)


def test_a_programme_that_lacks_a_column_is_read_by_its_own_names() -> None:
    """A value of zero can take a column out of a sample, and all columns behind it then stand
    elsewhere."""
    made = compiled(planner.read("quickstart"))
    whole = Program(made.arrays).run()
    unused = int(
        np.flatnonzero(
            (whole.x == 0) & (np.array([name for name, _ in made.arrays.columns]) == "disposal")
        )[0]
    )
    kept = np.delete(np.arange(len(whole.x)), unused)
    a = made.arrays
    arrays = replace(
        a,
        columns=tuple(a.columns[i] for i in kept),
        cost=a.cost[kept],
        carbon=a.carbon[kept],
        matrix=a.matrix[:, kept],
        lower=a.lower[kept],
        upper=a.upper[kept],
    )
    solution = Program(arrays).run()
    found, known = (
        OutcomeReader(made.system, each).read(made.system, arrays, solution) for each in (a, arrays)
    )
    for name in ("activity", "ordered", "price", "in_plan", "ruled_out"):
        np.testing.assert_array_equal(getattr(found, name), getattr(known, name))
    assert found.emissions == known.emissions


def test_two_workers_give_the_same_to_the_last_digit(whole: Ensemble) -> None:
    same(whole, ensemble(planner.read("quickstart"), samples=2 * BLOCK + 8, seed=3, workers=2))


def test_a_run_grows_and_goes_on_from_what_is_there(whole: Ensemble, tmp_path: Path) -> None:
    system = planner.read("quickstart")
    ensemble(system, samples=BLOCK + 4, seed=3, workers=1, out=tmp_path / "e")
    marker = tmp_path / "e" / "headline" / "block=000000" / "part.parquet"
    before = marker.stat().st_mtime_ns
    same(whole, ensemble(system, samples=2 * BLOCK + 8, seed=3, workers=1, out=tmp_path / "e"))
    assert marker.stat().st_mtime_ns == before
    few = ensemble(system, samples=4, seed=3, workers=1, out=tmp_path / "e")
    assert few.headline["sample"].tolist() == [0, 1, 2, 3]
    shutil.rmtree(tmp_path / "e" / "headline" / "block=000001")
    (tmp_path / "e" / "headline" / "block=000002" / "part.parquet").write_bytes(b"half")
    same(whole, ensemble(system, samples=2 * BLOCK + 8, seed=3, workers=1, out=tmp_path / "e"))


def test_a_block_that_is_not_its_own_is_refused(tmp_path: Path) -> None:
    """Copied over another, doubled or taken from another ensemble, with or without its seal: each
    was believed, and a resumed run counted the same samples twice."""
    system = planner.read("quickstart")
    asked = {"samples": BLOCK + 4, "workers": 1}
    for name, seed in (("e", 3), ("other", 4)):
        ensemble(system, seed=seed, out=tmp_path / name, **asked)  # type: ignore[arg-type]
    folder, whole = tmp_path / "e", shutil.copytree(tmp_path / "e", tmp_path / "whole")
    one, two = (Path(f"block={number:06d}") for number in (0, 1))

    def restored() -> Path:
        shutil.rmtree(folder)
        return Path(shutil.copytree(whole, folder))

    def refused(words: str) -> None:
        with pytest.raises(OutputError, match=rf"block \d is not as it was written: .*{words}"):
            ensemble(system, seed=3, out=folder, **asked)  # type: ignore[arg-type]

    # the quickstart observed nothing: its tables of that are empty and alike in every block
    for table in (name for name in TABLES if name != "observed"):
        restored()
        shutil.copy(folder / table / one / "part.parquet", folder / table / two / "part.parquet")
        refused(rf"{table}/block=000001/part\.parquet changed")
    doubled = restored() / "headline" / one / "part.parquet"
    frame = pd.read_parquet(doubled, partitioning=None)
    pd.concat([frame, frame]).to_parquet(doubled, index=False)
    refused("changed")
    for source in (restored(), tmp_path / "other"):
        shutil.copy(source / "seals" / f"{one}.json", folder / "seals" / f"{two}.json")
        for table in TABLES:
            shutil.copytree(source / table / one, folder / table / two, dirs_exist_ok=True)
        refused("another block or ensemble")
        restored()
    shutil.copytree(tmp_path / "other", folder, dirs_exist_ok=True)
    shutil.copy(whole / "ensemble.json", folder / "ensemble.json")
    refused("another block or ensemble")


def test_a_block_whose_seal_is_removed_is_solved_anew(tmp_path: Path) -> None:
    """As the message says."""
    system, out = planner.read("quickstart"), tmp_path / "e"
    first = ensemble(system, samples=4, seed=3, workers=1, out=out)
    (out / "headline" / "block=000000" / "part.parquet").write_bytes(b"spoilt")
    (out / "seals" / "block=000000.json").unlink()
    same(first, ensemble(system, samples=4, seed=3, workers=1, out=out))


def test_links_in_the_folder_are_not_followed(tmp_path: Path) -> None:
    """The folder may be a link; a folder in it that leads out is refused, a file gives way."""
    system, far = planner.read("quickstart"), tmp_path / "far"
    (far / "e").mkdir(parents=True)
    (tmp_path / "e").symlink_to(far / "e")
    (tmp_path / "mine.json").write_text("mine")
    ensemble(system, samples=2, workers=1, out=tmp_path / "e")
    assert (tmp_path / "e").is_symlink()
    (far / "e" / "inputs.csv").unlink()
    (far / "e" / "inputs.csv").symlink_to(tmp_path / "mine.json")
    ensemble(system, samples=2, workers=1, out=tmp_path / "e")
    assert (tmp_path / "mine.json").read_text() == "mine"
    shutil.rmtree(far / "e" / "seals")
    (far / "e" / "seals").symlink_to(tmp_path)
    with pytest.raises(OutputError, match="is a link out of"):
        ensemble(system, samples=2, workers=1, out=tmp_path / "e")


def test_parquet_is_read_as_one_table_by_pandas(whole: Ensemble, tmp_path: Path) -> None:
    ensemble(
        planner.read("quickstart"), samples=2 * BLOCK + 8, seed=3, workers=1, out=tmp_path / "e"
    )
    table = pd.read_parquet(tmp_path / "e" / "yearly")
    assert len(table) == len(whole.yearly)
    assert set(whole.yearly.columns) <= set(table.columns)


@pytest.mark.parametrize("change", [{"seed": 4}, {"inputs": (PRICE,)}, {"sampler": "sobol"}])
def test_another_ensemble_in_the_folder_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    system = planner.read("quickstart")
    ensemble(system, samples=2, seed=3, workers=1, out=tmp_path / "e")
    with pytest.raises(OutputError, match="another ensemble"):
        ensemble(system, samples=2, workers=1, out=tmp_path / "e", **{"seed": 3, **change})  # type: ignore[arg-type]


def test_another_study_in_the_folder_is_refused(tmp_path: Path) -> None:
    ensemble(planner.read("quickstart"), samples=2, workers=1, out=tmp_path / "e")
    with pytest.raises(OutputError, match="another ensemble"):
        ensemble(
            planner.read("quickstart", scenario="carbon-price"),
            samples=2,
            workers=1,
            out=tmp_path / "e",
        )
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not an ensemble"):
        ensemble(planner.read("quickstart"), samples=2, workers=1, out=tmp_path / "f")


KILLED = """
import planner
from planner.analysis.uncertainty.ensemble import ensemble
if __name__ == "__main__":
    ensemble(planner.read("quickstart"), samples={samples}, seed=3, workers={workers}, out={out!r})
"""


def test_a_run_killed_before_its_first_sample_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the first files of the folder stop short, also half way through one of them, the
    same call completes it."""
    system, small = planner.read("quickstart"), {"samples": 2, "seed": 3, "workers": 1}
    whole, first = ensemble(system, **small), len(system.files) + 2
    for stop in range(first):
        out, calls = tmp_path / str(stop), iter(range(first))

        def dying(
            path: Path,
            *rest: object,
            stop: int = stop,
            calls: Iterator[int] = calls,
            **named: bool,
        ) -> Path:
            if next(calls) == stop:
                path.with_name(f".{path.name}.partial").write_text("half")
                raise KeyboardInterrupt
            return written_file(path, *rest, **named)

        with monkeypatch.context() as patch:
            patch.setattr(
                sys.modules["planner.analysis.uncertainty.ensemble_folder"], "written_file", dying
            )
            with pytest.raises(KeyboardInterrupt):
                ensemble(system, **small, out=out)
        same(ensemble(system, **small, out=out), whole)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_goes_on_with_nothing_lost_or_doubled(tmp_path: Path, workers: int) -> None:
    samples, times, rng = (
        6 * BLOCK,
        int(os.environ.get("FAULTS", "6")) // 2,
        np.random.default_rng(workers),
    )
    out, script = tmp_path / "e", tmp_path / "run.py"
    script.write_text(KILLED.format(samples=samples, workers=workers, out=str(out)))
    for _ in range(times):
        run = subprocess.Popen(
            [sys.executable, str(script)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(float(rng.uniform(0.5, 5.0)))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    resumed = ensemble(planner.read("quickstart"), samples=samples, seed=3, workers=1, out=out)
    assert resumed.headline["sample"].tolist() == list(range(samples))
    same(resumed, ensemble(planner.read("quickstart"), samples=samples, seed=3, workers=1))


@pytest.mark.slow
def test_a_cluster_whose_worker_is_killed_in_the_middle_finishes_alike() -> None:
    """A scheduler and two workers on loopback, as separate processes; one worker dies and is not
    replaced."""
    python, host = sys.executable, "127.0.0.1"
    port = _free_port()
    address = f"tcp://{host}:{port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = [
        python,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        host,
        "--port",
        str(port),
        "--no-dashboard",
    ]
    processes = [subprocess.Popen(scheduler, **quiet)]
    worker = [
        python,
        "-m",
        "distributed.cli.dask_worker",
        address,
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
        "--host",
        host,
    ]
    try:
        processes += [subprocess.Popen(worker, **quiet) for _ in range(2)]
        samples, told = 8 * BLOCK, []

        def kill_one(stage: str) -> None:
            told.append(stage)
            if len(told) == 3:
                processes[1].kill()

        found = ensemble(
            planner.read("quickstart"), samples=samples, seed=3, cluster=address, progress=kill_one
        )
        assert processes[1].wait(20) != 0
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert len(told) >= 3
    same(found, ensemble(planner.read("quickstart"), samples=samples, seed=3, workers=1))


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_no_scheduler_at_the_address_is_said() -> None:
    with pytest.raises(OutputError, match="no Dask scheduler"):
        ensemble(planner.read("quickstart"), samples=2, cluster="tcp://127.0.0.1:1")


def test_a_sample_without_a_plan_is_told_with_what_clashes(tmp_path: Path) -> None:
    """Half of the samples leave the home mine too small for the target."""
    study = Study(last=2021).good(
        "lithium/refined", "refined", demand=100, shortage_cost=1000, equivalent=1
    )
    study.process("mine", "mine", gives={"lithium/refined": 1}, variable_cost=10, max_activity=50)
    study.process("buy", "import", gives={"lithium/refined": 1}, import_price=20, origin="abroad")
    study.policy(
        "target",
        kind="self_sufficiency",
        metal="lithium",
        share=0.5,
        stages=["extraction"],
        provenance="home",
    )
    system = planner.read(study.write(tmp_path / "s"))
    statement = {
        "inputs": {
            "process_values.mine.max_activity": {"low": 0.0, "high": 2.0, "distribution": "uniform"}
        }
    }
    found = ensemble(system, samples=BLOCK, workers=1, statement=statement)
    short = found.values("process_values.mine.max_activity")["value"] < 50
    assert found.headline["status"].tolist() == ["infeasible" if s else "optimal" for s in short]
    assert 0 < short.sum() < BLOCK
    assert (
        found.headline.loc[short.to_numpy(), "reason"]
        .str.contains(r"self_sufficiency\[target,lithium,2021\]")
        .all()
    )
    assert found.headline.loc[short.to_numpy(), "cost"].isna().all()
    assert set(found.yearly["sample"]) == set(np.flatnonzero(~short))


def test_worker_of_another_version_is_refused(whole: Ensemble) -> None:
    from dataclasses import replace

    from planner.analysis.uncertainty.ensemble import Job

    system = planner.read("quickstart")
    job = Job(
        dict(system.files),
        system.name,
        system.scenario,
        dict(system.overrides),
        whole.uncertain.inputs,
        "0.0.0",
    )
    with pytest.raises(OutputError, match=r"0\.0\.0"):
        solve_block(job, 0, whole.quantiles[:2])
    from planner.runtime.extras import planner_version

    tables = solve_block(replace(job, version=planner_version()), 0, whole.quantiles[:2])
    assert tables["headline"]["sample"].tolist() == [0, 1]


def test_fans_shortage_and_robust_options(whole: Ensemble) -> None:
    fan = whole.fan("lithium", "foreign primary")
    assert set(fan["unit"]) == {"t/year"}
    wide = fan.pivot_table(index="year", columns="quantile", values="value")
    assert (wide.diff(axis=1).iloc[:, 1:] >= 0).all().all()
    exact = whole.yearly[(whole.yearly["metal"] == "lithium") & (whole.yearly["year"] == 2022)][
        "foreign primary"
    ].median()
    assert wide.loc[2022, 0.5] == exact
    assert whole.fan("lithium", "price")["unit"].unique().tolist() == ["USD_2021/t"]
    assert (whole.shortage_probability()["probability"] == 0).all()
    options = whole.robust_options().set_index("name")
    assert options.loc["recycle_packs", "robust"]
    assert not options.loc["mine_brine", "robust"]
    assert options.loc["mine_brine", "share"] == pytest.approx(
        (whole.options[whole.options["name"] == "mine_brine"]["in_plan"]).mean()
    )
    summary = whole.summary().set_index("answer")
    assert summary.loc["cost", "q0.5"] == whole.headline["cost"].median()
    with pytest.raises(KeyError):
        whole.fan("lithium", "nothing")
    with pytest.raises(KeyError):
        whole.values("nothing")


def test_yields_that_contradict_the_balance_are_drawn_back_until_it_holds() -> None:
    """A pack holds 0.1 t of cobalt, of which 0.095 t are won; the top of the range would win twice
    that."""
    statement = {
        "inputs": {
            "coefficients.recycle_packs.cobalt/refined.out": {
                "low": 0.95,
                "high": 2.0,
                "distribution": "uniform",
            }
        }
    }
    found = ensemble(planner.read("quickstart"), samples=16, seed=0, workers=1, statement=statement)
    assert 0 < (found.headline["drawn_back"] > 0).sum() < 16
    assert set(found.headline["status"]) == {"optimal"}


def test_shortage_that_a_sample_meets_is_counted() -> None:
    """Imports that may nearly vanish leave demand unserved in some samples."""
    statement = {
        "inputs": {
            "process_values.import_lithium.max_activity": {"low": 0.0, "distribution": "uniform"}
        }
    }
    system = planner.read(
        "quickstart", overrides={"process_values.import_lithium.max_activity": "40 t/year"}
    )
    found = ensemble(system, samples=BLOCK, workers=1, statement=statement)
    probability = found.shortage_probability().query("metal == 'lithium'")["probability"]
    share = found.headline["shortage"].gt(1e-3).mean()
    assert 0 < share <= 1
    assert probability.max() == pytest.approx(share, abs=1e-9) or probability.max() < share


def test_parts_and_whole_agree() -> None:
    found = ensemble(planner.read("quickstart"), samples=CHECKED + 1, seed=3, workers=1)
    checked = found.headline.dropna(subset=["check"])
    assert checked["sample"].tolist() == [0, CHECKED]
    assert (checked["check"] <= 1e-7).all()


def test_command_line(tmp_path: Path) -> None:
    run = CliRunner().invoke(
        app,
        [
            "ensemble",
            "quickstart",
            "-n",
            "4",
            "--workers",
            "1",
            "--out",
            str(tmp_path / "e"),
            "--json",
        ],
    )
    assert run.exit_code == 0, run.output
    told = json.loads(run.stdout)
    assert told["status"] == {"optimal": 4}
    assert {row["answer"] for row in told["summary"]} == {
        "cost",
        "penalty",
        "territorial",
        "footprint",
        "shortage",
    }
    assert json.loads((tmp_path / "e" / "ensemble.json").read_text())["samples"] == 4
    assert len(pd.read_csv(tmp_path / "e" / "options.csv")) == len(told["options"])
    run = CliRunner().invoke(
        app, ["ensemble", "quickstart", "-n", "4", "--workers", "1", "--input", "nothing.*"]
    )
    assert run.exit_code == 2
    run = CliRunner().invoke(app, ["ensemble", "quickstart", "-n", "4", "--workers", "1", "-q"])
    assert (run.exit_code, run.stdout) == (0, "")


def test_unknown_sampler_inputs_are_refused() -> None:
    with pytest.raises(SpecError):
        ensemble(planner.read("quickstart"), samples=2, inputs=("plants.*.nothing",))


def test_an_infeasible_study_is_said_before_anything_is_sampled(tmp_path: Path) -> None:
    study = Study(last=2021).good(
        "lithium/refined", "refined", demand=100, shortage_cost=1000, equivalent=1
    )
    study.process("mine", "mine", gives={"lithium/refined": 1}, variable_cost=10, max_activity=40)
    study.policy(
        "target",
        kind="self_sufficiency",
        metal="lithium",
        share=0.5,
        stages=["extraction"],
        provenance="home",
    )
    statement = {"inputs": {"process_values.mine.variable_cost": {"low": 0.5}}}
    with pytest.raises(InfeasibleError, match="self_sufficiency"):
        ensemble(
            planner.read(study.write(tmp_path / "s")), samples=2, workers=1, statement=statement
        )


def test_a_living_programme_that_drifted_is_refused() -> None:
    """The cost of another programme stands for an answer that went wrong."""
    made = compiled(planner.read("quickstart"))
    program = Program(made.arrays)
    solution = program.run()
    assert program.confirm(solution) <= 1e-12
    program.set_cost(2 * made.arrays.cost, made.arrays.offset)
    with pytest.raises(SolverError, match="the cold solve"):
        program.confirm(solution)


@pytest.mark.slow
def test_workers_killed_at_random_cost_their_tasks_and_nothing_else() -> None:
    """KILLED_SAMPLES=10000 for the long one: every so often a local worker is killed, and the
    result is that of the undisturbed run. One that does not stand yet is let live: a worker that
    never stands is an error."""
    import psutil

    samples, rng, killed = (
        int(os.environ.get("KILLED_SAMPLES", "640")),
        np.random.default_rng(5),
        [],
    )

    def stands(process: psutil.Process) -> bool:
        try:
            began = " ".join(process.cmdline())
            return "resource_tracker" not in began and time.time() - process.create_time() > (
                STANDS if "spawn_main" in began else 0
            )
        except psutil.Error:  # it is dying
            return False

    def kill_one(stage: str) -> None:
        if not getattr(stage, "done", 0):  # there are no workers yet
            return
        until = time.time() + 60
        while (
            not (
                found := [
                    each for each in psutil.Process().children(recursive=True) if stands(each)
                ]
            )
            and not killed
        ):
            assert time.time() < until, "no worker stands"
            time.sleep(0.1)
        if found and (not killed or rng.random() < 0.5):
            found[int(rng.integers(len(found)))].kill()
            killed.append(stage)

    found = ensemble(
        planner.read("quickstart"), samples=samples, seed=3, workers=3, progress=kill_one
    )
    assert killed
    assert found.headline["sample"].tolist() == list(range(samples))
    same(found, ensemble(planner.read("quickstart"), samples=samples, seed=3, workers=1))
