"""The start page: a training of the spiral, recorded while the site is built, and a card for each lesson."""

import ast
import base64
import json
import logging
import re
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cards
import course_map
import numpy as np
import pictures
import torch
import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from lightning import Callback, LightningModule, Trainer, seed_everything
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import imsave
from sphinx.util.docutils import SphinxDirective

from torchtour.classifier import Classifier
from torchtour.data import SyntheticData
from torchtour.exercises import LESSONS as WITH_TASKS
from torchtour.exercises import tasks

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "docs/_build"
LESSONS = ROOT / "src/torchtour/lessons"
CONFIG = ROOT / "configs/spiral.yaml"

SIDE = 72  # cells along each side of a frame
REACH = 2.25  # the frames show the square [-REACH, REACH]^2
STEEPEST = 6.0  # a logit beyond it looks as certain as one at it
EARLY = (1, 2, 4, 8, 12, 16, 20, 28)  # steps that are shown before the first epoch has ended
POINTS = 240  # that are drawn
COLOURS = ("#0072B2", "#D55E00")  # Okabe and Ito's blue and vermilion, of class 0 and class 1


PANEL = """<div id="panel"></div>
<script type="module">
  import { mount } from "./_static/playground/panel.js";
  mount(document.getElementById("panel"), { address: "#problem=circle&units=8", link: "playground.html" });
</script>"""


class Record(Callback):
    """Keeps what the net says about each cell of the plane: in the first epoch often, and then after each epoch."""

    def __init__(self) -> None:
        middles = (torch.arange(SIDE) + 0.5) / SIDE * 2 * REACH - REACH
        x2, x1 = torch.meshgrid(middles.flip(0), middles, indexing="ij")  # the first row is the upper one
        self.cells = torch.stack([x1, x2], dim=-1).reshape(-1, 2)
        self.frames: list[torch.Tensor] = []  # logit of class 1 less that of class 0, [SIDE, SIDE]
        self.marks: list[list[float]] = []  # epoch, accuracy on the validation points

    def keep(self, trainer: Trainer, model: LightningModule) -> None:
        features, labels = trainer.datamodule.sets["val"].tensors
        with torch.no_grad():
            logits = model(self.cells)  # [cells, 2]
            right = (model(features).argmax(dim=1) == labels).float().mean().item()
        self.frames.append((logits[:, 1] - logits[:, 0]).reshape(SIDE, SIDE))
        self.marks.append([round(trainer.global_step / trainer.num_training_batches, 2), round(right, 3)])

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.keep(trainer, pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: object) -> None:
        if trainer.global_step in EARLY or trainer.global_step % trainer.num_training_batches == 0:
            self.keep(trainer, pl_module)


@dataclass
class Recording:
    """What a training looked like: its frames, its marks and some of its points."""

    record: Record
    points: tuple[torch.Tensor, torch.Tensor]
    epochs: int


def train() -> Recording:
    """The training of configs/spiral.yaml, watched."""
    settings, record = yaml.safe_load(CONFIG.read_text()), Record()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    seed_everything(0, verbose=False)
    data, model = SyntheticData(**settings["data"]), Classifier(**settings["model"])
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "accelerator": "cpu"}
    trainer = Trainer(**settings["trainer"], **quiet, enable_model_summary=False, callbacks=[record])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's own, on torch 2.13
        trainer.fit(model, data)
    features, labels = data.sets["train"].tensors
    return Recording(record, (features[:POINTS], labels[:POINTS]), trainer.max_epochs)


def still(recording: Recording) -> Figure:
    """The last frame, for print, for readers who want nothing to move and where there is no script."""
    figure = Figure(figsize=(4.4, 4.4), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    probability = recording.record.frames[-1].sigmoid().flip(0).numpy()
    edges = np.linspace(-REACH, REACH, SIDE + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    shades = LinearSegmentedColormap.from_list("classes", ["#5CA9D6", "white", "#E89A5B"])
    axes.pcolormesh(edges, edges, probability, cmap=shades, vmin=0, vmax=1)
    axes.contour(middles, middles, probability, levels=[0.5], colors="black", linewidths=1.5)
    features, labels = recording.points
    for label, marker in enumerate("o^"):
        x1, x2 = features[labels == label].T.numpy()
        axes.scatter(x1, x2, s=20, c=COLOURS[label], marker=marker, edgecolors="white", linewidths=0.6)
    axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH))
    axes.set_axis_off()
    return figure


def script(recording: Recording) -> str:
    """The frames, as one grey picture, and the rest: spiral.js draws it."""
    logits = torch.stack(recording.record.frames)  # [frames, SIDE, SIDE]
    steepest = logits.abs().amax(dim=(1, 2)).clamp(max=STEEPEST)  # [frames]
    levels = ((logits / steepest[:, None, None]).clamp(-1, 1) + 1) * 127.5
    grey = levels.round().to(torch.uint8).reshape(-1, SIDE).numpy()
    buffer = BytesIO()
    imsave(buffer, np.repeat(grey[:, :, None], 3, axis=2), format="png", metadata={"Software": None})
    features, labels = recording.points
    points = [
        [round(x1, 3), round(x2, 3), label] for (x1, x2), label in zip(features.tolist(), labels.tolist(), strict=True)
    ]
    return "const RECORDING = " + json.dumps(
        {
            "side": SIDE,
            "reach": REACH,
            "steepest": [round(value, 4) for value in steepest.tolist()],
            "epochs": recording.epochs,
            "marks": recording.record.marks,
            "points": points,
            "frames": "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode(),
        }
    )


