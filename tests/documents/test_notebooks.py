"""The notebooks: each asks a question, answers it with one figure and one sentence, holds no
function, and runs from top to bottom."""

from __future__ import annotations

import ast
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip(
    "nbformat", reason="nbformat is not installed: pip install '.[test]'"
)
nbclient = pytest.importorskip(
    "nbclient", reason="nbclient is not installed: pip install '.[test]'"
)

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS = 300
"""For one cell, on a machine that is busy with other tests."""


@cache
def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code(book: Any) -> list[Any]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def tagged(book: Any, tag: str) -> Any:
    """The one cell with the tag."""
    (cell,) = [cell for cell in code(book) if tag in cell.metadata.get("tags", [])]
    return cell


@pytest.fixture
def place() -> Iterator[Path]:
    """A short path, since the kernel listens on a socket of that name, and the system allows about
    100 characters."""
    folder = Path(tempfile.mkdtemp(prefix="nb"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def executed(request: pytest.FixtureRequest, place: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A copy of the notebook with its outputs, run as a user runs it, without a network."""
    from traitlets.config import Config

    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    )
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(place))
    monkeypatch.setenv("IPYTHONDIR", str(place))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    book = nbformat.from_dict(read(request.param))
    run = nbclient.NotebookClient(
        book,
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
        config=Config({"KernelManager": {"transport": "ipc", "ip": str(place / "k")}}),
    )
    run.execute()
    return book


def test_the_eight_are_there() -> None:
    assert [path.stem[0] for path in NOTEBOOKS] == list("12345678")


@pytest.mark.slow
@pytest.mark.parametrize("executed", NOTEBOOKS, indirect=True, ids=lambda path: path.stem)
def test_it_runs_and_answers_with_a_figure_and_a_sentence(executed: Any) -> None:
    """Every cell runs without a word of warning; the figure has something in it; the answer is one
    sentence with numbers in it."""
    for cell in code(executed):
        noise = [
            output
            for output in cell.outputs
            if output.get("name") == "stderr" or output.output_type == "error"
        ]
        assert not noise, noise
    drawn = [
        output.data["application/vnd.plotly.v1+json"]
        for cell in code(executed)
        for output in cell.outputs
        if "application/vnd.plotly.v1+json" in output.get("data", {})
    ]
    assert len(drawn) == 1, "one figure"
    assert drawn[0]["data"]
    assert tagged(executed, "figure").outputs[0].data["application/vnd.plotly.v1+json"] == drawn[0]
    said = "".join(output.text for output in tagged(executed, "answer").outputs).strip()
    assert said.endswith(".")
    assert not re.search(r"[.!?] +[A-Z]", said), f"more than one sentence: {said}"
    assert len(re.findall(r"\d[\d,.]*", said)) >= 3, said
    assert not re.search(r"\bnan\b|\binf\b|None", said), said


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_plain_and_kept_without_outputs(path: Path) -> None:
    """No function, no class, no path of a machine; nothing stored that could go stale, nothing that
    changes from save to save."""
    book = read(path)
    nbformat.validate(book)
    for cell in code(book):
        tree = ast.parse(cell.source)
        assert not [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        ]
        assert cell.outputs == []
        assert cell.execution_count is None
        assert not re.search(r"/(?:tmp|home|root|work|Users)/", cell.source)
        assert max(map(len, cell.source.splitlines())) <= 140
    assert [cell.id for cell in book.cells] == [f"cell-{i}" for i in range(1, len(book.cells) + 1)]
    assert set(book.metadata) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_asks_a_question_and_ends_with_what_to_beware_of(path: Path) -> None:
    book = read(path)
    first, last = book.cells[0], book.cells[-1]
    assert re.match(r"# .*\?", first.source), "the title asks"
    assert last.cell_type == "markdown"
    assert "Read with care" in last.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_number_of_the_answer_is_typed_in(path: Path) -> None:
    """What stands in the sentence beside its computed parts holds no digit, but for that of CO2."""
    answer = ast.parse(tagged(read(path), "answer").source)
    (printed,) = [
        node
        for node in ast.walk(answer)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]
    sentence = printed.args[0]
    assert isinstance(sentence, ast.JoinedStr)
    typed = "".join(part.value for part in sentence.values if isinstance(part, ast.Constant))
    assert not re.search(r"\d", typed.replace("CO2", "")), typed
    assert sum(isinstance(part, ast.FormattedValue) for part in sentence.values) >= 3


def test_each_is_named_where_users_look() -> None:
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in NOTEBOOKS:
        title = read(path).cells[0].source.splitlines()[0].removeprefix("# ")
        assert f"[{title}]({path.name})" in listed
