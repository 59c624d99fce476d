"""The command on a table, from fit to the exported program."""

import csv
import gzip
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from itertools import repeat
from pathlib import Path

import numpy as np
import polars
import pytest
import torch
import yaml
from table_files import people, people_file  # noqa: F401

from torchtour import TableClassifier, TableData
from torchtour.runs.checkpoint_file import to_bytes
from torchtour.runs.report import EpochReport
from torchtour.settings import UserError
from torchtour.tables.columns import Columns
from torchtour.tables.reading import open_table
from torchtour.tables.schema import columns_from_dicts
from torchtour.tables.scores import SCORES


@pytest.fixture
def run(torchtour, file):
    answer = torchtour(
        "fit", "--data", "TableData", "--data.path", file, "--data.label", "buys", "--trainer.max_epochs", 3
    )
    assert (answer.status, answer.err) == (0, "")
    assert "Left out: id, note (every row differs); joined (dates); planet (constant)." in answer.out
    return Path("checkpoints/default/version_0")


def test_from_a_file_to_a_portable_net(torchtour, run, file, tmp_path):
    assert {"importance.png", "curves.png", "model_card.md"} <= {path.name for path in run.iterdir()}
    answer = torchtour("test")
    assert answer.out.startswith("Accuracy ")
    assert "; always 'no': " in answer.out
    assert "on 60 held-out rows of `people.csv`" in answer.out
    card = (run / "model_card.md").read_text()
    assert TableData(str(file), "buys").table.sha256 in card
    assert "Accuracy on 60 test rows" in card
    assert len((run / "test.csv").read_text().splitlines()) == 3

    new = people(50, seed=9).drop("buys").with_columns(polars.lit("=cmd()").alias("note"), class_=polars.lit(1))
    new = new.rename({"class_": "class"})
    new.write_csv(tmp_path / "new.csv")
    answer = torchtour("predict", "--data.path", tmp_path / "new.csv")
    assert (answer.status, answer.err) == (0, "")
    assert "50 texts got a ' in front" in answer.out
    found = polars.read_csv(run / "predictions.csv")
    assert found.columns == [*new.columns, "predicted_class", "predicted_p_no", "predicted_p_yes"]
    assert set(found["note"]) == {"'=cmd()"}

    model = TableClassifier.load_from_checkpoint(run / "best.ckpt").eval()
    raw, _ = Columns(polars.read_csv(tmp_path / "new.csv")).raw(columns_from_dicts(model.hparams["columns"]))
    with torch.no_grad():
        expected = model(torch.from_numpy(raw.to_numpy(order="c"))).softmax(dim=1).numpy()
    np.testing.assert_allclose(found[:, -2:].to_numpy(), expected, atol=1e-6)

    assert torchtour("export", "--to", "home").status == 0
    alone = "import sys, runpy; sys.modules.update(torchtour=None, polars=None, numpy=None, lightning=None);"
    code = f"{alone} sys.argv = ['predict.py', sys.argv[1]]; runpy.run_path('home/predict.py', run_name='__main__')"
    out = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, tmp_path / "new.csv"], capture_output=True, text=True, check=True
    )
    rows = list(csv.reader(out.stdout.splitlines()))
    assert rows[0] == ["row", "class", "p_no", "p_yes"]
    assert [int(row[0]) for row in rows[1:]] == list(range(1, 51))
    assert [row[1] for row in rows[1:]] == found["predicted_class"].to_list()
    np.testing.assert_allclose(np.array([row[2:] for row in rows[1:]], float), expected, atol=1e-6)


PIPES = {"capture_output": True, "text": True}
SHEET = {  # as a spreadsheet writes it in much of Europe: what is read, from what is written
    "price": lambda n: f"{1000 + 37 * n % 900},{n % 10}0 €".replace("1", "1.", 1),
    "share": lambda n: f"{(7 * n) % 100},5 %",
    "town": lambda n: ("Köln", "Genève", "n/a")[n % 3],
    "weight": lambda n: "-" if n % 9 == 4 else f"(0,{n % 7}25)" if n % 5 == 2 else f"0,{n % 7}25",
    "sold": lambda n: "ja" if 37 * n % 900 > 450 else "nein",
}


