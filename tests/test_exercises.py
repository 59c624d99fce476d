"""The exercises: every right answer is accepted, and every wrong one refused with a hint of its own."""

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

import torchtour.lessons
from torchtour.exercises import LESSONS, lesson_named, outline, solution_file, start_file, tasks
from torchtour.exercises.advice import ADVICE, suspicious_lines
from torchtour.exercises.cells import code_of
from torchtour.exercises.judge import Result, judge, run

GENERAL = {
    "grad_mode",
    "other",
    "error",
    "syntax",
    "missing",
    "kind",
    "exit",
    "import",
    "recursion",
    "forbidden",
    "detached",
    "input_changed",
}  # hints of no single task


class Answer(NamedTuple):
    lesson: str
    task: int
    key: str  # of the mistake; empty if the answer is right
    code: str


def answers(lesson: str) -> list[Answer]:
    found = lesson_named(lesson).answers
    assert len(found) == lesson_named(lesson).read("answers").count("\n# %%"), "a header is malformed"
    return [Answer(lesson, answer.task, answer.key or "", answer.code) for answer in found]


def solved(lesson: str) -> dict[int, str]:
    return lesson_named(lesson).solutions


def checks(lesson: str) -> dict:
    return lesson_named(lesson).checks


@pytest.fixture(autouse=True)
def _same_inputs(monkeypatch):
    """All answers to a task meet the same inputs, so that the reference and the known mistakes run once."""
    monkeypatch.setattr("torchtour.exercises.judge.seed_of", lambda code: 7)


@cache
def judged(lesson: str, task: int, code: str, start: str = "") -> Result:
    """As the child judges it, in this process. An answer that only changes a class is put after the solution's."""
    namespace = {"__name__": "exercise"}
    before = solved(lesson)[0]
    assert run(0, before, namespace, "solution") is None
    name = checks(lesson)[task].names
    if any(f"\n{one}." in code for one in name.split()):
        assert run(0, solved(lesson)[task], namespace, "solution") is None
    return judge(lesson_named(lesson), task, code, start, namespace, f"{lesson}.py")


torch.set_num_threads(1)
ALL = [answer for lesson in LESSONS for answer in answers(lesson)]
RIGHT = [answer for answer in ALL if not answer.key]
WRONG = [answer for answer in ALL if answer.key]


def numbered(chosen: list[Answer]) -> list[str]:
    seen: Counter = Counter()
    names = []
    for answer in chosen:
        name = f"{answer.lesson}-{answer.task}-{answer.key or 'right'}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


@pytest.mark.parametrize("lesson", LESSONS)
def test_solution_solves_every_task(lesson):
    for number in outline(lesson):
        result = judged(lesson, number, solved(lesson)[number])
        assert result.state == "solved", result


@pytest.mark.parametrize("lesson", LESSONS)
def test_start_file_is_open_and_would_not_pass(lesson):
    starts = code_of(start_file(lesson))
    for number in outline(lesson):
        assert judged(lesson, number, starts[number], starts[number]).state == "open"
        assert judged(lesson, number, starts[number]).state != "solved"


def sampled(chosen: list[Answer], n_each: int) -> list:
    """The first answers of each task and mistake; the others are slow, and `make exercises-test` takes all."""
    seen: Counter = Counter()
    parameters = []
    for answer, name in zip(chosen, numbered(chosen), strict=True):
        seen[answer[:3]] += 1
        marks = [pytest.mark.slow] if seen[answer[:3]] > n_each else []
        parameters.append(pytest.param(answer, id=name, marks=marks))
    return parameters


@pytest.mark.parametrize("answer", sampled(RIGHT, 3))
def test_right_answer(answer):
    result = judged(*answer[:2], answer.code)
    assert result.state == "solved", result


