import csv
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from conftest import ROOT, SMALL

from torchtour import Classifier, SyntheticData, __version__
from torchtour.runs.report import EpochReport


def test_help_and_version_need_no_torch():
    code = (
        "import sys; sys.argv[1:] = {}; import torchtour.command.main as m; m.main(); assert 'torch' not in sys.modules"
    )
    for arguments in ([], ["--help"], ["-h"], ["--version"]):
        out = subprocess.check_output([sys.executable, "-c", code.format(arguments)], text=True)
        assert out == f"torchtour {__version__}\n" if arguments == ["--version"] else out.startswith("usage: torchtour")
        assert len(out.splitlines()) <= 24


def test_python_m_torchtour_is_the_same_command():
    out = subprocess.check_output([sys.executable, "-m", "torchtour", "--version"], text=True)
    assert out == f"torchtour {__version__}\n"


def help_of(capsys, torchtour, *arguments) -> str:
    if arguments[-1] == "trainer":
        with pytest.raises(SystemExit) as ended:
            torchtour(*arguments)
        assert ended.value.code == 0
        return capsys.readouterr().out
    answer = torchtour(*arguments)
    assert (answer.status, answer.err) == (0, "")
    return answer.out


def test_help_of_fit_has_our_settings_first_and_described(torchtour, capsys):
    text = help_of(capsys, torchtour, "fit", "--help")
    ours = [
        f"--{group}.{name}"
        for group, cls in (("model", Classifier), ("data", SyntheticData))
        for name in cls().hparams
        if name not in ("n_features", "n_classes", "columns", "classes")
    ]
    assert all(f"{flag} " in text for flag in ours)
    assert "--trainer.max_epochs" in text
    assert "--trainer.devices" not in text
    assert text.index("--data.seed") < text.index("--trainer.max_epochs")
    assert "--help trainer" in text
    whole = help_of(capsys, torchtour, "fit", "--help", "trainer")
    assert "--trainer.devices" in whole
    assert " at 0x" not in whole


def test_a_run_writes_only_into_its_own_folder(torchtour):
    for version in range(3):
        answer = torchtour("fit", *SMALL)
        assert (answer.status, answer.err) == (0, "")
        assert f"The run is in checkpoints/default/version_{version}:" in answer.out
    files = {path for path in Path().rglob("*") if path.is_file()}
    names = ("config.yaml", "metrics.csv", "best.ckpt", "last.ckpt")
    assert files == {Path(f"checkpoints/default/version_{n}") / name for n in range(3) for name in names}


def test_a_run_repeats_from_its_own_config(torchtour, small_run):
    assert torchtour("fit", "-c", small_run / "config.yaml").status == 0
    again = small_run.with_name("version_1")
    assert (small_run / "metrics.csv").read_bytes() == (again / "metrics.csv").read_bytes()
    assert (small_run / "config.yaml").read_bytes() == (again / "config.yaml").read_bytes()


def test_config_yaml_holds_every_setting_of_ours(small_run):
    config = yaml.safe_load((small_run / "config.yaml").read_text())
    assert config["data"] == {
        "problem": "line", "noise": 0.0, "n_train": 60, "n_val": 30, "n_test": 30, "n_predict": 100,
        "batch_size": 25, "seed": 0, "streaming": False,
    }  # fmt: skip
    assert set(config["model"]) == set(Classifier().hparams) - {
        "n_features",
        "n_classes",
        "columns",
        "classes",
    }  # the data say them
    assert config["seed_everything"] == 0


def test_the_report_is_the_metrics_file_in_words(torchtour):
    answer = torchtour("fit", *SMALL, "--trainer.max_epochs", 5, "--report.every_n_epochs", 2)
    with open("checkpoints/default/version_0/metrics.csv") as file:
        table = list(csv.DictReader(file))
    assert [line for line in answer.out.splitlines() if line.startswith("Epoch")] == [
        f"Epoch [{n}/5], Loss: {float(table[n - 1]['train/loss']):.4f}, "
        f"Accuracy: {float(table[n - 1]['train/accuracy']):.4f}, "
        f"Val loss: {float(table[n - 1]['val/loss']):.4f}, Val accuracy: {float(table[n - 1]['val/accuracy']):.4f}"
        for n in (2, 4)
    ]


