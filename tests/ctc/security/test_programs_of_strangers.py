"""Threats T5 to T16 of docs/security.md: what a hostile program does while it runs."""

from __future__ import annotations

import pytest

from tests.ctc.processes import running
from tests.ctc.security.conftest import Trial
from tests.ctc.security.hostile import SECRET


def test_t05_a_program_writes_outside_its_work_folder(isolated: Trial) -> None:
    assert "written []" in isolated.said("vandal")
    victim = isolated.campaign.victim
    assert [path.name for path in victim.iterdir()] == ["diary"]
    assert (victim / "diary").read_text() == "dear diary"
    assert isolated.decoder("vandal").command["isolation"] == "full"


def test_t06_a_decoder_reads_the_original(isolated: Trial) -> None:
    said = isolated.said("spy")
    assert "seen []" in said
    assert "folder ['bitstream.bin']" in said


def test_t07_an_encoder_leaves_the_original_for_its_decoder(isolated: Trial) -> None:
    assert isolated.records["smuggler"]["encode"].done
    assert "seen []" in isolated.said("smuggler")
    own = isolated.campaign.folder / "codecs" / "smuggler"
    assert sorted(path.name for path in own.iterdir()) == ["dec", "enc", "smuggler.yaml"]


def test_t08_secrets_come_by_environment_or_descriptor(trial: Trial) -> None:
    said = trial.said("spy")
    assert "descriptors [0, 1, 2]" in said
    names = said.partition("environment ")[2].splitlines()[0]
    assert SECRET not in names and "GVC_SEQUENCES" not in names and "CTC_HOME" not in names


def test_t09_a_program_reaches_other_processes(isolated: Trial) -> None:
    assert "processes 1 reached []" in isolated.said("intruder")


def test_t10_a_program_uses_the_network(isolated: Trial) -> None:
    said = isolated.said("caller")
    assert "connected" not in said and "sent" not in said
    assert said.count("refused [") == 2 and "unreachable" in said
    assert isolated.calls == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("linker", "its output is a symbolic link: shall be a file"),
        ("piper", "its output is a pipe: shall be a file"),
        ("folderer", "its output is a folder: shall be a file"),
        ("twinner", "its output is another name of a file elsewhere"),
    ],
)
def test_t11_an_output_is_not_a_file_of_its_own(trial: Trial, name: str, kind: str) -> None:
    record = trial.decoder(name)
    assert (record.status, record.reason) == ("failed", f"decoder: exit code 0, but {kind}")
    assert f"small/main/{name}" not in trial.done.stdout or kind in trial.done.stdout


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("filler", "MiB of files, at most 32 MiB are allowed"),
        ("ghost", "MiB of files, at most 32 MiB are allowed"),
        ("huge", "MiB of files, at most 32 MiB are allowed"),
        ("chatterer", "a file over the size limit"),
    ],
)
def test_t12_a_program_fills_the_disk(trial: Trial, name: str, line: str) -> None:
    record = trial.decoder(name)
    assert record.status == "failed" and line in record.reason
    assert line in trial.done.stdout
    work = trial.campaign.folder / "home" / "store" / "work"
    assert list(work.iterdir()) == []


def test_t13_a_program_takes_all_memory(trial: Trial) -> None:
    record = trial.decoder("hoarder")
    assert record.status == "failed"
    assert "MemoryError" in record.reason or "MiB of memory, at most 204.8 MiB" in record.reason
    assert record.cost["peak_rss_mib"] < 500


def test_t14_a_program_takes_all_time(trial: Trial) -> None:
    record = trial.decoder("burner")
    assert record.status == "failed"
    assert record.reason == "decoder: stopped: 2 s of processor time, at most 2 are allowed"
    assert record.cost["cpu_s"] < 4


def test_t15_a_program_starts_processes_without_end_or_leaves_them(trial: Trial) -> None:
    record = trial.decoder("forker")
    assert record.status == "failed"
    assert "processes, at most 512 are allowed" in record.reason
    assert trial.decoder("leaver").done
    assert running(trial.marker) == []


def test_t16_a_folder_that_cannot_be_removed(trial: Trial) -> None:
    record = trial.decoder("digger")
    assert record.status == "failed"
    assert "folders in each other, at most 64 are allowed" in record.reason
    work = trial.campaign.folder / "home" / "store" / "work"
    assert list(work.iterdir()) == []
