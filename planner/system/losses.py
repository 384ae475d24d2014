"""Where losses go: a named loss by environmental medium, and the names that its flows end in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

Medium = Literal["air", "water", "soil", "tailings", "slag", "landfill", "other products"]
MEDIA: tuple[str, ...] = get_args(Medium)
DISSIPATED, UNCOLLECTED, SURPLUS = "dissipated in use", "uncollected", "surplus"
WITHOUT_PROCESS = (DISSIPATED, UNCOLLECTED, SURPLUS)
"""Losses that no process names: of use stocks, and of goods that are thrown away."""
PREFIX = "loss/"


@dataclass(frozen=True, slots=True, eq=False)
class LossMedia:
    """Where a loss goes: the share of each medium, by metal. What the shares leave stays under the
    name of the loss."""

    name: str
    shares: Mapping[str, Mapping[str, npt.NDArray[np.float64]]]
    """Metal, or empty for all that have none of their own, to medium to share, shape (Y,)."""

    def of(self, metal: str) -> Mapping[str, npt.NDArray[np.float64]]:
        """Share of each medium of this metal, shape (Y,)."""
        return self.shares.get(metal, self.shares.get("", {}))


def parts_of_loss(
    media: Mapping[str, LossMedia], loss: str, metal: str
) -> Iterator[tuple[str, npt.NDArray[np.float64] | float]]:
    """Where the flow of a loss ends and its share, shape (Y,): `loss/NAME/MEDIUM` for each medium,
    and `loss/NAME` for what they leave. The shares add up to 1."""
    rest: npt.NDArray[np.float64] | float = 1.0
    for medium, share in media[loss].of(metal).items() if loss in media else ():
        rest = rest - share
        yield f"{PREFIX}{loss}/{medium}", share
    yield f"{PREFIX}{loss}", np.maximum(rest, 0.0)


def is_surplus(target: str) -> bool:
    """Whether a flow that ends there is thrown away."""
    return target.startswith(PREFIX) and loss_and_medium(target)[0] == SURPLUS


def ambiguous_loss(name: str) -> str:
    """What is wrong with a loss that a process names, of which a flow could not tell whether it is
    another loss or a medium; empty where nothing is."""
    before, slash, last = name.rpartition("/")
    if name in WITHOUT_PROCESS:
        return f"'{name}' names what is lost outside processes; give this loss a name of its own"
    if slash and before and last in MEDIA:
        return f"'{name}' ends like a medium; call the loss '{before}' and state its loss_media"
    return ""


def loss_and_medium(target: str) -> tuple[str, str]:
    """Name of the loss and its medium of a target `loss/NAME` or `loss/NAME/MEDIUM`; the name
    again where it has no medium of its own."""
    name = target.removeprefix(PREFIX)
    loss, slash, medium = name.rpartition("/")
    return (loss, medium) if slash and medium in MEDIA else (name, name)