def test_a_spreadsheets_numbers_are_read_alike_with_and_without_torchtour(torchtour, tmp_path):
    lines = [";".join(SHEET), *(";".join(cell(n) for cell in SHEET.values()) for n in range(90)), "", ";;;;"]
    (tmp_path / "sheet.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    (tmp_path / "packed").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "long.csv").write_text("\n".join([*lines[:3], lines[3] + ";7", *lines[4:]]))
    flags = ("--data", "TableData", "--data.path", "sheet.csv", "--data.label", "sold", "--trainer.max_epochs", 2)
    answer = torchtour("fit", *flags, "--plots.enabled", "false")
    assert (answer.status, answer.err) == (0, "")
    assert "from 3 columns of numbers and 1 of categories" in answer.out
    columns = {
        column["name"]: column
        for column in torch.load("checkpoints/default/version_0/best.ckpt")["hyper_parameters"]["columns"]
    }
    assert [columns[name]["kind"] for name in SHEET if name != "sold"] == ["number", "number", "category", "number"]
    assert 1000 < columns["price"]["mean"] < 1900
    assert 0 < columns["share"]["mean"] < 1  # a percentage is a fraction
    assert 0 < columns["weight"]["mean"] < 0.27  # a number in parentheses is below zero
    assert torchtour("predict", "--data.path", "sheet.csv").status == 0
    with open("checkpoints/default/version_0/predictions.csv") as file:
        found = [row["p_ja"] for row in csv.DictReader(file)]
    assert torchtour("export", "--to", "home").status == 0
    alone = [sys.executable, "-I", "home/predict.py"]
    for name in ("sheet.csv", "packed"):
        out = subprocess.run([*alone, name], capture_output=True, text=True, check=True)
        assert [row["p_ja"] for row in csv.DictReader(out.stdout.splitlines())] == found  # to the last digit
    assert len(found) == 90
    said = "long.csv: row 3 has 6 fields and the header 5\n"
    answer, done = torchtour("predict", "--data.path", "long.csv"), subprocess.run([*alone, "long.csv"], **PIPES)
    assert (answer.status, answer.err, done.returncode, done.stderr) == (
        2,
        "torchtour: " + said,
        2,
        "predict.py: " + said,
    )


def test_wrong_files_to_predict(torchtour, run, tmp_path):
    before = people(20).drop("buys")
    cases = {
        "the column 'age' is missing": before.drop("age"),
        "the column 'age' holds numbers, but row 3 has 'old'": before.with_columns(
            polars.when(polars.col("id") == 1002).then(polars.lit("old")).otherwise(polars.col("age")).alias("age")
        ),
    }
    for message, frame in cases.items():
        frame.write_csv(tmp_path / "new.csv")
        answer = torchtour("predict", "--data.path", tmp_path / "new.csv")
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert message in answer.err
        assert not (run / "predictions.csv").exists()
    assert not list(run.glob(".*.tmp"))


def test_the_ejected_script_refuses_what_predict_refuses(torchtour, run, monkeypatch, capsys):
    assert torchtour("export", "--to", "home").status == 0
    head, *rows = sound = people(20).drop("buys").write_csv().splitlines()
    cases = {
        "header": [head, "", ""],
        "twice": [head.replace("income", "age"), *rows],
        "absent": [head.replace("age", "years"), *rows],
        "text": [head, *rows[:7], rows[7].replace(rows[7].split(",")[2], "much"), *rows[8:]],
        "long": [*sound[:5], sound[5] + ",7", *sound[6:]],
        "quote": [*sound[:5], sound[5].replace("text", '"text'), *sound[6:]],
    }
    files = {name: "\n".join(lines).encode() for name, lines in cases.items()}
    files |= {"cut": gzip.compress("\n".join(sound).encode())[:-9], "latin": files["long"] + b"\xe9", "none": b""}
    files |= {"nul": "\n".join(sound).replace("text", "te\0t", 1).encode()}
    files |= {"short": "\n".join([head, *(row.rpartition(",")[0] for row in rows)]).encode()}
    for name, content in files.items():
        Path(name).write_bytes(content)
        answer = torchtour("predict", "--data.path", name)
        monkeypatch.setattr(sys, "argv", ["predict.py", name])
        try:
            runpy.run_path("home/predict.py", run_name="__main__")
            status = 0
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        assert (answer.status, status) == ((0, 0) if name == "short" else (2, 2)), (name, answer, said)
        assert answer.err.count("\n") == said.err.count("\n") == (name != "short"), (answer, said)
        if name in ("header", "twice", "long"):
            assert said.err.replace("predict.py", "torchtour") == answer.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_the_ejected_script_says_what_it_cannot_print_and_is_quiet_for_head(torchtour, run):
    assert torchtour("export", "--to", "home").status == 0
    people(3000).drop("buys").write_csv("many.csv")
    people(3).drop("buys").write_csv("few.csv")
    alone = [sys.executable, "-I", "home/predict.py"]
    for name in ("many.csv", "few.csv"):
        with open("/dev/full", "w") as full:
            done = subprocess.run([*alone, name], stdout=full, stderr=subprocess.PIPE, text=True)
        assert (done.returncode, done.stderr) == (2, "predict.py: the output: No space left on device\n")
    done = subprocess.run([*alone, "absent.csv"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "predict.py: absent.csv: No such file or directory\n")
    reading, writing = os.pipe()
    os.close(reading)  # as head does, a little later
    done = subprocess.run([*alone, "many.csv"], stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_resumed_run_is_exact_and_needs_the_same_file(torchtour, file, monkeypatch):
    learn = ("fit", "--data", "TableData", "--data.path", file, "--data.label", "buys", "--trainer.max_epochs", 6)
    assert torchtour(*learn).status == 0
    whole, cut = (Path(f"checkpoints/default/version_{n}") for n in (0, 1))

    class Stopped(BaseException):
        pass

    def stop(report, trainer, module):
        if trainer.current_epoch == 2:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(EpochReport, "on_train_epoch_end", stop)
        with pytest.raises(Stopped):
            torchtour(*learn, "--run.save_every_seconds", 0)
    assert torch.load(cut / "last.ckpt")["epoch"] == 1  # checkpoints come after the report
    assert torchtour("fit", "--ckpt_path", cut / "last.ckpt").status == 0
    once, twice = (torch.load(folder / "last.ckpt") for folder in (whole, cut))
    assert once["epoch"] == twice["epoch"] == 5
    for name, value in once["state_dict"].items():
        assert torch.equal(value, twice["state_dict"][name]), name
    file.write_text(file.read_text() + "\n")
    for call in (("fit", "--ckpt_path", cut / "last.ckpt", "--trainer.max_epochs", 9), ("test",)):
        answer = torchtour(*call)
        assert (answer.status, answer.out) == (2, "")
        assert "is not the file that the run began with" in answer.err


def test_a_checkpoint_of_0_2_is_tested_resumed_and_exported(torchtour, file):
    flags = ("--data", "TableData", "--data.path", file, "--data.label", "buys", "--data.val_fraction", 0.2)
    answer = torchtour("fit", "--model", "TableNet", *flags, "--trainer.max_epochs", 2, "--plots.enabled", "false")
    assert (answer.status, answer.err) == (0, "")
    assert "Rows: 180 to train, 60 to validate, 60 to test." in answer.out
    run = Path("checkpoints/default/version_0")
    for name in ("best.ckpt", "last.ckpt"):  # as 0.2 wrote it
        content = torch.load(run / name)
        for column in content["hyper_parameters"]["columns"]:
            column.pop("quantiles", None)
        del content["settings"]["model"], content["datamodule_hyper_parameters"]["task"]
        (run / name).write_bytes(to_bytes(content))
    config = yaml.safe_load((run / "config.yaml").read_text())
    config["model"] = config["model"]["init_args"]
    del config["data"]["init_args"]["task"]
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    resume = ("fit", "--ckpt_path", "last", "--trainer.max_epochs", 3)
    for call in (("test",), ("predict", "--data.path", file), resume):
        answer = torchtour(*call)
        assert (answer.status, answer.err) == (0, ""), call
    assert torchtour("export", "--to", "home").status == 0
    with pytest.raises(UserError, match="settings that TableClassifier does not know"):
        TableClassifier.load_from_checkpoint(run / "best.ckpt")


def test_an_amount_from_a_file_to_a_portable_net(torchtour, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    frame = polars.DataFrame({"a": x[:, 0], "b": x[:, 1], "price": 3000 + 900 * x[:, 0] + rng.normal(0, 90, 200)})
    frame.write_csv("prices.csv")
    answer = torchtour("fit", "--data", "TableData", "--data.path", "prices.csv", "--data.label", "price")
    assert (answer.status, answer.err) == (0, "")
    assert "Learning 'price', an amount from" in answer.out
    run = Path("checkpoints/default/version_0")
    assert (run / "importance.png").exists()
    answer = torchtour("test")
    assert (answer.status, answer.err) == (0, "")
    line = (
        r"MAE [0-9.]+ \(95 % interval [0-9.]+ to [0-9.]+; always the mean: [0-9.]+\), R2 0\.[0-9]+ on 40 held-out rows"
    )
    assert re.search(line, answer.out)
    assert (run / "predicted.png").exists()
    assert "RMSE on 40 test rows" in (run / "model_card.md").read_text()
    assert [line.split(",")[0] for line in (run / "test.csv").read_text().splitlines()][1:] == list(SCORES)
    answer = torchtour("predict", "--data.path", "prices.csv")
    assert (answer.status, answer.err) == (0, "")
    assert "200 rows, their amount and its interval" in answer.out
    found = polars.read_csv(run / "predictions.csv")
    assert found.columns == ["a", "b", "price", "predicted", "low", "high"]
    covered = ((found["low"] <= found["price"]) & (found["price"] <= found["high"])).mean()
    assert covered > 0.85
    assert torchtour("validate").status == 0
    assert torchtour("export", "--to", "home").status == 0
    out = subprocess.run(
        [sys.executable, "-I", "home/predict.py", "prices.csv"], capture_output=True, text=True, check=True
    )
    alone = polars.read_csv(out.stdout.encode())
    assert alone.columns == ["row", "predicted", "low", "high"]
    for name in ("predicted", "low", "high"):
        np.testing.assert_allclose(alone[name], found[name], rtol=1e-5)


def command(*arguments, **environment):
    """The command in a process of its own."""
    env = {**os.environ, **environment, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(
        [sys.executable, "-m", "torchtour", *map(str, arguments)], env=env, stdout=subprocess.DEVNULL
    )


@pytest.mark.slow
def test_a_killed_run_goes_on_bit_for_bit(torchtour, file):
    difference = pytest.importorskip("faults.comparing", reason="the campaign is torchtour's own").difference
    learn = ("fit", "--data", "TableData", "--data.path", file, "--data.label", "buys", "--trainer.max_epochs", 300)
    flags = ("--plots.enabled", "false", "--run.save_every_seconds", 0)
    assert torchtour(*learn, *flags).status == 0
    random = np.random.default_rng(seed := np.random.SeedSequence().entropy % 1000)
    runs = [Path(f"checkpoints/default/version_{n}") for n in (0, 1)]
    child, end = command(*learn, *flags), time.monotonic() + 100
    while not (runs[1] / "last.ckpt").exists() and child.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(random.uniform(0, 0.5))
    child.kill()
    assert child.wait() == -signal.SIGKILL
    killed = torch.load(runs[1] / "last.ckpt")["epoch"]
    assert killed < 299
    assert torchtour("fit", "--ckpt_path", runs[1] / "last.ckpt", *flags).status == 0
    assert difference(*runs) == "", (seed, killed)


def most_memory(child):
    """The most bytes that a process has had of its own, not of files, as it is asked again and again."""
    most, end = 0, time.monotonic() + 300
    while child.poll() is None and time.monotonic() < end:
        status = Path(f"/proc/{child.pid}/status").read_text()
        most = max(most, 1024 * int(re.search(r"RssAnon:\s*(\d+)|$", status)[1] or 0))
        time.sleep(0.01)
    assert child.wait(10) == 0
    return most


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_larger_file_is_predicted_in_the_same_memory(torchtour, tmp_path):
    frame = polars.DataFrame({"x": [k % 97 / 8 for k in range(2000)], "note": ["a word, " * 40] * 2000})
    frame.with_columns(y=polars.int_range(2000) % 2).write_csv("fit.csv")
    learn = ("--data", "TableData", "--data.path", "fit.csv", "--data.label", "y", "--trainer.max_epochs", 1)
    assert torchtour("fit", *learn, "--plots.enabled", "false").status == 0
    most = []
    for times in (400, 1600):  # 250 MB, at which polars has read ahead as far as it will, and 1 GB
        with open("new.csv", "w") as file:
            file.write("x,note\n")
            file.writelines(repeat(frame.write_csv(include_header=False), times))
        child = command("predict", "--ckpt_path", "best", "--data.path", "new.csv", POLARS_MAX_THREADS="1")
        most.append(most_memory(child))
        with open("checkpoints/default/version_0/predictions.csv") as file:
            assert sum(1 for _ in file) == 2000 * times + 1
        for large in (Path("new.csv"), Path(file.name)):  # pytest keeps what is left
            large.unlink()
    assert most[1] < 1.2 * most[0], most


def test_a_config_names_the_checkpoint(torchtour, run):
    Path("again.yaml").write_text(f"ckpt_path: {run / 'last.ckpt'}\ntrainer:\n  max_epochs: 4\n")
    assert torchtour("fit", "-c", "again.yaml").status == 0
    assert torch.load(run / "last.ckpt")["epoch"] == 3


def test_names_and_values_that_a_config_would_read_as_something_else(torchtour):
    names = ["2019", "true", "null", "a: b", "[1]", "{x}", "# no", "1e3", "two\nlines", '😀 "hi"', "", "~"]
    cells = [["1.0", "null", "a: b", "[1]", "true", "{}"][k % 6] for k in range(60)]
    rows = [[str(k * j % 17 + 0.5) for j in range(2, 13)] + [cell] for k, cell in enumerate(cells)]
    for file, label in (("fit.csv", True), ("new.csv", False)):
        with open(file, "w", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(names + ["yes"] * label)
            writer.writerows(row + [f"{k % 2}"] * label for k, row in enumerate(rows))
    flags = ("--data", "TableData", "--data.path", "fit.csv", "--data.label", "yes", "--trainer.max_epochs", 1)
    answer = torchtour("fit", *flags, "--plots.enabled", "false")
    assert (answer.status, answer.err) == (0, "")
    assert "from 10 columns of numbers and 1 of categories" in answer.out
    for call in (("fit", "--ckpt_path", "last", "--trainer.max_epochs", 2), ("test",), ("predict",)):
        answer = torchtour(*call, *(("--data.path", "new.csv") if call == ("predict",) else ()))
        assert (answer.status, answer.err) == (0, "")
    assert torchtour("export", "--to", "home").status == 0
    alone = subprocess.run([sys.executable, "-I", "home/predict.py", "new.csv"], **PIPES)
    with open("checkpoints/default/version_0/predictions.csv", newline="") as file:
        found = [row["p_0"] for row in csv.DictReader(file)]
    assert (alone.stderr, len(found)) == ("", 60)
    assert [row["p_0"] for row in csv.DictReader(alone.stdout.splitlines())] == found


def test_a_label_that_is_none_of_the_columns(torchtour, file):
    answer = torchtour("fit", "--data", "TableData", "--data.path", file, "--data.label", "bought")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "data.label must name a column of" in answer.err
    assert not Path("checkpoints").exists()


def test_polars_is_imported_only_when_a_table_is_read():
    code = "import sys, torchtour.command.fit; print('polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_without_polars_the_command_says_what_brings_it(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(UserError, match=r'pip install "torchtour\[table\]"'):
        open_table(str(file))