def record(app) -> None:
    """Before the pages are read: train, and write what the start page shows."""
    static = BUILD / "static"
    static.mkdir(parents=True, exist_ok=True)
    recording = train()
    (static / "recording.js").write_text(script(recording) + ";\n")
    pictures.save(still(recording), BUILD / "pages/index/spiral")


class Spiral(SphinxDirective):
    """The moving spiral; the body is what is said below it."""

    has_content = True
    option_spec = {"alt": directives.unchanged_required}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        source = Path(self.env.srcdir)
        images = list(pictures.shown(BUILD / "pages/index/spiral", source, self.options["alt"]))
        inline, messages = self.state.inline_text(" ".join(self.content), self.lineno)
        figure = nodes.figure("", nodes.container("", *images, classes=["stage"]), ids=["recording"])
        figure += nodes.caption("", "", *inline, *messages)
        return [figure]


class Ways(SphinxDirective):
    """The ways into the site, a line each: picture | page | title | what is there."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        lines = [[part.strip() for part in line.split("|")] for line in self.content if line.strip()]
        items = "\n".join(
            f'<li><a href="{page}.html">{cards.svg(cards.WAYS[name]())}'
            f'<span class="title">{title}</span><span class="line">{text}</span></a></li>'
            for name, page, title, text in lines
            if page in self.env.found_docs
        )
        return [nodes.raw("", f'<ul class="cards ways">\n{items}\n</ul>', format="html")]


class Panel(SphinxDirective):
    """A small playground, where the site has one; the body is what stands beside it."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        if "playground" not in self.env.found_docs:
            return []
        beside = nodes.container("", classes=["beside"])
        self.state.nested_parse(self.content, self.content_offset, beside)
        panel = nodes.raw("", PANEL, format="html")
        return [nodes.container("", panel, beside, classes=["try"])]


class CourseMap(SphinxDirective):
    """What each lesson needs, as a picture whose lines are links."""

    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", course_map.picture(), format="html")]


class Paths(SphinxDirective):
    """Ways through the course, a line each: title | lessons, or all | page:minutes, ... | text. Hours are summed."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        lines = [[part.strip() for part in line.split("|")] for line in self.content if line.strip()]
        return [nodes.raw("", f'<ul class="paths">{"".join(path(*line) for line in lines)}</ul>', format="html")]


def path(title: str, names: str, pages: str, text: str) -> str:
    """A way as a line of links, with the hours of its lessons and their exercises."""
    lessons = list(cards.LESSONS) if names == "all" else names.split()
    lessons = [name for name in lessons if (LESSONS / f"{name}.py").is_file()]
    others = [page.split(":") for page in pages.split(",") if page.strip()]
    minutes = sum(minutes_of(name) for name in lessons) + sum(int(number) for _, number in others)
    steps = [f'<a href="{page.strip()}.html">{heading_of(page.strip())}</a>' for page, _ in others]
    if names == "all":
        steps.insert(0, f'<a href="lessons.html">{len(lessons)} lessons</a>')
    else:
        steps += [f'<a href="lessons/{name}.html">{title_of(name)}</a>' for name in lessons]
    hours = round(minutes / 30) / 2
    return f"<li><strong>{title}</strong>, about {hours:g} hours: {', '.join(steps)}. {text}</li>"


def heading_of(page: str) -> str:
    return re.search(r"(?m)^# (.+)$", (ROOT / f"docs/{page}.md").read_text("utf-8"))[1]


def title_of(name: str) -> str:
    return course_map.opening(name).split("\n")[0]


def minutes_of(name: str) -> int:
    """The minutes of a lesson and of its exercises, where it has some."""
    (minutes,) = re.findall(r"\*\*About (\d+) minutes\.\*\*", course_map.opening(name))
    return int(minutes) + (sum(task.minutes for task in tasks(name)) if name in WITH_TASKS else 0)


class Lessons(SphinxDirective):
    """A card for each lesson that there is, in their order."""

    def run(self) -> list[nodes.Node]:
        there = [name for name in cards.LESSONS if (LESSONS / f"{name}.py").is_file()]
        items = "\n".join(card(name, number) for number, name in enumerate(there, 1))
        return [nodes.raw("", f'<ol class="cards lessons">\n{items}\n</ol>', format="html")]


def card(name: str, number: int) -> str:
    """The lesson's picture, title and minutes."""
    text = ast.get_docstring(ast.parse((LESSONS / f"{name}.py").read_text("utf-8"))) or ""
    title, line, minutes = text.split("\n")[0], cards.LESSONS[name].line, cards.LESSONS[name].minutes
    if said := re.search(r"(\d+)\s+minutes", text):
        minutes = int(said[1])
    return (
        f'<li><a href="lessons/{name}.html">{cards.svg(cards.LESSONS[name].draw())}'
        f'<span class="title">{number} {title}</span><span class="line">{line}</span>'
        f'<span class="minutes">{minutes} minutes</span></a></li>'
    )


def only_there(app, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """The start page alone loads what moves on it."""
    if pagename == "index":
        app.add_js_file("recording.js", loading_method="defer")
        app.add_js_file("spiral.js", loading_method="defer")


def setup(app) -> dict[str, bool]:
    app.add_directive("spiral", Spiral)
    app.add_directive("lesson-cards", Lessons)
    app.add_directive("course-map", CourseMap)
    app.add_directive("paths", Paths)
    app.add_directive("ways", Ways)
    app.add_directive("playground-panel", Panel)
    app.connect("builder-inited", record)
    app.connect("html-page-context", only_there)
    return {"parallel_read_safe": True}
