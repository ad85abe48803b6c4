"""Reports of a campaign: views computed from its results, rebuilt at any time.

Source: reports are layered as in the campaign folder: tables/, plots/, report.xlsx, report.html,
report.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ctc.results import CampaignResults

OnPart = Callable[[str, float], None]


def write_reports(
    results: CampaignResults, folder: Path, on_part: OnPart | None = None
) -> list[Path]:
    """Write every report of a campaign into its folder; return the paths in order.

    Each file appears whole or not at all: reports of an earlier run stay until the new ones are
    complete. on_part is told the name of each part and the seconds it took.

    Raises:
        ReportError: results from which a report cannot honestly be made, or a folder that cannot
            be written.
    """
    from ctc.report.build import build_reports

    return build_reports(results, folder, on_part)
