"""Dense optical flow by pyramidal, iterated least squares: small, exact to state, no weights.

Source: B. D. Lucas, T. Kanade, "An iterative image registration technique with an application to
stereo vision", IJCAI 1981; J.-Y. Bouguet, "Pyramidal implementation of the Lucas Kanade feature
tracker", Intel 2000, for every sample.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Maps = npt.NDArray[np.float64]

ITERATIONS = 3
WINDOW_SIGMA = 3.0
REGULARISATION = 4.0
LARGEST_STEP = 2.0
COARSEST_SIDE = 24
SMALLEST_SIDE = 16
FLOW = "pyramidal-lucas-kanade,3 iterations,gaussian 3.0,damping 4.0,v1"


def flow_between(first: Maps, second: Maps) -> Maps:
    """Return the flow from each of `first` to its `second`: x and y displacement (n, 2, h, w).

    first(x, y) is found at second(x + flow_x, y + flow_y). Luma of 0..255, shape (n, h, w).
    """
    levels = [(first, second)]
    while min(levels[-1][0].shape[1:]) >= 2 * COARSEST_SIDE:
        levels.append((_halved(levels[-1][0]), _halved(levels[-1][1])))
    coarsest = levels[-1][0].shape
    flow = np.zeros((coarsest[0], 2, *coarsest[1:]))
    for a, b in reversed(levels):
        flow = _refined(a, b, _resized(flow, a.shape[1], a.shape[2]))
    return flow


def warped(planes: Maps, flow: Maps) -> Maps:
    """Return planes (n, h, w) taken at each sample's position plus flow, bilinear, edges held."""
    height, width = planes.shape[1:]
    y, x = np.mgrid[0:height, 0:width]
    at_x = np.clip(x + flow[:, 0], 0, width - 1)
    at_y = np.clip(y + flow[:, 1], 0, height - 1)
    left, top = np.floor(at_x).astype(np.intp), np.floor(at_y).astype(np.intp)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    part_x, part_y = at_x - left, at_y - top
    index = np.arange(len(planes))[:, None, None]
    above = planes[index, top, left] * (1 - part_x) + planes[index, top, right] * part_x
    below = planes[index, bottom, left] * (1 - part_x) + planes[index, bottom, right] * part_x
    return np.asarray(above * (1 - part_y) + below * part_y, dtype=np.float64)


def _refined(a: Maps, b: Maps, flow: Maps) -> Maps:
    """Return the flow after some steps of damped least squares over Gaussian windows."""
    slope_y, slope_x = (np.asarray(slope) for slope in np.gradient(a, axis=(1, 2)))
    xx = _smooth(slope_x * slope_x) + REGULARISATION
    yy = _smooth(slope_y * slope_y) + REGULARISATION
    xy = _smooth(slope_x * slope_y)
    determinant = xx * yy - xy * xy
    for _ in range(ITERATIONS):
        error = a - warped(b, flow)
        x, y = _smooth(slope_x * error), _smooth(slope_y * error)
        step = np.stack([(yy * x - xy * y) / determinant, (xx * y - xy * x) / determinant], axis=1)
        flow = flow + np.clip(step, -LARGEST_STEP, LARGEST_STEP)
    return flow


def _smooth(planes: Maps) -> Maps:
    from scipy.ndimage import gaussian_filter

    sigma = (0, WINDOW_SIGMA, WINDOW_SIGMA)
    return np.asarray(gaussian_filter(planes, sigma, mode="nearest", truncate=2.0), np.float64)


def _halved(planes: Maps) -> Maps:
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(planes, (0, 1.0, 1.0), mode="nearest", truncate=3.0)
    return np.asarray(smooth[:, ::2, ::2], dtype=np.float64)


def _resized(flow: Maps, height: int, width: int) -> Maps:
    """Return flow of a coarser level at this level's size, bilinear, displacements doubled."""
    if flow.shape[2:] == (height, width):
        return flow
    y, x = np.mgrid[0:height, 0:width] / 2.0
    rows, columns = flow.shape[2:]
    offset = np.stack([x, y]) - np.mgrid[0:height, 0:width][::-1]
    padded = np.pad(flow, ((0, 0), (0, 0), (0, height - rows), (0, width - columns)), mode="edge")
    planes = padded.reshape(-1, height, width)
    moved = warped(planes, np.broadcast_to(offset, (len(planes), 2, height, width)))
    return 2 * moved.reshape(len(flow), 2, height, width)