def test_test_evaluates_the_trained_net_on_the_held_out_points(torchtour, small_run):
    answer = torchtour("test", "--ckpt_path", "best")
    model = Classifier.load_from_checkpoint(small_run / "best.ckpt")
    data = SyntheticData(n_test=30)
    data.setup("test")
    features, labels = data.sets["test"].tensors
    accuracy = (model(features).argmax(dim=1) == labels).double().mean().item()
    assert (answer.status, answer.err) == (0, "")
    assert f"Accuracy {100 * accuracy:.1f} % (95 % interval " in answer.out
    assert "on 30 held-out points of `line`" in answer.out
    assert "torchtour predict --ckpt_path checkpoints/default/version_0/best.ckpt" in answer.out


def test_the_scores_of_validate_are_those_of_the_fit(torchtour, small_run):
    with open(small_run / "metrics.csv") as file:
        loss = float(list(csv.DictReader(file))[-1]["val/loss"])
    assert f"on 30 validation points of `line`, loss {loss:.4f}." in torchtour("validate", "--ckpt_path", "last").out


def test_predict_writes_features_class_and_probabilities(torchtour, small_run):
    answer = torchtour("predict", "--ckpt_path", "last", "--data.n_predict", 12)
    assert answer.status == 0
    assert "Wrote checkpoints/default/version_0/predictions.csv" in answer.out
    with open(small_run / "predictions.csv") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == ("x1", "x2", "class", "p0", "p1")
    features = torch.tensor([[float(row["x1"]), float(row["x2"])] for row in table])
    probabilities = Classifier.load_from_checkpoint(small_run / "last.ckpt")(features).softmax(dim=1)
    expected = torch.tensor([[float(row["p0"]), float(row["p1"])] for row in table])
    torch.testing.assert_close(probabilities, expected)
    assert [int(row["class"]) for row in table] == probabilities.argmax(dim=1).tolist()
    assert len(table) == 12


def test_without_a_checkpoint_it_is_the_best_of_the_newest_run(torchtour, small_run):
    named = torchtour("test", "--ckpt_path", "best").out
    assert "checkpoints/default/version_0/best.ckpt" in named
    for flag in ((), ("--ckpt_path", "null")):
        assert torchtour("test", *flag).out == named


@pytest.mark.parametrize("command", ["validate", "test", "predict"])
@pytest.mark.parametrize("flag", [("--ckpt_path", ""), ("--ckpt_path", "no.ckpt")])
def test_an_untrained_net_is_never_evaluated(torchtour, small_run, command, flag):
    answer = torchtour(command, *flag)
    assert (answer.status, answer.out) == (2, "")
    assert "checkpoints/default/version_0/best.ckpt" in answer.err
    assert len(answer.err.splitlines()) == 1


def test_the_settings_of_a_checkpoint_are_taken_from_it(torchtour):
    assert torchtour("fit", *SMALL, "--model.hidden_size", 3, "--data.problem", "xor").status == 0
    answer = torchtour("test", "--ckpt_path", "best")
    assert answer.status == 0
    assert "points of `xor`" in answer.out


def test_with_data_seed_null_another_process_tests_on_the_runs_points(torchtour):
    flags = (*SMALL, "--data.seed", "null", "--seed_everything", 7)
    assert torchtour("fit", *flags).status == 0
    answers = {
        torchtour("validate", "--ckpt_path", "last").out,
        torchtour("validate", "--ckpt_path", "last", *flags).out,
    }
    with open("checkpoints/default/version_0/metrics.csv") as file:
        loss = float(list(csv.DictReader(file))[-1]["val/loss"])
    assert len(answers) == 1
    assert f", loss {loss:.4f}." in answers.pop()


