"""From coded values to the units of the decoding process.

Source: specification clauses 12.2 and 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reference_sw.bitstream.code_points import CodecFamily
from reference_sw.bitstream.parameter_set import GroupCoding, ParameterSet
from reference_sw.decoder.errors import DecodingError

Values = npt.NDArray[np.int64]

POINT_BITS = 10
POINT_LIMIT = 1536
MATRIX_BITS = 8
MATRIX_LIMIT = 1024
IDENTITY = (256, 0, 0, 256)
FACE_FAMILIES = (CodecFamily.KEYPOINTS_2D, CodecFamily.KEYPOINTS_2D_MATRICES)


@dataclass(frozen=True)
class FaceParameters:
    """Parameters of one picture.

    points: (2K,) int64 in 2^-10, x and y alternating; matrices: (4K,) int64 in 2^-8, row by row.
    """

    points: Values
    matrices: Values

    def same_as(self, other: FaceParameters) -> bool:
        """Whether every parameter is equal."""
        return np.array_equal(self.points, other.points) and np.array_equal(
            self.matrices, other.matrices
        )


def dequantised(values: Values, coding: GroupCoding, bits: int, limit: int) -> Values:
    """Return RoundShift(value * mantissa * 2^bits, shift), clipped to +-limit.

    Exact in int64: values are first clipped to what could still be inside the limit.
    """
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
    points = dequantised(coded[0], gps.groups[0], POINT_BITS, POINT_LIMIT)
    if gps.gps_codec_family == CodecFamily.KEYPOINTS_2D:
        count = len(points) // 2
        return FaceParameters(points, np.array(IDENTITY * count, np.int64))
    return FaceParameters(points, dequantised(coded[1], gps.groups[1], MATRIX_BITS, MATRIX_LIMIT))