@pytest.mark.parametrize("answer", sampled(WRONG, 1))
def test_wrong_answer(answer):
    result = judged(*answer[:2], answer.code)
    assert (result.state, result.key) == ("wrong", answer.key), result
    assert result.message
    assert result.more
    assert "Traceback" not in result.message


def test_no_two_mistakes_share_a_hint():
    names: dict[str, set[str]] = {}
    for answer in WRONG:
        if answer.key in checks(answer.lesson)[answer.task].mistakes:
            message = checks(answer.lesson)[answer.task].mistakes[answer.key][0]
            names.setdefault(message, set()).add(f"{answer.lesson} {answer.task} {answer.key}")
    assert not {message: sharing for message, sharing in names.items() if len(sharing) > 1}
    assert len(names) >= 100


def test_every_hint_belongs_to_a_wrong_answer():
    written = {(lesson, number, key) for lesson in LESSONS for number in outline(lesson)
               for key in checks(lesson)[number].mistakes}  # fmt: skip
    shown = {(answer.lesson, answer.task, answer.key) for answer in WRONG if answer.key not in GENERAL}
    assert written == shown


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_the_code_prints_is_the_prediction_asked_for(lesson, capsys):
    for number, code in code_of(start_file(lesson)).items():
        if not number or not checks(lesson)[number].puzzle:
            continue
        namespace: dict = {}
        exec(code_of(start_file(lesson))[0] + code, namespace)
        namespace[f"puzzle_{number}"]()
        printed = capsys.readouterr().out
        result = judged(lesson, number, f"{code}\n{checks(lesson)[number].names} = {printed!r}")
        assert (result.state, result.printed) == ("solved", printed), result


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_hint_of_a_prediction_gives_it_away(lesson):
    for number in outline(lesson):
        check = checks(lesson)[number]
        if check.puzzle and lesson != "further":  # whose code has the answer in it
            namespace: dict = {}
            exec(solved(lesson)[number], namespace)
            answer = str(namespace[check.names]).removesuffix(".0")
            for hint in (check.hint, *(text for pair in check.mistakes.values() for text in pair)):
                assert not re.search(rf"(?<![\w.^]){re.escape(answer)}(?![\w.]*\w)", hint), hint


