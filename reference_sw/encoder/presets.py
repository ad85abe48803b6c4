"""Presets: how much an encoder tries, and the operating point of each rate."""

from __future__ import annotations

from dataclasses import dataclass

from reference_sw.encoder.errors import EncodingError
from reference_sw.encoder.quantise import Steps

# Features reach further than coordinates do: their steps are 2 to this power wider.
FEATURES_COARSER = 4


@dataclass(frozen=True)
class Preset:
    """Effort of an encode.

    key_preset: of VVenC; lookahead: pictures seen ahead for the choice of a new key picture;
    refresh: whether key pictures after the first are considered; refine_steps: gradient steps on
    the parameters of each picture.
    """

    name: str
    key_preset: str
    lookahead: int
    refresh: bool
    refine_steps: int


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("fast", "medium", 0, False, 0),
        Preset("default", "medium", 25, True, 0),
        Preset("slow", "slower", 25, True, 12),
    )
}


def preset(name: str) -> Preset:
    """Return a preset by name; raises EncodingError with the names there are."""
    if name not in PRESETS:
        raise EncodingError(f"preset '{name}': shall be one of {', '.join(PRESETS)}")
    return PRESETS[name]


def steps_for(key_qp: int, coded: tuple[str, ...]) -> Steps:
    """Return the parameter steps that go with a key picture's QP.

    A blurred key picture does not repay fine motion: from 1 to 4 samples at 256x256.
    coded: the tensors that are transmitted.
    """
    points = 5 if key_qp >= 40 else 6 if key_qp >= 30 else 7
    usual = {"points": points, "matrices": min(points, 6), "features": points - FEATURES_COARSER}
    return Steps({name: usual[name] for name in coded})
