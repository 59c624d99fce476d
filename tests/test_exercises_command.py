"""`torchtour exercises` and `torchtour check`, with the process that runs the learner's code."""

import json
import os
import queue
import subprocess
import sys
import threading
import time

import pytest

from torchtour.command.check import check
from torchtour.command.exercises import exercises
from torchtour.exercises import LESSONS, lesson_named, outline, start_file
from torchtour.exercises.check import Server, check_source
from torchtour.exercises.ours import ours_beside_yours
from torchtour.exercises.progress import Progress
from torchtour.settings import UserError

SLOWER = 4  # than a machine that does nothing else

HOSTILE = {  # instead of the answer to each task of lesson 1
    1: "import os\nos.remove({path!r})\nprint('seen')\nshape_of_difference = [4]",
    2: "after_writing = [100, 1",
    3: "def column_by_column(table):\n    while True:\n        pass",
    4: "def standardised(table):\n    import os\n    os._exit(0)",
    5: "def mean_squared_error(predicted, truth):\n    raise SystemExit(0)",
    6: "import pandas_of_nobody",
}


def hostile(path) -> str:
    return hostile_source({number: code.format(path=str(path)) for number, code in HOSTILE.items()})


def hostile_source(codes: dict[int, str]) -> str:
    cells = "".join(f"# %% [markdown]\n# Task {number}: x\n\n# %%\n{code}\n\n" for number, code in codes.items())
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
    assert f"1. Backward twice: open  ({path}:28)\n   Hint: The derivative" in done.stdout
    assert "2. Half watched: solved\n   | 4.0" in done.stdout  # what the code prints, once it is predicted
    assert "[----------] 1 of 78\nNext: " in done.stdout
    assert done.stdout.endswith("1 of 6 solved\n")


def test_status_says_whether_all_is_solved(tmp_path, monkeypatch, capsys):
    def judged(source, lesson, *_):
        return [
            {"task": n, "state": "solved" if lesson.name == "data" else "wrong"}
            | {"key": "", "message": "", "more": "", "printed": "", "seen": ""}
            for n in lesson.outline
        ]

    monkeypatch.setattr("torchtour.command.check.check_source", judged)
    exercises([str(tmp_path), "data", "further"])
    assert check([str(tmp_path / "data.py")]) == 0
    assert check([str(tmp_path)]) == 1
    assert capsys.readouterr().out.endswith("6 of 12 solved\n")


