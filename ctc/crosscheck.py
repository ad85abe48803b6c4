"""ctc crosscheck: another party's bitstreams decoded and measured here, with our own decoder.

The package brings data only. Its bitstreams are decoded by the card of the same name (or one that
is given) found on this machine, and measured against the originals of this machine; nothing of
the package is run. The decode and measure stages are the ordinary ones, in a folder and store of
their own, so that nothing that was computed before can stand in for them.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ctc.campaign import Campaign, Progress
from ctc.campaign_lock import CampaignLock, LockedConfiguration, LockedMetric, read_lock, write_lock
from ctc.campaign_tasks import RunOptions
from ctc.card import NAME_PATTERN
from ctc.errors import CtcError, MetricError, ReportError
from ctc.isolation import isolation_from
from ctc.locked_card import PlannedCard, Programs, locked_program
from ctc.package_archive import Limits, unpack_archive
from ctc.package_manifest import Manifest, read_manifest
from ctc.plan import Plan, conversion_version, ctc_version
from ctc.program import Program, resolve_program
from ctc.record import Record
from ctc.record_check import CheckResult, RecordCheck
from ctc.registry import LoadedCard, find_card
from ctc.results import CampaignResults
from ctc.results_reader import read_campaign
from ctc.sequence_list import load_sequences
from ctc.sequences import Sequence as TestSequence
from ctc.stage import Place, open_store
from ctc.stage_inputs import Point, StageInputs
from ctc.stage_record import failed_record


@dataclass(frozen=True)
class Crosscheck:
    """Their results and ours, of the codecs that were decoded here.

    skipped: codecs not decoded, with why; faults: what is wrong with the package itself; logs:
    folders of their logs and of ours.
    """

    theirs: CampaignResults
    ours: CampaignResults
    codecs: tuple[str, ...]
    skipped: dict[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    logs: tuple[Path, Path] = (Path(), Path())


def crosscheck(
    package: Path,
    folder: Path,
    progress: Progress,
    *,
    cards: Sequence[str] = (),
    jobs: int = 1,
    threads: int = 1,
    limits: Limits | None = None,
) -> Crosscheck:
    """Decode and measure what is in `package`, in the new folder `folder`.

    cards: names or paths of decoder cards; all cards of the package when empty.

    Raises:
        ReportError: a package that cannot be used, or a folder that is not new.
        CardError: a card that was named cannot be used.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ReportError(f"{folder}: is not empty; give another --output")
    try:
        return _crosscheck(package, folder, progress, cards, jobs, threads, limits)
    except CtcError:
        shutil.rmtree(folder, ignore_errors=True)  # so that the next attempt finds it new
        raise


def _crosscheck(
    package: Path,
    folder: Path,
    progress: Progress,
    cards: Sequence[str],
    jobs: int,
    threads: int,
    limits: Limits | None,
) -> Crosscheck:
    received = folder / "package"
    received.mkdir(parents=True, exist_ok=True)
    unpack_archive(package, received, limits)
    manifest, lock = read_manifest(received), read_lock(received)
    if lock.conversion != conversion_version():
        raise ReportError(
            f"{package}: made with sample conversions of version {lock.conversion}, this is "
            f"version {conversion_version()}: use the harness that the package was made with"
        )
    checked = CheckResult()
    records = RecordCheck(received, lock)
    records.run(received / "none", checked)
    loaded, skipped = _cards(lock, manifest, cards)
    plan = _plan(lock, loaded)
    write_lock(folder, plan.lock)
    own = folder.absolute()
    place = Place(own / "store", own, ctc_version(), threads, jobs, isolation=isolation_from())
    _take_bitstreams(received, manifest, records.found, plan.lock, place)
    stages = _stages(plan.lock)
    if stages:
        Campaign(plan, place, RunOptions(), progress, stages).run()
    return Crosscheck(
        read_campaign(received),
        read_campaign(folder),
        tuple(loaded),
        skipped,
        tuple(checked.faults),
        (received / "logs", folder / "logs"),
    )


def _cards(
    lock: CampaignLock, manifest: Manifest, given: Sequence[str]
) -> tuple[dict[str, tuple[LoadedCard, Program, Program | None]], dict[str, str]]:
    """Decoders found here by the name of their card, and the codecs left out with why."""
    with_bitstreams = {bitstream.card for bitstream in manifest.bitstreams}
    named = {(card := find_card(name)).card.name: card for name in given}
    for name in named:
        if name not in with_bitstreams:
            raise ReportError(f"the package has no bitstream of codec '{name}'")
    found: dict[str, tuple[LoadedCard, Program, Program | None]] = {}
    skipped: dict[str, str] = {}
    for name in lock.cards:
        if name not in with_bitstreams:
            skipped[name] = "the package has no bitstream of it"
        elif given and name not in named:
            skipped[name] = "not asked for"
        elif not NAME_PATTERN.match(name) or name.endswith((".yaml", ".yml")):
            # A path would have the package choose what is run here, even a card inside itself.
            skipped[name] = "not the name of a codec"
        else:
            try:
                card = named.get(name) or find_card(name)
                parts = card.card.components
                decoder = resolve_program(card.path, card.card.decoder)
                program = None if parts is None else resolve_program(card.path, parts)
                found[name] = (card, decoder, program)
            except CtcError as problem:
                if name in named:
                    raise
                skipped[name] = str(problem)
    return found, skipped


