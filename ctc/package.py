"""ctc package: what a submission needs, in one archive that is the same bytes every time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ctc.campaign_lock import LOCK_NAME, CampaignLock, read_lock
from ctc.card import load_card
from ctc.check import check_campaign
from ctc.errors import CardError, ReportError, near_miss
from ctc.package_archive import write_archive
from ctc.package_manifest import (
    MANIFEST,
    Manifest,
    PackagedBitstream,
    manifest_text,
    packaged_file,
)
from ctc.record import parse_record
from ctc.record_folder import HALF_WRITTEN
from ctc.report_check import report_files
from ctc.results import CampaignResults, PointResult
from ctc.results_reader import read_campaign

NOT_PACKED = (("records", "damaged"), ("records", HALF_WRITTEN))
Files = dict[str, Path | bytes]


def package_campaign(
    folder: Path, artefacts: Path, target: Path, codecs: Sequence[str] = ()
) -> Manifest:
    """Write the submission of the campaign in `folder` and return its manifest.

    artefacts: files named by their sha256; codecs: whose bitstreams to include, all when empty.

    Raises:
        ReportError: `ctc check` finds a fault, there are no reports, an unknown codec, a bitstream
            that is not at hand, or an archive that cannot be written.
    """
    lock = read_lock(folder)
    for codec in codecs:
        if codec not in lock.cards:
            raise ReportError(f"{folder}: no codec '{codec}'{near_miss(codec, lock.cards)}")
    _refuse_faults(folder, artefacts)
    results = read_campaign(folder)
    files: Files = {name: folder / name for name in _campaign_files(folder)}
    files |= dict(_stored_logs(folder, artefacts.parent / "logs", files))
    bitstreams = list(_bitstreams(results, artefacts, codecs, files))
    files["bitstreams.md5"] = _list((b.md5, b.file) for b in bitstreams)
    decoded = ((b.decoded_sha256, f"{b.file[:-4]}.yuv") for b in bitstreams if b.decoded_sha256)
    files["decoded.sha256"] = _list(decoded)
    files |= dict(_cards(lock))
    manifest = Manifest(
        package=1,
        campaign=lock.name,
        conditions=lock.conditions.name,
        conditions_version=lock.conditions.version,
        ctc=lock.ctc,
        files={name: packaged_file(content) for name, content in sorted(files.items())},
        bitstreams=bitstreams,
    )
    write_archive(target, {**files, MANIFEST: manifest_text(manifest)})
    return manifest


def _refuse_faults(folder: Path, artefacts: Path) -> None:
    if not report_files(folder):
        raise ReportError(f"{folder}: no reports to submit; 'ctc report {folder}' writes them")
    faults = check_campaign(folder, artefacts).faults
    if faults:
        more = f" (and {len(faults) - 1} more, see 'ctc check {folder}')" if faults[1:] else ""
        raise ReportError(f"{folder}: not packaged: {faults[0]}{more}")


def _campaign_files(folder: Path) -> Iterator[str]:
    yield LOCK_NAME
    yield from report_files(folder)
    for inner in ("records", "logs"):
        for path in sorted((folder / inner).rglob("*")):
            name = path.relative_to(folder)
            if path.is_file() and name.parts[:2] not in NOT_PACKED:
                yield str(name)


def _stored_logs(folder: Path, logs: Path, files: Files) -> Iterator[tuple[str, Path]]:
    """Logs of stages that another campaign ran, whose results this one shares."""
    for path in sorted((folder / "records").glob("??/*.json")):
        for name in parse_record(path.read_bytes(), path.stem).logs:
            kept = logs / name[:2] / Path(name).name
            if f"logs/{Path(name).name}" not in files and kept.is_file():
                yield f"logs/{kept.name}", kept


def _bitstreams(
    results: CampaignResults, artefacts: Path, codecs: Sequence[str], files: Files
) -> Iterator[PackagedBitstream]:
    """Yield the bitstream of each point that has one, adding its file."""
    for configuration in results.configurations:
        for point in configuration.points:
            sha256 = point.bitstream_sha256
            if not sha256 or (codecs and point.card not in codecs):
                continue
            path = artefacts / sha256[:2] / sha256
            if not path.is_file():
                raise ReportError(
                    f"{configuration.name}/{point.card}/{point.sequence}/{point.rate_point}: its "
                    f"bitstream is not under {artefacts}; 'ctc run' with --force makes it again"
                )
            name = _name_of(point, files)
            files[name] = path
            yield PackagedBitstream(
                configuration=configuration.name,
                card=point.card,
                sequence=point.sequence,
                rate_point=point.rate_point,
                file=name,
                md5=_md5(path),
                decoded_sha256=point.decoded_sha256,
            )


def _name_of(point: PointResult, files: Files) -> str:
    parts = (point.configuration, point.card, f"{point.sequence}_{point.rate_point}")
    stem = "/".join(re.sub(r"[^A-Za-z0-9._-]+", "_", part).lstrip(".") or "_" for part in parts)
    name, number = f"bitstreams/{stem}.bin", 1
    while name in files:
        number += 1
        name = f"bitstreams/{stem}-{number}.bin"
    return name


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)  # what cross-checkers exchange, not a safeguard
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _list(entries: Iterator[tuple[str, str]]) -> bytes:
    """Hashes and names as md5sum and sha256sum write and check them."""
    return "".join(f"{digest}  {name}\n" for digest, name in entries).encode("utf-8")


def _cards(lock: CampaignLock) -> Iterator[tuple[str, bytes]]:
    """The cards as they are now, for information; nothing that is not the card it should be."""
    for name, locked in lock.cards.items():
        path = Path(locked.path)
        try:
            if locked.path and load_card(path).name == name:
                yield f"cards/{re.sub(r'[^A-Za-z0-9._-]+', '_', name)}.yaml", path.read_bytes()
        except (CardError, OSError):
            continue
