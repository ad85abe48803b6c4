"""ParameterLayout: the groups of integers that a picture's generative parameters consist of.

Source: specification, clause 10.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from reference_sw.entropy.errors import EntropyError

MAX_GROUPS = 32
MAX_VALUES = 8192
MAX_COMPONENTS = 64
MAX_MAGNITUDE = (1 << 32) - 1


class PredictionMode(IntEnum):
    """What a group's residuals are added to.  Source: specification, clause 10.2."""

    NONE = 0
    KEY_PICTURE = 1
    PREVIOUS = 2
    LINEAR = 3


@dataclass(frozen=True)
class ParameterGroup:
    """Values of one meaning and one quantiser, such as the coordinates of all keypoints.

    num_values: 1..8192; components: values per point, a divisor of num_values, 1..64. The
    components of one point are neighbours in the order of the values: x, y of one keypoint.
    """

    name: str
    num_values: int
    prediction: PredictionMode = PredictionMode.PREVIOUS
    components: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.num_values <= MAX_VALUES:
            raise EntropyError(
                f"group '{self.name}': num_values {self.num_values}: shall be in 1..{MAX_VALUES}"
            )
        if not 1 <= self.components <= MAX_COMPONENTS or self.num_values % self.components:
            raise EntropyError(
                f"group '{self.name}': components {self.components}: shall be in "
                f"1..{MAX_COMPONENTS} and divide num_values {self.num_values}"
            )

    @property
    def num_points(self) -> int:
        """Number of points, each of `components` values."""
        return self.num_values // self.components


@dataclass(frozen=True)
class ParameterLayout:
    """The groups in coding order, 1..32 of them with at most 8192 values in all."""

    groups: tuple[ParameterGroup, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.groups) <= MAX_GROUPS:
            raise EntropyError(f"layout of {len(self.groups)} groups: shall be 1..{MAX_GROUPS}")
        if self.num_values > MAX_VALUES:
            raise EntropyError(f"layout of {self.num_values} values: shall be at most {MAX_VALUES}")

    @property
    def num_values(self) -> int:
        """Values of one picture, all groups together."""
        return sum(group.num_values for group in self.groups)
