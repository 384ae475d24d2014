"""The files beside the code agree with it: the hooks before a commit, the workflow, the
findings."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_a_commit_is_checked_by_the_ruff_that_is_locked() -> None:
    """Another version would format differently from `make test`."""
    hook = re.search(r"ruff-pre-commit\n    rev: v(\S+)\n", text(".pre-commit-config.yaml"))
    locked = re.search(r"^ruff==(\S+)$", text("constraints.txt"), re.MULTILINE)
    assert hook
    assert locked
    assert hook[1] == locked[1]


def test_the_workflow_runs_what_a_developer_runs() -> None:
    workflow = text(".github/workflows/test.yml")
    assert "run: make test\n" in workflow
    assert 'requires-python = ">=3.11"' in text("pyproject.toml")
    assert re.search(r"python: (\[.+\])", workflow)[1] == '["3.11", "3.12", "3.13", "3.14"]'
    wanted = set(re.findall(r"wanted\+=\(([^)]+)\)", text(".ci/run"))) - {"python3-venv"}
    assert all(packages in workflow for packages in wanted)


def test_a_finding_that_changed_is_named(tmp_path: Path) -> None:
    """Were its status lost, a workaround would outlive the fault it works around."""
    (tmp_path / "run_all.sh").write_text(text("findings/run_all.sh"), encoding="utf-8")
    (tmp_path / "still.sh").write_text("true\n", encoding="utf-8")
    (tmp_path / "gone.sh").write_text("echo mended; false\n", encoding="utf-8")
    done = subprocess.run(
        ["bash", str(tmp_path / "run_all.sh")],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"LC_ALL": "C"},
    )
    assert done.returncode == 1
    assert done.stdout.split("\n") == [
        "CHANGED  gone",
        "         mended",
        "stands   still",
        "2 findings, 1 changed",
        "",
    ]
