"""The built site, as files and in a real browser: `make docs`, then `make pages-test`.

Without a site or a browser these tests are skipped and say so; with PAGES=required that is a failure.
"""

import ast
import csv
import json
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from built import SITE, need
from test_lessons import LESSONS, TRANSCRIPTS, check_transcript

ROOT = Path(__file__).parents[2]
pytest_plugins = ("browser",)  # its fixtures, once for all files
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)
LESSON_ORDER = ["tensors", "autograd", "networks", "training", "checkpoints", "advanced"]
LESSON_ORDER += ["data", "generalisation", "further", "tables"]
LESSON_ORDER += ["pictures", "text", "probabilities", "shipping", "hood"]
COURSE = [name for name in LESSON_ORDER if name in LESSONS]
OKABE_ITO = ("#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")

each_page = pytest.mark.parametrize("page", PAGES)
each_lesson = pytest.mark.parametrize("name", LESSONS)


@pytest.fixture(autouse=True)
def site() -> None:
    need((SITE / "index.html").exists(), "there is no built site: make docs")
    need(find_spec("bs4") and find_spec("playwright"), "the site's packages are not installed: make docs")


@cache
def soup(page: str):
    from bs4 import BeautifulSoup

    return BeautifulSoup((SITE / page).read_text("utf-8"), "html.parser")


@cache
def anchors(page: str) -> set[str]:
    return {tag["id"] for tag in soup(page).find_all(id=True)} | {""}


def lesson(name: str):
    return soup(f"lessons/{name}.html")


# The files.


@each_page
def test_every_link_inside_the_site_leads_somewhere(page: str) -> None:
    for tag in soup(page).select("[href], [src]"):
        link = urlsplit(urljoin(f"http://site/{page}", tag.get("href") or tag.get("src")))
        if link.netloc == "site":
            target = unquote(link.path).lstrip("/")
            assert (SITE / target).is_file(), tag
            state = target == "playground.html" and "=" in link.fragment  # see test_playground.py
            if target.endswith(".html") and not state:
                assert unquote(link.fragment) in anchors(target), tag


@each_page
def test_links_outside_go_to_documentation_by_https(page: str) -> None:
    papers = "https://arxiv.org/abs/"
    hosts = {"docs.pytorch.org", "lightning.ai"}
    outside = {tag["href"] for tag in soup(page).select("a[href]") if "//" in tag["href"]}
    outside = {link for link in outside if not link.startswith(papers)}
    assert {link for link in outside if not re.match(f"https://({'|'.join(hosts)})/docs/", link)} == set()


@each_page
def test_every_image_is_described(page: str) -> None:
    for image in soup(page).find_all("img"):
        words = re.findall(r"[A-Za-z]{2,}", image.get("alt", ""))
        assert len(words) >= 4, image
        assert Path(image["src"]).name not in image["alt"], image


@each_lesson
def test_the_output_is_the_transcript(name: str, tmp_path: Path) -> None:
    pieces = [output.get_text().strip("\n") for output in lesson(name).select(".sphx-glr-script-out pre")]
    # The page drops the empty line before a headline that begins a cell's output.
    text = "".join(f"\n{piece}\n" if piece.startswith("[Line ") else f"{piece}\n" for piece in pieces)
    (tmp_path / "page").write_text(text, "utf-8")
    # And it has spaces for tabs.
    (tmp_path / "transcript").write_text((TRANSCRIPTS / f"{name}.txt").read_text("utf-8").expandtabs(), "utf-8")
    check_transcript(tmp_path / "page", tmp_path / "transcript")


