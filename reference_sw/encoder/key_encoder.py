"""Key pictures by a conventional encoder: VVenC or x265 through the ffmpeg program, or VTM."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from reference_sw.bitstream.access_unit import split_access_units
from reference_sw.bitstream.byte_stream import join_byte_stream
from reference_sw.bitstream.code_points import KeyPictureCodec
from reference_sw.bitstream.video_codec import CODECS
from reference_sw.decoder.errors import DecodingError
from reference_sw.decoder.video_program import run_video_program
from reference_sw.encoder.errors import EncodingError
from reference_sw.encoder.vtm_program import VtmProgram
from reference_sw.video.format import ChromaFormat, ColourModel, Picture, VideoFormat
from reference_sw.video.raw import VideoWriter

MAX_QP = {KeyPictureCodec.VVC: 63, KeyPictureCodec.HEVC: 51}
_BIT_DEPTH = {KeyPictureCodec.VVC: 10, KeyPictureCodec.HEVC: 8}
_PIXEL_FORMAT = {KeyPictureCodec.VVC: "yuv420p10le", KeyPictureCodec.HEVC: "yuv420p"}
# One low-delay structure with a single picture: its parameter sets are the smallest VVenC writes.
_VVENC = (
    "PicReordering=0:NumRefPics=0:NumRefPicsSCC=0:IntraPeriod=-1:DecodingRefreshType=none:"
    "POC0IDR=1:GOPSize=8:MCTF=0:BIM=0:SEIDecodedPictureHash=0"
)
_X265 = "qp={qp}:info=0:hash=0:pools=none:frame-threads=1:wpp=0:keyint=1:log-level=none"


@dataclass(frozen=True)
class KeyEncoder:
    """A codec for key pictures and its effort; every picture is coded on its own.

    vtm: codes VVC key pictures in place of VVenC.
    """

    codec: KeyPictureCodec = KeyPictureCodec.VVC
    preset: str = "slower"
    vtm: VtmProgram | None = None

    def format(self, coded: VideoFormat) -> VideoFormat:
        """Return the format in which key pictures of a sequence are coded."""
        return replace(
            coded,
            bit_depth=_BIT_DEPTH[self.codec],
            chroma_format=ChromaFormat.C420,
            colour=ColourModel.YCBCR,
        )

    def encode(self, picture: Picture, video: VideoFormat, qp: int) -> bytes:
        """Return the access unit of one picture, without delimiters and SEI messages.

        video: as `format` gives it; qp: 0..63 for VVC, 0..51 for HEVC.
        Raises EncodingError.
        """
        if not 0 <= qp <= MAX_QP[self.codec]:
            raise EncodingError(
                f"key picture QP {qp}: shall be in 0..{MAX_QP[self.codec]} for {self.codec.name}"
            )
        with tempfile.TemporaryDirectory(prefix="gvc-key-") as folder:
            source, target = Path(folder) / "key.yuv", Path(folder) / "key.bin"
            with VideoWriter(source, video) as writer:
                writer.write(picture)
            self._run(source, target, video, qp)
            return self._access_unit(target.read_bytes())

    def _run(self, source: Path, target: Path, video: VideoFormat, qp: int) -> None:
        if self.vtm is not None:
            self.vtm.encode(source, target, video, qp)
            return
        try:
            run_video_program(self._arguments(source, target, video, qp), "key picture encoder")
        except DecodingError as problem:
            raise EncodingError(str(problem)) from problem

    def _arguments(self, source: Path, target: Path, video: VideoFormat, qp: int) -> list[str]:
        size = f"{video.width}x{video.height}"
        head = ["-f", "rawvideo", "-pixel_format", _PIXEL_FORMAT[self.codec], "-video_size", size]
        head += ["-framerate", "25", "-i", str(source), "-frames:v", "1"]
        if self.codec is KeyPictureCodec.VVC:
            coder = ["-c:v", "libvvenc", "-threads", "1", "-preset", self.preset, "-qp", str(qp)]
            coder += ["-qpa", "0", "-vvenc-params", _VVENC, "-f", "vvc"]
        else:
            coder = ["-c:v", "libx265", "-preset", "veryslow", "-x265-params", _X265.format(qp=qp)]
            coder += ["-f", "hevc"]
        return [*head, *coder, str(target)]

    def _access_unit(self, stream: bytes) -> bytes:
        codec = CODECS[self.codec]
        units = split_access_units(stream, codec)
        if len(units) != 1:
            raise EncodingError(f"key picture encoder: {len(units)} access units, expected 1")
        dropped = (codec.prefix_sei_type, codec.suffix_sei_type, _DELIMITER[self.codec])
        kept = [u.data for u in units[0].units if codec.unit_type(u.data) not in dropped]
        return join_byte_stream(kept)


_DELIMITER = {KeyPictureCodec.VVC: 20, KeyPictureCodec.HEVC: 35}
