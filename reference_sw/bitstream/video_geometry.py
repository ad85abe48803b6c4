"""Picture size and sample format from the sequence parameter set of VVC and HEVC.

Source: ITU-T H.266, 7.3.2.4 and 7.3.3.1; ITU-T H.265, 7.3.2.2 and 7.3.3.
"""

from __future__ import annotations

from dataclasses import dataclass

from reference_sw.bitstream.byte_stream import UnitBytes, unescape
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.reader import SyntaxReader
from reference_sw.bitstream.video_codec import Hevc, VideoCodec
from reference_sw.video.format import ChromaFormat

_CHROMA = (ChromaFormat.MONOCHROME, ChromaFormat.C420, ChromaFormat.C422, ChromaFormat.C444)


@dataclass(frozen=True)
class VideoGeometry:
    """Size of the output pictures in luma samples, chroma format and bit depth."""

    width: int
    height: int
    chroma_format: ChromaFormat
    bit_depth: int


class _Sps:
    """Holds the elements that are passed over on the way."""


class _Fields:
    """Reads elements whose values are used at once."""

    def __init__(self, data: bytes) -> None:
        self.reader = SyntaxReader(data)
        self.sps = _Sps()

    def u(self, bits: int, name: str) -> int:
        return self.reader.u(bits, self.sps, name)

    def ue(self, name: str, maximum: int = 1 << 16) -> int:
        return self.reader.ue(self.sps, name, max=maximum)

    def align(self) -> None:
        if rest := -self.reader.position % 8:
            self.u(rest, "alignment")


def read_geometry(units: list[UnitBytes], codec: VideoCodec) -> VideoGeometry:
    """Return the geometry of the first sequence parameter set among units.

    Raises:
        BitstreamError: none found, or an illegal one.
    """
    for unit in units:
        if codec.unit_type(unit.data) == codec.sps_type:
            fields = _Fields(unescape(unit.data)[2:])
            return _hevc(fields) if isinstance(codec, Hevc) else _vvc(fields)
    raise BitstreamError(f"no sequence parameter set in the {codec.name} stream")


def _vvc(f: _Fields) -> VideoGeometry:
    f.u(4, "sps_seq_parameter_set_id")
    f.u(4, "sps_video_parameter_set_id")
    sublayers = f.u(3, "sps_max_sublayers_minus1")
    chroma = f.u(2, "sps_chroma_format_idc")
    ctb = 1 << (f.u(2, "sps_log2_ctu_size_minus5") + 5)
    if f.u(1, "sps_ptl_dpb_hrd_params_present_flag"):
        _vvc_profile_tier_level(f, sublayers)
    f.u(1, "sps_gdr_enabled_flag")
    if f.u(1, "sps_ref_pic_resampling_enabled_flag"):
        f.u(1, "sps_res_change_in_clvs_allowed_flag")
    width = f.ue("sps_pic_width_max_in_luma_samples")
    height = f.ue("sps_pic_height_max_in_luma_samples")
    window = _window(f, "sps_conformance_window_flag", chroma)
    if f.u(1, "sps_subpic_info_present_flag"):
        _vvc_subpictures(f, width, height, ctb)
    bit_depth = 8 + f.ue("sps_bitdepth_minus8", 8)
    return VideoGeometry(width - window[0], height - window[1], _CHROMA[chroma], bit_depth)


def _vvc_profile_tier_level(f: _Fields, sublayers: int) -> None:
    f.u(16, "general_profile_tier_level")
    f.u(2, "ptl_frame_only_and_multilayer_flags")
    if f.u(1, "gci_present_flag"):
        f.u(71, "general_constraint_flags")
        f.u(f.u(8, "gci_num_additional_bits"), "gci_additional_bits")
    f.align()
    present = [f.u(1, "ptl_sublayer_level_present_flag") for _ in range(sublayers)]
    f.align()
    f.u(8 * sum(present), "sublayer_level_idc")
    f.u(32 * f.u(8, "ptl_num_sub_profiles"), "general_sub_profile_idc")


def _vvc_subpictures(f: _Fields, width: int, height: int, ctb: int) -> None:
    columns, rows = -(-width // ctb), -(-height // ctb)
    last = f.ue("sps_num_subpics_minus1", 599)
    independent, same_size = 1, 0
    if last:
        independent = f.u(1, "sps_independent_subpics_flag")
        same_size = f.u(1, "sps_subpic_same_size_flag")
    for i in range(last + 1 if last else 0):
        if not same_size or i == 0:
            for wanted in (i > 0, i < last):
                for side, count in ((width, columns), (height, rows)):
                    if wanted and side > ctb:
                        f.u((count - 1).bit_length(), "sps_subpic_position_or_size")
        if not independent:
            f.u(2, "sps_subpic_flags")
    bits = f.ue("sps_subpic_id_len_minus1", 15) + 1
    explicit = f.u(1, "sps_subpic_id_mapping_explicitly_signalled_flag")
    if explicit and f.u(1, "sps_subpic_id_mapping_present_flag"):
        f.u(bits * (last + 1), "sps_subpic_id")


def _hevc(f: _Fields) -> VideoGeometry:
    f.u(4, "sps_video_parameter_set_id")
    sublayers = f.u(3, "sps_max_sub_layers_minus1")
    f.u(1, "sps_temporal_id_nesting_flag")
    f.u(96, "general_profile_tier_level")
    present = [(f.u(1, "profile_present"), f.u(1, "level_present")) for _ in range(sublayers)]
    if sublayers:
        f.u(2 * (8 - sublayers), "reserved_zero_2bits")
    for profile, level in present:
        f.u(88 * profile + 8 * level, "sub_layer_profile_tier_level")
    f.ue("sps_seq_parameter_set_id", 15)
    chroma = f.ue("chroma_format_idc", 3)
    if chroma == 3:
        f.u(1, "separate_colour_plane_flag")
    width, height = f.ue("pic_width_in_luma_samples"), f.ue("pic_height_in_luma_samples")
    window = _window(f, "conformance_window_flag", chroma)
    bit_depth = 8 + f.ue("bit_depth_luma_minus8", 8)
    return VideoGeometry(width - window[0], height - window[1], _CHROMA[chroma], bit_depth)


def _window(f: _Fields, flag: str, chroma: int) -> tuple[int, int]:
    """Luma samples cut off in width and in height."""
    if not f.u(1, flag):
        return 0, 0
    left, right, top, bottom = (f.ue("conf_win_offset") for _ in range(4))
    sub_width, sub_height = _CHROMA[chroma].subsampling
    return sub_width * (left + right), sub_height * (top + bottom)
