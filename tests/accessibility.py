"""axe-core in Chromium: what keeps somebody from using a page, as far as a program can tell (WCAG 2.2 A and AA, and
axe's own good practice)."""

from functools import cache
from pathlib import Path

import pytest

from tests.chromium import Page

AXE = Path(__file__).parents[1] / ".cache" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """axe.run(document, {
  resultTypes: ['violations'],
  rules: {'target-size': {enabled: true}},  // one of WCAG 2.2 that is off unless it is asked for
}).then(({violations, passes}) => [
  passes.length,
  violations.map(({id, impact, help, nodes}) =>
    `${id} (${impact}): ${help}: ${nodes.map(node => node.html).join(' ').slice(0, 500)}`),
])"""
FEWEST = 10
"""Rules that have something to look at on the smallest of our pages."""

_SHIFTS = """new Promise(done => {
  const moved = [];
  const told = ({node, previousRect: {x, y}, currentRect}) =>
    `${node?.id || node?.className || node?.nodeName} from ${x},${y} to ${currentRect.x},${currentRect.y}`;
  new PerformanceObserver(list => list.getEntries().forEach(entry =>
    entry.hadRecentInput || moved.push(`${entry.value.toFixed(4)}: ${entry.sources.map(told).join('; ')}`)
  )).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(moved), 300);
})"""


@cache
def _axe() -> str:
    if not AXE.exists():
        pytest.fail(f"axe-core is not there: make {AXE.parents[2].relative_to(AXE.parents[4])}/.filled (it wants npm)")
    return AXE.read_text(encoding="utf-8")


async def complaints(page: Page) -> list[str]:
    """What axe has against the page as it is now; one line a rule, with the elements."""
    await page.evaluate(f"{_axe()}; true")
    looked, found = await page.evaluate(_RUN)
    assert looked >= FEWEST
    return [str(one) for one in found]


async def shifts(page: Page) -> list[str]:
    """What has moved on the page since it was opened, although nobody has touched anything (the Layout Instability API:
    its own animations and what grows at the end do not count)."""
    return [str(one) for one in await page.evaluate(_SHIFTS)]
