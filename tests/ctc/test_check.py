"""ctc check: every kind of change to records, artefacts or reports is found and named."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from ctc.report_check import compare_files, same_value
from ctc.results_reader import read_campaign
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import write_sequences
from tests.ctc.zlib_codec import write_two


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> SmallCampaign:
    folder = tmp_path_factory.mktemp("check")
    write_sequences(folder, frames=6)
    campaign = SmallCampaign(folder, write_two(folder))
    assert campaign.run().returncode == 0
    return campaign


@pytest.fixture
def copy(finished: SmallCampaign, tmp_path: Path) -> Path:
    shutil.copytree(finished.reports, tmp_path / "copy")
    return tmp_path / "copy"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.chmod(0o644)
    path.write_text(text.replace(old, new, 1))


def record_of(folder: Path, stage: str) -> Path:
    """The record of a stage of lean's step 8 on alpha."""
    point = next(
        p
        for p in read_campaign(folder).configurations[0].points
        if (p.card, p.sequence, p.rate_point) == ("lean", "alpha", "8")
    )
    key = point.record_keys[stage]
    return folder / "records" / key[:2] / f"{key}.json"


def test_an_untouched_campaign_passes(finished: SmallCampaign) -> None:
    """Both codecs make the same pictures, so they share the records of what was measured."""
    done = finished.ctc("check", "reports/small", "--complete")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("reports/small: 48 records, 16 artefacts and ")
    assert done.stdout.endswith("nothing wrong\n")


def test_a_moved_campaign_without_its_store_says_what_was_not_checked(
    finished: SmallCampaign, copy: Path, tmp_path: Path
) -> None:
    done = finished.ctc("check", str(copy), "--store", str(tmp_path / "none"))
    assert done.returncode == 0
    assert "not checked: 16 bitstreams are not under" in done.stdout
    assert finished.ctc("check", str(copy), "--store", "none", "--complete").returncode == 1


def test_a_changed_cell_of_a_table_is_named(finished: SmallCampaign, copy: Path) -> None:
    path = copy / "tables" / "points.csv"
    rows = list(csv.reader(path.open(newline="")))
    column = rows[0].index("psnr-y")
    stored = rows[3][column]
    edit(path, stored, f"{float(stored) + 0.01:.4f}")
    done = finished.ctc("check", str(copy))
    assert done.returncode == 1
    assert "wrong: tables/points.csv: line 4, column 'psnr-y': is" in done.stdout
    assert f"records give {stored}" in done.stdout


def test_a_rounded_last_digit_is_no_change_but_a_text_is() -> None:
    assert same_value("30.123456789012345", 30.12345678901234)
    assert not same_value("30.1234", "30.12345")
    assert not same_value("ok", "no-overlap")
    assert not same_value(None, "0") and not same_value("nan", "1")


def test_a_changed_workbook_cell_is_named(finished: SmallCampaign, copy: Path) -> None:
    path = copy / "report.xlsx"
    if not path.is_file():
        pytest.skip("this campaign has no workbook")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    number = re.compile(rb'<c r="([A-Z]+[0-9]+)"(?: s="[0-9]+")?>(?:<f>[^<]*</f>)?<v>([^<]+)</v>')
    name = next(n for n, c in sorted(parts.items()) if "worksheets/" in n and number.search(c))
    cell = number.search(parts[name])
    assert cell is not None
    start, end = cell.span(2)
    parts[name] = parts[name][:start] + b"12345" + parts[name][end:]
    with zipfile.ZipFile(path, "w") as archive:
        for inner, content in parts.items():
            archive.writestr(inner, content)
    done = finished.ctc("check", str(copy))
    assert done.returncode == 1
    reference = cell.group(1).decode()
    assert f"!{reference}: is 12345.0, records give {cell.group(2).decode()[:6]}" in done.stdout


def test_an_edited_record_is_found_even_with_a_new_checksum(
    finished: SmallCampaign, copy: Path
) -> None:
    path = record_of(copy, "measure:psnr-y")
    body = path.read_bytes()
    value = json.loads(body)["scores"]["value"]
    edit(path, repr(value), repr(value + 1))
    done = finished.ctc("check", str(copy))
    assert done.returncode == 1
    assert "measure/main/lean/alpha/8/psnr-y: its checksum does not match" in done.stdout
    text = path.read_bytes()
    before, _, _ = text.rpartition(b',\n"checksum"')
    digest = hashlib.sha256(before).hexdigest().encode()
    path.write_bytes(before + b',\n"checksum": "' + digest + b'"\n}\n')
    done = finished.ctc("check", str(copy))
    assert done.returncode == 1
    assert "column 'psnr-y'" in done.stdout and "checksum" not in done.stdout


