"""The documentation: built without a warning, current with the code, its links leading somewhere,
its samples doing what they show."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.plan.schema import INDICATORS
from planner.reference.result_tables import result_tables_page
from planner.system.nouns import PATHWAYS, SCOPES

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
EVERYWHERE = [
    *sorted(ROOT.glob("*.md")),
    *PAGES,
    ROOT / "findings" / "README.md",
    *sorted((ROOT / "models").glob("*/README.md")),
]
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
SETTING_UP = (
    "make ",
    "pip ",
    "python -m pip",
    "python -m venv",
    "python3 -m venv",
    "source ",
    "git ",
    "cd ",
    ". ",
    "frictionless ",
)
"""Commands that the samples show and a test does not run: they set a machine up."""
SOLVED_BY_MAKE = "planner solve china --out results/china --quiet"
"""What `make solve` does, for the commands after it."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# the site


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Strict and nitpicky: a broken link, a page in no list, a name that no longer exists, or an
    equation that cannot be read fails it."""
    for needed in ("sphinx", "myst_parser", "furo", "latex2mathml"):
        pytest.importorskip(needed, reason="the packages of the extra `docs` are not installed")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-n",
        "-q",
        "-b",
        "html",
        str(ROOT / "docs"),
        str(tmp_path / "site"),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    built = [page.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for page in PAGES]
    for page in built:
        assert (tmp_path / "site" / page).is_file(), page
    interface = (tmp_path / "site" / "api.html").read_text(encoding="utf-8")
    for public in planner.__all__:
        assert f"{public}</span>" in interface, f"the interface does not show {public}"
    front = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert all(f'href="{page}"' in front for page in built if page != "index.html")
    mathematics = (tmp_path / "site" / "mathematics.html").read_text(encoding="utf-8")
    assert "<math " in mathematics
    for page in (tmp_path / "site").glob("*.html"):
        loaded = re.findall(
            r"<(?:script|link|img)[^>]*?(?:src|href)=\"(https?:[^\"]+)",
            page.read_text(encoding="utf-8"),
        )
        assert not loaded, f"{page.name} loads {loaded}"


def test_the_results_page_is_current() -> None:
    """`make pages` renews it."""
    assert (ROOT / "docs" / "results.md").read_text(encoding="utf-8") == result_tables_page()


@pytest.mark.parametrize("study", ["quickstart", "china"])
def test_every_indicator_of_a_run_is_defined(study: str) -> None:
    plan = planner.solve(planner.read(study))
    named = {
        name.replace("PATHWAY", pathway).replace("SCOPE", scope): unit
        for name, (unit, _) in INDICATORS.items()
        for pathway in PATHWAYS
        for scope in SCOPES
    }
    found = plan.indicators[["indicator", "unit"]].drop_duplicates()
    for indicator, unit in found.itertuples(index=False):
        assert re.sub(r"USD_\d+", "USD", unit) == named[indicator]


# links


def anchors(page: Path) -> set[str]:
    """Headings by the anchor that code hosts and the site give them."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    heads = re.findall(r"^#+ +(.+?)\s*$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", EVERYWHERE, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Files of the project are there, and the heading named is in them; everything else is a whole
    address."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for match in LINK.finditer(text):
        target = match["target"]
        if re.match(r"https?://", target):
            assert re.fullmatch(r"https?://[\w.-]+\.\w+(/[^\s]*)?", target), target
            continue
        path, _, anchor = target.partition("#")
        there = page if not path else (page.parent / path)
        assert there.exists(), f"{name(page)}: {target}"
        assert not anchor or anchor in anchors(there), f"{name(page)}: {target}"


# samples


def statements(text: str) -> Iterator[str]:
    """Commands of a shell sample, each with its here-document."""
    lines = iter(text.splitlines())
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        marker = re.search(r"<<'?(\w+)'?", line)
        if marker is None:
            yield line
        else:
            taken = [line]
            for inner in lines:
                taken.append(inner)
                if inner == marker[1]:
                    break
            yield "\n".join(taken)


