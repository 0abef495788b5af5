"""An item's web page: the release among everything else a site puts on its pages."""

from __future__ import annotations

from html import escape

from aggregator.demo.items import DemoItem

__all__ = ["render_page"]

_PAGE = """\
<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title} | Aktuell</title></head>
<body>
<header><nav><ul>
<li><a href="/">Startseite</a></li><li><a href="/themen">Themen</a></li>
<li><a href="/dienst">Dienste</a></li><li><a href="/suche">Suche</a></li>
</ul></nav></header>
<div class="cookie-banner" role="dialog">
<p>Diese Seite verwendet Cookies, um Zugriffe zu zählen. Sie können ablehnen.</p>
<button>Alle annehmen</button> <button>Ablehnen</button>
</div>
<main><article>
<h1>{title}</h1>
{html}
</article></main>
<aside class="related"><h2>Meistgelesen</h2><ul>
<li><a href="/a">Was die neue Fährverbindung kostet</a></li>
<li><a href="/b">So wird das Wetter am Wochenende</a></li>
</ul></aside>
<footer><p><a href="/impressum">Impressum</a> <a href="/datenschutz">Datenschutz</a></p></footer>
</body>
</html>
"""


def render_page(item: DemoItem) -> bytes:
    """The page an item links: navigation, a cookie notice, the release, a footer."""
    page = _PAGE.format(
        language=item.language,
        title=escape(item.title),
        html=item.html if item.page is None else item.page,
    )
    return page.encode()