def test_fit_resumes_from_last(torchtour, small_run):
    moved = small_run.rename(small_run.with_name("version_7"))
    assert torchtour("fit", "--ckpt_path", "last", "--trainer.max_epochs", 4).status == 0
    assert torchtour("fit", *SMALL, "--trainer.max_epochs", 4).status == 0
    whole = small_run.with_name("version_8")
    assert (moved / "metrics.csv").read_bytes() == (whole / "metrics.csv").read_bytes()
    states = [torch.load(run / "last.ckpt", weights_only=True)["state_dict"] for run in (moved, whole)]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "--model.lrr", "1"], "did you mean --model.lr?"),
        (["fit", "--model.hidden", "5"], "hidden"),
        (["fit", "--trainer.max_epoch", "5"], "max_epoch"),
        (["fit", "--model.lr", "quick"], "quick"),
        (["fit", "--model.lr", "nan"], "nan"),
        (["fit", "--model.optimizer", "lion"], "lion"),
        (["fit", "--data.problem", "moon"], "moon"),
        (["fit", "--data.n_train", "0"], "data.n_train must be from 1"),
        (["fit", "--run.name", "../x"], "run.name must be"),
        (["fit", "--model.n_features", "3"], "--model.n_features comes from the data"),
        (["fit", "--plots.boundary_epochs", str([*range(2000)])], "plots.boundary_epochs must be 1 to 8 epochs"),
        (["fit", "-c", "absent.yaml"], "absent.yaml"),
        (
            ["fit", "--trainer.callbacks", "lightning.pytorch.callbacks.Timer"],
            "cannot hold a default",
        ),
        (["fit", "--trainer.callbacks", "EarlyStopping"], "monitor"),
        (["fit", "--trainer.callbacks", "BackboneFinetuning"], "needs a net with a `backbone`"),
        (["train"], "train"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(torchtour, arguments, message):
    answer = torchtour(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert len(answer.err.splitlines()) == 1
    assert message in answer.err
    assert list(Path().iterdir()) == []


def test_a_signal_ends_the_run_in_order_even_where_lightning_fails_to_clear_up(torchtour, monkeypatch, capsys):
    """It does where the signal comes between two lines of its own."""

    def stop(self, trainer, *_):
        if trainer.current_epoch == 2:
            raise SystemExit(143)

    def fail(*_):
        raise RuntimeError("Please call `iter(combined_loader)` first.")

    monkeypatch.setattr(EpochReport, "on_train_epoch_start", stop)
    monkeypatch.setattr("lightning.pytorch.loops.fetchers._DataFetcher.teardown", fail)
    with pytest.raises(SystemExit) as ended:
        torchtour("fit", *SMALL, "--run.save_every_seconds", 0, "--trainer.max_epochs", 3)
    assert ended.value.code == 143
    out, err = capsys.readouterr()
    assert "Stopped. To resume" in out
    assert "--ckpt_path" in out
    assert err == ""


def test_init_from_begins_a_new_run_from_the_weights_alone(torchtour, small_run):
    flags = ("--data.n_train", 40, "--data.n_val", 20, "--model.lr", 0.0, "--trainer.max_epochs", 1)
    assert torchtour("fit", "--init_from", "last", *flags).status == 0
    old, new = (torch.load(small_run.with_name(f"version_{n}") / "last.ckpt", weights_only=True) for n in (0, 1))
    assert all(torch.equal(value, new["state_dict"][name]) for name, value in old["state_dict"].items())
    assert (new["epoch"], new["hyper_parameters"]["lr"], new["datamodule_hyper_parameters"]["n_train"]) == (
        0,
        0.0,
        40,
    )


def test_init_from_goes_with_a_new_fit_of_the_same_net_only(torchtour, small_run):
    for flags in (("--ckpt_path", "last"), ("--model.hidden_size", 3)):
        answer = torchtour("fit", "--init_from", "best", *flags)
        assert answer.status == 2
        assert flags[0] in answer.err
    assert torchtour("test", "--init_from", "best").status == 2


def test_a_finished_run_has_nothing_to_resume(torchtour, small_run):
    answer = torchtour("fit", "--ckpt_path", "last")
    assert answer.status == 2
    assert "trainer.max_epochs must be more than 2" in answer.err


def test_a_loss_that_is_not_finite_stops_before_it_is_saved(torchtour):
    flags = (
        "--model.lr",
        1000,
        "--model.momentum",
        0.99,
        "--data.noise",
        1000,
        "--trainer.max_epochs",
        50,
        "--model.gamma",
        1,
    )
    answer = torchtour("fit", *SMALL, *flags)
    assert (answer.status, len(answer.err.splitlines())) == (1, 1)
    assert "are not finite" in answer.err
    folder = Path("checkpoints/default/version_0")
    with open(folder / "metrics.csv") as file:
        epochs = len(list(csv.DictReader(file)))
    assert torch.load(folder / "last.ckpt", weights_only=True)["epoch"] + 1 == epochs < 50
    assert torchtour("validate", "--ckpt_path", "last").status == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model:\n  lrr: 1\n", "did you mean --model.lr?"),
        ("model:\n  lr: 1\n  lr: 2\n", "the key lr occurs twice"),
        ("model: " + "[" * 5000 + "]" * 5000, "recursion"),
        ("a: [1,\n b: }", "parsing"),
        ("hello", "hello"),
    ],
)
def test_a_config_that_is_none_is_one_line_and_status_2(torchtour, tmp_path, text, message):
    (tmp_path / "bad.yaml").write_text(text)
    answer = torchtour("fit", "-c", "bad.yaml")
    assert (answer.status, answer.out) == (2, "")
    assert 1 <= len(answer.err.splitlines()) <= 2
    assert message in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"]


