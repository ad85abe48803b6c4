"""Entropy coding: bytes and time of face parameters against the common software's method; speed.

Run alone: `GVC_DATA=... python -m benchmarks.entropy`. Without GVC_DATA the track that VTM ships is
left out. The method is the description in restarted_golomb.py, in plain Python as its original is.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.material import restarted_golomb
from benchmarks.material.face_tracks import Track, Values, random_walk, stock_track
from reference_sw.entropy.cdf_tables import CdfTable, CdfTables, table_from_frequencies
from reference_sw.entropy.compiled_engine import CompiledDecoding, CompiledEncoding
from reference_sw.entropy.compiled_latents import CompiledLatentDecoder, CompiledLatentEncoder
from reference_sw.entropy.compiled_parameters import (
    CompiledResidualDecoder,
    CompiledResidualEncoder,
)
from reference_sw.entropy.parameter_decoder import ParameterDecoder, PlainResidualDecoder
from reference_sw.entropy.parameter_encoder import ParameterEncoder, PlainResidualEncoder
from reference_sw.entropy.parameter_layout import ParameterGroup, ParameterLayout, PredictionMode
from reference_sw.entropy.symbol_kernels import code_adaptive_bins

Row = tuple[str, float, float, float, float]
Groups = list[Values]
Latents = npt.NDArray[np.int32]
ROUNDS = 5
MEGA = 1_000_000
LEAST_MBIN, LEAST_MSYMBOL = 50.0, 30.0
POINT_BYTES_RATIO, ALL_BYTES_RATIO = 5.50 / 3.05, 15.9 / 11.7


def run() -> list[Row]:
    """Return rows (name, ours, peer, ratio, target): the last is the least ratio, 0 for none.

    Sizes: bytes per picture, ratio peer / ours. Times: seconds per picture, peer / ours. Speeds:
    million per second and the least wanted, ours / peer.
    """
    rows = []
    for track in (stock_track(), random_walk()):
        if track is not None:
            rows += _sizes(track)
            rows += _times(track)
    return [*rows, *_bin_speeds(), *_latent_speeds()]


def layout_of(groups: Groups) -> ParameterLayout:
    """Points alone, or points and 2x2 matrices, predicted from the previous picture."""
    both = (
        ParameterGroup("points", groups[0].shape[1], PredictionMode.PREVIOUS, 2),
        ParameterGroup("matrices", 40, PredictionMode.PREVIOUS, 4),
    )
    return ParameterLayout(both[: len(groups)])


def encoded(groups: Groups, per_segment: int, *, first: bool, compiled: bool = True) -> list[bytes]:
    """Segments of a track; `first`: its first picture is coded too, else it is the reference."""
    kind = CompiledResidualEncoder if compiled else PlainResidualEncoder
    encoder = ParameterEncoder(layout_of(groups), kind)
    if not first:
        encoder.set_key_picture([group[0] for group in groups])
    numbers = range(0 if first else 1, len(groups[0]))
    segments = []
    for start in range(0, len(numbers), per_segment):
        encoder.begin_segment()
        for number in numbers[start : start + per_segment]:
            encoder.encode_picture([group[number] for group in groups], intra=number == 0)
        segments.append(encoder.end_segment())
    return segments


def decoded(groups: Groups, segments: list[bytes], *, compiled: bool = True) -> Groups:
    """Pictures 1.. of a track from segments of one picture each."""
    kind = CompiledResidualDecoder if compiled else PlainResidualDecoder
    decoder = ParameterDecoder(layout_of(groups), kind)
    decoder.set_key_picture([group[0] for group in groups])
    pictures = []
    for segment in segments:
        decoder.begin_segment(segment)
        pictures.append(decoder.decode_picture())
        decoder.end_segment()
    return [np.stack([picture[g] for picture in pictures]) for g in range(len(groups))]


def restarted(groups: Groups) -> list[bytes]:
    """Files of the common software's method, one for each picture after the first."""
    residuals = np.diff(np.concatenate(groups, axis=1), axis=0)
    return [restarted_golomb.encode(row) for row in residuals.tolist()]


def _sizes(track: Track) -> list[Row]:
    rows = []
    for what, groups, target in (
        ("20 coordinates", [track.points], POINT_BYTES_RATIO),
        ("60 values", [track.points, track.matrices], ALL_BYTES_RATIO),
    ):
        pictures = len(track.points)
        peer = sum(map(len, restarted(groups))) / (pictures - 1)
        for how, per_segment, first in (
            ("one segment", pictures, False),
            ("one picture a segment", 1, False),
            ("one segment, first picture counted", pictures, True),
        ):
            count = pictures if first else pictures - 1
            ours = sum(map(len, encoded(groups, per_segment, first=first))) / count
            least = target if (how, "stock" in track.name) == ("one segment", True) else 0.0
            name = f"{track.name}: {what}, bytes per picture, {how}"
            rows.append((name, ours, peer, peer / ours, least))
    return rows


