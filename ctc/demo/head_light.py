"""Lighting of the rendered speakers: linear light in Q12, shown with gamma 2."""

from __future__ import annotations

import numpy as np

from ctc.demo.fast import dot, square_root, step, summed_light
from ctc.demo.fixed_point import ONE, Ints
from ctc.demo.mesh import unit

FULL = 1 << 12  # linear light of a white sample

_KEY = unit(np.array([-1700, 1900, 3200], np.int64))
_FILL = unit(np.array([2600, 300, 2300], np.int64))
_RIM = unit(np.array([2600, 1500, -2400], np.int64))
_HALF_KEY = unit(_KEY + np.array([0, 0, 4096], np.int64))
_KEY_COLOUR = np.array((4300, 4050, 3700), np.int64)
_LAMPS = np.array(
    [_KEY_COLOUR, (900, 1000, 1250), (1500, 1500, 1600), (760, 760, 820)], np.int64
)  # key, fill, rim, sky
_SHOWN = square_root(np.arange(2 * FULL + 1, dtype=np.int64) * 255 * 255 // FULL)


def to_linear(colours: Ints) -> Ints:
    """Return 0..255 colours as linear light, 0..FULL."""
    clipped = np.clip(colours, 0, 255)
    linear: Ints = clipped * clipped * FULL // (255 * 255)
    return linear


def to_shown(linear: Ints) -> Ints:
    """Return linear light as 0..255."""
    return np.minimum(_SHOWN[np.clip(linear, 0, 2 * FULL)], 255)


def light_skin(colours: Ints, normal: Ints, gloss: Ints) -> Ints:
    """Return lit skin: soft terminator, reddened, with a sheen; normal: (n, 3), gloss: (n,) Q12."""
    key = dot(normal, _KEY)
    soft = np.maximum((key + 900) * ONE // (ONE + 900), 0)
    soft = soft * (ONE + soft) >> 13
    edge = np.maximum(ONE // 5 - np.abs(key), 0)
    lit = _base_light(normal, soft)
    lit[:, 0] += edge * 2 // 5
    sheen = _power(np.maximum(dot(normal, _HALF_KEY), 0), 4) * gloss >> 12
    shaded: Ints = (to_linear(colours) * lit >> 12) + (sheen[:, None] * _KEY_COLOUR >> 12)
    return shaded


def light_plain(colours: Ints, normal: Ints) -> Ints:
    """Return lit cloth, without sheen."""
    key = np.maximum(dot(normal, _KEY), 0)
    shaded: Ints = to_linear(colours) * _base_light(normal, key) >> 12
    return shaded


def light_hair(colours: Ints, normal: Ints) -> Ints:
    """Return lit hair, whose strands run downwards: two soft bands of light."""
    n_y = normal[:, 1]
    key = np.maximum(dot(normal, _KEY), 0)
    facing = dot(normal, _HALF_KEY)
    along = _HALF_KEY[1] - (n_y * facing >> 12)
    length = np.maximum(ONE - (n_y * n_y >> 12), 200)
    across = np.maximum(ONE - along * along // length, 0)
    band = _power(across, 4) * step(facing, 0, ONE) >> 12
    linear = to_linear(colours)
    glow = linear * 2 + 160
    shaded: Ints = (linear * _base_light(normal, key) >> 12) + (glow * band[:, None] * 3 >> 14)
    below = ONE // 4 + step(n_y, -2600, 400) * 3 // 4
    return shaded * below[:, None] >> 12


def _base_light(normal: Ints, key: Ints) -> Ints:
    fill = np.maximum(dot(normal, _FILL), 0)
    rim = np.maximum(dot(normal, _RIM), 0)
    sky = (normal[:, 1] + 2 * ONE) // 3
    return summed_light((key, fill, rim, sky), _LAMPS)


def _power(value: Ints, doublings: int) -> Ints:
    for _ in range(doublings):
        value = value * value >> 12
    return value
