"""Phase congruency by log-Gabor filters, as FSIM uses it.

Source: P. Kovesi, "Image features from phase congruency", Videre 1(3), 1999, with the parameters
of FSIM: 4 scales, 4 orientations, smallest wavelength 6, factor 2, k = 2.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Maps = npt.NDArray[np.float64]

SCALES, ORIENTATIONS = 4, 4
_SHORTEST, _FACTOR, _SIGMA_ON_F, _D_THETA_ON_SIGMA = 6.0, 2.0, 0.55, 1.2
_NOISE_K, _NOISE_DIVISOR, _TINY = 2.0, 1.7, 1e-4
_CUTOFF, _ORDER = 0.45, 15


def _axis(size: int) -> Maps:
    if size % 2:
        return np.arange(-(size - 1) // 2, (size - 1) // 2 + 1) / (size - 1)
    return np.arange(-size // 2, size // 2) / size


@lru_cache(maxsize=4)
def filters(height: int, width: int) -> Maps:
    """Return the filters in the frequency domain: (orientations, scales, height, width)."""
    x, y = np.meshgrid(_axis(width), _axis(height))
    radius = np.fft.ifftshift(np.hypot(x, y))
    theta = np.fft.ifftshift(np.arctan2(-y, x))
    low_pass = 1 / (1 + (radius / _CUTOFF) ** (2 * _ORDER))
    radius[0, 0] = 1
    bands = []
    for scale in range(SCALES):
        centre = 1 / (_SHORTEST * _FACTOR**scale)
        band = np.exp(-(np.log(radius / centre) ** 2) / (2 * np.log(_SIGMA_ON_F) ** 2)) * low_pass
        band[0, 0] = 0
        bands.append(band)
    sigma = np.pi / ORIENTATIONS / _D_THETA_ON_SIGMA
    fans = []
    for orientation in range(ORIENTATIONS):
        turned = theta - orientation * np.pi / ORIENTATIONS
        away = np.abs(np.arctan2(np.sin(turned), np.cos(turned)))
        fans.append(np.exp(-(away**2) / (2 * sigma**2)))
    return np.stack([np.stack([band * fan for band in bands]) for fan in fans])


@lru_cache(maxsize=4)
def _noise_factors(height: int, width: int) -> tuple[tuple[float, float], ...]:
    """Return, for each orientation, the sum of squares and of cross products of the filters."""
    from scipy.fft import ifft2

    factors = []
    for bank in filters(height, width):
        spatial = np.real(ifft2(bank)) * np.sqrt(height * width)
        squares = float((spatial**2).sum())
        crosses = (float((spatial.sum(axis=0) ** 2).sum()) - squares) / 2
        factors.append((squares, crosses))
    return tuple(factors)


def phase_congruency(planes: Maps) -> Maps:
    """Return the phase congruency of planes (n, h, w), same shape, 0..1."""
    from scipy.fft import fft2, ifft2

    height, width = planes.shape[1:]
    spectrum = fft2(planes)[:, None]
    energy_all, amplitude_all = np.zeros_like(planes), np.zeros_like(planes)
    for bank, noise in zip(filters(height, width), _noise_factors(height, width), strict=True):
        response = ifft2(spectrum * bank)
        amplitude = np.abs(response)
        total = response.sum(axis=1)
        direction = total / (np.abs(total) + _TINY)
        turned = response * np.conj(direction)[:, None]
        energy = (turned.real - np.abs(turned.imag)).sum(axis=1)
        power = np.median(amplitude[:, 0] ** 2, axis=(1, 2)) / np.log(2) / (bank[0] ** 2).sum()
        tau = np.sqrt(power * (noise[0] + 2 * noise[1]))
        threshold = tau * (np.sqrt(np.pi / 2) + _NOISE_K * np.sqrt(2 - np.pi / 2)) / _NOISE_DIVISOR
        energy_all += np.maximum(energy - threshold[:, None, None], 0)
        amplitude_all += amplitude.sum(axis=1)
    return np.divide(energy_all, amplitude_all, out=np.zeros_like(planes), where=amplitude_all > 0)
