"""Pictures of the built site, so that whoever changes it looks at them: `python docs/shots.py [PAGE ...]`.

Each page at two widths and in two themes, into docs/_build/shots. Without chromium this says so in a line.
"""

import shutil
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

BUILD = Path(__file__).parent / "_build"
PAGES = ("index", "lessons/training", "playground")
WIDTHS = {"wide": (1280, 900), "phone": (390, 844)}
TALLEST = 6000  # pixels of a page that are shown: its beginning says most


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def shots(names: list[str], chromium: str, address: str) -> int:
    """Take the pictures and return their number."""
    from playwright.sync_api import sync_playwright

    taken = 0
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for kind, (width, height) in WIDTHS.items():
            for theme in ("light", "dark"):
                tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
                for name in names:
                    tab.goto(f"{address}/{name}.html", wait_until="load")
                    tab.wait_for_timeout(5000 if name == "index" else 600)  # what moves is on its way
                    # Pictures further down would be loaded only when somebody scrolls there.
                    tab.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
                    tab.wait_for_load_state("networkidle")
                    tall = min(tab.evaluate("document.documentElement.scrollHeight"), TALLEST)
                    path = BUILD / "shots" / f"{name.replace('/', '-')}-{kind}-{theme}.png"
                    clip = {"x": 0, "y": 0, "width": width, "height": tall}
                    tab.screenshot(path=path, full_page=True, clip=clip)
                    taken += 1
                tab.close()
        browser.close()
    return taken


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        print("No screenshots: there is no chromium here.")
        return
    names = [name for name in sys.argv[1:] or PAGES if (BUILD / "html" / f"{name}.html").is_file()]
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=BUILD / "html"))
    Thread(target=server.serve_forever, daemon=True).start()
    taken = shots(names, chromium, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    print(f"{taken} screenshots: docs/_build/shots")


if __name__ == "__main__":
    main()