@each_lesson
def test_the_page_shows_the_code_with_the_lines_of_the_file(name: str) -> None:
    text = LESSONS[name].read_text("utf-8")
    lines = text.splitlines()
    shown = {}
    for block in lesson(name).select(":is(.highlight-Python, .highlight-python):not(#exercises *) pre"):
        for row in block.get_text().split("\n"):
            if row.strip():
                number, code = re.fullmatch(r" *(\d+)(.*)", row).groups()
                shown[int(number)] = code.strip()
    shown_text = re.sub(r"(?ms)^# sphinx_gallery_start_ignore$.*?^# sphinx_gallery_end_ignore$", "", text)
    cells = re.split(r"(?m)^# %%(.*)\n", shown_text)
    code = {
        line.strip()
        for kind, cell in zip(cells[1::2], cells[2::2], strict=True)
        if kind != " [markdown]"
        for line in cell.split("\n")
    }
    assert {number: lines[number - 1].strip() for number in shown} == shown
    assert set(shown.values()) | {""} == code


@each_lesson
def test_prose_and_code_link_to_the_documentation(name: str) -> None:
    links = [tag["href"] for tag in lesson(name).select("article pre a[href^=https]")]
    assert len([link for link in links if link.startswith("https://docs.pytorch.org/docs/stable/")]) >= 5
    assert name != "training" or [
        link for link in links if link.startswith("https://lightning.ai/docs/pytorch/stable/")
    ]


@each_lesson
def test_the_first_use_of_a_term_links_to_the_glossary(name: str) -> None:
    """Read as a reader does: paragraph by paragraph, without code; a link to anything else is no use of the term."""
    terms = [entry.find(string=True).strip() for entry in soup("glossary.html").select("dl.glossary dt")]
    assert len(terms) > 20
    pieces = []
    for paragraph in lesson(name).select("article p:not(.admonition-title):not(figcaption p)"):
        for text in paragraph.find_all(string=True):
            link = text.find_parent("a")
            if not text.find_parent(["code", "pre"]) and (not link or "glossary.html" in link["href"]):
                pieces.append((" ".join(text.split()), link is not None))
    unlinked = []
    for term in terms:
        word = re.compile(rf"(?<![\w-]){re.escape(term)}(?:e?s)?(?![\w-])", re.IGNORECASE)
        uses = [linked for text, linked in pieces if word.search(text)]
        unlinked += [term] if uses and not uses[0] else []
    assert unlinked == []


@each_lesson
def test_the_script_to_download_is_the_lesson(name: str) -> None:
    (link,) = lesson(name).select(".downloads a[href$='.py']")
    assert (SITE / "lessons" / link["href"]).read_bytes() == LESSONS[name].read_bytes()


@each_lesson
def test_checks_and_plotting_code_are_folded(name: str) -> None:
    titles = re.findall(r"(?m)^# %% (\w+)$", LESSONS[name].read_text("utf-8"))
    folded = lesson(name).select("article details:is(.checks, .plot)")
    assert [details["class"] for details in folded] == [[title] for title in titles]
    for details in folded:
        code = re.sub(r"(?m)^ *\d+", "", details.select_one("pre").get_text())
        count = len(re.findall(r"^ *assert |\.assert_\w+\(", code, re.MULTILINE))
        assert (
            details.summary.get_text()
            == {
                "checks": f"verified: {count} check{'s' * (count > 1)}",
                "plot": "plotting code",
            }[details["class"][0]]
        )


