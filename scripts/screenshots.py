"""Screenshots of the pages over a demo world, into docs/screenshots."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from aggregator.clock import utc_now
from aggregator.config import load
from aggregator.store import accounts
from aggregator.store.accounts import Role
from aggregator.store.database import Database
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from aggregator.web.sessions import hash_password

TARGET = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
PASSWORD = "only for these pictures"
SHOTS = ("log", "feeds", "insights", "review", "subscribers")


@contextmanager
def pages_served(folder: Path) -> Iterator[str]:
    """Serves the pages of a polled folder on loopback."""
    settings = load(folder / "feeds.toml", environ={})
    database = Database.open(settings.database)
    with database.write() as conn:
        hashed = hash_password(PASSWORD)
        accounts.add_user(conn, "eva", role=Role.EDITOR, password_hash=hashed, now=utc_now())
    services = WebServices(database=database, settings=settings, clock=utc_now)
    config = uvicorn.Config(create_app(services), host="127.0.0.1", port=0, log_level="warning")
    server = uvicorn.Server(config)
    listening = config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
        database.dispose()


def shoot(browser: Browser, base: str) -> None:
    """Every page once, the start page also dark and on a phone."""
    wide = browser.new_context(locale="en-GB", viewport={"width": 1100, "height": 860})
    page = wide.new_page()
    page.goto(f"{base}/login")
    page.get_by_label("Name").fill("eva")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.goto(base)
    save(page, "stories")
    page.goto(f"{base}/searches?q=Radwegbr%C3%BCcken")
    page.get_by_label("Name").fill("Bridges for cyclists")
    page.get_by_role("button", name="Save", exact=True).click()
    save(page, "searches")
    page.goto(f"{base}/?flag=copies")
    page.locator(".stories h2 a", has_text="Radweg").first.click()
    save(page, "story")
    page.locator("#diff").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#diff').scrollIntoView({behavior: 'instant'})")
    save(page, "comparison")
    page.get_by_role("link", name="Show what was cut").click()
    page.evaluate(
        "document.querySelector('del.cut').scrollIntoView({block: 'center', behavior: 'instant'})"
    )
    save(page, "stripped")
    for name in SHOTS:
        page.goto(f"{base}/{name}")
        save(page, name)
    phone = browser.new_context(
        locale="de-DE", viewport={"width": 390, "height": 800}, color_scheme="dark"
    )
    page = phone.new_page()
    page.goto(base)
    save(page, "phone-dark")
    page.goto(f"{base}/insights")
    save(page, "phone-insights")


def save(page: Page, name: str) -> None:
    """Writes what the window shows."""
    page.screenshot(path=TARGET / f"{name}.png")
    print(f"docs/screenshots/{name}.png")


def main() -> None:
    """Polls a demo world, serves it, takes the pictures."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / "world"
        for step in range(5):
            demo = [sys.executable, "-m", "aggregator", "demo", "--run", "--once"]
            options = ["--step", str(step), "--folder", str(world)]
            subprocess.run([*demo, *options], check=True, capture_output=True)
        with pages_served(world) as base, sync_playwright() as playwright:
            # Root in a container has no user namespaces for Chromium's own sandbox.
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            shoot(browser, base)
            browser.close()


if __name__ == "__main__":
    main()
