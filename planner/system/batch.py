"""One study with many sets of numbers, worked through at once.

`batch(systems)` is a System whose numbers carry the samples as a leading axis: where they differ a
series has shape (B, Y) in place of (Y,) and a single number (B, 1); where all samples agree they
are as they were. What is written with numpy's broadcasting, and asks for years and periods by the
last axis, then does all samples in the time that it takes for one: most of that time is not
arithmetic.

What shapes a programme (which goods a process has, whether an emission is zero) must be the same in
all samples of a batch. `agreed` asks it of them; where they do not agree, the caller bisects the
batch, down to one sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.system.nouns import Array, Scalar, System

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
    "abroad",
)
"""Fields of a System that hold what a programme is made of."""
HEAD = (
    "metals",
    "order_periods",
    "discount_rate",
    "stock_convention",
    "border_adjustment",
    "border_charges",
)
"""Fields of a System that must be the same in all samples."""


class UnlikeError(Exception):
    """Samples differ in more than their numbers, so that they cannot be done at once."""


def batch(systems: Sequence[System]) -> System:
    """Systems that are one study with other numbers, as one. Raises UnlikeError where they are
    not."""
    first = systems[0]
    if len(systems) == 1:
        return first
    _require_one_study(systems)
    numbers = {name: stacked([getattr(system, name) for system in systems]) for name in NUMBERS}
    return replace(first, **numbers)


def _require_one_study(systems: Sequence[System]) -> None:
    first = systems[0]
    answers = any(good.answers for good in first.goods.values())
    _require(not answers, "demand that answers is worked out column by column, not by arrays")
    options = any(system.measures or system.exploration for system in systems)
    _require(not options, "measures and exploration are worked out column by column, not by arrays")
    for name in HEAD:
        head = getattr(first, name)
        alike = all(getattr(system, name) == head for system in systems)
        _require(alike, "the head of the study differs")


def _require(alike: bool, message: str) -> None:
    if not alike:
        raise UnlikeError(message)


def stacked(samples: Sequence[Any]) -> Any:
    """The same value of every sample as one: numbers get a leading axis where they differ; all else
    must be equal."""
    first = samples[0]
    if all(sample is first for sample in samples):
        return first
    in_all = all(sample is not None for sample in samples)
    _require(in_all, "something is given in some samples only")
    for kind, stack in _STACKS.items():
        if isinstance(first, kind):
            return stack(samples)
    return _stacked_nouns(samples) if is_dataclass(first) else _the_same(samples)


def _the_same(samples: Sequence[Any]) -> Any:
    first = samples[0]
    if any(sample != first for sample in samples):
        raise UnlikeError(f"{first!r} differs")
    return first


def _stacked_arrays(samples: Sequence[Array]) -> Array:
    alike = all(sample.shape == samples[0].shape for sample in samples)
    _require(alike, "series differ in length")
    whole = np.array(samples)
    return samples[0] if _alike(whole) else whole


def _stacked_numbers(samples: Sequence[float]) -> Scalar:
    whole = np.array(samples)
    return samples[0] if _alike(whole) else whole[:, None]


def _stacked_maps(samples: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    first = samples[0]
    if any(list(sample) != list(first) for sample in samples):
        raise UnlikeError(f"names differ: {', '.join(first)}")
    return MappingProxyType({key: stacked([sample[key] for sample in samples]) for key in first})


_STACKS: Mapping[type, Callable[[Sequence[Any]], Any]] = {
    np.ndarray: _stacked_arrays,
    float: _stacked_numbers,
    Mapping: _stacked_maps,
}
"""How samples of a kind become one."""


def _stacked_nouns(samples: Sequence[Any]) -> Any:
    first = samples[0]
    alike = all(type(sample) is type(first) for sample in samples)
    _require(alike, "a noun is there in some samples only")
    given = [field.name for field in fields(first) if field.init]
    return replace(
        first, **{name: stacked([getattr(sample, name) for sample in samples]) for name in given}
    )


def _alike(whole: Array) -> bool:
    """Return True if all samples are the same; what is not given (NaN) is the same as what is not
    given."""
    return bool(((whole == whole[0]) | (np.isnan(whole) & np.isnan(whole[0]))).all())


def agreed(decision: npt.ArrayLike, ndim: int = 0) -> Any:
    """A decision that shapes the programme, of so many axes, without the leading one. Raises
    UnlikeError where samples differ in it."""
    whole = np.asarray(decision)
    if whole.ndim == ndim:
        return whole if ndim else whole.item()
    first = whole[0]
    _require(not (whole != first).any(), "samples differ in what there is to plan")
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
    whole = np.empty((*_lead(arrays), len(arrays), width))
    for i, array in enumerate(arrays):
        whole[..., i, :] = array
    return whole


def _lead(arrays: Sequence[Array]) -> tuple[int, ...]:
    """The leading axes of those arrays that have any."""
    return next((array.shape[:-1] for array in arrays if array.ndim > 1), ())


def joined(arrays: Sequence[Array]) -> Array:
    """Series after one another, shape (..., N): with a leading axis where one of them has one."""
    lead = _lead(arrays)
    return np.concatenate(
        [
            np.broadcast_to(array, (*lead, array.shape[-1])) if array.shape[:-1] != lead else array
            for array in arrays
        ],
        axis=-1,
    )