ODD = [
    "None",
    "...",
    "'text'",
    "[]",
    "(1, 2)",
    "{}",
    "torch.zeros(2, 3, 4)",
    "True",
    "object()",
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("lesson", LESSONS)
def test_odd_answers_are_wrong(lesson, odd):
    for number in outline(lesson):
        check = checks(lesson)[number]
        code = "import torch\n"
        for name in check.names.split():
            code += f"{name} = {odd}\n" if check.puzzle else f"def {name}(*args, **kwargs):\n    return {odd}\n"
        result = judged(lesson, number, code)
        assert result.state == ("open" if odd == "..." and check.puzzle else "wrong"), result
        assert "fails when" not in result.message, (check.names, result)


MEASURED = """def measured(net, features, labels):
    {first}
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    {last}
    return (answers == labels).float().mean().item()
    net.train()
"""
SLIPS = [  # lesson, task, code, what the message must say, what --hint must say
    ("data", 1, "number_of_batches == 4", "Look at line 1: `==` compares", "with `=`"),
    ("data", 1, "number_of_batches = puzzle_2", "'puzzle_2' is not defined", "import"),
    ("data", 1, "number_of_batches = 4,", "is a tuple, and the prediction should be a number", ""),
    ("data", 1, "number_of_batches = print(4)", "is None, and the prediction should be a number", ""),
    ("data", 3, "def batches(features, labels, size):\n    print(features)", "is None. Does each way", ""),
    (
        "data",
        3,
        "def batches(features, labels, size):\n    for i in (0, 3, 6):\n"
        "        one = features[i : i + 3], labels[i : i + 3]\n        return [one]",
        "Look at line 4: this `return` ends the loop",
        "",
    ),
    ("data", 3, "def batches(features, labels, size):\n    return [].append(1, 2)", "line 2", "round brackets"),
    ("data", 3, "def batches(features, labels, size):\n    return range(7 / size)", "'float'", "`//`"),
    ("data", 4, "def shuffled(features, labels):\n    return features(labels), labels", "line 2", "square ones"),
    ("data", 4, "def shuffled(features, labels):\n    return features[:, labels], labels", "line 2", "dimension"),
    ("data", 4, "def shuffled(features, labels):\n    return torch.randperm(features)", "not Tensor", "type"),
    ("data", 4, "def shuffled(features, labels):\n    return feature, labels", "mean `features`?", "spelled"),
    ("data", 5, "def split_and_scale(features, n_train):\n    return features - features.mean(1)", "line 2", "shapes"),
    ("data", 6, "def confusion_matrix(answers, labels, n):\n    if n = 3: return n", "instead of '='?", "line"),
    (
        "generalisation",
        2,
        MEASURED.format(first="net.eval", last="pass"),
        "line 2: `net.eval` alone does nothing",
        "no_grad",
    ),
    ("generalisation", 2, MEASURED.format(first="net.eval()", last="pass"), "line 7: nothing runs after", "Set it"),
    ("generalisation", 2, MEASURED.format(first="net.eval()", last="x"), "'x' is not defined", "spelled"),
    ("generalisation", 2, "def measured(net, features):\n    return 1", "3 were given", "hands over"),
    ("generalisation", 3, "def stop_epoch(losses, patience):\n    return best", "'best' is not defined", "`=`"),
    ("generalisation", 3, "def stop_epoch(losses, patience):\n    n += 1", "line 2", "some way through"),
    ("generalisation", 3, "def stop_epoch(losses, patience):\n    return losses[99]", "out of range", "count from 0"),
    ("generalisation", 3, "def stop_epoch(losses, patience):\n    return losses.min()", "line 2", "no methods of a"),
    (
        "generalisation",
        3,
        "def stop_epoch(losses, patience):\n    for e in losses:\n        return len(losses)",
        "expected 5.\nLook at line 3",
        "",
    ),
    (
        "generalisation",
        4,
        "def clipped(gradients, max_norm):\n    if max_norm < 0:\n        return [g / 2 for g in gradients]",
        "What `clipped` returns is None",
        "",
    ),
    (
        "generalisation",
        4,
        "def clipped(gradients, max_norm):\n    return torch.tensor(gradients)",
        "line 2",
        "elements",
    ),
    ("generalisation", 4, "def clipped(gradients, max_norm):\n    return torch.stack(gradients)", "line 2", "shapes"),
    ("generalisation", 4, "def clipped(gradients, max_norm):\n    return 2.0^max_norm", "line 2", "`**`"),
    ("generalisation", 5, "def kaiming_layer(a, b):\n    return nn.linear(a, b)", "mean `Linear`?", "spelled"),
    ("generalisation", 5, "def kaiming_layer(a, b):\n    return nn.Linear(a, b, bias=False)", "has no bias", ""),
    ("generalisation", 5, "def kaiming_layer(a, b):\n    nn.Linear(a, b)", "returns is None", ""),
    (
        "generalisation",
        5,
        "def kaiming_layer(a, b):\n    layer = nn.Linear(a, b)\n    layer.weight = torch.randn(b, a)\n    return layer",
        "line 3",
        "nn.Parameter",
    ),
    ("generalisation", 6, "class BatchNorm(nn.Module):\n    def __init__(self, n):\n        pass", "fails", "super()"),
    ("data", 4, "def shuffled(features, labels):\n    return print()[0], labels", "'NoneType'", "is None here"),
    ("data", 4, "def shuffled(features, labels):\n    return features[0, 0, 0], labels", "line 2", "a place in the"),
    ("data", 4, "def shuffled(features, labels):\n    return len[features], labels", "line 2", "called with round"),
    ("data", 4, "def shuffled(features, labels):\n    return labels.mean(), labels", "dtype", "floats first"),
    (
        "data",
        4,
        "def shuffled(features, labels, order):\n    return features[order]",
        "positional argument: 'order'",
        "the `def` asks for",
    ),
    ("data", 2, "class Points(Dataset):\n    def __init__(self, x, y):\n        self.x = y.foo", "'foo'", "spelled"),
    (
        "generalisation",
        6,
        "class BatchNorm(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
        "        self.register_buffer('mean', torch.zeros(n))\n        self.register_buffer('var', torch.ones(n))",
        "",
        "forward",
    ),
    ("generalisation", 6, "class BatchNorm(nn.Module):\n    def __init__(n):\n        pass", "2 were given", "`self`"),
]


@pytest.mark.parametrize(("lesson", "task", "code", "message", "more"), SLIPS)
def test_common_slips_are_named(lesson, task, code, message, more):
    result = judged(lesson, task, code)
    assert result.state == "wrong"
    assert message in result.message, result
    assert more in result.more, result


def test_all_advice_is_given_somewhere():
    assert {*ADVICE.values()} <= {judged(*slip[:3]).more for slip in SLIPS}


@pytest.mark.parametrize("lesson", LESSONS)
def test_right_answers_hold_no_suspicious_lines(lesson):
    assert not suspicious_lines(solution_file(lesson))
    assert not [answer for answer in RIGHT if answer.lesson == lesson and suspicious_lines(answer.code)]


def test_code_whose_marker_was_deleted_still_counts():
    source = start_file("generalisation").replace("mend it.\n\n# %%\n", "mend it.\n\n\n")
    assert code_of(source) == code_of(start_file("generalisation")) != code_of(source.replace("\ndef measured", "\n#"))


def test_no_path_of_the_machine_is_shown():
    result = judged("data", 1, "from torch import nnn")
    assert result.message.endswith("cannot import name 'nnn' from 'torch'")


def test_endless_printing_is_cut():
    code = "for i in range(10**5):\n    print(i)\nshape_of_difference = [4, 4]\ndef puzzle_1():\n    pass\n"
    result = judged("tensors", 1, code)
    assert result.state == "solved"
    assert len(result.printed) < 1010
    assert result.printed.endswith("...\n")


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_a_hint_quotes_from_the_lesson_is_there(lesson):
    text = (Path(torchtour.lessons.__file__).parent / f"{lesson}.py").read_text(encoding="utf-8")
    for check in checks(lesson).values():
        hints = [check.hint, *(text for pair in check.mistakes.values() for text in pair)]
        for sentence in re.findall(r"[^.?]*\blesson\b[^.?]*", " ".join(hints)):
            for quoted in re.findall("`([^`]+)`", sentence):
                assert quoted in text


def test_every_task_has_enough_answers():
    right = Counter((answer.lesson, answer.task) for answer in RIGHT)
    wrong = Counter((answer.lesson, answer.task) for answer in WRONG)
    for lesson in LESSONS:
        for number in outline(lesson):
            assert right[lesson, number] >= 3, (lesson, number)
            assert wrong[lesson, number] >= 5, (lesson, number)


@pytest.mark.parametrize("lesson", LESSONS)
def test_tasks_are_complete(lesson):
    listed = tasks(lesson)
    assert [task.number for task in listed] == list(range(1, len(listed) + 1))
    assert 4 <= len(listed) <= 6
    assert {task.kind for task in listed} == {"predict", "fill in", "break and fix"}
    assert [task.number for task in listed if task.text.startswith("A small challenge")] == [len(listed)]
    for task in listed:
        assert 1 <= task.minutes <= 10
        assert task.text
        assert task.start != task.solution
        assert f"# Task {task.number}: {task.title}\n" in solution_file(lesson)
        assert all(name in task.start for name in checks(lesson)[task.number].names.split())
