"""The chart of the guide to the rate limit: the most arrivals in a window for each limiter, as SVG in the page.

The figures are those of the table that `scripts/bench rate_limiter` writes. Colors are variables of the page, so that
the chart changes with its color scheme.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maintain.venvs import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE = "docs/assets/limiter-table.md"
LIMIT = 100
WIDTH, BAR, ROW, SCALE, TOP = 420, 14, 42, 1.75, 20
_ROW = re.compile(r"^\| (?P<name>[\w., -]+?) +\|.*?(?P<most>\d+) · \d+ · [\d.]+% \|$", re.MULTILINE)


def read_arrivals(table: str) -> dict[str, int]:
    """Return the most arrivals in a window on the worst network, which is the last column, for each limiter."""
    compared = table.partition("**This client compared")[2]
    return {found["name"]: int(found["most"]) for found in _ROW.finditer(compared)}


def chart(arrivals: Mapping[str, int]) -> str:
    """Return the chart as an SVG element."""
    height = TOP + len(arrivals) * ROW
    limit = LIMIT * SCALE
    bars = [_bar(name, most, TOP + i * ROW) for i, (name, most) in enumerate(arrivals.items())]
    text = f"Most requests in any 10 seconds: {', '.join(f'{name} {most}' for name, most in arrivals.items())}"
    return "\n".join(
        [
            f'<svg class="limiter-chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{text}">',
            f'<line x1="{limit}" x2="{limit}" y1="16" y2="{height}" class="limit"/>',
            f'<text x="{limit}" y="12" text-anchor="middle">the limit: {LIMIT}</text>',
            *bars,
            "</svg>",
        ]
    )


def chart_of_table() -> str:
    """Return the chart of the table in docs/."""
    return chart(read_arrivals((ROOT / TABLE).read_text(encoding="utf-8")))


def _bar(name: str, most: int, y: int) -> str:
    kind = "within" if most <= LIMIT else "above"
    bar = y + 20
    return (
        f'<text y="{bar - 6}">{name}</text>'
        f'<rect y="{bar}" width="{most * SCALE:g}" height="{BAR}" class="{kind}"/>'
        f'<text x="{most * SCALE + 6:g}" y="{bar + BAR - 2}" class="figure">{most}</text>'
    )