def test_missing_files_are_added(tmp_path, capsys):
    folder = tmp_path / "new" / "exercises"
    assert exercises([str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == {f"{lesson}.py" for lesson in LESSONS}
    for lesson in LESSONS:
        assert (folder / f"{lesson}.py").read_text(encoding="utf-8") == start_file(lesson)
    assert f"{sum(len(outline(lesson)) for lesson in LESSONS)} tasks in {len(LESSONS)} files" in capsys.readouterr().out
    (folder / "data.py").write_text("mine")
    (folder / "tensors.py").unlink()
    assert exercises([str(folder)]) == 0
    assert "6 tasks in 1 file" in capsys.readouterr().out
    assert (folder / "data.py").read_text() == "mine"
    assert (folder / "tensors.py").read_text(encoding="utf-8") == start_file("tensors")


def test_reset_restores_one_task(tmp_path, capsys):
    exercises([str(tmp_path), "tensors"])
    path = tmp_path / "tensors.py"
    start = path.read_text(encoding="utf-8")
    changed = start.replace("shape_of_difference = ...", "shape_of_difference = 1").replace(
        "return (predicted - truth)", "return 0 * (predicted - truth)"
    )
    path.write_text(changed, encoding="utf-8")
    assert exercises([str(tmp_path), "--reset", "tensors.5"]) == 0
    assert path.read_text(encoding="utf-8") == start.replace("shape_of_difference = ...", "shape_of_difference = 1")
    assert (tmp_path / "tensors.py.bak").read_text(encoding="utf-8") == changed
    assert str(tmp_path / "tensors.py.bak") in capsys.readouterr().out
    for task in ("tensors", "tensors.9", "nothing.1", "tensors.x"):
        with pytest.raises(UserError, match="there is no task"):
            exercises([str(tmp_path), "--reset", task])
    assert exercises([str(tmp_path), "--reset", "tensors.1"]) == 0
    assert path.read_text(encoding="utf-8") == start


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


def results(solved: set[int], numbers: range) -> list[dict]:
    return [{"task": number, "state": "solved" if number in solved else "open"} for number in numbers]


def test_progress_counts_code_as_checked(tmp_path):
    exercises([str(tmp_path), "tensors", "data"])
    path, lesson = tmp_path / "tensors.py", lesson_named("tensors")
    source = path.read_text(encoding="utf-8").replace("after_writing = ...", "after_writing = [100, 1]")
    path.write_text(source, encoding="utf-8")
    assert Progress(tmp_path).note(lesson, source, results({2}, range(1, 7))) == [2]
    again = Progress(tmp_path)  # another session
    assert again.counts() == (1, 78)
    assert again.bar() == "[----------] 1 of 78"
    assert again.table()[0].split()[:5] == ["Tensors", "and", "their", "shapes", ".#...."]
    assert again.next_lines()[0] == f"Next: {path}:27"
    assert again.note(lesson, source, results({2, 3}, range(1, 7))) == [3]
    path.write_text(source.replace("[100, 1]", "[1, 1]"), encoding="utf-8")
    assert Progress(tmp_path).counts() == (1, 78)  # task 3 alone: task 2 has changed since


def test_progress_bar_fills_at_the_end_only(tmp_path):
    progress = Progress(tmp_path)
    for solved, bar in [(0, "[----------]"), (39, "[#####-----]"), (77, "[#########-]"), (78, "[##########]")]:
        progress.counts = lambda solved=solved: (solved, 78)
        assert progress.bar() == f"{bar} {solved} of 78"


def test_broken_progress_file_is_ignored(tmp_path):
    exercises([str(tmp_path), "tensors"])
    for text in ("{", "[]", '{"tensors": 3}'):
        (tmp_path / ".torchtour_progress.json").write_text(text)
        assert Progress(tmp_path).counts()[0] == 0


def test_ours_is_shown_once_a_task_is_solved():
    yours = 'def f(x):\n    """Text."""\n    y = x.T  # turned\n    return y.reshape(-1)\n'
    ours = "def f(x):\n    return x.T.reshape(-1)  # view can't\n"
    assert ours_beside_yours(yours, ours) == [
        "  def f(x):",
        "-     y = x.T  # turned",
        "-     return y.reshape(-1)",
        "+     return x.T.reshape(-1)  # view can't",
    ]
    assert ours_beside_yours(ours.replace("(-1)", "( -1 )"), ours) == ["Ours is the same.", "# view can't"]


def test_solution_is_not_shown_before(tmp_path, capsys):
    path = tmp_path / "tensors.py"
    path.write_text(start_file("tensors").replace("after_writing = ...", "after_writing = [100, 1]"))
    assert check([str(path), "--ours", "--hint"]) == 1
    out = capsys.readouterr().out
    assert "Ours is the same." in out
    assert "[4, 4]" not in out
    assert "(predicted.squeeze(1) - truth)" not in out


OWN = {
    "start": """# %% [markdown]
# Exercises: Waves
# ================

# %%
# torchtour exercises: waves

import torch

# %% [markdown]
# Task 1: Up and down
# -------------------
#
# *Fill in, 2 minutes.* Write the function.

# %%


def wave(x):
    \"\"\"The sine of x.\"\"\"
    ...
""",
    "solutions": """# %%
# torchtour exercises: waves

import torch

# %% [markdown]
# Task 1: Up and down

# %%


def wave(x):
    return torch.sin(x)
""",
    "checkers": """from torchtour.exercises.judge import Check


def wave(t, answer):
    t.call(answer, t.draw.normal(t.draw.size(2, 5)), names="x")


CHECKS = {1: Check("wave", wave, "A function of torch.", {"cosine": ("That is the cosine.", "sin")})}
""",
    "answers": """# %% 1 wrong cosine
def wave(x): return x.cos()
""",
}


def test_tasks_of_ones_own(tmp_path, capsys):
    course, mine = tmp_path / "course", tmp_path / "mine"
    for kind, text in OWN.items():
        (course / kind).mkdir(parents=True)
        (course / kind / "waves.py").write_text(text)
    assert exercises([str(mine), "--course", str(course)]) == 0
    assert "Waves  .       0 of 1" in capsys.readouterr().out
    path = mine / "waves.py"
    for code, key in (("x.cos()", "cosine"), ("2 * x", "other"), ("x.sin()", "")):
        path.write_text(OWN["start"].replace("    ...\n", f"    return {code}\n"))
        assert check([str(path), "--course", str(course), "--json"]) == (1 if key else 0)
        task = json.loads(capsys.readouterr().out)["files"][0]["tasks"][0]
        assert task["key"] == key
        assert bool(task["seen"]) is bool(key)  # the failing input
    broken = OWN["checkers"].replace("t.draw.size(2, 5)", "1 / 0")
    (course / "checkers" / "waves.py").write_text(broken)
    assert check([str(path), "--course", str(course), "--json"]) == 2  # the checker's mistake, not the learner's
    task = json.loads(capsys.readouterr().out)["files"][0]["tasks"][0]
    assert task["state"] == "unchecked"
    assert "not in your answer" in task["message"]
    with pytest.raises(UserError, match="is not a course"):
        check([str(path), "--course", str(mine)])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a terminal of Unix")
def test_watch_checks_on_save_and_stays(tmp_path):
    import pty

    exercises([str(tmp_path), "tensors", "data"])
    path = tmp_path / "tensors.py"
    main, other = pty.openpty()
    command = [sys.executable, "-m", "torchtour", "check", str(tmp_path), "--watch"]
    process = subprocess.Popen(command, stdin=other, stdout=subprocess.PIPE, text=True)
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True)
    reader.start()

    def screen() -> str:
        text = ""
        while not text.endswith("q quit\n"):
            text += lines.get(timeout=120)
        return text

    try:
        first = screen()
        assert f"{path}:27\n1. A column minus a row: open" in first
        os.write(main, b"h")
        assert "Hint: Write the shapes" in screen()
        started = time.monotonic()
        path.write_text(start_file("tensors").replace("shape_of_difference = ...", "shape_of_difference = [4, 4]"))
        solved = screen()
        assert time.monotonic() - started < 2 * SLOWER
        assert "1. A column minus a row: solved" in solved
        assert "Ours is the same." in solved
        assert "Press n for the next task." in solved
        os.write(main, b"n")
        assert f"{path}:45\n2. Who shares memory?: open" in screen()
        os.write(main, b"q")
        assert process.wait(timeout=60) == 1
    finally:
        process.kill()
        process.wait()
        reader.join(timeout=60)
        process.stdout.close()
        os.close(main)
        os.close(other)


def test_server_survives_loops_and_exits(tmp_path):
    lesson, server = lesson_named("tensors"), Server()
    try:
        loop = "def column_by_column(table):\n    while True:\n        pass"
        found = check_source(hostile_source({3: loop, 4: HOSTILE[4]}), lesson, "x.py", 2.0, server.running)
        assert [task["key"] for task in found[2:4]] == ["slow", "dead"]
        assert "2 seconds" in found[2]["message"]
        found = check_source(lesson.read("solutions"), lesson, "x.py", 20.0, server.running)
        assert {task["state"] for task in found} == {"solved"}
    finally:
        server.close()
