"""Training data from clips or the renderer: pictures, and some of them really coded."""

from __future__ import annotations

import csv
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from reference_sw.training.dataset import RENDERED, DatasetError
from reference_sw.training.face_points import FaceTeacher
from reference_sw.training.rendered_heads import NAME, PICTURES, rendered_clip

CODED_PICTURES = 12
QPS = (27, 32, 37, 42, 47)
_FLAGS = "flags=accurate_rnd+full_chroma_int+full_chroma_inp+bitexact+bilinear"
_CLIP_NAMES = (".mp4", ".mkv", ".mov", ".webm", ".y4m", ".avi")


@dataclass(frozen=True)
class Clip:
    """A file and the pictures of it to use; count 0 means all."""

    name: str
    path: Path
    first: int
    count: int


def find_clips(folder: Path) -> list[Clip]:
    """The clips of manifest.csv (name, pack_file, start_frame, frames), or every video file."""
    manifest = folder / "manifest.csv"
    if not manifest.exists():
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in _CLIP_NAMES)
        if not paths:
            raise DatasetError(f"{folder}: no manifest.csv and no video file")
        return [Clip(p.stem, p, 0, 0) for p in paths]
    with manifest.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    try:
        return [
            Clip(
                row["name"],
                folder / row["pack_file"],
                int(row["start_frame"]),
                int(row["frames"]),
            )
            for row in rows
        ]
    except (KeyError, ValueError) as error:
        raise DatasetError(f"{manifest}: column or value {error}") from error


def run_program(arguments: list[str], data: bytes = b"") -> bytes:
    """Standard output of ffmpeg; raises DatasetError with the last line of its log."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        raise DatasetError(f"ffmpeg {' '.join(arguments)[:120]}: {lines[-1][:200]}")
    return done.stdout


def decode_clip(clip: Clip, size: int) -> npt.NDArray[np.uint8]:
    """(N, 3, size, size) RGB, BT.601; other sizes are scaled."""
    scale = f"scale={size}:{size}:out_color_matrix=bt601:{_FLAGS},format=rgb24"
    raw = run_program(
        ["-threads", "1", "-i", str(clip.path), "-vf", scale, "-fps_mode", "passthrough"]
        + ["-f", "rawvideo", "-"]
    )
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, size, size, 3)
    pictures = pictures[clip.first :]
    if clip.count:
        if len(pictures) < clip.count:
            raise DatasetError(f"{clip.path}: {len(pictures)} pictures, {clip.count} expected")
        pictures = pictures[: clip.count]
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))


def code_pictures(pictures: npt.NDArray[np.uint8], qp: int) -> npt.NDArray[np.uint8]:
    """The pictures after VVC intra coding at one QP by VVenC, 4:2:0, 10 bits inside."""
    count, _, height, width = pictures.shape
    raw = np.ascontiguousarray(pictures.transpose(0, 2, 3, 1)).tobytes()
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "25"]
    encoder = ["-c:v", "libvvenc", "-preset", "faster", "-qp", str(qp), "-period", "1"]
    encoder += ["-g", "1", "-threads", "1"]
    encoder += ["-vvenc-params", "intraperiod=1:decodingrefreshtype=idr:gopsize=1:poc0idr=1"]
    to_yuv = f"scale=out_color_matrix=bt601:{_FLAGS},format=yuv420p10le"
    to_rgb = f"scale=in_color_matrix=bt601:{_FLAGS},format=rgb24"
    with tempfile.TemporaryDirectory() as folder:
        stream = str(Path(folder) / "key.266")
        run_program([*source, "-i", "-", "-vf", to_yuv, *encoder, stream], raw)
        out = run_program(["-threads", "1", "-i", stream, "-vf", to_rgb, "-f", "rawvideo", "-"])
    if len(out) != len(raw):
        raise DatasetError(f"coding at QP {qp} gave {len(out)} bytes, {len(raw)} expected")
    found = np.frombuffer(out, np.uint8).reshape(count, height, width, 3)
    return np.ascontiguousarray(found.transpose(0, 3, 1, 2))


def prepare(
    clips: list[Clip],
    out: Path,
    size: int = 256,
    qps: tuple[int, ...] = QPS,
    teacher: FaceTeacher | None = None,
) -> None:
    """Writes OUT/NAME.npy, OUT/coded/NAME.npz and, with a teacher, OUT/face/NAME.npy."""
    for clip in tqdm(clips, desc="prepare", unit="clip", disable=not clips):
        _prepare_one(out, clip.name, partial(decode_clip, clip, size), qps, teacher)


def prepare_rendered(
    count: int,
    out: Path,
    pictures: int = PICTURES,
    qps: tuple[int, ...] = QPS,
    teacher: FaceTeacher | None = None,
) -> None:
    """Writes `count` rendered heads to OUT/rendered, in the files that `prepare` writes."""
    for number in tqdm(range(count), desc="render", unit="head", disable=not count):
        render = partial(rendered_clip, number, pictures)
        _prepare_one(out / RENDERED, NAME.format(number), render, qps, teacher)


def _prepare_one(
    out: Path,
    name: str,
    make: Callable[[], npt.NDArray[np.uint8]],
    qps: tuple[int, ...],
    teacher: FaceTeacher | None,
) -> None:
    """Writes what is not there yet of one sequence."""
    for folder in ("coded", "face"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    target, coded = out / f"{name}.npy", out / "coded" / f"{name}.npz"
    if not target.exists():
        _publish(target, make())
    pictures = np.load(target, mmap_mode="r", allow_pickle=False)
    if not coded.exists():
        _write_coded(coded, pictures, qps)
    face = out / "face" / target.name
    if teacher is not None and not face.exists():
        _publish(face, teacher.points(pictures))


def _write_coded(path: Path, pictures: npt.NDArray[np.uint8], qps: tuple[int, ...]) -> None:
    index = np.unique(np.linspace(0, len(pictures) - 1, CODED_PICTURES).astype(np.int64))
    keys = np.stack([code_pictures(pictures[index], qp) for qp in qps])
    part = path.with_suffix(".part.npz")
    np.savez(part, idx=index, qp=np.array(qps), pictures=keys)
    part.replace(path)


def _publish(target: Path, array: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> None:
    part = target.with_suffix(".part")
    with part.open("wb") as file:
        np.save(file, array, allow_pickle=False)
    part.replace(target)
