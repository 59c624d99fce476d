"""Matplotlib figures as the pages show them: SVG where that is smaller, panels that stack, and a dark variant."""

import base64
import re
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
from docutils import nodes
from docutils.parsers.rst import directives
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.image import imread, imsave
from matplotlib.transforms import Bbox
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

DARKEST, LIGHTEST = 0.09, 0.93  # lightness of white and black after the change
DPI = 220  # of a PNG, where the SVG would be larger: as sharp as a telephone shows
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "torchtour"}  # text stays text; two builds give the same file


def darkened(rgb: np.ndarray) -> np.ndarray:
    """Colours [..., 3] from 0 to 1 for a dark page: lightness turned around, hue and saturation kept."""
    high, low = rgb.max(-1, keepdims=True), rgb.min(-1, keepdims=True)
    light, chroma = (high + low) / 2, high - low
    saturation = chroma / np.maximum(1 - abs(2 * light - 1), 1e-6)
    turned = LIGHTEST - (LIGHTEST - DARKEST) * light
    away = (rgb - light) / np.maximum(chroma, 1e-6)  # from -1/2 to 1/2
    return (turned + away * saturation * (1 - abs(2 * turned - 1))).clip(0, 1)


def dark_png(content: bytes) -> bytes:
    """A PNG file for a dark page."""
    pixels = imread(BytesIO(content))  # [height, width, 4]
    pixels[..., :3] = darkened(pixels[..., :3])
    buffer = BytesIO()
    imsave(buffer, pixels, format="png", metadata={"Software": None})
    return buffer.getvalue()


def dark_svg(text: str) -> str:
    """An SVG file of matplotlib's for a dark page. It leaves out the fill of what is black: the root gives one."""

    def colour(found: re.Match[str]) -> str:
        rgb = np.array([int(found[1][i : i + 2], 16) for i in (0, 2, 4)]) / 255
        return "#" + "".join(f"{round(255 * value):02x}" for value in darkened(rgb))

    def image(found: re.Match[str]) -> str:
        inside = base64.b64decode(re.sub(r"\s", "", found[1]))
        return f"data:image/png;base64,{base64.b64encode(dark_png(inside)).decode()}"

    text = re.sub(r"#([0-9a-fA-F]{6})\b", colour, text)
    text = re.sub(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)", image, text)
    ink = f"{round(255 * LIGHTEST):02x}" * 3
    return text.replace("<svg ", f'<svg fill="#{ink}" ', 1)


def panels(figure: Figure) -> list[Bbox | None]:
    """The part of each panel, in inches, where they stand in a row and each has a title; else the whole figure."""
    figure.canvas.draw()
    figure.set_layout_engine("none")  # or each part would be laid out anew
    row = figure.axes
    apart = len(row) > 1 and all(axes.get_title() for axes in row)
    if not apart or len({round(axes.get_position().y0, 2) for axes in row}) > 1:
        return [None]
    inches = figure.dpi_scale_trans.inverted()
    boxes = [axes.get_tightbbox() for axes in row] + [legend.get_window_extent() for legend in figure.legends]
    return [box.transformed(inches).padded(0.06) for box in boxes]


def save(figure: Figure, base: Path) -> None:
    """Write BASE-1.svg and BASE-1-dark.svg, or .png where that is smaller, and so on for each panel."""
    for mesh in figure.findobj(QuadMesh):
        mesh.set_rasterized(True)
    base.parent.mkdir(parents=True, exist_ok=True)
    for number, box in enumerate(panels(figure), 1):
        part = {"bbox_inches": box} if box else {}
        svg, png = BytesIO(), BytesIO()
        with mpl.rc_context(STYLE):
            figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None}, **part)
        figure.savefig(png, format="png", transparent=True, dpi=DPI, metadata={"Software": None}, **part)
        if len(svg.getvalue()) <= len(png.getvalue()):
            text = svg.getvalue().decode()
            light, dark, kind = text.encode(), dark_svg(text).encode(), "svg"
        else:
            light, dark, kind = png.getvalue(), dark_png(png.getvalue()), "png"
        Path(f"{base}-{number}.{kind}").write_bytes(light)
        Path(f"{base}-{number}-dark.{kind}").write_bytes(dark)


def scrape(block: object, block_vars: dict, gallery_conf: dict) -> str:
    """For sphinx-gallery: save the open figures of a cell, and show each."""
    import matplotlib.pyplot as plt

    text = ""
    for number in plt.get_fignums():
        figure = plt.figure(number)
        base = Path(next(block_vars["image_path_iterator"])).with_suffix("")
        save(figure, base)
        (first,) = base.parent.glob(f"{base.name}-1.*")
        shutil.copy(first, base.with_suffix(first.suffix))  # sphinx-gallery looks for it
        titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
        above = figure.get_suptitle()
        words = "; ".join([*([above] if above else []), *titles])
        name = base.relative_to(gallery_conf["src_dir"]).as_posix()
        text += f"\n.. picture:: /{name}\n   :alt: {words}\n\n   {above if len(titles) > 1 else ''}\n\n"
    plt.close("all")
    return text


def shown(base: Path, source: Path, alt: str) -> Iterator[nodes.image]:
    """The images of what `save` has written: each panel twice, as wide as it is among the others."""
    files = sorted(base.parent.glob(f"{base.name}-[0-9].*"))
    if not files:
        raise ExtensionError(f"there is no picture {base}")
    sizes = [size(path) for path in files]
    row = sum(width for width, height in sizes if height > 0.3 * sizes[0][1])  # a legend stands below
    for number, path in enumerate(files):
        words = f"{alt} (part {number + 1} of {len(files)})" if len(files) > 1 else alt
        width = min(100 * sizes[number][0] / row, 100) - 0.01
        share = f"{width:.2f}%" if len(files) > 1 else f"{96 * sizes[number][0]:.0f}px"
        for theme, name in (("in-light", path), ("in-dark", path.with_stem(path.stem + "-dark"))):
            uri = f"/{name.relative_to(source).as_posix()}"
            yield nodes.image("", uri=uri, alt=words, classes=[theme, "dark-light"], loading="lazy", width=share)


def size(path: Path) -> tuple[float, float]:
    """Width and height of a picture in inches."""
    if path.suffix == ".svg":
        text = path.read_text("utf-8")
        return tuple(float(re.search(rf'{side}="([\d.]+)pt"', text)[1]) / 72 for side in ("width", "height"))
    height, width = imread(path).shape[:2]
    return width / DPI, height / DPI


def _get_sg_image_scraper():
    """For sphinx-gallery, which asks for a scraper by the name of its module."""
    return scrape


class Picture(SphinxDirective):
    """A picture that `save` has written, by its base; the body is its caption."""

    has_content = True
    required_arguments = 1
    option_spec = {"alt": directives.unchanged_required}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        source = Path(self.env.srcdir)
        return [self.figure(source / self.arguments[0].lstrip("/"), source)]

    def figure(self, base: Path, source: Path) -> nodes.figure:
        images = list(shown(base, source, self.options["alt"]))
        found = nodes.figure("", nodes.container("", *images, classes=["panels"]), classes=["picture"])
        if text := " ".join(self.content).strip():
            inline, messages = self.state.inline_text(text, self.lineno)
            found += nodes.caption(text, "", *inline, *messages)
        return found


def setup(app) -> dict[str, bool]:
    app.add_directive("picture", Picture)
    return {"parallel_read_safe": True}
