"""Draws the chart: the number of requests in the window that ends at each time, one panel per limiter."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from simulation import LIMIT, PER, RESPONSES, TOLERANCE

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from simulation import SimulationResult

    Point = tuple[float, float]

# The color-blind safe blue and vermilion of Okabe and Ito.
WITHIN, ABOVE, INK = "#0072B2", "#D55E00", "#222222"
DASHES = (0, (5, 3))
SHOWN, STEP, TOP = 100.0, 0.2, 245
COLUMNS = 2
STYLE: dict[Any, Any] = {
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "svg.hashsalt": "limiter",  # makes the file reproducible
}
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def draw(runs: dict[str, SimulationResult], network: str, path: Path) -> None:
    """Draw a panel for each run and a legend, and write the chart to `path`."""
    mpl.use("agg")
    with mpl.rc_context(STYLE):
        rows = len(runs) // COLUMNS + 1
        figure, axes = plt.subplots(rows, COLUMNS, figsize=(9.5, 2 * rows + 1), sharex=True, sharey=True)
        panels = list(axes.flat)
        for panel, (name, run) in zip(panels, runs.items(), strict=False):
            _panel(panel, name, run)
        for panel in panels[len(runs) :]:
            panel.axis("off")
        panels[len(runs)].legend(*panels[0].get_legend_handles_labels(), loc="center", frameon=False, fontsize=10.5)
        for panel in panels[len(runs) - COLUMNS : len(runs)]:
            panel.tick_params(labelbottom=True)
        figure.suptitle(
            f"Which limiters keep the limit of {LIMIT} requests in any {PER:g} seconds?", fontsize=14, weight="bold"
        )
        subtitle = f"The first {SHOWN:g} s of {RESPONSES} requests, as fast as each limiter allows, over {network}"
        figure.text(0.5, 0.945, subtitle, ha="center")
        figure.supxlabel("seconds since the first arrival")
        figure.supylabel(f"requests that arrived at the server in the last {PER:g} s")
        figure.tight_layout(rect=(0.01, 0, 1, 0.975), h_pad=1.2)
        figure.savefig(path, format="svg", facecolor="white", metadata=NO_METADATA)
        plt.close(figure)


def _panel(panel: Axes, name: str, run: SimulationResult) -> None:
    arrived = _sliding(run)
    panel.fill(*_thinned([(0, 0), *arrived, (SHOWN, 0)]), color=WITHIN, alpha=0.25, linewidth=0)
    panel.plot(*_thinned(arrived), color=WITHIN, linewidth=1.2, label=f"arrived in the last {PER:g} s")
    above = [(0, LIMIT), *((at, max(count, LIMIT)) for at, count in arrived), (SHOWN, LIMIT)]
    panel.fill(*_thinned(above), color=ABOVE, linewidth=0, label="above the limit")
    panel.axhline(LIMIT, color=INK, linewidth=1, linestyle=DASHES, label=f"the limit, {LIMIT}")
    panel.set(xlim=(0, SHOWN), ylim=(0, TOP), yticks=(0, 50, 100, 150, 200))
    panel.set_title(name, loc="left", weight="bold", fontsize=10.5)
    result = f"worst window {run.worst}, refused {run.refusals}"
    colour = ABOVE if run.worst > LIMIT else INK
    panel.text(0.99, 0.97, result, transform=panel.transAxes, ha="right", va="top", color=colour, weight="bold")


def _sliding(run: SimulationResult) -> list[Point]:
    """Return points: seconds since the first arrival, and the number of arrivals in the window that ends then."""
    arrivals = sorted(run.arrivals)
    times = [index * STEP for index in range(int(SHOWN / STEP) + 1)]
    ends = [arrivals[0] + each for each in times]
    counts = [bisect_right(arrivals, end) - bisect_right(arrivals, end - PER + TOLERANCE) for end in ends]
    return list(zip(times, counts, strict=True))


def _thinned(points: list[Point]) -> tuple[list[float], list[float]]:
    """Return the points without those in the middle of a horizontal line, as one list per axis."""
    middle = zip(points, points[1:], points[2:], strict=False)
    kept = [at for before, at, after in middle if not before[1] == at[1] == after[1]]
    times, counts = zip(points[0], *kept, points[-1], strict=True)
    return list(times), list(counts)
