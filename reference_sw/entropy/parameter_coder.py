"""ParameterCoder: references, prediction and reconstruction, for decoder and encoder alike.

Source: specification, clauses 10.1 and 10.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.parameter_layout import (
    MAX_MAGNITUDE,
    ParameterGroup,
    ParameterLayout,
    PredictionMode,
)

Values = npt.NDArray[np.int64]


class ResidualCoder(Protocol):
    """Codes the residuals of one group after the other; holds the adaptive state of all."""

    def code_group(self, index: int, intra: bool, known: Values | None) -> Values:
        """Return the residuals of group `index`; `known` is None when decoding."""
        ...


Residuals = TypeVar("Residuals", bound=ResidualCoder)


class ParameterCoder(Generic[Residuals]):
    """State of parameter coding between pictures.

    Contexts persist over pictures and segments until `reset`. Values are arrays of int64, one for
    each group of the layout, each element within +-(2^32 - 1).
    """

    def __init__(
        self, layout: ParameterLayout, residual_coder: Callable[[ParameterLayout], Residuals]
    ) -> None:
        self.layout = layout
        self._new_residuals = residual_coder
        self.reset()

    def reset(self) -> None:
        """Return to the initial state: no segment, no reference, all contexts initial."""
        self._residuals = self._new_residuals(self.layout)
        self._key: tuple[Values, ...] | None = None
        self._previous: tuple[Values, ...] | None = None
        self._before_previous: tuple[Values, ...] | None = None

    def set_key_picture(self, values: Sequence[Values]) -> None:
        """Make values that were derived from a key picture the reference of what follows."""
        self._key = self._previous = checked_values(self.layout, values)
        self._before_previous = None

    def prediction(self, index: int) -> Values | None:
        """Prediction of a group, or None where it has no reference.

        Source: specification, clause 10.2.
        """
        mode = self.layout.groups[index].prediction
        if mode is PredictionMode.NONE or self._previous is None or self._key is None:
            return None
        if mode is PredictionMode.KEY_PICTURE:
            return self._key[index]
        previous = self._previous[index]
        if mode is PredictionMode.PREVIOUS or self._before_previous is None:
            return previous
        linear: Values = np.clip(
            2 * previous - self._before_previous[index], -MAX_MAGNITUDE, MAX_MAGNITUDE
        )
        return linear

    def _code_picture(self, values: Sequence[Values] | None, intra: bool) -> tuple[Values, ...]:
        """Code one picture and return its values; `values` is None when decoding.

        Raises EntropyError if a value leaves its range.  Source: specification, clause 10.1.
        """
        coded: list[Values] = []
        for index, group in enumerate(self.layout.groups):
            predicted = None if intra else self.prediction(index)
            base = np.zeros(group.num_values, np.int64) if predicted is None else predicted
            known = None if values is None else values[index] - base
            residuals = self._residuals.code_group(index, predicted is None, known)
            coded.append(reconstructed(group, base, residuals))
        if intra or self._key is None:
            self._key = tuple(coded)
            self._previous = None
        self._before_previous, self._previous = self._previous, tuple(coded)
        return tuple(coded)


def reconstructed(group: ParameterGroup, base: Values, residuals: Values) -> Values:
    """Return prediction plus residuals; raises EntropyError where a value leaves its range."""
    values = base + residuals
    outside = np.flatnonzero(np.abs(values) > MAX_MAGNITUDE)
    if outside.size:
        raise EntropyError(
            f"group '{group.name}' value {outside[0]} = {values[outside[0]]}: "
            f"shall be in +-{MAX_MAGNITUDE}"
        )
    values.flags.writeable = False  # it is the reference of later pictures
    return values


def checked_values(layout: ParameterLayout, values: Sequence[Values]) -> tuple[Values, ...]:
    """Return the values as int64 arrays, or raise EntropyError naming what does not fit."""
    if len(values) != len(layout.groups):
        raise EntropyError(
            f"{len(values)} arrays of values: layout has {len(layout.groups)} groups"
        )
    checked = []
    for group, array in zip(layout.groups, values, strict=True):
        if array.shape != (group.num_values,) or array.dtype.kind not in "iu":
            raise EntropyError(
                f"group '{group.name}' given as {array.dtype}{list(array.shape)}: "
                f"shall be integers [{group.num_values}]"
            )
        checked.append(reconstructed(group, array.astype(np.int64), np.zeros_like(array)))
    return tuple(checked)