def _times(track: Track) -> list[Row]:
    groups = [track.points, track.matrices]
    pictures = len(track.points) - 1
    files = restarted(groups)
    peer_encode = _least_seconds(lambda: restarted(groups), rounds=2) / pictures
    peer_decode = _least_seconds(lambda: _decode_files(files), rounds=2) / pictures
    rows = []
    for how, compiled in (("compiled", True), ("plain Python", False)):
        segments = encoded(groups, 1, first=False, compiled=compiled)
        if any(
            not np.array_equal(a[1:], b)
            for a, b in zip(groups, decoded(groups, segments, compiled=compiled), strict=True)
        ):
            raise RuntimeError("decoded parameters differ from the encoded ones")
        encode = _encode_seconds(groups, compiled) / pictures
        decode = _decode_seconds(groups, segments, compiled) / pictures
        name = f"{track.name}: 60 values, seconds per picture"
        rows.append((f"{name}, encode, {how}", encode, peer_encode, peer_encode / encode, 0.0))
        rows.append((f"{name}, decode, {how}", decode, peer_decode, peer_decode / decode, 0.0))
    return rows


def _encode_seconds(groups: Groups, compiled: bool) -> float:
    return _least_seconds(lambda: encoded(groups, 1, first=False, compiled=compiled), rounds=3)


def _decode_seconds(groups: Groups, segments: list[bytes], compiled: bool) -> float:
    return _least_seconds(lambda: decoded(groups, segments, compiled=compiled), rounds=3)


def _decode_files(files: list[bytes]) -> list[list[int]]:
    return [restarted_golomb.decode(data) for data in files]


def _bin_speeds(count: int = 4 * MEGA) -> list[Row]:
    """Adaptive bins of 64 contexts whose probabilities lie in 0.02..0.5."""
    rng = np.random.default_rng(0)
    indices = rng.integers(0, 64, count)
    bins = (rng.random(count) < rng.uniform(0.02, 0.5, 64)[indices]).astype(np.uint8)
    shifts = np.tile(np.array([4, 7], np.int64), (64, 1))

    def contexts() -> Values:
        return np.tile(np.array([512, 8192, 0], np.int64), (64, 1))

    def encode() -> bytes:
        coding = CompiledEncoding()
        coding.reserve(2 * count)
        coding.engine = code_adaptive_bins(
            coding.engine, coding.source, coding.sink, contexts(), shifts, indices, bins
        )
        return coding.finish()

    data, found = encode(), np.zeros(count, np.uint8)

    def decode() -> None:
        coding = CompiledDecoding(data)
        coding.engine = code_adaptive_bins(
            coding.engine, coding.source, coding.sink, contexts(), shifts, indices, found
        )
        coding.finish()

    decode()
    if not np.array_equal(found, bins):
        raise RuntimeError("decoded bins differ from the encoded ones")
    return [
        _speed("adaptive bins, encode, Mbin/s", count, encode, 0.0),
        _speed("adaptive bins, decode, Mbin/s", count, decode, LEAST_MBIN),
    ]


def gaussian_tables(number: int = 64) -> CdfTables:
    """Tables of discretised Gaussians, standard deviations 0.11..64 in equal ratios."""
    return CdfTables(tuple(_gaussian(s) for s in np.geomspace(0.11, 64, number)))


def _gaussian(scale: float) -> CdfTable:
    reach = max(1, int(6 * scale))
    values = np.arange(-reach, reach + 1)
    share = np.exp(-0.5 * (values / max(scale, 0.2)) ** 2)
    frequencies = np.maximum(1, np.floor(share / share.sum() * 65000)).astype(int)
    frequencies[reach] += 65535 - frequencies.sum()
    return table_from_frequencies(-reach, [*frequencies.tolist(), 1])


def _latent_speeds(count: int = 2 * MEGA) -> list[Row]:
    tables, rng = gaussian_tables(), np.random.default_rng(0)
    rows = []
    for name, used in (("all 64 tables", 64), ("the 32 narrower tables", 32)):
        indices = rng.integers(0, used, count)
        scales = np.geomspace(0.11, 64, 64)[indices]
        latents = np.round(rng.normal(size=count) * scales).astype(np.int32)

        def encode(indices: Values = indices, latents: Latents = latents) -> bytes:
            encoder = CompiledLatentEncoder(tables)
            encoder.encode(indices, latents)
            return encoder.finish()

        data = encode()

        def decode(indices: Values = indices, data: bytes = data) -> Latents:
            decoder = CompiledLatentDecoder(tables, data)
            found = decoder.decode(indices)
            decoder.finish()
            return found

        if not np.array_equal(decode(), latents):
            raise RuntimeError("decoded latents differ from the encoded ones")
        rows.append(_speed(f"latents of {name}, encode, Msymbol/s", count, encode, 0.0))
        rows.append(_speed(f"latents of {name}, decode, Msymbol/s", count, decode, LEAST_MSYMBOL))
    return rows


def _speed(name: str, count: int, work: Callable[[], object], least: float) -> Row:
    speed = count / MEGA / _least_seconds(work)
    return (name, speed, least, speed / least if least else 0.0, 1.0 if least else 0.0)


def _least_seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The least processor time of a few rounds: the machine may be busy with other things."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    for name, ours, peer, ratio, target in run():
        verdict = "" if not target else "  reached" if ratio >= target else "  MISSED"
        print(f"{name:92} {ours:12.6g} {peer:12.6g} {ratio:8.3f} {target:6.3f}{verdict}")


if __name__ == "__main__":
    main()