def _plan(
    lock: CampaignLock, loaded: Mapping[str, tuple[LoadedCard, Program, Program | None]]
) -> Plan:
    """The package's plan with our decoders, our originals and our metrics."""
    cards: dict[str, PlannedCard] = {}
    for name, (card, decoder, components) in loaded.items():
        locked = lock.cards[name].model_copy(
            update={
                "path": str(card.path),
                "decoder": locked_program(decoder, card.card.decoder),
                "components": None
                if components is None or card.card.components is None
                else locked_program(components, card.card.components),
                "output": card.card.output,
            }
        )
        # No encoder ever runs here: every encode is the package's, so any program may stand there.
        programs = Programs(decoder, decoder, components)
        cards[name] = PlannedCard(locked, card.card, programs)
    configurations = [_restricted(c, cards) for c in lock.configurations]
    sequences, found = dict(lock.sequences), {}
    for name, stated in lock.sequences.items():
        sequence, fault = _original(name, stated.md5)
        if sequence is not None:
            found[name] = sequence
        sequences[name] = stated.model_copy(update={"fault": stated.fault or fault})
    metrics = {name: _metric(name, stated) for name, stated in lock.metrics.items()}
    ours = lock.model_copy(
        update={
            "name": f"crosscheck-{lock.name}",
            "cards": {name: card.locked for name, card in cards.items()},
            "configurations": [c for c in configurations if c.cards],
            "sequences": sequences,
            "metrics": metrics,
        }
    )
    return Plan(ours, cards, found)


def _restricted(
    configuration: LockedConfiguration, cards: Mapping[str, PlannedCard]
) -> LockedConfiguration:
    kept = [name for name in configuration.cards if name in cards]
    anchor = configuration.anchor if configuration.anchor in kept else "".join(kept[:1])
    return configuration.model_copy(update={"cards": kept, "anchor": anchor})


def _original(name: str, md5: str) -> tuple[TestSequence | None, str]:
    try:
        sequence = load_sequences().find(name)
    except CtcError as problem:
        return None, str(problem)
    if sequence.md5 != md5:
        return None, f"{name}: the original here has md5 {sequence.md5}, the package's {md5}"
    return sequence, ""


def _metric(name: str, stated: LockedMetric) -> LockedMetric:
    from ctc.metrics import metric_by_name

    try:
        metric = metric_by_name(name)
    except MetricError as problem:
        return stated.model_copy(update={"fault": str(problem)})
    update = {"signature": metric.signature(), "fault": metric.unavailable()}
    return stated.model_copy(update=update)


def _take_bitstreams(
    received: Path,
    manifest: Manifest,
    records: Mapping[str, Record],
    lock: CampaignLock,
    place: Place,
) -> None:
    """Put each bitstream into the store, and the record of its encoding beside our own records.

    Raises:
        ReportError: a bitstream is missing, or not the one that its record names.
    """
    store, inputs = open_store(place.store), StageInputs(lock)
    files = {
        Point(b.configuration, b.card, b.sequence, b.rate_point): b for b in manifest.bitstreams
    }
    for point in inputs.points():
        if inputs.fault(point):
            continue
        keyed = inputs.encode(point)
        record = records.get(keyed.key)
        if record is None or record.output is None:
            # Recorded as a failure for good: nothing may be encoded here in its place.
            reason = f"no bitstream came: {record.reason if record else 'it was not encoded'}"
            place.records.write(failed_record("encode", keyed, point.card, reason, retry=False))
            continue
        listed = files.get(point)
        if listed is None:
            raise ReportError(f"the package lacks the bitstream of {point.name}")
        stated = manifest.files[listed.file]
        if (stated.bytes, stated.sha256) != (record.output.bytes, record.output.sha256):
            raise ReportError(f"{listed.file}: not the bitstream that its record names")
        if not store.has(record.output):
            copy = place.store / "received.bin"
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(received / listed.file, copy)
            store.put(copy)
        place.records.write(record)


def _stages(lock: CampaignLock) -> tuple[str, ...]:
    """Measure stages, with the decodes they need, of all curves."""
    inputs = StageInputs(lock)
    return tuple(dict.fromkeys(f"measure/{'/'.join(point[:3])}" for point in inputs.points()))
