from pathlib import Path

import pytest
import torch
from conftest import SMALL

from torchtour import Classifier
from torchtour.evaluation import plots
from torchtour.problems import draw
from torchtour.runs.plots import Confusion

PICTURES = {"curves.png", "boundary.png"}
DRAWN = (*SMALL[:-2], "--run.save_every_seconds", 0)  # with pictures


def pngs(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.png")}


def test_a_run_leaves_its_pictures_and_says_so(torchtour):
    answer = torchtour("fit", *DRAWN)
    assert (answer.status, answer.err) == (0, "")
    assert "last.ckpt, curves.png, boundary.png\n" in answer.out
    assert pngs(Path("checkpoints/default/version_0")) == PICTURES


def test_a_run_may_leave_none(small_run, torchtour):
    assert pngs(small_run) == set()
    torchtour("test", "--ckpt_path", "best", "--plots.enabled", "false")
    assert pngs(small_run) == set()


def test_the_boundary_is_that_of_the_best_epoch(torchtour, monkeypatch):
    drawn = {}
    real = plots.plot_boundary
    monkeypatch.setattr(plots, "plot_boundary", lambda *arguments: drawn.update(found=arguments) or real(*arguments))
    # A learning rate so high that the last epoch is not the best.
    assert torchtour("fit", *DRAWN, "--model.lr", 12, "--trainer.max_epochs", 6).status == 0
    field, limits, train, val, _ = drawn["found"]
    run = Path("checkpoints/default/version_0")
    best, last = (
        plots.probability_field(Classifier.load_from_checkpoint(run / f"{name}.ckpt"), limits)
        for name in ("best", "last")
    )
    assert torch.equal(field, best)
    assert not torch.equal(field, last)
    for features, labels in (train, val):
        assert torch.equal(labels, (features.sum(dim=1) > 0).long())
    assert limits[0] < min(train[0].min(), val[0].min()) < max(train[0].max(), val[0].max()) < limits[1]


def test_nothing_is_drawn_while_a_net_trains_unless_asked(torchtour, monkeypatch):
    monkeypatch.setattr("torchtour.runs.plots.Plots.on_fit_end", lambda *_: None)
    for name in ("probability_field", "plot_boundary", "plot_curves", "plot_boundary_strip", "png"):
        monkeypatch.setattr(plots, name, lambda *_: pytest.fail("drawn"))
    assert torchtour("fit", *DRAWN).status == 0


def test_stills_are_the_boundaries_of_their_epochs(torchtour, monkeypatch):
    drawn = {}
    real = plots.plot_boundary_strip
    monkeypatch.setattr(
        plots, "plot_boundary_strip", lambda *arguments: drawn.update(found=arguments) or real(*arguments)
    )
    assert torchtour("fit", *DRAWN, "--plots.boundary_epochs", "[0, 1, 2, 9]").status == 0
    fields, limits, _, _ = drawn["found"]
    last = Classifier.load_from_checkpoint("checkpoints/default/version_0/last.ckpt")
    assert list(fields) == [0, 1, 2]  # no epoch 9 was lived
    assert torch.equal(fields[2], plots.probability_field(last, limits))
    assert not torch.equal(fields[0], fields[1])


def test_a_resumed_run_draws_what_an_undisturbed_one_draws(torchtour):
    whole = (*DRAWN, "--trainer.max_epochs", 4, "--plots.boundary_epochs", "[0, 1, 3, 4]", "--run.name")
    assert torchtour("fit", *whole, "whole").status == 0
    assert torchtour("fit", *whole, "part", "--trainer.max_epochs", 2).status == 0
    flags = ("--trainer.max_epochs", 4, "--plots.boundary_epochs", "[0, 1, 3, 4]")
    assert torchtour("fit", "--ckpt_path", "last", *flags).status == 0
    for name in (*PICTURES, "stills.png"):
        one, two = (Path(f"checkpoints/{run}/version_0/{name}").read_bytes() for run in ("whole", "part"))
        assert one == two, name


def test_streamed_points_are_drawn_too(torchtour):
    assert torchtour("fit", *DRAWN, "--data.streaming", "true").status == 0
    assert pngs(Path("checkpoints/default/version_0")) == PICTURES


def test_the_confusion_matrix_counts_the_held_out_points(small_run, torchtour, monkeypatch):
    drawn = {}
    real = plots.plot_confusion
    monkeypatch.setattr(plots, "plot_confusion", lambda *arguments: drawn.update(found=arguments) or real(*arguments))
    flags = ("test", "--ckpt_path", "best", "--data.n_test", 20_001, "--data.problem", "gauss")
    answer = torchtour(*flags)
    assert (answer.status, answer.err) == (0, "")
    matrix = drawn["found"][0]
    assert pngs(small_run) == {"confusion.png"}
    assert matrix.sum() == 20_001
    assert f"Accuracy {100 * matrix.diag().sum() / 20_001:.1f} % (95 %" in answer.out
    assert abs(matrix[1].sum() / 20_001 - 0.5) < 0.02  # a row is a true class, and gauss tosses a coin
    assert torchtour(*flags, "-c", str(Path(__file__).parents[1] / "configs/ddp.yaml")).out == answer.out


def test_the_matrix_has_true_classes_in_its_rows():
    confusion, model = Confusion(Path("unused.png")), Classifier()
    _, labels = draw("line", 100, generator=torch.Generator().manual_seed(0))
    all_one = torch.tensor([[0.0, 1.0]]).expand(100, 2)
    confusion.on_test_epoch_start(None, model)
    confusion.on_test_batch_end(None, model, all_one, (None, labels), 0)
    assert confusion.matrix.tolist() == [[0, int((labels == 0).sum())], [0, int((labels == 1).sum())]]


@pytest.mark.parametrize("stills", ["[-1]", "[1, 2, 3, 4, 5, 6, 7, 8, 9]", "[]"])
def test_stills_that_can_not_be_are_refused(torchtour, stills):
    answer = torchtour("fit", *SMALL, "--plots.boundary_epochs", stills)
    assert (answer.status, answer.out, len(answer.err.splitlines())) == (2, "", 1)
    assert "plots.boundary_epochs" in answer.err
