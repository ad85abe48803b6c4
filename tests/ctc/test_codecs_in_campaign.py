"""What a card can ask for: components, containers, formats, several cores, logs that are read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml

from ctc.decode_stage import parse_components
from ctc.errors import StageError
from ctc.results import Status
from ctc.results_reader import read_campaign
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import write_conditions, write_null_codec, write_sequences

COMPONENTS = """#!{python} -IS
import json, os, sys
size = os.path.getsize(sys.argv[1])
head = open(sys.argv[1], "rb").readline()
print(json.dumps({{"header": len(head), "samples": size - len(head) + int(sys.argv[2])}}))
"""


def add_to_card(card: Path, **entries: object) -> Path:
    document = yaml.safe_load(card.read_text())
    document.update(entries)
    card.write_text(yaml.safe_dump(document, sort_keys=False))
    return card


def with_components(folder: Path, name: str, error: int) -> Path:
    card = write_null_codec(folder, name, rates=(8,))
    program = folder / f"{name}-parts"
    program.write_text(COMPONENTS.format(python=sys.executable))
    program.chmod(0o755)
    parts = {"program": f"./{name}-parts", "arguments": ["{bitstream}", str(error)]}
    return add_to_card(card, components=parts)


def test_components_formats_and_containers(tmp_path: Path) -> None:
    write_sequences(tmp_path, ("alpha",))
    anchor = with_components(tmp_path, "parts", 0)
    wrong = with_components(tmp_path, "wrong-sum", 1)
    y4m = add_to_card(
        write_null_codec(tmp_path, "y4m", rates=(1,)),
        input={"container": "y4m"},
        output={"container": "y4m"},
    )
    ten_bit = add_to_card(
        write_null_codec(tmp_path, "ten-bit", rates=(1,)),
        input={"bit_depth": 10},
        output={"bit_depth": 10},
        resources={"cpus": 4},
    )
    conditions = write_conditions(tmp_path, anchor, tuple(map(str, (wrong, y4m, ten_bit))))
    campaign = SmallCampaign(tmp_path, conditions)
    done = campaign.run("--no-report")
    assert done.returncode == 1, done.stdout + done.stderr
    points = {p.card: p for p in read_campaign(campaign.reports).configurations[0].points}
    assert points["parts"].component_bytes == {"header": 7, "samples": 1536}
    assert points["wrong-sum"].status is Status.FAILED
    assert "components: sum 1544, the file has 1543 bytes" in points["wrong-sum"].reason
    for card in ("y4m", "ten-bit"):  # lossless: what comes back is what was given
        assert points[card].status is Status.DONE, points[card].reason
        assert points[card].metrics["psnr-y"].value == 999.99
    raw = 4 * 16 * 16 * 3 // 2
    assert points["ten-bit"].bytes == len(b"%d 1\n" % (2 * raw)) + 2 * raw
    assert (points["y4m"].bytes or 0) > raw + 4 * len("FRAME\n")


@pytest.mark.parametrize(
    "printed, words",
    [
        ("", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"a": 1.5}', "shall be a whole number"),
        ('{"a": -1, "b": 11}', "shall be a whole number"),
        ('{"a": true}', "shall be a whole number"),
        ('{"a": 3, "b": 6}', "sum 9, the file has 10"),
    ],
)
def test_components_that_cannot_be_believed(tmp_path: Path, printed: str, words: str) -> None:
    log = tmp_path / "out"
    log.write_text(printed)
    with pytest.raises(StageError, match=words):
        parse_components(log, 10)


def test_the_logs_of_vtm_and_hm_agree_with_the_figures(tmp_path: Path) -> None:
    cards = []
    for name, variable in (("vtm-ldb-gfvc", "CTC_VTM_DIR"), ("hm-ldb-gfvc", "CTC_HM_DIR")):
        if variable not in os.environ:
            pytest.skip(f"{variable} is not set to a folder of binaries")
        cards.append(name)
    write_sequences(tmp_path, ("alpha",))
    conditions = write_conditions(tmp_path, Path(cards[0]), (cards[1],))
    campaign = SmallCampaign(tmp_path, conditions)
    done = campaign.run("--no-report", "--rate-points", "42")
    assert done.returncode == 0, done.stdout + done.stderr
    # of each codec: the encode and two PSNRs; of VTM also the decode
    assert "7 codec logs compared with the figures, 0 differ" in done.stdout


def test_a_log_that_contradicts_the_figures_is_shown(tmp_path: Path) -> None:
    write_sequences(tmp_path, ("alpha",))
    card = add_to_card(write_null_codec(tmp_path, rates=(8,)), log="vtm")
    said = "".join(
        f"POC    {i} LId:  0 TId: 0 ( TRAIL, B-SLICE, QP 53 )        3086 bits "
        "[Y 29.4238 dB    U 36.4771 dB    V 32.3176 dB] [ET     2 ]\n"
        for i in range(4)
    )
    said += "\tTotal Frames |  Bitrate      Y-PSNR   U-PSNR   V-PSNR   YUV-PSNR\n"
    said += "\t4            a  77.1500      29.4238  36.4771  32.3176  30.0000\n"
    program = tmp_path / "null-enc"
    program.write_text(program.read_text() + f"\nos.write(1, {said!r}.encode())\n")
    campaign = SmallCampaign(tmp_path, write_conditions(tmp_path, card))
    done = campaign.run("--no-report")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "4 codec logs compared with the figures, 3 differ" in done.stdout, done.stdout
    assert any("decode/main/null/alpha/8: log: 0 pictures, not 4" in line for line in lines)
    assert any("log: psnr-y 29.4238 dB, measured" in line for line in lines)
    assert not any("encode/main" in line for line in lines)  # 4 x 3086 bits are the file's 1543
