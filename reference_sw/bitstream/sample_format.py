"""sample_format( ): chroma format, bit depth and colour of decoded pictures.

Source: reference_sw/specification, clause 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass

from reference_sw.bitstream.code_points import MatrixCoefficients
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.syntax import SyntaxCoder
from reference_sw.video.format import ChromaFormat, ColourModel, Matrix

CHROMA_FORMATS = (
    ChromaFormat.MONOCHROME,
    ChromaFormat.C420,
    ChromaFormat.C422,
    ChromaFormat.C444,
)
MAX_BIT_DEPTH = 16


@dataclass
class SampleFormat:
    """Defaults: 8-bit 4:2:0, BT.601, limited range."""

    sf_chroma_format_idc: int = 1
    sf_bit_depth_minus8: int = 0
    sf_matrix_coefficients: int = MatrixCoefficients.BT601
    sf_full_range_flag: int = 0

    @property
    def bit_depth(self) -> int:
        """8..16."""
        return self.sf_bit_depth_minus8 + 8

    @property
    def chroma_format(self) -> ChromaFormat:
        """Chroma format of the planes."""
        return CHROMA_FORMATS[self.sf_chroma_format_idc]

    @property
    def colour(self) -> ColourModel:
        """RGB for the identity matrix (planes in the order R, G, B), else YCbCr."""
        identity = self.sf_matrix_coefficients == MatrixCoefficients.IDENTITY
        return ColourModel.RGB if identity else ColourModel.YCBCR

    @property
    def matrix(self) -> Matrix:
        """Coefficients between RGB and YCbCr; BT.601 where there are none."""
        bt709 = self.sf_matrix_coefficients == MatrixCoefficients.BT709
        return Matrix.BT709 if bt709 else Matrix.BT601


def sample_format(c: SyntaxCoder, sf: SampleFormat) -> None:
    """Clause 3.3."""
    c.u(2, sf, "sf_chroma_format_idc")
    c.u(4, sf, "sf_bit_depth_minus8", max=MAX_BIT_DEPTH - 8)
    c.u(8, sf, "sf_matrix_coefficients")
    if sf.sf_matrix_coefficients not in list(MatrixCoefficients):
        raise BitstreamError(
            f"SampleFormat.sf_matrix_coefficients = {sf.sf_matrix_coefficients}: "
            f"shall be one of {[int(m) for m in MatrixCoefficients]}"
        )
    if sf.colour is ColourModel.RGB and sf.sf_chroma_format_idc != 3:
        raise BitstreamError(
            f"SampleFormat.sf_chroma_format_idc = {sf.sf_chroma_format_idc}: shall be 3 for RGB"
        )
    c.flag(sf, "sf_full_range_flag")
