"""NAL units of VVC and HEVC: header, and the part of a unit in its access unit.

Source: ITU-T H.266, 7.3.1.2 and table 5; ITU-T H.265, 7.3.1.2 and table 7-1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from reference_sw.bitstream.code_points import KeyPictureCodec
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.nal_unit import NalUnitHeader, nal_unit_header
from reference_sw.bitstream.syntax import SyntaxCoder


@dataclass
class HevcNalUnitHeader:
    """Two bytes in the order of HEVC."""

    nal_unit_type: int = 32
    nuh_layer_id: int = 0
    nuh_temporal_id_plus1: int = 1


def hevc_nal_unit_header(c: SyntaxCoder, nuh: HevcNalUnitHeader) -> None:
    """ITU-T H.265, 7.3.1.2."""
    c.fixed(1, nuh, "forbidden_zero_bit", 0)
    c.u(6, nuh, "nal_unit_type")
    c.u(6, nuh, "nuh_layer_id")
    c.u(3, nuh, "nuh_temporal_id_plus1", min=1)


class VideoCodec(ABC):
    """What the carriage needs to know of a codec's NAL units; data are header and payload."""

    codec: KeyPictureCodec
    name: str
    sps_type: int
    prefix_sei_type: int
    suffix_sei_type: int
    irap_types: range

    @abstractmethod
    def unit_type(self, data: bytes) -> int:
        """nal_unit_type."""

    @abstractmethod
    def layer_id(self, data: bytes) -> int:
        """nuh_layer_id."""

    @abstractmethod
    def is_vcl(self, unit_type: int) -> bool:
        """Whether a unit of this type holds coded picture data."""

    @abstractmethod
    def starts_picture(self, data: bytes) -> bool:
        """Whether this unit is the first of a picture."""

    @abstractmethod
    def may_start_access_unit(self, unit_type: int) -> bool:
        """Whether a unit that is not VCL begins a new access unit when a picture came before."""

    @abstractmethod
    def header(self, unit_type: int) -> NalUnitHeader | HevcNalUnitHeader:
        """Header of a unit of layer 0 and temporal sub-layer 0."""

    @abstractmethod
    def walk_header(self, c: SyntaxCoder, header: NalUnitHeader | HevcNalUnitHeader) -> None:
        """Read or write the header."""


class Vvc(VideoCodec):
    """ITU-T H.266."""

    codec = KeyPictureCodec.VVC
    name = "vvc"
    sps_type = 15
    prefix_sei_type = 23
    suffix_sei_type = 24
    irap_types = range(7, 12)
    picture_header_type = 19
    first_units = (12, 13, 14, 15, 16, 17, 20, 23)
    au_starters = frozenset((*first_units, 26, 28, 29))

    def unit_type(self, data: bytes) -> int:
        return data[1] >> 3

    def layer_id(self, data: bytes) -> int:
        return data[0] & 63

    def is_vcl(self, unit_type: int) -> bool:
        return unit_type <= 11

    def starts_picture(self, data: bytes) -> bool:
        kind = self.unit_type(data)
        if kind == self.picture_header_type:
            return True
        # sh_picture_header_in_slice_header_flag
        return self.is_vcl(kind) and len(data) > 2 and bool(data[2] & 0x80)

    def may_start_access_unit(self, unit_type: int) -> bool:
        return unit_type in self.au_starters

    def header(self, unit_type: int) -> NalUnitHeader:
        return NalUnitHeader(0, unit_type, 1)

    def walk_header(self, c: SyntaxCoder, header: NalUnitHeader | HevcNalUnitHeader) -> None:
        if not isinstance(header, NalUnitHeader):
            raise BitstreamError("a VVC unit needs the header of VVC")
        nal_unit_header(c, header)


class Hevc(VideoCodec):
    """ITU-T H.265."""

    codec = KeyPictureCodec.HEVC
    name = "hevc"
    sps_type = 33
    prefix_sei_type = 39
    suffix_sei_type = 40
    irap_types = range(16, 24)
    first_units = (32, 33, 34, 35, 39)
    au_starters = frozenset((*first_units, 41, 42, 43, 44, *range(48, 56)))

    def unit_type(self, data: bytes) -> int:
        return data[0] >> 1 & 63

    def layer_id(self, data: bytes) -> int:
        return (data[0] & 1) << 5 | data[1] >> 3

    def is_vcl(self, unit_type: int) -> bool:
        return unit_type < 32

    def starts_picture(self, data: bytes) -> bool:
        # first_slice_segment_in_pic_flag
        return self.is_vcl(self.unit_type(data)) and len(data) > 2 and bool(data[2] & 0x80)

    def may_start_access_unit(self, unit_type: int) -> bool:
        return unit_type in self.au_starters

    def header(self, unit_type: int) -> HevcNalUnitHeader:
        return HevcNalUnitHeader(unit_type, 0, 1)

    def walk_header(self, c: SyntaxCoder, header: NalUnitHeader | HevcNalUnitHeader) -> None:
        if not isinstance(header, HevcNalUnitHeader):
            raise BitstreamError("an HEVC unit needs the header of HEVC")
        hevc_nal_unit_header(c, header)


CODECS: dict[int, VideoCodec] = {codec.codec: codec for codec in (Vvc(), Hevc())}


def detect_codec(first_unit: bytes) -> VideoCodec:
    """Return VVC or HEVC by the first unit of a stream.

    Raises:
        BitstreamError: a unit that can begin neither.
    """
    vvc, hevc = Vvc(), Hevc()
    if len(first_unit) >= 2 and first_unit[1] & 7:
        if first_unit[0] == 0 and vvc.unit_type(first_unit) in Vvc.first_units:
            return vvc
        if first_unit[0] & 0x81 == 0 and hevc.unit_type(first_unit) in Hevc.first_units:
            return hevc
    raise BitstreamError(
        f"first unit begins with {first_unit[:2].hex()}: neither the native carriage, VVC nor HEVC"
    )
