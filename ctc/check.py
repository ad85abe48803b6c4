"""ctc check: every number of a campaign derived again, from its records and artefacts."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ctc.campaign_lock import read_lock
from ctc.campaign_pictures import load_pictures
from ctc.record_check import CheckResult, RecordCheck
from ctc.report import write_reports
from ctc.report_check import compare_reports, report_files
from ctc.results_reader import read_campaign


def check_campaign(folder: Path, artefacts: Path) -> CheckResult:
    """Return what is wrong with the campaign in `folder`; artefacts: files named by their sha256.

    Raises:
        ReportError: the folder is no campaign, or its reports cannot be made again.
    """
    lock = read_lock(folder)
    result = CheckResult()
    RecordCheck(folder, lock).run(artefacts, result)
    if not report_files(folder):
        result.unchecked.append("there are no reports; 'ctc report' writes them")
        return result
    with tempfile.TemporaryDirectory(prefix="ctc-check-") as temporary:
        results = read_campaign(folder)
        pictures = load_pictures(folder, results)
        write_reports(results, Path(temporary), pictures=pictures)
        differences, result.cells = compare_reports(folder, Path(temporary))
    result.faults += map(str, differences)
    return result
