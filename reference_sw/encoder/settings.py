"""What an encode is asked to do."""

from __future__ import annotations

from dataclasses import dataclass

from reference_sw.bitstream.code_points import HashScope, HashType, PredictionMode
from reference_sw.encoder.key_encoder import KeyEncoder
from reference_sw.encoder.presets import Preset
from reference_sw.encoder.quantise import Steps


@dataclass(frozen=True)
class Settings:
    """Operating point and effort.

    key_qp: QP of key pictures; segment_pictures: pictures a segment, which is also the structural
    delay of the encoder in pictures where there is no lookahead.
    """

    key_qp: int
    steps: Steps
    preset: Preset
    key_encoder: KeyEncoder
    segment_pictures: int = 25
    prediction: PredictionMode = PredictionMode.PREVIOUS
    hash_type: HashType = HashType.MD5
    hash_scope: HashScope = HashScope.STREAM

    @property
    def delay_pictures(self) -> int:
        """Pictures that have to be seen before the first of them can be sent."""
        return max(self.segment_pictures, self.preset.lookahead)
