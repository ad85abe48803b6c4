"""SEI conformance streams: messages in VVC and HEVC streams, in both generations."""

from __future__ import annotations

from collections.abc import Callable

from reference_sw.bitstream.gfv_message import GenerativeFaceVideo
from reference_sw.bitstream.gfv_state import (
    CoordinateLayout,
    FaceParameters,
    GfvState,
    MatrixLayout,
    MatrixShape,
)
from reference_sw.bitstream.gfve_message import (
    EnhancementLayout,
    EnhancementParameters,
    GfveState,
)
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.sei_message import SeiMessage, SeiState
from reference_sw.bitstream.sei_unit import SeiUnit, sei_unit
from reference_sw.bitstream.video_codec import Hevc, VideoCodec, Vvc
from reference_sw.bitstream.writer import SyntaxWriter
from reference_sw.bitstream.writer_enhancement import enhancement_message
from reference_sw.bitstream.writer_face import face_message
from reference_sw.bitstream.writer_mux import insert_messages
from reference_sw.encoder.native_to_sei import native_to_sei
from tests.conformance.native_streams import native_stream
from tests.conformance.stream_parts import KEYS

STREAMS: dict[str, tuple[str, Callable[[], bytes]]] = {}
# The generation of streams that do not use the one of VTM 23.12.
OLDER = frozenset(["sei_older_generation"])


