"""What planner stands on: locked by hash, open licences, no network while it runs, the same bill of
materials as installed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.package.supply_chain import (
    DATA,
    LOCKS,
    PROJECT,
    ROOT,
    UNSTATED,
    Requirement,
    bill,
    is_open,
    licences_page,
    locked,
    needed,
    normal,
    sources_by_terms,
    sources_of_studies,
    stated_licence,
    table,
)
from tests.package.test_package import pins

OFFLINE = """
import socket, sys
def refuse(*args, **kwargs):
    raise OSError("planner reached for the network: " + repr(args[1:]))
for name in ("connect", "connect_ex", "bind", "sendto"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.create_connection = refuse
from planner.cli import main
try:
    socket.create_connection(("127.0.0.1", 9))
except OSError as error:
    assert "reached for the network" in str(error)
else:
    sys.exit("the network is open: this test proves nothing")
main()
"""


@pytest.mark.slow
def test_no_network_while_it_runs(tmp_path: Path) -> None:
    """With every way out of the process shut, a study is still solved, reported and exported."""
    run = str(tmp_path / "run")
    for command in (
        ["solve", "quickstart", "--out", run],
        ["report", run, "--out", str(tmp_path / "report.html")],
        ["export", run, str(tmp_path / "plan.xlsx")],
    ):
        done = subprocess.run(
            [sys.executable, "-c", OFFLINE, *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert {"run", "report.html", "plan.xlsx"} <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_holds_hashes_and_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--index-url|--find-links|--trusted-host", text)
    for name, (locked_version, hashes) in locked(lock).items():
        assert hashes, f"{name} {locked_version} has no hash"


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_has_the_versions_that_are_tested(lock: str) -> None:
    """constraints.txt and the lock are renewed together, by `make lock`."""
    tested = pins("constraints.txt")
    assert {
        name: version
        for name, (version, _) in locked(lock).items()
        if tested.get(name, version) != version
    } == {}


def test_the_lock_holds_every_dependency() -> None:
    run, test = locked(LOCKS[0]), locked(LOCKS[1])
    assert {normal(Requirement(line).name) for line in PROJECT["dependencies"]} <= run.keys()
    every = {
        normal(Requirement(line).name)
        for lines in PROJECT["optional-dependencies"].values()
        for line in lines
    }
    assert every <= test.keys()
    assert run.keys() <= test.keys()


def test_every_licence_is_open() -> None:
    """Of what a run needs, and of what the tests, types and documentation need."""
    closed = {
        name: stated_licence(package)
        for name, package in needed(*PROJECT["optional-dependencies"]).items()
        if not is_open(package)
    }
    assert closed.keys() <= UNSTATED
    assert not UNSTATED & needed().keys()
    assert len(needed()) >= len(PROJECT["dependencies"])


@pytest.mark.skipif(
    any(
        version(name) != pin
        for name, pin in pins("constraints.txt").items()
        if name in ("typer", "pandas")
    ),
    reason="the page names what the versions of the lock need; these are others",
)
def test_the_page_of_licences_names_what_a_run_needs() -> None:
    """`make licences` renews it. Names are held here; how a package words its licence differs
    between its versions."""

    def named(page: str) -> set[str]:
        return set(re.findall(r"^\| ([a-z0-9-]+) \|", page, re.MULTILINE)) - {"package"}

    assert named((ROOT / "docs" / "licences.md").read_text(encoding="utf-8")) == named(
        licences_page()
    )


def test_the_page_of_licences_says_what_every_source_is_under() -> None:
    """`make licences` renews it."""
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    assert page.endswith("\n".join(["## Data", "", *sources_by_terms(), ""]))


def test_every_source_of_a_shipped_study_has_terms() -> None:
    terms = {row["id"]: row["terms"] for row in table(DATA / "sources.csv")}
    assert all(terms.values())
    named = sources_of_studies()
    assert {"china", "eu_magnets", "quickstart", "world"} <= named.keys()
    for study, sources in named.items():
        assert sources, study
        assert sources <= terms.keys(), study


def test_the_bill_of_materials_is_whole() -> None:
    made = json.loads(json.dumps(bill()))
    references = {part["bom-ref"] for part in made["components"]}
    assert made["bomFormat"] == "CycloneDX"
    assert len(references) == len(made["components"]) == len(needed())
    assert set(made["dependencies"][0]["dependsOn"]) <= references
    assert all(part["licenses"] and part["version"] for part in made["components"])


def test_every_locked_package_runs_on_the_oldest_python_promised() -> None:
    """pyproject.toml asks for Python 3.11: also 3.11.0, and not only the one that the lock was made
    with."""
    from importlib.metadata import PackageNotFoundError, distribution

    from packaging.specifiers import SpecifierSet

    names = [
        line.partition("==")[0]
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    ]
    refused = []
    for name in names:
        try:
            wanted = distribution(name).metadata.get("Requires-Python")
        except PackageNotFoundError:
            continue
        if wanted and not SpecifierSet(wanted).contains("3.11.0"):
            refused.append(f"{name}: {wanted}")
    assert names
    assert not refused
