"""One study with many sets of numbers, worked through at once.

`batch(systems)` is a System whose numbers carry the samples as a leading axis: where they differ a
series has shape (B, Y) in place of (Y,) and a single number (B, 1); where all samples agree they
are as they were. What is written with numpy's broadcasting, and asks for years and periods by the
last axis, then does all samples in the time that it takes for one: most of that time is not
arithmetic.

What shapes a programme (which goods a process has, whether an emission is zero) must be the same in
all samples of a batch. `agreed` asks it of them; where they do not agree, whoever made the batch
takes it by halves, down to one sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from planner.system.nouns import Array, Scalar, System

V = TypeVar("V")

NUMBERS = (
    "goods",
    "processes",
    "ramps",
    "plants",
    "deposits",
    "hosts",
    "products",
    "policies",
    "grid_intensity",
    "carbon_price",
    "direct_emission_index",
    "foreign_emission_index",
    "population",
)
"""Fields of a System that hold what a programme is made of."""


class UnlikeError(Exception):
    """Samples differ in more than their numbers, so that they cannot be done at once."""


def batch(systems: Sequence[System]) -> System:
    """Systems that are one study with other numbers, as one. Raises UnlikeError where they are not."""
    first = systems[0]
    if len(systems) == 1:
        return first
    if any(system.measures or system.exploration for system in systems):
        raise UnlikeError(
            "what measures and exploration do is reckoned column by column, not by arrays"
        )
    same = ("metals", "periods", "discount_rate", "stock_convention", "border_adjustment")
    if any(getattr(system, name) != getattr(first, name) for system in systems for name in same):
        raise UnlikeError("the head of the study differs")
    return replace(
        first, **{name: stacked([getattr(system, name) for system in systems]) for name in NUMBERS}
    )


def stacked(each: Sequence[V]) -> V:
    """The same part of every sample as one: numbers get a leading axis where they differ; all else
    must be equal."""
    parts: Sequence[Any] = each
    first = parts[0]
    if all(part is first for part in parts):
        return each[0]
    if any(part is None for part in parts):
        raise UnlikeError("something is given in some samples only")
    if isinstance(first, np.ndarray):
        return _stacked_arrays(parts)  # type: ignore[no-any-return]
    if isinstance(first, float):
        whole = np.array(parts)
        return each[0] if _alike(whole) else whole[:, None]  # type: ignore[return-value]
    if isinstance(first, Mapping):
        if any(list(part) != list(first) for part in parts):
            raise UnlikeError(f"names differ: {', '.join(first)}")
        return MappingProxyType({key: stacked([part[key] for part in parts]) for key in first})  # type: ignore[return-value]
    if is_dataclass(first) and not isinstance(first, type):
        if any(type(part) is not type(first) for part in parts):
            raise UnlikeError("a noun is there in some samples only")
        found = {
            f.name: stacked([getattr(part, f.name) for part in parts])
            for f in fields(first)
            if f.init
        }
        return replace(first, **found)  # type: ignore[return-value]
    if any(part != first for part in parts):
        raise UnlikeError(f"{first!r} differs")
    return each[0]


def _stacked_arrays(parts: Sequence[Any]) -> Any:
    if any(part.shape != parts[0].shape for part in parts):
        raise UnlikeError("series differ in length")
    whole = np.array(parts)
    return parts[0] if _alike(whole) else whole


def _alike(whole: Array) -> bool:
    """Whether all samples are the same; what is not given (NaN) is the same as what is not given."""
    return bool(((whole == whole[0]) | (np.isnan(whole) & np.isnan(whole[0]))).all())


def agreed(decision: npt.ArrayLike, ndim: int = 0) -> Any:
    """A decision that shapes the programme, of so many axes, without the leading one. Raises
    UnlikeError where samples differ in it."""
    whole = np.asarray(decision)
    if whole.ndim == ndim:
        return whole if ndim else whole.item()
    first = whole[0]
    if (whole != first).any():
        raise UnlikeError("samples differ in what there is to plan")
    return first if ndim else first.item()


def single(number: Any) -> Any:
    """A single number of a noun, or its samples: shape (B, 1) to (B,)."""
    return number[..., 0] if isinstance(number, np.ndarray) else number


def scalar(numbers: Array) -> Scalar:
    """A number as nouns hold it, from an array whose last axis has one place."""
    return numbers if numbers.ndim > 1 else float(numbers[0])


def rows(arrays: Sequence[Array], width: int) -> Array:
    """Series under one another, shape (..., N, width): with a leading axis where one of them has
    one."""
    lead = next((array.shape[:-1] for array in arrays if array.ndim > 1), ())
    whole = np.empty((*lead, len(arrays), width))
    for i, array in enumerate(arrays):
        whole[..., i, :] = array
    return whole


def joined(arrays: Sequence[Array]) -> Array:
    """Series after one another, shape (..., N): with a leading axis where one of them has one."""
    lead = next((array.shape[:-1] for array in arrays if array.ndim > 1), ())
    return np.concatenate(
        [
            np.broadcast_to(array, (*lead, array.shape[-1])) if array.shape[:-1] != lead else array
            for array in arrays
        ],
        axis=-1,
    )