class Samples:
    """Runs the samples of one page in their order in one folder, as a reader would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.namespace: dict[str, object] = {}
        self.shell = folder.parent / "bin"
        self.shell.mkdir()
        command = self.shell / "planner"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m planner "$@"\n')
        command.chmod(0o755)
        (self.shell / "python").symlink_to(sys.executable)

    def run(self, language: str, text: str) -> None:
        if language in ("sh", "bash"):
            for statement in statements(text):
                self.command(statement)
        elif language == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                printed = self.command(command)
                if shown.strip():
                    assert trimmed(printed) == trimmed(shown), command
        elif language == "python":
            exec(compile(text, "sample", "exec"), self.namespace)
        elif language == "pycon":
            test = doctest.DocTestParser().get_doctest(text, self.namespace, "sample", None, 0)
            assert (
                not doctest.DocTestRunner(
                    optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
                )
                .run(test)
                .failed
            )

    def command(self, line: str) -> str:
        """What a command prints; plain commands of planner run in this process, which is ten times
        faster."""
        line = re.sub(r"\s+# .*$", "", line)
        if line.startswith("make solve"):
            line = SOLVED_BY_MAKE
        if line.startswith(SETTING_UP):
            return ""
        if line.startswith("planner ") and not re.search(r"[|&<>$*]", line):
            done = CliRunner().invoke(app, shlex.split(line)[1:])
            assert done.exit_code == 0 or "$" in line, (line, done.stderr)
            return done.stdout
        environment = os.environ | {
            "PATH": f"{self.shell}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C",
        }
        finished = subprocess.run(
            ["bash", "-ec", line],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, (line, finished.stdout)
        return finished.stdout


def trimmed(text: str) -> list[str]:
    """Lines without the blanks at their ends, and without the size of rounding errors, which
    differs between processors."""
    return [re.sub(r"\b\d+e[+-]\d+", "0e+00", line).rstrip() for line in text.strip().splitlines()]


RUN = ("sh", "bash", "console", "python", "pycon")
"""Languages of samples that are run."""
SAMPLED = [
    page
    for page in [ROOT / "README.md", *PAGES, *sorted((ROOT / "models").glob("*/README.md"))]
    if any(match["language"] in RUN for match in BLOCK.finditer(page.read_text(encoding="utf-8")))
]


@pytest.mark.slow
@pytest.mark.parametrize("page", SAMPLED, ids=name)
def test_the_samples_of_a_page_work(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands succeed and print what is shown, Python runs and its assertions hold; a later sample
    may use what an earlier one made."""
    folder = tmp_path / "reader"
    folder.mkdir()
    monkeypatch.chdir(folder)
    samples = Samples(folder)
    for match in BLOCK.finditer(page.read_text(encoding="utf-8")):
        if page.name == "get-started.md":
            continue  # tests/documents/test_get_started.py compares these, refusals among them
        if (
            page.name == "README.md"
            and page.parent == ROOT
            and match["language"] in ("console", "pycon")
        ):
            continue  # tests/documents/test_readme.py compares these
        samples.run(match["language"], match["text"])


@pytest.mark.parametrize("page", EVERYWHERE, ids=name)
def test_every_command_named_is_one(page: Path) -> None:
    """`planner WORD --option` in running text: the command is there and knows the option."""
    group = typer.main.get_command(app)
    for code in re.findall(r"`(planner [^`\n]+)`", page.read_text(encoding="utf-8")):
        words = code.split()[1:]
        while words and words[0].startswith("-"):
            assert words[0] in {"--help", "-h"} or any(
                words[0] in option.opts for option in group.params
            ), code
            words = words[1:]
        if not words or words[0].isupper():
            continue
        for word in words[0].split("|"):
            assert word in group.commands, code  # type: ignore[attr-defined]
            known = {
                option
                for parameter in group.commands[word].params
                for option in (*parameter.opts, "--help", "-h")
            }  # type: ignore[attr-defined]
            for option in (
                given.split("=")[0] for given in words[1:] if re.match(r"--?[a-z]", given)
            ):
                assert option in known, code


def test_every_make_target_named_is_there() -> None:
    targets = set(
        re.findall(
            r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    )
    for page in EVERYWHERE:
        assert set(re.findall(r"`make ([a-z]+)`", page.read_text(encoding="utf-8"))) <= targets, (
            page
        )
