"""Figures of a whole set of sequences: Fréchet and kernel distance between feature distributions.

They say how alike two *sets* of pictures are, not whether a picture is like its original; they are
meaningless for a single sequence and biased for small sets. The features are SqueezeNet's, so
these are not FID, KID or FVD, which are defined on Inception and I3D features: the names say so.
Source: M. Heusel et al., "GANs trained by a two time-scale update rule ...", NIPS 2017 (Fréchet
distance); M. Bińkowski et al., "Demystifying MMD GANs", ICLR 2018 (kernel distance, degree 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctc.errors import MetricError
from ctc.metrics.base import VideoFile
from ctc.metrics.learned import rgb_tensor, tensors_of
from ctc.metrics.pictures import PictureBatch, check_pair, read_batches
from ctc.set_names import SET_FIGURES, SET_WARNING

Array = npt.NDArray[np.float64]

NETWORK = "squeezenet"
FEATURES = 512
LEAST_PICTURES = 2048
KERNEL_ROWS = 512
VERSION = 2
LEAST_CLIPS = 256
CLIP_PICTURES = 16


@dataclass(frozen=True)
class SetFigure:
    """One figure of a set; value is None with a reason below the least number of samples."""

    name: str
    value: float | None
    samples: int
    signature: str
    reason: str = ""
    warning: str = SET_WARNING


def set_figures(
    pairs: Sequence[tuple[VideoFile, VideoFile]],
    least: tuple[int, int] = (LEAST_PICTURES, LEAST_CLIPS),
) -> list[SetFigure]:
    """Return the figures of all (original, decoded) pairs together, lower is better.

    least: the least number of pictures, and of clips of 16 pictures, for a figure.

    Raises:
        MetricError: no pairs, a pair that cannot be compared, or missing weights.
    """
    if not pairs:
        raise MetricError("a figure of a set needs at least one pair of files")
    for original, decoded in pairs:
        check_pair(original, decoded)
    features = [(picture_features(first), picture_features(second)) for first, second in pairs]
    return figures_of(features, SET_FIGURES, signature_of, least)


def figures_of(
    features: Sequence[tuple[Array, Array]],
    names: Sequence[str],
    signature: Callable[[str], str],
    least: tuple[int, int] = (LEAST_PICTURES, LEAST_CLIPS),
) -> list[SetFigure]:
    """Return the named figures from the features of (original, decoded), one pair a sequence."""
    pictures = [np.concatenate([pair[side] for pair in features]) for side in range(2)]
    clips = [np.concatenate([clip_features(pair[side]) for pair in features]) for side in range(2)]
    figures = []
    for name in names:
        of_clips = name == "frechet-video-squeezenet"
        samples = clips if of_clips else pictures
        needed = least[1] if of_clips else least[0]
        distance = kernel_distance if name.startswith("kernel") else frechet_distance
        figures.append(_figure(name, samples, needed, distance, signature(name)))
    return figures


def _figure(
    name: str,
    samples: list[Array],
    needed: int,
    distance: Callable[[Array, Array], float],
    signature: str,
) -> SetFigure:
    count = len(samples[0])
    if count < needed:
        unit = "clips of 16 pictures" if "video" in name else "pictures"
        reason = f"{count} {unit}: needs at least {needed}"
        return SetFigure(name, None, count, signature, reason)
    return SetFigure(name, distance(samples[0], samples[1]), count, signature)


def signature_of(name: str) -> str:
    """Return the signature of a figure of features that are computed here and now."""
    from ctc.metrics.set_features import SetFeatures

    return signature_from(name, SetFeatures().signature())


def signature_from(name: str, features: str) -> str:
    """Return the signature of a figure of features that have a signature of their own."""
    return f"{name}|of {features}|v:{VERSION}"


def picture_features(video: VideoFile) -> Array:
    """Return SqueezeNet's last features of each picture, averaged over places: (pictures, 512).

    They are rounded to float16, as records keep them, so that every way gives the same figures.

    Raises:
        MetricError: missing weights, or a file that cannot be read.
    """
    return np.concatenate([_features(batch) for batch in read_batches(video)])


def _features(batch: PictureBatch) -> Array:
    import torch

    from ctc.metrics.networks.backbones import squeezenet
    from ctc.metrics.networks.perceptual import normalised_input

    with torch.inference_mode():
        last = squeezenet(tensors_of(NETWORK), normalised_input(rgb_tensor(batch)))[-1]
        mean = last.mean((2, 3)).cpu().numpy()
    return np.asarray(mean.astype(np.float16), dtype=np.float64)


def clip_features(pictures: Array) -> Array:
    """Return, for each whole run of 16 pictures, the mean feature and the mean absolute change.

    pictures: (pictures, 512); result: (clips, 1024). Held pictures show as changes of zero.
    """
    count = len(pictures) // CLIP_PICTURES
    runs = pictures[: count * CLIP_PICTURES].reshape(count, CLIP_PICTURES, pictures.shape[1])
    change = np.abs(np.diff(runs, axis=1)).mean(axis=1)
    return np.concatenate([runs.mean(axis=1), change], axis=1)


def frechet_distance(first: Array, second: Array) -> float:
    """Return |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of two sets of samples (n, d).

    >>> rows = np.array([[0.0], [2.0]])
    >>> frechet_distance(rows, rows + 3)
    9.0
    """
    mean = first.mean(axis=0) - second.mean(axis=0)
    left, right = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (first, second))
    # tr (C1 C2)^(1/2) is the sum of the singular values of C1^(1/2) C2^(1/2): real, and stable
    # where the covariances are singular.
    product = _root(left) @ _root(right)
    trace = np.trace(left) + np.trace(right) - 2 * np.linalg.svd(product, compute_uv=False).sum()
    return float(mean @ mean + trace)


def _root(covariance: Array) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T, dtype=np.float64)


def kernel_distance(first: Array, second: Array) -> float:
    """Return the unbiased squared maximum mean discrepancy under (x y / d + 1)^3."""

    within = []
    for x in (first, second):
        same = _cubes((x * x).sum(axis=1) / x.shape[1] + 1)
        within.append((_kernel_sum(x, x) - same) / (len(x) * (len(x) - 1)))
    between = _kernel_sum(first, second) / (len(first) * len(second))
    return float(within[0] + within[1] - 2 * between)


def _kernel_sum(x: Array, y: Array) -> float:
    """Return the sum of the kernel over all pairs; rows in blocks, for memory's sake."""
    blocks = (x[start : start + KERNEL_ROWS] for start in range(0, len(x), KERNEL_ROWS))
    return sum(_cubes(block @ y.T / x.shape[1] + 1) for block in blocks)


def _cubes(values: Array) -> float:
    """Return the sum of third powers; products take a tenth of the time of powers."""
    return float((values * values * values).sum())
