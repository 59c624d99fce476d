"""A server for the built site and one browser for all tests of it: a pytest plugin."""

import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from built import SITE, need

QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic")


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=SITE))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium():
    program = shutil.which("chromium")
    need(program, "there is no chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=program, args=["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", *QUIET]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tab(chromium, address: str):
    """One for all pages: a new one takes as long as a page. What goes wrong is noted in its `troubles`."""
    tab = chromium.new_page()
    tab.troubles = []
    note = tab.troubles.append
    allowed = (address, SITE.as_uri(), "data:")
    tab.on("console", lambda message: message.type in ("error", "warning") and note(message.text))
    tab.on("pageerror", lambda error: note(str(error)))
    tab.on("request", lambda request: request.url.startswith(allowed) or note(request.url))
    tab.on("response", lambda response: response.status >= 400 and note(response.url))
    # Aborted: by the next page.
    tab.on("requestfailed", lambda request: "ABORTED" in request.failure or note(f"failed: {request.url}"))
    return tab


@pytest.fixture
def visit(tab, address: str):
    """Open a page; what goes wrong on it, now or later, ends the test."""

    def open_page(page: str, width: int = 1280, base: str = address):
        tab.troubles.clear()
        tab.set_viewport_size({"width": width, "height": 900})
        tab.emulate_media(color_scheme="light")
        tab.goto(base + page, wait_until="load")
        return tab

    yield open_page
    assert tab.troubles == []
