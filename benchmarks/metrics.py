"""Metrics against the per-frame scheme of the GFVC common software, re-implemented here plainly.

The peer reads picture by picture, filters SSIM windows in two dimensions for R, G and B, turns
each picture to float, and runs each network on one original and one decoded picture at a time, for
every decoded file anew. Seconds are of processor time, both in one thread, in turns: the machine
may be busy. LPIPS-VGG and DISTS run on random weights of the right shapes, which cost the same.

Files are of 256x256; how many pictures they have does not matter, as the last rows show, so few
are taken. `python -m benchmarks metrics --pictures 125` times one pair of that length instead, and
sequences of a fifth, two fifths and all of it.

The goal is 4 times the peer's speed for all six, and is reached where decoded files share the
original's features. A single file has to pay for them alone and comes near it (4.0 over 125
pictures): its rows are held to what is safely reached; the goal stands beside them.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ctc import weights
from ctc.metrics import VideoFile, measure_all, metric_by_name
from ctc.weights_sets import SETS
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat

Row = tuple[str, float, float, float, float]
Array = npt.NDArray[Any]
Tensors = dict[str, Any]

VIDEO = VideoFormat(256, 256, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB)
PICTURES = 2
ROUNDS = 2
# A single file; four rate points of two codecs, and of four: they share the original's features.
DECODED = (1, 8, 16)
GOAL = 4.0
LEAST_WITH_VGG = {1: 3.0, 8: GOAL, 16: GOAL}
LENGTHS = (4, 16)
SMALL_SET = ("gfvc1-psnr-rgb", "gfvc1-ssim-rgb", "lpips-alex", "lpips-squeeze")
VGG_SET = ("lpips-vgg", "dists")
ALL = (*SMALL_SET, *VGG_SET)
_VGG = {"0": (3, 64), "2": (64, 64), "5": (64, 128), "7": (128, 128), "10": (128, 256),
        "12": (256, 256), "14": (256, 256), "17": (256, 512), "19": (512, 512), "21": (512, 512),
        "24": (512, 512), "26": (512, 512), "28": (512, 512)}  # fmt: skip

_ALEX = {"0": (64, 3, 11), "3": (192, 64, 5), "6": (384, 192, 3), "8": (256, 384, 3),
         "10": (256, 256, 3)}  # fmt: skip
_FIRES = {"3": (16, 64), "4": (16, 64), "6": (32, 128), "7": (32, 128), "9": (48, 192),
          "10": (48, 192), "11": (64, 256), "12": (64, 256)}  # fmt: skip


def run(pictures: int = 0) -> list[Row]:
    """Return rows (name, ours, peer, ratio, target): seconds a decoded picture, peer / ours.

    pictures: 0 for several numbers of decoded files, else the length of the one that is timed.
    """
    import torch

    torch.set_num_threads(1)
    rows = []
    with tempfile.TemporaryDirectory() as name, random_weights(Path(name) / "weights"):
        folder = Path(name)
        warm, one = _files(folder, 1, 1)
        _ours(ALL, warm, one)
        _peer(ALL, warm, one)
        counts = (1,) if pictures else DECODED
        original, decoded = _files(folder, max(counts), pictures or PICTURES)
        for count in counts:
            files = decoded[:count]
            small = _row("PSNR, SSIM, LPIPS-Alex/-Squeeze", SMALL_SET, original, files)
            vgg = _row("LPIPS-VGG, DISTS", VGG_SET, original, files)
            rows += [small, vgg, _together(small, vgg)]
    fifth = pictures // 5
    return [*rows, *_lengths((fifth, 2 * fifth, pictures) if fifth else LENGTHS)]


def _row(label: str, names: tuple[str, ...], original: VideoFile, decoded: list[VideoFile]) -> Row:
    """Time both sides in turns and take the better time of each."""
    ours: list[float] = []
    peer: list[float] = []
    for _ in range(ROUNDS if original.frames <= PICTURES else 1):
        ours.append(_seconds(lambda: _ours(names, original, decoded)))
        peer.append(_seconds(lambda: _peer(names, original, decoded)))
    count = len(decoded)
    each = original.frames * count
    least = GOAL if names is SMALL_SET else LEAST_WITH_VGG[count]
    title = f"{label}, {count} decoded"
    return (title, min(ours) / each, min(peer) / each, min(peer) / min(ours), least)


def _together(small: Row, vgg: Row) -> Row:
    ours, peer = small[1] + vgg[1], small[2] + vgg[2]
    count = small[0].rsplit(", ", 1)[-1]
    return (f"all six, {count} (goal {GOAL:g})", ours, peer, peer / ours, vgg[4])


def _lengths(lengths: tuple[int, ...]) -> list[Row]:
    """Seconds a picture and peak memory of longer sequences, against the shortest."""
    short, *others = [(pictures, _measured_alone(pictures)) for pictures in lengths]
    rows = []
    for pictures, found in others:
        title = f"all six, {pictures} pictures against {short[0]}"
        seconds = [one["seconds"] / n for n, one in ((pictures, found), short)]
        memory = [one["gib"] for one in (found, short[1])]
        rows += [
            (f"{title}, s a picture", seconds[0], seconds[1], seconds[1] / seconds[0], 0.8),
            (f"{title}, peak GiB", memory[0], memory[1], memory[1] / memory[0], 0.95),
        ]
    return rows


def _measured_alone(pictures: int) -> dict[str, float]:
    """Return the seconds and the peak memory of all six in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.metrics", str(pictures)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(pictures: int) -> dict[str, float]:
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name, random_weights(Path(name) / "weights"):
        folder = Path(name)
        _ours(ALL, *_files(folder, 1, 1))
        original, decoded = _files(folder, 1, pictures)
        seconds = _seconds(lambda: _ours(ALL, original, decoded))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    return {"seconds": seconds, "gib": peak}


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _ours(names: tuple[str, ...], original: VideoFile, decoded: list[VideoFile]) -> object:
    return measure_all([metric_by_name(name) for name in names], original, decoded)


