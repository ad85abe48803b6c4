"""Levels: what a decoder of a level can do, and what a bitstream of a level may ask.

Source: reference_sw/specification, clause 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from reference_sw.bitstream.errors import BitstreamError

UNLIMITED_LEVEL = 255


@dataclass(frozen=True)
class Level:
    """Limits of one level: luma samples per picture and per second, values, kMAC, bytes."""

    idc: int
    max_luma_samples: int
    max_luma_sample_rate: int
    max_values_per_picture: int
    max_kmac_per_sample: int
    max_model_bytes: int
    max_segment_bytes: int


LEVELS = {
    level.idc: level
    for level in (
        Level(10, 65_536, 1_966_080, 256, 15, 8 << 20, 1 << 16),
        Level(11, 65_536, 3_932_160, 1_024, 60, 32 << 20, 1 << 18),
        Level(20, 262_144, 7_864_320, 512, 15, 8 << 20, 1 << 18),
        Level(21, 262_144, 15_728_640, 4_096, 120, 64 << 20, 1 << 20),
        Level(30, 921_600, 27_648_000, 4_096, 60, 64 << 20, 1 << 20),
        Level(40, 2_228_224, 66_846_720, 8_192, 60, 256 << 20, 1 << 22),
        Level(41, 2_228_224, 133_693_440, 8_192, 1_000, 1 << 30, 1 << 24),
    )
}


def check_level(
    level_idc: int, luma_samples: int, frame_rate: Fraction, values: int, kmac_per_sample: int
) -> None:
    """Check a stream's demands against its level.

    Raises:
        BitstreamError: a reserved level, or a demand above the level's limit.
    """
    if level_idc == UNLIMITED_LEVEL:
        return
    level = LEVELS.get(level_idc)
    if level is None:
        raise BitstreamError(
            f"gps_level_idc = {level_idc}: shall be one of {[*LEVELS, UNLIMITED_LEVEL]}"
        )
    demands = (
        ("luma samples per picture", luma_samples, level.max_luma_samples),
        ("luma samples per second", luma_samples * frame_rate, level.max_luma_sample_rate),
        ("values per picture", values, level.max_values_per_picture),
        ("kMAC per luma sample", kmac_per_sample, level.max_kmac_per_sample),
    )
    for name, demand, limit in demands:
        if demand > limit:
            raise BitstreamError(
                f"gps_level_idc = {level_idc}: {float(demand):g} {name}, shall be at most {limit}"
            )