def stream(description: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Register a stream under the name of the function that makes it."""

    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        STREAMS[make.__name__] = (description, make)
        return make

    return register


def faces(points: CoordinateLayout | None, matrices: MatrixLayout | None) -> list[FaceParameters]:
    """Four pictures: a base picture and three that move by small steps."""
    found = []
    for cnt in range(4):
        step = 1 << (32 - points.precision) if points else 0
        element = 1 << (32 - matrices.precision) if matrices else 0
        size = points.size if points else 0
        elements = matrices.size if matrices else 0
        found.append(
            FaceParameters(
                gfv_id=5,
                gfv_cnt=cnt,
                base_picture=cnt == 0,
                fusion_picture=False,
                low_confidence=cnt == 2,
                coordinate_layout=points,
                coordinates=tuple(
                    step * (7 * i % 23 - 11 + cnt * (i % 3 - 1)) for i in range(size)
                ),
                matrix_layout=matrices,
                matrices=tuple(element * (5 * i % 19 - 9 - cnt * (i % 2)) for i in range(elements)),
            )
        )
    return found


def messages(
    parameters: list[FaceParameters], generation: SeiGeneration, predict: tuple[bool, ...]
) -> list[SeiMessage]:
    """Messages of the pictures, predicted where said."""
    state = SeiState(generation)
    found = []
    for face, predicted in zip(parameters, predict, strict=True):
        known = state.gfv.get(face.gfv_id, GfvState())
        message = SeiMessage(payload=face_message(face, known, predict=predicted))
        _follow(message, state)
        found.append(message)
    return found


def _follow(message: SeiMessage, state: SeiState) -> None:
    sei_unit(SyntaxWriter(), SeiUnit(Vvc().header(24), [message]), Vvc(), state)


def in_stream(
    name: str,
    codec: VideoCodec,
    found: list[SeiMessage],
    generation: SeiGeneration = SeiGeneration.VTM_23_12,
) -> bytes:
    plain = (KEYS / f"{name}.bin").read_bytes()
    return insert_messages(plain, codec, [found], SeiState(generation))


PLAIN = (False, True, False, True)


@stream("keypoints in VVC, absolute and predicted")
def sei_keypoints() -> bytes:
    found = messages(faces(CoordinateLayout(9, 6, 0), None), SeiGeneration.VTM_23_12, PLAIN)
    return in_stream("vvc_a", Vvc(), found)


@stream("keypoints with matrices in HEVC, base picture predicted from point to point")
def sei_keypoints_matrices_hevc() -> bytes:
    layout = MatrixLayout(8, (MatrixShape(0, 5, 2, 2), MatrixShape(1, 3, 2, 2)))
    parameters = faces(CoordinateLayout(7, 5, 0), layout)
    found = messages(parameters, SeiGeneration.VTM_23_12, (True, True, False, True))
    return in_stream("hevc_a", Hevc(), found)


@stream("3-D keypoints and matrix types 2, 4, 5, 6, 9 in this order")
def sei_types_in_any_order() -> bytes:
    shapes = (
        MatrixShape(2, 1, 2, 3),
        MatrixShape(4, 1, 3, 3),
        MatrixShape(5, 1, 3, 1),
        MatrixShape(6, 1, 3, 1),
        MatrixShape(9, 2, 1, 4),
    )
    parameters = faces(CoordinateLayout(5, 3, 1, 12), MatrixLayout(4, shapes))
    found = messages(parameters, SeiGeneration.VTM_23_12, PLAIN)
    return in_stream("vvc_b", Vvc(), found)


@stream("compact features without coordinates, with a network at a URI and a chroma key")
def sei_feature_uri_chroma_key() -> bytes:
    parameters = faces(None, MatrixLayout(6, (MatrixShape(7, 1, 4, 4),)))
    found = messages(parameters, SeiGeneration.VTM_23_12, PLAIN)
    first = found[0].payload
    assert isinstance(first, GenerativeFaceVideo)
    first.gfv_nn_present_flag = first.gfv_nn_mode_idc = 1
    first.gfv_nn_tag_uri, first.gfv_nn_uri = "tag:example.org,2026:face", "urn:example:network"
    first.gfv_chroma_key_info_present_flag = first.gfv_chroma_key_purpose_idc = 1
    first.gfv_chroma_key_value_present_flag = {(0,): 1, (1,): 0, (2,): 1}
    first.gfv_chroma_key_value = {(0,): 50, (2,): 100}
    first.gfv_chroma_key_thr_present_flag = {(0,): 1}
    first.gfv_chroma_key_thr_lower, first.gfv_chroma_key_thr_upper_delta_minus1 = 40, 20
    return in_stream("vvc_a", Vvc(), found)


@stream("a network's bytes in the base message, and extension bits to be ignored")
def sei_network_bytes_extension() -> bytes:
    found = messages(faces(CoordinateLayout(4, 2, 0), None), SeiGeneration.VTM_23_12, PLAIN)
    first = found[0].payload
    assert isinstance(first, GenerativeFaceVideo)
    first.gfv_nn_present_flag, first.gfv_nn_payload_byte = 1, bytes(7) + b"\1\2\3" + bytes(3)
    found[1].extension = "0110100000000000000000000000001"
    return in_stream("vvc_a", Vvc(), found)


@stream("the syntax of VTM 23.9 to 23.11: fusion flag in every message, two chroma thresholds")
def sei_older_generation() -> bytes:
    found = messages(faces(CoordinateLayout(6, 4, 0), None), SeiGeneration.VTM_23_9, PLAIN)
    first, second = found[0].payload, found[1].payload
    assert isinstance(first, GenerativeFaceVideo) and isinstance(second, GenerativeFaceVideo)
    first.gfv_chroma_key_info_present_flag = 1
    first.gfv_chroma_key_value_present_flag = {(0,): 0, (1,): 0, (2,): 0}
    first.gfv_chroma_key_thr_present_flag = {(0,): 1, (1,): 1}
    first.gfv_chroma_key_thr_value = {(0,): 48, (1,): 75}
    second.gfv_drive_picture_fusion_flag = 1
    return in_stream("vvc_a", Vvc(), found, SeiGeneration.VTM_23_9)


@stream("enhancement messages with matrices and pupils")
def sei_enhancement() -> bytes:
    unit = 1 << 28
    layout = EnhancementLayout(4, ((1, 2), (2, 2)))
    state = SeiState()
    found = messages(faces(CoordinateLayout(6, 4, 0), None), SeiGeneration.VTM_23_12, PLAIN)
    pupils = [(3, -4, 5, 6), (3, -4, 5, 7), (2, -4, 5, 7), (2, -4, 5, 7)]
    for cnt in range(4):
        parameters = EnhancementParameters(
            9,
            5,
            cnt,
            cnt == 0,
            layout,
            tuple(unit * (7 * i - 20 + 3 * cnt) for i in range(6)),
            tuple(unit * p for p in pupils[cnt]),
            4,
        )
        known = state.gfve.get((9, 5), GfveState())
        payload = enhancement_message(parameters, known, predict=cnt % 2 == 1)
        message = SeiMessage(224, payload=payload)
        _follow(message, state)
        found.append(message)
    return in_stream("vvc_a", Vvc(), found)


@stream("a native stream with two key pictures, hash and user data, as messages")
def sei_from_native() -> bytes:
    return native_to_sei(native_stream("several_key_pictures"))
