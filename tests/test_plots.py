"""The pictures against arithmetic: what is drawn is what came in."""

import math

import pytest
import torch
from torch import nn

from torchtour.evaluation import plots
from torchtour.problems import draw

HISTORY = {
    "epoch": [1.0, 2.0, 3.0],
    "lr": [0.1, 0.1, 0.01],
    "train/loss": [0.7, 0.5, 0.4],
    "train/accuracy": [0.5, 0.8, 0.9],
    "val/loss": [0.6, math.nan, 0.3],
    "val/accuracy": [0.6, math.nan, 0.95],
}


@pytest.fixture
def plane() -> nn.Linear:
    """Logits 0 and x1 + 2 x2 - 1: the probability of class 1 is the sigmoid of the second."""
    net = nn.Linear(2, 2)
    net.load_state_dict({"weight": torch.tensor([[0.0, 0.0], [1.0, 2.0]]), "bias": torch.tensor([0.0, -1.0])})
    return net


def test_a_field_holds_the_probability_at_the_middle_of_each_cell(plane):
    field = plots.probability_field(plane, (-2.0, 2.0))
    assert field.shape == (plots.FIELD_SIDE, plots.FIELD_SIDE)
    width = 4 / plots.FIELD_SIDE
    for row, column in ((0, 0), (10, 90), (99, 50)):
        x1, x2 = -2 + (column + 0.5) * width, -2 + (row + 0.5) * width
        assert field[row, column].item() == pytest.approx(1 / (1 + math.exp(-(x1 + 2 * x2 - 1))), abs=1e-5)


def test_the_black_line_is_where_the_classes_are_equally_likely(plane):
    points = draw("circle", 50)
    figure = plots.plot_boundary(plots.probability_field(plane, (-2.0, 2.0)), (-2.0, 2.0), points, points, "a plane")
    (line,) = [each for each in figure.axes[0].collections if type(each).__name__ == "QuadContourSet"]
    corners = torch.tensor(line.get_paths()[0].vertices)
    assert len(corners) > 10
    assert (corners[:, 0] + 2 * corners[:, 1] - 1).abs().max() < 0.01


def test_each_point_is_drawn_in_the_colour_and_shape_of_its_class(plane):
    train, val = draw("xor", 40), draw("xor", 30)
    figure = plots.plot_boundary(plots.probability_field(plane, (-1.0, 1.0)), (-1.0, 1.0), train, val, "xor")
    drawn = {each.get_label(): each for each in figure.axes[0].collections if type(each).__name__ == "PathCollection"}
    for kind, (features, labels) in {"training": train, "validation": val}.items():
        for label in (0, 1):
            at = torch.tensor(drawn[f"{kind}, class {label}"].get_offsets().data)
            torch.testing.assert_close(at.float(), features[labels == label])
    shapes = {len(each.get_paths()[0].vertices) for each in drawn.values()}
    assert len(shapes) == 2


def test_curves_draw_the_columns_and_skip_what_was_not_measured():
    loss, accuracy, rate = plots.plot_curves(HISTORY, "a run").axes
    assert [line.get_xydata().tolist() for line in loss.lines] == [[[1, 0.7], [2, 0.5], [3, 0.4]], [[1, 0.6], [3, 0.3]]]
    assert accuracy.lines[1].get_xydata().tolist() == [[1, 0.6], [3, 0.95]]
    assert rate.lines[0].get_xydata().tolist() == [[1, 0.1], [2, 0.1], [3, 0.01]]


def test_a_matrix_shows_its_counts():
    (axes,) = plots.plot_confusion(torch.tensor([[5, 1], [2, 7]]), "a test").axes
    assert [text.get_text() for text in axes.texts] == ["5\n83.33%", "1\n16.67%", "2\n22.22%", "7\n77.78%"]


def figures(net):
    points, limits = draw("gauss", 20, generator=torch.Generator().manual_seed(0)), (-3.0, 3.0)
    field = plots.probability_field(net, limits)
    yield plots.plot_curves(HISTORY, "curves of a run")
    yield plots.plot_boundary(field, limits, points, points, "boundary of a net")
    yield plots.plot_boundary_strip({3: field, 0: field}, limits, points, "a net over time")
    yield plots.plot_confusion(torch.eye(2, dtype=torch.int64), "a test")


def test_every_picture_names_itself_and_its_axes(plane):
    for figure in figures(plane):
        assert figure.get_suptitle() or figure.axes[0].get_title()
        assert figure.axes[0].get_xlabel()
        assert figure.axes[0].get_ylabel()


def test_a_row_of_stills_is_in_order(plane):
    titles = [axes.get_title() for axes in list(figures(plane))[2].axes]
    assert titles == ["before training", "epoch 3"]


def test_the_same_picture_is_the_same_file(plane):
    assert [plots.png(figure) for figure in figures(plane)] == [plots.png(figure) for figure in figures(plane)]


def test_the_colours_differ_for_all_eyes():
    """Also as greys, in print: their luminances (WCAG 2) lie apart, and each class has a shape of its own."""
    luminances = []
    for colour in plots.COLOURS:
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        luminances.append(sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))
    assert abs(luminances[0] - luminances[1]) > 0.04
    assert len(set(plots.MARKERS)) == 2