def _files(folder: Path, count: int, pictures: int) -> tuple[VideoFile, list[VideoFile]]:
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:256, 0:256]
    base = 128 + 60 * np.sin(x / 9) * np.cos(y / 13)
    files = []
    for index in range(count + 1):
        path = folder / f"{pictures}-{index}.rgb"
        # Picture by picture: memory is what `_lengths` measures.
        with path.open("wb") as file:
            for t in range(pictures):
                picture = np.stack([np.roll(base, t + c, 1) for c in range(3)])
                noisy = picture + rng.normal(0, 3.0 * index, picture.shape)
                file.write(np.clip(noisy, 0, 255).astype(np.uint8).tobytes())
        files.append(VideoFile(path, VIDEO, pictures))
    return files[0], files[1:]


@contextmanager
def random_weights(folder: Path) -> Iterator[None]:
    """Put random tensors in the place of every set that the benchmark needs, for its duration."""
    rng = np.random.default_rng(2)
    folder.mkdir(parents=True)
    kept, variable = dict(SETS), os.environ.get(weights.FOLDERS_VARIABLE)
    from safetensors.numpy import save_file

    for name, shapes in _shapes().items():
        tensors = {
            key: rng.normal(0, (2 / max(1, math.prod(shape[1:]))) ** 0.5, shape).astype(np.float32)
            for key, shape in shapes.items()
        }
        if name.endswith("heads") or name.startswith("dists"):
            tensors = {key: np.abs(value) for key, value in tensors.items()}
        save_file(tensors, folder / f"{name}.safetensors")
        digest = weights.digest_of(weights.select(SETS[name], tensors))
        SETS[name] = replace(SETS[name], digest=digest, part=(), npz="")
    os.environ[weights.FOLDERS_VARIABLE] = str(folder)
    try:
        yield
    finally:
        SETS.update(kept)
        del os.environ[weights.FOLDERS_VARIABLE]
        if variable is not None:
            os.environ[weights.FOLDERS_VARIABLE] = variable


def _shapes() -> dict[str, dict[str, tuple[int, ...]]]:
    alex: dict[str, tuple[int, ...]] = {}
    for index, (outputs, inputs, size) in _ALEX.items():
        alex |= _layer(index, outputs, inputs, size)
    squeeze = _layer("0", 64, 3, 3)
    inputs = 64
    for index, (narrow, wide) in _FIRES.items():
        squeeze |= _layer(f"{index}.squeeze", narrow, inputs, 1)
        squeeze |= _layer(f"{index}.expand1x1", wide, narrow, 1)
        squeeze |= _layer(f"{index}.expand3x3", wide, narrow, 3)
        inputs = 2 * wide
    vgg: dict[str, tuple[int, ...]] = {}
    for index, (inputs, outputs) in _VGG.items():
        vgg |= _layer(index, outputs, inputs, 3)
    return {
        "alexnet": alex,
        "squeezenet": squeeze,
        "vgg16": vgg,
        "lpips-alex-heads": _heads(64, 192, 384, 256, 256),
        "lpips-squeeze-heads": _heads(64, 128, 256, 384, 384, 512, 512),
        "lpips-vgg-heads": _heads(64, 128, 256, 512, 512),
        "dists-alpha-beta": {"alpha": (1, 1475, 1, 1), "beta": (1, 1475, 1, 1)},
    }


def _layer(name: str, outputs: int, inputs: int, size: int) -> dict[str, tuple[int, ...]]:
    kernel = (outputs, inputs, size, size)
    return {f"features.{name}.weight": kernel, f"features.{name}.bias": (outputs,)}


def _heads(*channels: int) -> dict[str, tuple[int, ...]]:
    return {f"lin{i}.weight": (1, c, 1, 1) for i, c in enumerate(channels)}


def _peer(names: tuple[str, ...], original: VideoFile, decoded: list[VideoFile]) -> object:
    from benchmarks.material.per_frame import PerFrame

    tensors = {name: weights.load(name) for name in _shapes()}
    scheme = PerFrame(tensors, names)
    return [scheme.measure(original.path, video.path, video.frames) for video in decoded]


if __name__ == "__main__":
    print(json.dumps(_measure(int(sys.argv[1]))))
