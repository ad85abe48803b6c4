"""The submission archive: the same bytes every time, and nothing a stranger's archive can do."""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from ctc.errors import ReportError
from ctc.package_archive import Limits, unpack_archive, write_archive


def test_an_archive_is_the_same_bytes_whenever_and_from_wherever(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\x00\x01" * 1000)
    files: dict[str, Path | bytes] = {"b/x.txt": b"text", "a.bin": tmp_path / "a.bin"}
    write_archive(tmp_path / "1.zip", files)
    (tmp_path / "a.bin").touch()
    (tmp_path / "a.bin").chmod(0o600)
    write_archive(tmp_path / "2.zip", dict(reversed(files.items())))
    first = (tmp_path / "1.zip").read_bytes()
    assert first == (tmp_path / "2.zip").read_bytes()
    # Written once on one machine; other versions of Python shall make the same bytes.
    assert hashlib.sha256(first).hexdigest() == (
        "7f4ff7251cbb31673d5e3443ddcb9885205efff030839fdb89083660f6109085"
    )
    names = unpack_archive(tmp_path / "1.zip", tmp_path / "out")
    assert names == ["a.bin", "b/x.txt"]
    assert (tmp_path / "out/b/x.txt").read_bytes() == b"text"
    assert not list(tmp_path.glob(".*.part"))


def archive_of(path: Path, name: str, content: bytes = b"x", mode: int = 0o100644) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        archive.writestr(entry, content)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "a/../../evil",
        "C:/evil",
        "a\\..\\evil",
        "a//b",
        "./a",
        "a\nb",
        "..",
        "é",
    ],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    target = tmp_path / "in" / "out"
    target.mkdir(parents=True)
    with pytest.raises(ReportError, match="a name is letters, digits"):
        unpack_archive(archive_of(tmp_path / "x.zip", name), target)
    assert list(target.iterdir()) == [] and list((tmp_path / "in").iterdir()) == [target]
    with pytest.raises(ReportError, match="a name is letters, digits"):
        write_archive(tmp_path / "y.zip", {name: b""})
    assert not (tmp_path / "y.zip").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    path = archive_of(tmp_path / "x.zip", "link", b"/etc/passwd", kind | 0o777)
    with pytest.raises(ReportError, match="'link' is a link or a device"):
        unpack_archive(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bomb_is_refused_before_and_while_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(5 << 20))
    with pytest.raises(ReportError, match="5242880 bytes once unpacked: at most 1048576"):
        unpack_archive(path, tmp_path / "out", Limits(total_bytes=1 << 20))
    content = bytearray(path.read_bytes())
    size = struct.pack("<I", 5 << 20)
    liar = bytes(content).replace(size, struct.pack("<I", 100))
    (tmp_path / "liar.zip").write_bytes(liar)
    with pytest.raises(ReportError, match=r"longer than it declares|not a usable ZIP file"):
        unpack_archive(tmp_path / "liar.zip", tmp_path / "out2", Limits(total_bytes=1 << 20))
    written = sum(p.stat().st_size for p in (tmp_path / "out2").rglob("*"))
    assert written <= 1 << 20


def test_too_many_entries_and_names_that_come_twice(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"1")
        archive.writestr("A", b"2")
    with pytest.raises(ReportError, match="'A' comes twice"):
        unpack_archive(path, tmp_path / "out")
    with pytest.raises(ReportError, match="2 entries: at most 1 are allowed"):
        unpack_archive(path, tmp_path / "out", Limits(entries=1))


@pytest.mark.parametrize("damage", ["cut", "flip", "text"])
def test_a_damaged_archive_is_one_clear_error(tmp_path: Path, damage: str) -> None:
    write_archive(tmp_path / "x.zip", {"a": bytes(range(256)) * 40})
    content = bytearray((tmp_path / "x.zip").read_bytes())
    if damage == "flip":
        content[200] ^= 1
    spoiled = {"cut": content[:-30], "flip": content, "text": b"not a zip"}[damage]
    (tmp_path / "y.zip").write_bytes(spoiled)
    with pytest.raises(ReportError, match="not a usable ZIP file"):
        unpack_archive(tmp_path / "y.zip", tmp_path / "out")
    with pytest.raises(ReportError, match="cannot be unpacked: No such file"):
        unpack_archive(tmp_path / "none.zip", tmp_path / "out")


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"1")
    content = bytearray(out.getvalue())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(ReportError, match="'a' is encrypted"):
        unpack_archive(tmp_path / "x.zip", tmp_path / "out")
