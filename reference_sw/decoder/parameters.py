"""From coded values to the units of the decoding process.

Source: specification clauses 12.2 and 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reference_sw.bitstream.code_points import CodecFamily
from reference_sw.bitstream.parameter_set import GroupCoding, ParameterSet
from reference_sw.decoder.errors import DecodingError

Values = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Unit:
    """Parameters enter the process in units of 2^-bits, clipped to -limit..limit."""

    bits: int
    limit: int


UNITS = {"points": Unit(10, 1536), "matrices": Unit(8, 1024), "features": Unit(7, 1023)}
IDENTITY = (256, 0, 0, 256)
FACE_FAMILIES = (
    CodecFamily.KEYPOINTS_2D,
    CodecFamily.KEYPOINTS_2D_MATRICES,
    CodecFamily.COMPACT_FEATURE_GRID,
)


@dataclass(frozen=True)
class FaceParameters:
    """Parameters of one picture in the shapes and units of the model's inputs.

    tensors: by name, int64 of (C, rows, columns): points (2K, 1, 1) in 2^-10, x and y alternating;
    matrices (4K, 1, 1) in 2^-8, row by row; or features (C, rows, columns) in 2^-7.
    """

    tensors: Mapping[str, Values]

    def same_as(self, other: FaceParameters) -> bool:
        """Whether every parameter is equal."""
        return all(np.array_equal(t, other.tensors[name]) for name, t in self.tensors.items())


def dequantised(values: Values, coding: GroupCoding, unit: Unit) -> Values:
    """Return RoundShift(value * mantissa * 2^bits, shift), clipped to +-limit.

    Exact in int64: values are first clipped to what could still be inside the limit.
    """
    bits, limit = unit.bits, unit.limit
    bound = ((limit + 1) << coding.gc_step_shift) // (coding.mantissa << bits) + 1
    scaled = np.clip(values, -bound, bound) * (coding.mantissa << bits)
    half = (1 << coding.gc_step_shift) >> 1
    rounded: Values = np.clip((scaled + half) >> coding.gc_step_shift, -limit, limit)
    return rounded


def face_parameters(gps: ParameterSet, coded: tuple[Values, ...]) -> FaceParameters:
    """Return one picture's parameters.  Source: specification clause 12.2.

    Raises:
        DecodingError: a codec family that this process does not decode.
    """
    if gps.gps_codec_family not in FACE_FAMILIES:
        raise DecodingError(
            f"gps_codec_family = {gps.gps_codec_family}: this decoder reconstructs pictures of "
            f"the families {[int(family) for family in FACE_FAMILIES]}"
        )
    if gps.gps_codec_family == CodecFamily.COMPACT_FEATURE_GRID:
        (group,) = gps.parameter_groups
        features = dequantised(coded[0], gps.groups[0], UNITS["features"])
        shape = (group.number, group.height, group.width)
        return FaceParameters({"features": features.reshape(shape)})
    points = dequantised(coded[0], gps.groups[0], UNITS["points"])
    if gps.gps_codec_family == CodecFamily.KEYPOINTS_2D:
        matrices = np.array(IDENTITY * (len(points) // 2), np.int64)
    else:
        matrices = dequantised(coded[1], gps.groups[1], UNITS["matrices"])
    flat = {"points": points, "matrices": matrices}
    return FaceParameters({name: values.reshape(-1, 1, 1) for name, values in flat.items()})