def test_a_record_of_another_version_is_flagged_and_never_averaged(
    finished: SmallCampaign, copy: Path
) -> None:
    path = record_of(copy, "measure:psnr-y")
    body = path.read_bytes().rpartition(b',\n"checksum"')[0]
    other = body.replace(b'"record": ', b'"record": 9', 1)
    assert other != body
    path.chmod(0o644)
    digest = hashlib.sha256(other).hexdigest().encode()
    path.write_bytes(other + b',\n"checksum": "' + digest + b'"\n}\n')
    done = finished.ctc("check", str(copy))
    assert done.returncode == 1
    assert "measure/main/large/alpha/8/psnr-y: not a record of layout" in done.stdout
    compared = finished.ctc("compare", str(copy), "--sequences", "--metrics", "psnr-y")
    assert compared.returncode == 1 and "withheld" in compared.stdout
    assert "record not used: not a record of layout" in compared.stdout


def test_a_record_of_other_inputs_is_refused(finished: SmallCampaign, copy: Path) -> None:
    path = record_of(copy, "decode")
    other = record_of(copy, "encode")
    path.chmod(0o644)
    path.write_bytes(other.read_bytes())
    done = finished.ctc("check", str(copy))
    assert done.returncode == 1 and "decode/main/lean/alpha/8: holds key" in done.stdout


@pytest.mark.parametrize("damage", ["changed", "shorter"])
def test_a_changed_bitstream_is_found(
    finished: SmallCampaign, copy: Path, tmp_path: Path, damage: str
) -> None:
    store = tmp_path / "store"
    shutil.copytree(finished.folder / "home" / "store", store)
    sha256 = json.loads(record_of(copy, "encode").read_bytes())["output"]["sha256"]
    path = store / "artefacts" / sha256[:2] / sha256
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content if damage == "changed" else content[:-1])
    done = finished.ctc("check", str(copy), "--store", str(store))
    assert done.returncode == 1
    said = "its encode record says " + (sha256[:16] if damage == "changed" else "")
    assert f"{sha256}: " in done.stdout and said in done.stdout


def test_missing_and_extra_files_are_named(finished: SmallCampaign, copy: Path) -> None:
    plots = sorted((copy / "plots").glob("*.svg"))
    plots[0].rename(copy / "plots" / "zz.svg")
    record_of(copy, "measure:psnr-u").unlink()
    done = finished.ctc("check", str(copy))
    assert done.returncode == 1
    assert f"wrong: plots/{plots[0].name}: file: is missing" in done.stdout
    assert "wrong: plots/zz.svg: file: is there" in done.stdout
    assert "stages without a record: measure/main/large/alpha/8/psnr-u and 1 more" in done.stdout


def test_a_repainted_plot_is_found_but_another_compression_is_not(
    finished: SmallCampaign, tmp_path: Path
) -> None:
    import zlib

    source = sorted((finished.reports / "plots").glob("*.png"))[0]
    content = source.read_bytes()
    at = content.index(b"IDAT")
    length = int.from_bytes(content[at - 4 : at], "big")
    samples = bytearray(zlib.decompress(content[at + 4 : at + 4 + length]))

    def packed(level: int) -> bytes:
        data = zlib.compress(bytes(samples), level)
        crc = zlib.crc32(b"IDAT" + data).to_bytes(4, "big")
        head = content[: at - 4] + len(data).to_bytes(4, "big") + b"IDAT" + data + crc
        return head + content[at + 8 + length :]

    other = tmp_path / "x.png"
    other.write_bytes(packed(1))
    assert other.read_bytes() != content
    assert compare_files(other, source, "x.png")[0] is None
    samples[-1] ^= 255
    other.write_bytes(packed(9))
    difference = compare_files(other, source, "x.png")[0]
    assert difference is not None and difference.where == "picture"
    other.write_bytes(b"not a picture")
    difference = compare_files(other, source, "x.png")[0]
    assert difference is not None and "unreadable" in difference.stored


def test_what_is_no_campaign_is_one_line(finished: SmallCampaign) -> None:
    done = finished.ctc("check", "home")
    assert done.returncode == 2
    assert done.stderr == "ctc: home: not a campaign folder: it has no campaign.lock.yaml\n"
