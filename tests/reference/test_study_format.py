"""The page of the study format is written from the code, and names all there is."""

from __future__ import annotations

from pathlib import Path

from planner.reference.study_format import study_format_page
from planner.study.schema import POLICIES, TABLES

PAGE = Path(__file__).parents[2] / "docs" / "format.md"


def test_the_committed_page_is_current() -> None:
    """`make pages` renews it."""
    assert PAGE.read_text(encoding="utf-8") == study_format_page()


def test_the_page_names_every_table_column_parameter_unit_and_policy() -> None:
    page = study_format_page()
    for table in TABLES:
        assert f"### {table.name}.csv" in page
        section = page.split(f"### {table.name}.csv")[1].split("\n### ")[0]
        for column in (*table.keys, *table.columns):
            assert f"`{column.name}`" in section, (table.name, column.name)
        for parameter in table.parameters:
            row = next(
                line for line in section.splitlines() if line.startswith(f"| `{parameter.name}` |")
            )
            assert parameter.unit in row
            assert parameter.default is None or f"{parameter.default:g}" in row
    for form in POLICIES:
        assert f"| `{form.kind}` | {' or '.join(f'`{level}`' for level in form.levels)} |" in page


def test_the_page_says_of_every_number_what_it_means_in_a_longer_period() -> None:
    """Each parameter and each policy level has its cell, none of them empty."""
    rows = [row.split(" | ") for row in study_format_page().splitlines() if row.startswith("| `")]
    said = {row[0].strip("| `"): row for row in rows}
    for table in TABLES:
        section = study_format_page().split(f"### {table.name}.csv")[-1].split("\n### ")[0]
        mine = [row.split(" | ") for row in section.splitlines() if row.startswith("| `")]
        for parameter in table.parameters:
            of_name = [row for row in mine if row[0].strip("| `") == parameter.name]
            assert any(parameter.in_a_longer_period in row for row in of_name)
            assert parameter.in_a_longer_period
    for form in POLICIES:
        assert form.longer in said[form.kind]
        assert form.longer


def test_the_study_toml_of_the_page_is_read(tmp_path: Path) -> None:
    """The example is not pseudo-code: with the tables of a new study it reads, in both of its
    scenarios."""
    import planner

    folder = planner.new(tmp_path / "example")
    example = study_format_page().split("```toml\n")[1].split("```")[0]
    example = example.replace("first = 2021", "first = 2025").replace("last = 2060", "last = 2034")
    (folder / "study.toml").write_text(example, encoding="utf-8")
    system = planner.read(folder, scenario="greener")
    assert (system.discount_rate, float(system.carbon_price[0])) == (0.04, 50.0)
    assert set(system.policies) == {"home_share"}
