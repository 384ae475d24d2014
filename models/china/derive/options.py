"""What the paper recommends and the least-cost plan may take or leave: where losses go by medium.

Choices:
- Losses by medium are judged (grade D), no source gives them for these metals: small shares go to
  air, water and soil, and what they leave stays where the name of the loss says (tailings, slag).
"""

from __future__ import annotations

from collections.abc import Iterator

from models.china.derive.common import Facts, Row, number


def rows(facts: Facts) -> Iterator[Row]:
    yield from _media(facts)


def _media(facts: Facts) -> Iterator[Row]:
    """Each loss of the study by what takes it up."""
    for fact in facts.all("loss_media", variable="loss_share"):
        loss, _, medium = fact.item.rpartition("/")
        yield number("loss_media", fact, loss=loss, medium=medium)
