"""The package as a user gets it: the wheel away from the checkout, and the versions it promises."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def built_wheel(folder: Path) -> Path:
    """Build the wheel of the checkout into a folder."""
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        str(folder),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new environment that holds the wheel, and the dependencies of this one,
    but not the checkout.

    A path in a .pth file is searched, but the .pth files in it are not read: an editable install of
    the checkout stays out.
    """
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False, symlinks=True)
    python = place / "bin" / "python"
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(command, check=True, capture_output=True)
    here = next(path for path in sys.path if path.endswith("site-packages"))
    site = next((place / "lib").glob("python*/site-packages"))
    (site / "dependencies.pth").write_text(here + "\n", encoding="utf-8")
    return python.parent


def run(command: list[str | Path], folder: Path) -> str:
    """Standard output of a command run in an empty folder, without what this environment sets for
    Python."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "VIRTUAL_ENV", "PYTEST"))
    }
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_solves_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    """Were models/ and data/ left out, or found only beside the source, a user's `planner solve
    quickstart` would fail."""
    home = run([installed / "python", "-c", "import planner; print(planner.__file__)"], tmp_path)
    assert str(installed.parent) in home
    listed = {
        row["study"] for row in json.loads(run([installed / "planner", "list", "--json"], tmp_path))
    }
    assert listed == {path.parent.name for path in (ROOT / "models").glob("*/study.toml")}
    run([installed / "planner", "solve", "quickstart", "--quiet"], tmp_path)
    record = json.loads(
        (tmp_path / "results" / "quickstart" / "plan.json").read_text(encoding="utf-8")
    )
    assert record["status"] == "optimal"
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


@pytest.mark.slow
def test_the_wheel_holds_studies_and_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "planner",
        f"{PROJECT['name'].replace('-', '_')}-{PROJECT['version']}.dist-info",
    }
    for wanted in (
        "planner/py.typed",
        "planner/models/quickstart/study.toml",
        "planner/data/sources.csv",
    ):
        assert wanted in names
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]


@pytest.mark.slow
def test_the_same_source_gives_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    again = built_wheel(tmp_path)
    assert (
        hashlib.sha256(again.read_bytes()).hexdigest()
        == hashlib.sha256(wheel.read_bytes()).hexdigest()
    )


def pins(file: str) -> dict[str, str]:
    """Name to version of a constraints file, names in the one spelling that indexes use."""
    lines = [
        line
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    return {normal(name): version for name, version in (line.split("==") for line in lines)}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def bounds(*extras: str) -> dict[str, str]:
    """Name to lower bound of the dependencies and the extras named."""
    wanted = [
        *PROJECT["dependencies"],
        *(item for extra in extras for item in PROJECT["optional-dependencies"][extra]),
    ]
    return {normal(name): version for name, version in (item.split(">=") for item in wanted)}


def release(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in re.findall(r"\d+", version)]
    return tuple(parts + [0] * (4 - len(parts)))


def test_the_lowest_versions_are_the_bounds_promised() -> None:
    """`make lowest` proves the lower bounds only if it installs exactly them."""
    lowest = pins("constraints-lowest.txt")
    promised = bounds("test")
    assert lowest.keys() == promised.keys()
    for name, version in promised.items():
        assert release(lowest[name])[:2] == release(version)[:2], name
        assert release(lowest[name]) >= release(version), name


def test_the_lock_holds_every_dependency_within_its_bound() -> None:
    locked = pins("constraints.txt")
    for name, version in bounds(*PROJECT["optional-dependencies"]).items():
        assert release(locked[name]) >= release(version), name


def test_no_solver_that_is_known_to_be_wrong() -> None:
    """highspy 1.14.0 is barred by the design."""
    assert release(bounds()["highspy"]) >= (1, 15)
