"""How far along something is, said with the word that names it."""

from __future__ import annotations

from typing import Self


class Step(str):
    """The name of a stage that is one of several alike: `part` of them are over, of `parts` in all.

    It is its name to whoever only shows or collects words, and lets whoever can reckon say how much
    time is left.
    """

    __slots__ = ("part", "parts")
    part: int
    parts: int

    def __new__(cls, name: str, part: int, parts: int) -> Self:
        made = super().__new__(cls, name)
        made.part, made.parts = part, parts
        return made
