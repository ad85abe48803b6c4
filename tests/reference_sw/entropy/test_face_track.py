"""Bytes on the face track that VTM ships, against the common software's method."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.entropy import decoded, encoded, restarted
from benchmarks.material import restarted_golomb
from benchmarks.material.face_tracks import Track, random_walk, stock_track


@pytest.fixture(scope="module")
def track() -> Track:
    found = stock_track()
    if found is None:
        pytest.skip("GVC_DATA is not set: VTM's face track is not at hand")
    return found


def bytes_per_picture(data: list[bytes], pictures: int) -> float:
    return sum(map(len, data)) / pictures


def test_bytes_of_the_stock_track(track: Track) -> None:
    """124 residual pictures, step 1/64, real bytes; the published method needs 5.50 and 15.9."""
    points, both = [track.points], [track.points, track.matrices]
    assert bytes_per_picture(restarted(points), 124) == pytest.approx(5.50, abs=0.05)
    assert bytes_per_picture(restarted(both), 124) == pytest.approx(15.9, abs=0.1)
    assert bytes_per_picture(encoded(points, 125, first=False), 124) <= 3.05
    assert bytes_per_picture(encoded(both, 125, first=False), 124) <= 11.7
    assert bytes_per_picture(encoded(points, 125, first=True), 125) <= 3.05
    assert bytes_per_picture(encoded(both, 125, first=True), 125) <= 11.7
    assert bytes_per_picture(encoded(both, 1, first=False), 124) <= 11.7


@pytest.mark.parametrize("groups", [1, 2])
def test_decoded_track_is_the_encoded_one(groups: int) -> None:
    track = random_walk(40)
    given = [track.points, track.matrices][:groups]
    back = decoded(given, encoded(given, 1, first=False))
    assert all(np.array_equal(a[1:], b) for a, b in zip(given, back, strict=True))


def test_the_peer_decodes_its_files() -> None:
    track = random_walk(40)
    residuals = np.diff(np.concatenate([track.points, track.matrices], axis=1), axis=0).tolist()
    residuals += [[0] * 60, list(range(-30, 30))]
    assert [restarted_golomb.decode(restarted_golomb.encode(r)) for r in residuals] == residuals
    assert len(restarted_golomb.encode([0] * 20)) == 2