@each_lesson
def test_the_notebook_to_download_has_the_outputs_of_the_transcript(name: str, tmp_path: Path) -> None:
    """It was run when the site was built. In a notebook a headline has no line number."""
    import nbformat

    (link,) = lesson(name).select(".downloads a[href$='.ipynb']")
    notebook = nbformat.read(SITE / "lessons" / link["href"], as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    needs_us = "torchtour-" in code[0].source  # its first cell, which installs what is missing
    assert needs_us == bool(lesson(name).select(".downloads a[href$='.whl']"))
    assert code[0].outputs == []
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == len(lesson(name).select("figure.picture"))
    text = "".join(output.text for output in outputs if output.output_type == "stream")
    wanted = re.sub(r"\[Line \d+\] ", "", (TRANSCRIPTS / f"{name}.txt").read_text("utf-8"))
    (tmp_path / "printed").write_text(text, "utf-8")
    (tmp_path / "wanted").write_text(wanted, "utf-8")
    check_transcript(tmp_path / "printed", tmp_path / "wanted")


def test_the_way_from_the_first_tensor_to_a_model_taken_home() -> None:
    way, page = [], "index.html"
    while page != "take_home.html":
        way.append(page)
        (link,) = soup(page).select("a.right-next")
        page = urljoin(page, link["href"])
    assert way == ["index.html", "lessons.html", *(f"lessons/{name}.html" for name in COURSE), "loop_to_lightning.html"]


def test_the_plain_loop_is_shown_line_for_line() -> None:
    """Each line of loop.py once and in order, with its number."""
    shown = []
    for pair in soup("loop_to_lightning.html").select(".pair"):
        rows = pair.select_one("pre").get_text().split("\n")
        shown += [re.fullmatch(r" *(\d+)(.*)", row).groups() for row in rows if row.strip()]
    lines = (ROOT / "docs/loop.py").read_text().splitlines()
    shown = [(int(number), code.strip()) for number, code in shown if code.strip()]
    assert shown == [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]


def test_loop_and_project_print_the_same_digits() -> None:
    _, loop, project, same, *_ = (
        block.get_text() for block in soup("loop_to_lightning.html").select(".highlight-console pre")
    )
    project = re.sub(r" \(95 % interval [^)]*\)", "", project)  # the loop does without
    digits = [re.findall(r"(?m)^(?:Epoch|Accuracy).*", text) for text in (loop, project)]
    assert len(digits[0]) == 11
    assert digits[0] == digits[1]
    assert same.count("equal to the last bit") == 4


def test_the_api_has_every_module() -> None:
    package = ROOT / "src/torchtour"
    paths = [path for path in package.rglob("[a-z]*.py") if not {"lessons", "template", "answers"} & {*path.parts}]
    modules = {path.relative_to(package).as_posix() for path in paths}
    assert {heading.get_text().rstrip("#¶") for heading in soup("api.html").select("article h2")} == modules
    for path in paths:
        dotted = ".".join(path.relative_to(package).with_suffix("").parts)
        names = {
            node.name
            for node in ast.parse(path.read_text()).body
            if isinstance(node, (ast.ClassDef, ast.FunctionDef))
            and ast.get_docstring(node)
            and not node.name.startswith("_")
        }
        assert {f"torchtour.{dotted}.{name}" for name in names} <= anchors("api.html")


def test_the_help_is_that_of_the_command() -> None:
    text = soup("command.html").select_one("article").get_text()
    from torchtour.command.main import page

    assert page() in text
    for name in (
        "model.hidden_size",
        "data.streaming",
        "run.save_every_seconds",
        "report.every_n_epochs",
        "trainer.precision",
        "to DIR",
    ):
        assert f"--{name}" in text


@each_page
def test_a_page_says_first_what_it_is_for(page: str) -> None:
    """The heading, then a sentence: no code, table or list comes before it."""
    if page.startswith("_modules") or page == "search.html":
        return
    after = soup(page).select_one("article h1").find_next_sibling()
    assert after.name == "p", after
    assert len(after.get_text()) > 60, after


@each_page
def test_no_stock_note_and_no_stock_button(page: str) -> None:
    assert "Go to the end" not in soup(page).get_text()
    assert soup(page).select(".sphx-glr-download, .sphx-glr-download-link-note") == []


@each_page
def test_previous_and_next_say_where_they_lead(page: str) -> None:
    for link in soup(page).select(".prev-next-area a"):
        target = urljoin(page, link["href"])
        heading = soup(target).select_one("article h1").get_text().rstrip("#¶")
        assert link.select_one(".prev-next-title").get_text() == heading


@each_page
def test_a_picture_has_a_dark_variant(page: str) -> None:
    pictures = soup(page).select("figure img")
    light, dark = ([image for image in pictures if theme in image["class"]] for theme in ("in-light", "in-dark"))
    assert len(light) + len(dark) == len(pictures)
    for one, other in zip(light, dark, strict=True):
        assert one["alt"] == other["alt"]
        a, b = ((SITE / page).parent.joinpath(image["src"]).read_bytes() for image in (one, other))
        assert a != b


@each_page
def test_pictures_keep_to_one_palette(page: str) -> None:
    """What is drawn in a colour is drawn in one of Okabe and Ito's; shading is a picture inside the picture."""
    for image in soup(page).select("img.in-light[src$='.svg']"):
        text = (SITE / page).parent.joinpath(image["src"]).read_text("utf-8").lower()
        colours = set(re.findall(r"(?:fill|stroke|stop-color): (#[0-9a-f]{6})", text))
        strange = {c for c in colours if len({c[1:3], c[3:5], c[5:7]}) > 1} - set(OKABE_ITO)
        # Grey is no colour, nor is what is as good as grey.
        assert {c for c in strange if max(channels(c)) - min(channels(c)) > 24} == set(), image["src"]


def channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def test_a_wrong_colour_and_a_closed_tag_would_be_seen() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        from look import lines
    finally:
        sys.path.remove(str(ROOT / "docs"))
    assert lines('<a href="x">if x:\n    y</a>\n') == (
        '<span class="line" style="--in:0ch"><a href="x">if x:</a>\n</span>'
        '<span class="line" style="--in:4ch"><a href="x">    y</a>\n</span>'
    )
    assert max(channels("#d55e00")) == 213


def recording() -> dict:
    text = (SITE / "_static/recording.js").read_text("utf-8")
    return json.loads(text.removeprefix("const RECORDING = ").rstrip().rstrip(";"))


def test_what_moves_on_the_start_page_is_the_training_of_the_command(tmp_path: Path) -> None:
    """Its scores are those of `torchtour fit -c configs/spiral.yaml`, epoch by epoch."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    command = [sys.executable, "-m", "torchtour", "fit", "-c", "configs/spiral.yaml", "--plots.enabled", "false"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "checkpoints/spiral/version_0/metrics.csv", newline="") as file:
        measured = [float(row["val/accuracy"]) for row in csv.DictReader(file)]
    shown = dict(recording()["marks"])
    assert len(measured) == 40
    assert [shown[epoch] for epoch in range(1, 41)] == pytest.approx(measured, abs=0.0011)


def test_each_lesson_has_its_card() -> None:
    cards = soup("index.html").select(".cards.lessons a")
    names = [name for name in LESSON_ORDER if name in LESSONS]
    assert [card["href"] for card in cards] == [f"lessons/{name}.html" for name in names]
    for number, card in enumerate(cards, 1):
        heading = soup(card["href"]).select_one("article h1").get_text().rstrip("#¶")
        assert card.select_one(".title").get_text() == f"{number} {heading}"
        assert re.fullmatch(r"\d+ minutes", card.select_one(".minutes").get_text())
        assert card.select("svg :is(circle, rect, polyline, path)")


# In a browser.


OVERFLOW = """() => {
  const width = document.documentElement.clientWidth, found = [];
  for (const e of document.body.querySelectorAll(":not(pre *, .pst-scrollable-table-container *)")) {  // these scroll
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > width + 1 || box.left < -1) && e.checkVisibility())
      found.push(e.outerHTML.slice(0, 150));
  }
  if (document.documentElement.scrollWidth > width) found.push("the page itself");
  for (const e of document.querySelectorAll("pre"))
    if (e.checkVisibility() && e.scrollWidth > e.clientWidth + 1) found.push("cut off: " + e.textContent.slice(0, 150));
  return found;
}"""


THEME = "document.documentElement.dataset.theme"

# A colour depends on the class of a word: one word of each will do, or axe would look at each of thousands.
ONE_OF_EACH = """() => {
  const seen = new Set();
  for (const e of document.querySelectorAll(":is(pre, dt) span:not(:has(*), a *)")) {
    const kind = [e.className, e.parentElement.className, e.closest("div, dt").className].join();
    if (seen.has(kind)) e.replaceWith(e.textContent); else seen.add(kind);
  }
}"""


def violations(tab, *rules: str) -> list[tuple[str, list[str]]]:
    from axe_playwright_python.sync_playwright import Axe

    options = {"resultTypes": ["violations"], "preload": False}  # preload: it would ask for style sheets that are none
    found = Axe().run(tab, options=options | ({"runOnly": rules} if rules else {})).response["violations"]
    return [(rule["id"], [node["html"][:200] for node in rule["nodes"]][:5]) for rule in found]


@each_page
def test_it_loads_fits_a_telephone_and_is_accessible(page: str, visit) -> None:
    tab = visit(page, width=390)
    assert tab.evaluate(OVERFLOW) == []
    tab.set_viewport_size({"width": 1280, "height": 900})
    assert tab.evaluate(OVERFLOW) == []
    tab.evaluate(ONE_OF_EACH)
    assert tab.evaluate(THEME) == "light"
    assert violations(tab) == []
    tab.emulate_media(color_scheme="dark")
    tab.wait_for_function(f"{THEME} === 'dark'")
    assert violations(tab, "color-contrast", "link-in-text-block") == []  # what else there is has no colour


def test_the_menu_opens_on_a_telephone(visit) -> None:
    tab = visit("lessons/tensors.html", width=390)
    link = tab.locator("a[href$='reference.html']").filter(visible=True)
    assert link.count() == 0
    tab.click(".primary-toggle")
    link.wait_for()


def test_light_and_dark_can_be_chosen_and_stay_so(visit) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    tab = visit("index.html")
    light = sum(map(int, re.findall(r"\d+", tab.evaluate(colour))))
    for mode in ("dark", "auto"):
        tab.click(".theme-switch-button")
        tab.click(f".theme-change-button[data-mode={mode}]")
        visit("lessons.html")
        assert tab.evaluate(THEME) == {"dark": "dark", "auto": "light"}[mode]
        if mode == "dark":
            assert sum(map(int, re.findall(r"\d+", tab.evaluate(colour)))) < 200 < 600 < light


def word_of_an_output() -> tuple[str, str]:
    """A word that occurs in one transcript and in no source of the site, and that lesson's name.

    Judged by its first letters, since the search goes by the stems of words.
    """
    sources = [
        *LESSONS.values(),
        *(ROOT / "src/torchtour").glob("*.py"),
        *(ROOT / "docs").glob("*.md"),
        ROOT / "README.md",
    ]
    known = " ".join(path.read_text("utf-8") for path in sources).lower()
    texts = {name: (TRANSCRIPTS / f"{name}.txt").read_text("utf-8").lower() for name in LESSONS}
    words = {(word, name) for name, text in texts.items() for word in re.findall(r"\b[a-z]{8,}\b", text)}
    alone = [
        (word, name)
        for word, name in words
        if word[:6] not in known and sum(word in text for text in texts.values()) == 1
    ]
    return max(alone, key=lambda found: (len(found[0]), found))


@pytest.mark.parametrize("by", ["http", "file"])
def test_the_search_finds_a_word_that_only_an_output_has(by: str, visit, address: str) -> None:
    word, name = word_of_an_output()
    tab = visit(f"search.html?q={word}", base=address if by == "http" else f"{SITE.as_uri()}/")
    link = tab.locator("#search-results li a").first
    link.wait_for()
    assert tab.locator("#search-results li").count() == 1
    link.click()
    assert tab.url.split("?")[0].split("#")[0].endswith(f"lessons/{name}.html")


def frame(tab) -> str:
    return tab.evaluate("document.querySelector('#recording canvas').toDataURL()")


def test_the_spiral_moves_and_can_be_stopped(visit) -> None:
    tab = visit("index.html")
    tab.wait_for_selector("#recording .moves")
    before, moved = frame(tab), False
    for _ in range(30):
        tab.wait_for_timeout(100)
        if moved := frame(tab) != before:
            break
    assert moved
    tab.click("#recording button")
    tab.wait_for_timeout(200)
    stopped = frame(tab)
    tab.wait_for_timeout(400)
    assert frame(tab) == stopped
    tab.locator("#recording input").fill("0")
    assert tab.inner_text("#recording .reading").startswith("epoch 0 of 40")


def test_who_wants_less_motion_sees_the_trained_net(visit, tab) -> None:
    tab.emulate_media(reduced_motion="reduce")
    try:
        tab.goto(visit("index.html").url)
        tab.wait_for_selector("#recording .moves")
        assert tab.inner_text("#recording .reading").startswith("epoch 40 of 40")
        assert tab.inner_text("#recording button") == "Play"
        before = frame(tab)
        tab.wait_for_timeout(400)
        assert frame(tab) == before
    finally:
        tab.emulate_media(reduced_motion="no-preference")


def test_on_paper_the_spiral_is_a_still(visit, tab) -> None:
    visit("index.html").wait_for_selector("#recording .moves")
    tab.emulate_media(media="print")
    try:
        assert tab.locator("#recording img.in-light").is_visible()
        assert not tab.locator("#recording canvas").is_visible()
    finally:
        tab.emulate_media(media="screen")


BOXES = """(place) => [...document.querySelectorAll(place)].filter((e) => e.checkVisibility()).map((e) => {
  const { left, top, width, height } = e.getBoundingClientRect();
  return { left, top, width, height };
})"""


def test_stills_stand_in_a_row_and_on_a_telephone_in_a_column(visit) -> None:
    tab = visit("problems.html")
    boxes = tab.evaluate(BOXES, ".picture:first-of-type .panels:has(img:nth-child(10)) img")[:5]
    assert len({round(box["top"]) for box in boxes}) == 1
    tab.set_viewport_size({"width": 390, "height": 900})
    boxes = tab.evaluate(BOXES, ".picture:first-of-type .panels:has(img:nth-child(10)) img")[:5]
    assert [box["top"] for box in boxes] == sorted({box["top"] for box in boxes})
    assert all(box["width"] > 300 for box in boxes)


def test_the_boundary_of_lesson_4_has_the_width_of_the_page(visit) -> None:
    tab = visit("lessons/training.html")
    tab.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
    tab.wait_for_load_state("networkidle")
    (article,) = tab.evaluate(BOXES, "article")
    panels = [box for box in tab.evaluate(BOXES, ".panels:has(img:nth-child(6)) img") if box["height"] > 100]
    assert len(panels) == 3
    assert sum(box["width"] for box in panels) > 0.9 * article["width"]


HANGS = """() => [...document.querySelectorAll(".highlight .line")].flatMap((line) => {
  const range = document.createRange();
  range.selectNodeContents(line);
  const rows = [...range.getClientRects()].filter((box) => box.width > 1), top = rows[0]?.top;
  const code = [...line.querySelectorAll("span:not(.linenos)")].find((e) => e.textContent.trim());
  const next = rows.find((box) => box.top > top + 5);
  return next && code ? [next.left - code.getBoundingClientRect().left] : [];
})"""


def test_code_that_wraps_hangs_below_its_beginning(visit) -> None:
    found = visit("loop_to_lightning.html", width=390).evaluate(HANGS)
    assert len(found) > 10
    assert min(found) > -1


def test_a_row_of_a_table_becomes_a_list_on_a_telephone(visit) -> None:
    tab = visit("reference.html", width=390)
    first, second = tab.evaluate(BOXES, "table.table tbody tr:first-child td")
    assert second["top"] >= first["top"] + first["height"] - 1
    content = tab.evaluate("getComputedStyle(document.querySelectorAll('table.table td')[1], '::before').content")
    assert content.replace('" "', "") == '"type: "'
