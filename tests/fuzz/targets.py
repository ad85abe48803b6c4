"""Fuzz targets: what is read, which errors it may raise, and inputs to start from."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from reference_sw.bitstream.access_unit import split_access_units
from reference_sw.bitstream.byte_stream import escape, join_byte_stream, unescape
from reference_sw.bitstream.carriage import StreamReader
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.native_stream import read_native_stream
from reference_sw.bitstream.parameter_set import ParameterSet, parameter_set
from reference_sw.bitstream.reader import SyntaxReader
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.sei_message import SeiState
from reference_sw.bitstream.sei_unit import read_sei_unit
from reference_sw.bitstream.video_codec import Hevc, Vvc
from reference_sw.bitstream.writer_face import shortest_face_message
from reference_sw.bitstream.writer_sei import write_sei_unit
from reference_sw.bitstream.writer_stream import unit_of, write_native_stream
from reference_sw.entropy.cdf_tables import CdfTables, table_from_frequencies
from reference_sw.entropy.compiled_latents import CompiledLatentDecoder, CompiledLatentEncoder
from reference_sw.entropy.compiled_parameters import (
    CompiledResidualDecoder,
    CompiledResidualEncoder,
)
from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.latent_coder import MAX_ESCAPE
from reference_sw.entropy.parameter_decoder import ParameterDecoder
from reference_sw.entropy.parameter_encoder import ParameterEncoder
from reference_sw.entropy.parameter_layout import (
    MAX_MAGNITUDE,
    ParameterGroup,
    ParameterLayout,
    PredictionMode,
)
from tests.fuzz.stream_targets import STREAM_TARGETS
from tests.fuzz.target import VVC_PICTURE, Target
from tests.reference_sw.bitstream.face_samples import TRACKS, track
from tests.reference_sw.bitstream.native_samples import all_different, stream_units


def _sei_units(codec: Vvc | Hevc, name: str) -> list[bytes]:
    state = SeiState()
    return [
        write_sei_unit([shortest_face_message(parameters, state)], codec, state)
        for parameters in track(name, 3)
    ]


def _sei_seeds(codec: Vvc | Hevc) -> list[bytes]:
    return [b"\0" + b"\0\0\1".join(_sei_units(codec, name)) for name in TRACKS]


def _read_native(data: bytes) -> None:
    for _ in read_native_stream(data):
        pass


def _read_traced(data: bytes) -> None:
    for unit in StreamReader(data).units():
        for entry in unit.trace.entries:
            entry.line()
            entry.as_json()


def _read_parameter_set(data: bytes) -> None:
    found = ParameterSet()
    parameter_set(SyntaxReader(unescape(data)), found)
    groups = found.parameter_groups
    if len(groups) != len(found.groups):
        raise AssertionError("a parameter set codes another number of groups than it has")


def _read_sei(codec: Vvc | Hevc) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        state = SeiState(SeiGeneration.VTM_23_9 if data[:1] == b"\1" else SeiGeneration.VTM_23_12)
        for unit in data[1:].split(b"\0\0\1"):
            if len(unit) >= 2:
                read_sei_unit(unit, codec, state)

    return run


def _read_access_units(data: bytes) -> None:
    codec = Hevc() if data[:1] == b"\1" else Vvc()
    split_access_units(data[1:], codec)


_LAYOUTS = tuple(
    ParameterLayout(groups)
    for groups in (
        (ParameterGroup("points", 20, PredictionMode.PREVIOUS, 2),),
        (
            ParameterGroup("points", 20, PredictionMode.LINEAR, 2),
            ParameterGroup("matrices", 40, PredictionMode.KEY_PICTURE, 4),
            ParameterGroup("free", 7, PredictionMode.NONE),
        ),
        (ParameterGroup("one", 1, PredictionMode.LINEAR),),
        (ParameterGroup("wide", 90, PredictionMode.PREVIOUS, 45),),
    )
)


def _read_parameters(data: bytes) -> None:
    """First byte: layout; second: pictures of each segment; third: bytes of each by four."""
    kind, pictures, length = data[:3].ljust(3, b"\0")
    decoder = ParameterDecoder(_LAYOUTS[kind % len(_LAYOUTS)], CompiledResidualDecoder)
    for start in range(3, len(data), 4 * (length + 1)):
        decoder.begin_segment(data[start : start + 4 * (length + 1)])
        for number in range(pictures % 16):
            for values in decoder.decode_picture(intra=start == 3 and number == 0):
                if np.abs(values).max() > MAX_MAGNITUDE:
                    raise AssertionError("a value leaves its range")
        decoder.end_segment()


def _parameter_seeds() -> list[bytes]:
    rng = np.random.default_rng(1)
    seeds = []
    for index, layout in enumerate(_LAYOUTS):
        encoder = ParameterEncoder(layout, CompiledResidualEncoder)
        encoder.begin_segment()
        for number in range(3):
            values = [rng.integers(-9, 10, group.num_values) for group in layout.groups]
            encoder.encode_picture(values, intra=number == 0)
        seeds.append(bytes([index, 3, 255]) + encoder.end_segment())
    return seeds


@cache
def _tables() -> CdfTables:
    return CdfTables(
        (
            table_from_frequencies(-2, (3000, 9000, 41000, 9535, 3000, 1)),
            table_from_frequencies(0, (65535, 1)),
            table_from_frequencies(7, (1, 65535)),
        )
    )


def _read_latents(data: bytes) -> None:
    """First byte: number of latents."""
    indices = np.arange(data[0] if data else 0) % 3
    decoder = CompiledLatentDecoder(_tables(), data[1:])
    latents = decoder.decode(indices)
    if latents.size and np.abs(latents).max() > MAX_ESCAPE + 8:
        raise AssertionError("a latent leaves its range")
    decoder.finish()


def _latent_seeds() -> list[bytes]:
    encoder = CompiledLatentEncoder(_tables())
    encoder.encode(np.arange(9) % 3, np.array([-2, 0, 7, 1, 9, -70000, 300, 0, 8]))
    return [b"\x09" + encoder.finish()]


def _vvc_streams() -> list[bytes]:
    return [
        join_byte_stream([*VVC_PICTURE, *_sei_units(Vvc(), name)], long_first=True)
        for name in TRACKS
    ]


def _round_trip(data: bytes) -> None:
    if unescape(escape(data)) != data:
        raise AssertionError("emulation prevention does not invert")
    unescape(data)


TARGETS: dict[str, Target] = {
    "native-stream": Target(
        _read_native, (BitstreamError,), lambda: [write_native_stream(stream_units())]
    ),
    "trace": Target(
        _read_traced,
        (BitstreamError,),
        lambda: [write_native_stream(stream_units()), *_vvc_streams()],
    ),
    "parameter-set": Target(
        _read_parameter_set,
        (BitstreamError,),
        lambda: [write_native_stream([unit_of(all_different(), layer=9)])[5:]],
    ),
    "sei-vvc": Target(_read_sei(Vvc()), (BitstreamError,), lambda: _sei_seeds(Vvc())),
    "sei-hevc": Target(_read_sei(Hevc()), (BitstreamError,), lambda: _sei_seeds(Hevc())),
    "access-units": Target(
        _read_access_units, (BitstreamError,), lambda: [b"\0" + s for s in _vvc_streams()]
    ),
    "emulation-prevention": Target(
        _round_trip, (BitstreamError,), lambda: [escape(b"\0\0\0\0\1\0\0\3\1")]
    ),
    "parameters": Target(_read_parameters, (EntropyError,), _parameter_seeds),
    "latents": Target(_read_latents, (EntropyError,), _latent_seeds),
    **STREAM_TARGETS,
}


def run_one(name: str, data: bytes) -> bool:
    """Whether a target accepts an input; errors other than its own are raised."""
    target = TARGETS[name]
    try:
        target.run(data)
    except target.errors:
        return False
    return True
