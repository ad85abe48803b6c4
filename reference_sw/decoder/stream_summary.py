"""What a bitstream holds: geometry, pictures, and its bytes by component.

Components add up to the size of the file: every unit is counted whole, with its start code.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_sw.bitstream.byte_stream import split_byte_stream
from reference_sw.bitstream.carriage import StreamReader
from reference_sw.bitstream.code_points import (
    CodecFamily,
    HashType,
    KeyPictureCodec,
    PredictionMode,
)
from reference_sw.bitstream.hash_unit import PictureHash
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.native_unit import Body, EndOfSequence, NativeUnit
from reference_sw.bitstream.parameter_set import ParameterSet
from reference_sw.bitstream.segment import Segment
from reference_sw.bitstream.sei_message import (
    GENERATIVE_FACE_VIDEO,
    GENERATIVE_FACE_VIDEO_ENHANCEMENT,
    SeiState,
)
from reference_sw.bitstream.sei_unit import SeiUnit
from reference_sw.bitstream.video_codec import VideoCodec
from reference_sw.bitstream.video_geometry import read_geometry

COMPONENTS = ("headers", "key_pictures", "parameters", "hashes", "other")


@dataclass
class StreamSummary:
    """Plain values for printing; `components` maps each of COMPONENTS to bytes."""

    carriage: str
    size: int
    width: int = 0
    height: int = 0
    chroma_format: str = ""
    bit_depth: int = 0
    colour: str = ""
    frame_rate: str = ""
    pictures: int = 0
    key_pictures: int = 0
    segments: int = 0
    units: int = 0
    layers: list[int] = field(default_factory=list)
    family: str = ""
    groups: list[str] = field(default_factory=list)
    model: str = ""
    hash_type: str = ""
    key_picture_codec: str = ""
    components: dict[str, int] = field(default_factory=dict)


def summarise(stream: bytes, sei_state: SeiState | None = None) -> StreamSummary:
    """Return the summary of a native, VVC or HEVC stream.

    Raises:
        BitstreamError: a stream that cannot be read.
    """
    reader = StreamReader(stream, sei_state)
    carriage = "native" if reader.codec is None else f"sei in {reader.codec.name}"
    summary = StreamSummary(carriage, len(stream), components=dict.fromkeys(COMPONENTS, 0))
    layers: set[int] = set()
    for unit in reader.units():
        summary.units += 1
        layers.add(unit.layer)
        if isinstance(unit.body, NativeUnit):
            component = _native_component(unit.body.body)
            _native(summary, unit.body)
        else:
            component = _video(summary, unit.body, unit.place.data, reader.codec)
        summary.components[component] += unit.place.size
    summary.layers = sorted(layers)
    if reader.codec is not None:
        _geometry(summary, stream, reader.codec)
    return summary


def _native_component(body: Body) -> str:
    kinds: tuple[tuple[type[object], str], ...] = (
        (ParameterSet, "headers"),
        (EndOfSequence, "headers"),
        (KeyPicture, "key_pictures"),
        (Segment, "parameters"),
        (PictureHash, "hashes"),
    )
    return next((name for kind, name in kinds if isinstance(body, kind)), "other")


def _native(summary: StreamSummary, unit: NativeUnit) -> None:
    body = unit.body
    base = unit.header.nuh_layer_id == 0
    if isinstance(body, ParameterSet) and base:
        _parameter_set(summary, body)
    elif isinstance(body, KeyPicture):
        summary.key_pictures += 1
        codecs = {int(c): c.name for c in KeyPictureCodec}
        summary.key_picture_codec = codecs.get(body.kpu_codec_idc, f"codec {body.kpu_codec_idc}")
    elif isinstance(body, Segment):
        summary.segments += 1
        if base:
            summary.pictures += body.num_pictures


def _parameter_set(summary: StreamSummary, gps: ParameterSet) -> None:
    summary.width, summary.height = gps.width, gps.height
    summary.chroma_format = gps.output_format.chroma_format.value
    summary.bit_depth = gps.output_format.bit_depth
    summary.colour = gps.output_format.colour.value
    summary.frame_rate = str(gps.frame_rate)
    families = {int(f): f.name for f in CodecFamily}
    summary.family = families.get(gps.gps_codec_family, f"family {gps.gps_codec_family}")
    summary.groups = [
        f"{group.number}x{group.height}x{group.width} step {coding.step} "
        f"{PredictionMode(coding.gc_prediction_mode).name}"
        for group, coding in zip(gps.parameter_groups, gps.groups, strict=True)
    ]
    if gps.gps_model_present_flag:
        summary.model = f"{gps.gps_model_id} sha256 {gps.gps_model_digest.hex()}"
    summary.hash_type = HashType(gps.gps_hash_type_idc).name


def _video(
    summary: StreamSummary, body: SeiUnit | None, data: bytes, codec: VideoCodec | None
) -> str:
    if body is not None:
        types = {message.payload_type for message in body.messages}
        summary.pictures += sum(m.payload_type == GENERATIVE_FACE_VIDEO for m in body.messages)
        face = {GENERATIVE_FACE_VIDEO, GENERATIVE_FACE_VIDEO_ENHANCEMENT}
        return "parameters" if types & face else "other"
    if codec is not None and codec.is_vcl(codec.unit_type(data)):
        summary.key_pictures += codec.starts_picture(data)
        return "key_pictures"
    return "headers"


def _geometry(summary: StreamSummary, stream: bytes, codec: VideoCodec) -> None:
    geometry = read_geometry(split_byte_stream(stream), codec)
    summary.width, summary.height = geometry.width, geometry.height
    summary.chroma_format = geometry.chroma_format.value
    summary.bit_depth = geometry.bit_depth
    summary.key_picture_codec = codec.name.upper()
    if not summary.pictures:
        summary.pictures = summary.key_pictures
