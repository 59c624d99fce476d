"""`torchtour exercises` and `torchtour check`, with the process that runs the learner's code."""

import json
import subprocess
import sys

import pytest

from torchtour.command.check import check
from torchtour.command.exercises import exercises
from torchtour.exercises import LESSONS, outline, start_file
from torchtour.settings import UserError

HOSTILE = {  # instead of the answer to each task of lesson 1
    1: "import os\nos.remove({path!r})\nprint('seen')\nshape_of_difference = [4]",
    2: "after_writing = [100, 1",
    3: "def column_by_column(table):\n    while True:\n        pass",
    4: "def standardised(table):\n    import os\n    os._exit(0)",
    5: "def mean_squared_error(predicted, truth):\n    raise SystemExit(0)",
    6: "import pandas_of_nobody",
}


def hostile(path) -> str:
    cells = "".join(
        f"# %% [markdown]\n# Task {number}: x\n\n# %%\n{code.format(path=str(path))}\n\n"
        for number, code in HOSTILE.items()
    )
    return f"# %%\n# torchtour exercises: tensors\nimport torch\n\n{cells}"


@pytest.mark.slow
def test_every_accident_is_a_message_and_a_class_is_graded(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(hostile(path))
    assert check([str(tmp_path / "nobody.py"), str(path), "--limit", "3", "--json"]) == 2
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert "cannot read" in report["files"][0]["error"]
    tasks = report["files"][1]["tasks"]
    assert [task["key"] for task in tasks] == ["pairwise", "syntax", "slow", "dead", "exit", "import"]
    assert tasks[0]["printed"] == "seen\n"
    assert "line 18" in tasks[1]["message"]
    assert "3 seconds" in tasks[2]["message"]
    assert (report["solved"], report["of"]) == (0, 6)
    assert "Traceback" not in out + err
    assert path.read_text() == hostile(path)  # the code deleted it
    assert "deleted" in err


def test_file_checks_itself(tmp_path):
    path = tmp_path / "data.py"  # a name that other modules could import by mistake
    path.write_text(start_file("autograd").replace("half_watched = ...", "half_watched = 4"))
    done = subprocess.run([sys.executable, path, "--hint"], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (1, "")
    assert "1. Backward twice: open\n   The derivative" in done.stdout
    assert "2. Half watched: solved\n   | 4.0" in done.stdout  # what the code prints, once it is predicted
    assert done.stdout.endswith("1 of 6 solved\n")


def test_status_says_whether_all_is_solved(tmp_path, monkeypatch, capsys):
    def judged(source, lesson, *_):
        return [
            {"task": n, "state": "solved" if lesson == "data" else "wrong", "message": "", "more": "", "printed": ""}
            for n in outline(lesson)
        ]

    monkeypatch.setattr("torchtour.command.check.check_source", judged)
    exercises([str(tmp_path), "data", "further"])
    assert check([str(tmp_path / "data.py")]) == 0
    assert check([str(tmp_path)]) == 1
    assert capsys.readouterr().out.endswith("6 of 12 solved\n")


def test_exercises_are_written_once(tmp_path, capsys):
    folder = tmp_path / "new" / "exercises"
    assert exercises([str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == {f"{lesson}.py" for lesson in LESSONS}
    for lesson in LESSONS:
        assert (folder / f"{lesson}.py").read_text(encoding="utf-8") == start_file(lesson)
    assert f"{sum(len(outline(lesson)) for lesson in LESSONS)} tasks in {len(LESSONS)} files" in capsys.readouterr().out
    (folder / "data.py").write_text("mine")
    (folder / "tensors.py").unlink()
    with pytest.raises(UserError, match=r"autograd\.py is there already, and nothing was written"):
        exercises([str(folder)])
    assert (folder / "data.py").read_text() == "mine"
    assert not (folder / "tensors.py").exists()
    assert exercises([str(folder), "tensors"]) == 0
    assert (folder / "tensors.py").exists()


def test_nothing_half_written(tmp_path, monkeypatch):
    import builtins

    real = builtins.open

    def full(path, *args, **kwargs):
        if str(path).endswith("training.py"):
            raise OSError(28, "No space left on device")
        return real(path, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", full)
    with pytest.raises(UserError, match=r"cannot write .*training\.py: No space left"):
        exercises([str(tmp_path)])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nowhere.py"], "cannot read nowhere.py: No such file or directory$"),
        (["other"], r"cannot read other: No such file or directory \(did you mean other.py\?\)"),
        (["other.py"], "other.py is no exercise file"),
        (["binary.py"], "not text in UTF-8"),
        (["empty"], "holds no exercise file"),
        ([], "required: FILE"),
        (["other.py", "--limit", "0"], "invalid seconds value"),
        (["other.py", "--limit", "nan"], "invalid seconds value"),
        (["other.py", "--hnt"], "unrecognized arguments"),
    ],
)
def test_mistakes_of_the_user(tmp_path, monkeypatch, args, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "other.py").write_text("print('no exercise')")
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=message) as error:
        check(args)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("args", "message"),
    [(["x", "nolesson"], "there is no lesson"), ([], "required: DIR [(]"), (["file/under"], "cannot write")],
)
def test_mistakes_of_who_wants_exercises(tmp_path, monkeypatch, args, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=message) as error:
        exercises(args)
    assert "\n" not in str(error.value)
