"""What later generative face video messages take from earlier ones, per gfv_id.

Source: reference_sw/specification, clause 6.5.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CoordinateLayout:
    """Precision (bits after the point), number of keypoints and dimensions of the coordinates."""

    precision: int
    num_kps: int
    z_present: int
    z_max_value: int = 0

    @property
    def size(self) -> int:
        """Number of coordinate values."""
        return self.num_kps * (2 + self.z_present)


@dataclass(frozen=True)
class MatrixShape:
    """Matrices of one type: how many, and their size."""

    type_idx: int
    number: int
    height: int
    width: int

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.number * self.height * self.width


@dataclass(frozen=True)
class MatrixLayout:
    """Precision (bits after the point) and shapes of the matrices of one message."""

    precision: int
    shapes: tuple[MatrixShape, ...]

    @property
    def size(self) -> int:
        """Number of elements of all matrices."""
        return sum(shape.size for shape in self.shapes)


@dataclass(frozen=True)
class FaceParameters:
    """The decoded values of one message, integers in units of 2**-32.

    coordinates: x, y (and z) of each keypoint in turn; empty when there are none.
    matrices: elements by type, matrix, row and column; empty when there are none.
    """

    gfv_id: int
    gfv_cnt: int
    base_picture: bool
    fusion_picture: bool
    low_confidence: bool
    coordinate_layout: CoordinateLayout | None
    coordinates: tuple[int, ...]
    matrix_layout: MatrixLayout | None
    matrices: tuple[int, ...]


@dataclass
class GfvState:
    """The last base picture's layouts and values, and the last message's values."""

    coordinate_layout: CoordinateLayout | None = None
    base_coordinates: tuple[int, ...] = ()
    previous_coordinates: tuple[int, ...] = ()
    matrix_layout: MatrixLayout | None = None
    base_matrices: tuple[int, ...] = ()
    previous_matrices: tuple[int, ...] = ()

    def follow(self, parameters: FaceParameters) -> None:
        """Take a decoded message in."""
        if parameters.base_picture:
            self.coordinate_layout = parameters.coordinate_layout
            self.base_coordinates = parameters.coordinates
            self.matrix_layout = parameters.matrix_layout
            self.base_matrices = parameters.matrices
            self.previous_coordinates = parameters.coordinates
            self.previous_matrices = parameters.matrices
        if parameters.coordinate_layout is not None:
            self.previous_coordinates = parameters.coordinates
        if parameters.matrix_layout is not None:
            self.previous_matrices = parameters.matrices
