"""What a page is judged by in a browser: accessibility, width, images, weight of its words."""

from __future__ import annotations

from pathlib import Path

import axe_core_python  # type: ignore[import-untyped] # a wrapper around one script
from playwright.sync_api import Page

__all__ = ["breaches", "broken_images", "clipped", "too_wide"]

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Words that are cut off by the box they stand in; a box that can be scrolled cuts nothing.
CLIPPED = """() => [...document.querySelectorAll('main *, header *, footer *')].filter(e => {
  const style = getComputedStyle(e);
  if (!e.textContent.trim() || e.closest('.hidden, .skip, select, svg')) return false;
  const wide = style.overflowX !== 'visible' && !['auto', 'scroll'].includes(style.overflowX);
  return wide && e.scrollWidth > e.clientWidth + 1;
}).map(e => e.outerHTML.slice(0, 120))"""


def breaches(page: Page) -> list[str]:
    """What axe-core finds; evaluated by the debugger, which the pages' CSP does not bind."""
    page.evaluate(AXE)
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules}).then(r => r.violations.map("
        "v => v.id + ': ' + v.nodes.map(n => n.html).slice(0, 3).join(' | ')))",
        RULES,
    )
    assert isinstance(found, list)
    return found


def too_wide(page: Page) -> bool:
    """Whether the page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def broken_images(page: Page) -> list[str]:
    """Images that show nothing."""
    found = page.evaluate(
        "Promise.all([...document.images].map(image => image.decode()"
        ".then(() => null, () => image.currentSrc))).then(all => all.filter(Boolean))"
    )
    assert isinstance(found, list)
    return found


def clipped(page: Page) -> list[str]:
    """Elements whose words are cut off."""
    found = page.evaluate(CLIPPED)
    assert isinstance(found, list)
    return found
