"""Reports of a campaign: views computed from its results, rebuilt at any time.

Source: the campaign folder holds tables/, plots/, report.xlsx, report.html and report.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ctc.results import CampaignResults

if TYPE_CHECKING:
    from ctc.report.picture_set import PictureSet

OnPart = Callable[[str, float], None]


def write_reports(
    results: CampaignResults,
    folder: Path,
    on_part: OnPart | None = None,
    pictures: Sequence[PictureSet] = (),
) -> list[Path]:
    """Write every report of a campaign into its folder; return the paths in order.

    Each file appears whole or not at all: reports of an earlier run stay until the new ones are
    complete. on_part is told the name of each part and the seconds it took; pictures are shown in
    report.html side by side.

    Raises:
        ReportError: results from which a report cannot honestly be made, or a folder that cannot
            be written.
    """
    from ctc.report.build import build_reports

    return build_reports(results, folder, pictures, on_part)