@pytest.mark.parametrize(("command", "flag"), [("test", "model.lr"), ("fit", "model.lr"), ("fit", "data.noise")])
def test_a_flag_that_contradicts_the_checkpoint_is_refused(torchtour, small_run, command, flag):
    answer = torchtour(command, "--ckpt_path", "last", f"--{flag}", 0.5)
    assert answer.status == 2
    assert f"--{flag} 0.5 contradicts" in answer.err


def test_the_reference_checkpoint_of_each_release_gives_its_outputs(torchtour, tmp_path):
    references = sorted((ROOT / "checkpoints/reference").glob("*.ckpt"))
    assert ROOT / f"checkpoints/reference/{__version__}.ckpt" in references
    for reference in references:
        with open(reference.with_suffix(".csv")) as file:
            expected = torch.tensor([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]])
        probabilities = Classifier.load_from_checkpoint(reference)(expected[:, :2]).softmax(dim=1)
        torch.testing.assert_close(probabilities, expected[:, 3:])
        shutil.copy(reference, tmp_path)
        assert torchtour("predict", "--ckpt_path", tmp_path / reference.name).status == 0
        with open(tmp_path / "predictions.csv") as file:
            predicted = torch.tensor([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]])
        torch.testing.assert_close(predicted, expected)


def test_a_single_callback_needs_no_list(torchtour):
    flags = ("--trainer.callbacks", "torchtour.runs.report.EpochReport")
    assert torchtour("fit", *SMALL, *flags).status == 0
    answer = torchtour("fit", *SMALL, *flags, "--trainer.accelerator", "gpu")
    assert (answer.status, answer.err.count("\n")) == (2, 1)


def test_a_signal_while_python_shuts_down_ends_it_without_a_traceback():
    code = (
        "import atexit, os, signal, sys\n"
        "from torchtour.command.main import main\n"
        "atexit.register(os.kill, os.getpid(), signal.SIGTERM)\n"
        "sys.argv = ['torchtour', 'export']\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGTERM
    assert len(done.stderr.splitlines()) == 1  # eject: what it lacks


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("best.ckpt", ("test",)),
        ("best.ckpt", ("predict",)),
        ("best.ckpt", ("export", "--to", "net")),
        ("best.ckpt", ("fit", "--trainer.max_epochs", 3, "--plots.enabled", "false")),
        ("last.ckpt", ("fit", "--trainer.max_epochs", 3, "--plots.enabled", "false")),
    ],
)
def test_a_checkpoint_is_read_once(torchtour, small_run, monkeypatch, name, command):
    """The file is damaged as soon as it has been read: what was checked is what is used, and nobody reads it again."""
    path, real = small_run / name, Path.read_bytes

    def read_and_damage(self: Path) -> bytes:
        content = real(self)
        if self == path:
            path.write_bytes(b"damaged")
        return content

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", read_and_damage)
        answer = torchtour(*command, "--ckpt_path", path)
    assert (answer.status, answer.err) == (0, "")
    if command[0] == "fit":
        newest = small_run if name == "last.ckpt" else small_run.with_name("version_1")
        for file in ("best.ckpt", "last.ckpt"):
            Classifier.load_from_checkpoint(newest / file)


def test_a_damaged_best_checkpoint_is_put_aside_when_its_run_is_resumed(torchtour, small_run):
    damaged = (small_run / "best.ckpt").read_bytes()[:-1]
    (small_run / "best.ckpt").write_bytes(damaged)
    with pytest.warns(UserWarning, match=r"best.ckpt is damaged: .* kept as best.ckpt.damaged"):
        answer = torchtour("fit", "--ckpt_path", "last", "--trainer.max_epochs", 4, "--plots.enabled", "false")
    assert answer.status == 0
    assert (small_run / "best.ckpt.damaged").read_bytes() == damaged
    best = torch.load(small_run / "best.ckpt", weights_only=True)
    assert best["epoch"] in (2, 3)  # of the epochs that came after
    assert torchtour("test", "--ckpt_path", "best").status == 0
