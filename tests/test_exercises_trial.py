"""The trial of an answer: what it sees, what it forgives, and whose mistake a failure is."""

import math
import warnings

import pytest
import torch
from torch import nn

from torchtour.exercises import FOLDER, LESSONS, Lesson, lesson_named, outline
from torchtour.exercises.compare import difference, show
from torchtour.exercises.judge import Check, defined_by, findings, judge, recorded, run, seed_of
from torchtour.exercises.mutants import equivalents, is_rejected, matches, mutants_of
from torchtour.exercises.trial import AnswerError, Ban, Draw, Trial, WrongAnswer, changed, has_loop, snapshot

torch.set_num_threads(1)
TENSOR = torch.tensor([[1.0, -2.0], [3.5, 0.25]])


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (TENSOR + 1e-6, TENSOR),
        (nn.Parameter(TENSOR), TENSOR),
        (torch.tensor(math.nan), torch.tensor(math.nan)),
        (3, 3.0),
        (3.0, 3),
        (math.nan, math.nan),
        ([1, 2], (1, 2)),
        ((TENSOR, [1]), (TENSOR, (1,))),
        ({"a": TENSOR}, {"a": TENSOR.clone()}),
        (None, None),
        ("x", "x"),
    ],
)
def test_equal_values_do_not_differ(got, expected):
    assert difference(got, expected) is None


@pytest.mark.parametrize(
    ("got", "expected", "text"),
    [
        (TENSOR + 1e-3, TENSOR, "is [[1.001"),
        (TENSOR.double(), TENSOR, "numbers of type torch.float64, expected torch.float32"),
        (TENSOR.flatten(), TENSOR, "the shape [4], expected [2, 2]"),
        (TENSOR.tolist(), TENSOR, "is a list, expected a tensor"),
        (TENSOR.to("meta"), TENSOR, "on the device meta, expected cpu"),
        (TENSOR.to_sparse(), TENSOR, "layout"),
        (torch.tensor([1, 2]), torch.tensor([1, 3]), "is [1, 2], expected [1, 3]"),
        (torch.tensor(math.nan), torch.tensor(1.0), "is nan"),
        (torch.tensor(3.0), 3.0, "is a tensor, expected a Python number"),
        (True, 1, "is a bool"),
        (3.001, 3.0, "is 3.001, expected 3.0"),
        (1.1, 1.0986, "Is it rounded?"),
        ((1, 2), [1, 2], "is a tuple, expected a list"),
        ([1, 2, 3], [1, 2], "holds 3 values, expected 2"),
        ([1, 5], [1, 2], "in place 1"),
        ({"b": 1}, {"a": 1}, "has the names ['b']"),
        ({"a": 1}, {"a": 2}, "wrong for `a`"),
        (None, 3, "is None. Does each way"),
        (..., 3, "still `...`"),
        ("3", 3, "is a string"),
    ],
)
def test_difference_says_what_differs(got, expected, text):
    assert text in difference(got, expected)


def graded(grade, answer, reference, **more):
    """What one case shows of an answer."""
    recorded = Trial(Draw(3, 0), {id(reference): "f"})
    grade(recorded, reference)
    trial = Trial(Draw(3, 0), {id(answer): "f"}, expected=recorded.recorded, **more)
    grade(trial, answer)
    return trial.findings


def double(t, answer):
    t.call(answer, t.draw.normal(3), names="x")


def test_call_sees_the_result_and_the_input():
    with pytest.raises(WrongAnswer) as wrong:
        graded(double, lambda x: 3 * x, lambda x: 2 * x)
    lines = wrong.value.seen.splitlines()
    assert lines[0] == "f(x) with"
    assert lines[1].startswith("x = [")
    assert lines[2].startswith("got tensor [3] [")
    assert lines[3].startswith("expected tensor [3] [")


def test_call_sees_changed_inputs():
    with pytest.raises(WrongAnswer, match="changes `x`") as wrong:
        graded(double, lambda x: x.mul_(2), lambda x: 2 * x)
    assert wrong.value.key == "input_changed"
    graded(lambda t, answer: t.call(answer, t.draw.normal(3), names="x", changes=["x"]), lambda x: x.mul_(2),
           lambda x: 2 * x)  # fmt: skip


def test_call_sees_gradients_left_off():
    def answer(x):
        torch.set_grad_enabled(False)
        return 2 * x

    with pytest.raises(WrongAnswer, match="switched off"):
        graded(double, answer, lambda x: 2 * x)
    assert torch.is_grad_enabled()


def slopes(t, answer):
    x, y = t.draw.normal(3).requires_grad_(), t.draw.normal(3).requires_grad_()
    t.gradients(t.call(answer, x, y, names="x y"), x=x, y=y)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (lambda x, y: (x * y).detach(), "cannot go back"),
        (lambda x, y: x * y.detach(), "no gradient reaches `y`"),
        (lambda x, y: x * y + x - x.detach(), "gradient that reaches `x`"),
    ],
)
def test_gradients_are_compared(answer, text):
    assert not graded(slopes, lambda x, y: y * x, lambda x, y: x * y)
    with pytest.raises(WrongAnswer, match=text):
        graded(slopes, answer, lambda x, y: x * y)


def test_errors_are_the_answers_only_inside_a_call():
    def answer(x):
        raise KeyError("mine")

    with pytest.raises(AnswerError, match="mine"):
        graded(double, answer, lambda x: 2 * x)

    def broken(t, answer):
        t.call(answer, 1, names="x")
        t.undefined()

    with pytest.raises(AttributeError):
        graded(broken, lambda x: x, lambda x: x)


def test_parts_note_and_go_on():
    def grade(t, answer):
        for number in range(3):
            t.call(answer, number, names="x", go_on=True)

    found = graded(grade, lambda x: x**2, lambda x: 2 * x)
    assert [wrong.got for wrong in found] == [1]  # 0 and 2 are right
    found = graded(grade, lambda x: 1 / x, lambda x: 2 * x)
    assert [type(wrong) for wrong in found] == [AnswerError, WrongAnswer, WrongAnswer]


@pytest.mark.parametrize(
    ("ban", "answer"),
    [
        (Ban("cdist", ("cdist",)), lambda x: torch.cdist(x[:, None], x[:, None])),
        (Ban("cdist", ("cdist",)), lambda x: torch.functional.cdist(x[:, None], x[:, None])),
        (Ban("clip", python_functions=(nn.utils.clip_grad_norm_,)), lambda x: nn.utils.clip_grad_norm_([x], 1.0)),
    ],
)
def test_bans_are_observed(ban, answer):
    def grade(t, answer):
        t.call(answer, t.draw.normal(3), names="x", compare=False)

    assert not graded(grade, lambda x: x, lambda x: x, bans=[ban])
    with pytest.raises(WrongAnswer, match="without c"):
        graded(grade, answer, lambda x: x, bans=[ban])


@pytest.mark.parametrize(
    ("code", "loops"),
    [("a + b", False), ("for x in y: pass", True), ("[x for x in y]", True), ("list(map(f, y))", True),
     ("while x: pass", True), ("{1: 2}", False), ("table.map(f)", False)],
)  # fmt: skip
def test_loops_are_found(code, loops):
    assert has_loop(code) is loops


def test_snapshot_sees_every_change():
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    values = {"tensor": torch.ones(2), "list": [torch.ones(2)], "dict": {"a": 1}, "net": net}
    before = {name: snapshot(value) for name, value in values.items()}
    assert not any(changed(before[name], snapshot(value)) for name, value in values.items())
    values["tensor"].requires_grad_()
    values["list"].append(1)
    values["dict"]["b"] = 2
    net[1].running_mean.add_(1)
    assert all(changed(before[name], snapshot(value)) for name, value in values.items())
    net = nn.Linear(2, 2)
    for change in (lambda: net(torch.ones(1, 2)).sum().backward(), lambda: net.register_forward_hook(print),
                   lambda: net.weight.requires_grad_(False)):  # fmt: skip
        before = snapshot(net)
        change()
        assert changed(before, snapshot(net))


def test_sizes_differ_from_case_to_case():
    for seed in range(20):
        sizes = [Draw(seed, case).size(2, 4) for case in range(3)]
        assert len(set(sizes)) == 3
        triples = [tuple(Draw(seed, case).sizes(3, 2, 6)) for case in range(3)]
        assert len(set(triples)) == 3
        assert all(len(set(triple)) == 3 for triple in triples)
    assert torch.equal(Draw(1, 0).normal(3), Draw(1, 0).normal(3))
    assert not torch.equal(Draw(1, 0).normal(3), Draw(2, 0).normal(3))


def test_labels_hold_each_class():
    for seed in range(20):
        assert set(Draw(seed, 0).labels(5, 4).tolist()) == {0, 1, 2, 3}


def test_seed_follows_the_code():
    assert seed_of("a") == seed_of("a") != seed_of("b")


def test_show_is_short():
    assert show(torch.arange(10**4)) == "[0, 1, 2, 3, 4, 5, 6, 7, ...]"
    assert show(1 / 3) == "0.333333"


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_check_has_cases_of_its_own(lesson):
    for number, check in lesson_named(lesson).checks.items():
        assert check.puzzle or check.n_cases >= 2, number


@pytest.mark.parametrize("lesson", LESSONS)
def test_answers_are_judged_alike_for_other_inputs(lesson):
    """One drawn set of inputs after the other: right stays right, and wrong is never solved."""
    found = lesson_named(lesson)
    for place, answer in enumerate(found.answers[:: 1 + len(found.answers) // 6]):
        check = found.checks[answer.task]
        if check.puzzle or answer.key in ("missing", "kind", "syntax", "import", "error"):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names = defined_by(found, answer.task, answer.code)
            wrong = findings(
                found, answer.task, [names[name] for name in check.names.split()], answer.code, 100 + place
            )
        assert any(wrong) is (answer.key is not None), answer


def test_sample_of_mutants_is_rejected():
    known = [one.pattern for one in equivalents()]
    survivors = []
    for place, lesson in enumerate(LESSONS):
        found = lesson_named(lesson)
        mutants = mutants_of(found, min(3 + place % 3, max(outline(lesson))))  # `make exercises-test` takes all
        for mutant in mutants[place :: 1 + len(mutants) // 6]:
            if not is_rejected(found, mutant) and not any(matches(mutant, pattern) for pattern in known):
                survivors.append(mutant)
    assert not survivors


def test_mutants_are_small_changes():
    changes = {mutant.change for mutant in mutants_of(lesson_named("training"), 3)}
    assert {"optimizer.step() -> gone", "optimizer.zero_grad() -> gone", "@torch.no_grad() train"} <= changes
    assert {"train: lr = 2", "train: epochs = 3", "loss.item() -> loss"} <= changes


def test_mutants_find_a_weak_check():
    lesson = Lesson("networks", FOLDER / ".." / "exercises")  # not the one that others have cached
    strong = lesson.checks[3]
    weak = Check("linear", lambda t, answer: t.call(answer, torch.eye(2), torch.eye(2), torch.zeros(2)), "")
    lesson.__dict__["checks"] = {**lesson.checks, 3: weak}
    n_weak = sum(not is_rejected(lesson, mutant) for mutant in mutants_of(lesson, 3))
    recorded.cache_clear()
    lesson.__dict__["checks"] = {**lesson.checks, 3: strong}
    n_strong = sum(not is_rejected(lesson, mutant) for mutant in mutants_of(lesson, 3))
    assert n_weak >= 5
    assert n_strong == 0


ISSUE = {  # answers that were accepted, or blamed wrongly, before checks were trials
    ("training", 5): "def accuracy(net, features, labels):\n"
    "    return (features.argmax(dim=1) == labels).float().mean().item()",
    ("networks", 5): "def predicted_classes(net, features):\n    return features.argmax(dim=1)",
    ("networks", 3): "def linear(features, weight, bias):\n    return (features @ weight.T + bias).detach()",
    ("autograd", 5): "def line_step(w, b, x, y, lr):\n"
    "    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))\n"
    "    return (w - 0.1 * dw).detach(), (b - 0.1 * db).detach()",
    ("tensors", 6): "def distances(a, b):\n    return torch.cdist(a, b)",
    ("tables", 5): "def copies_across(train, test):\n    known = set(train.sum(1).tolist())\n"
    "    return sum(x in known for x in test.sum(1).tolist())",
}


@pytest.mark.parametrize(("lesson", "number"), ISSUE)
def test_what_was_accepted_is_refused(lesson, number):
    found, namespace = lesson_named(lesson), {"__name__": "exercise"}
    assert run(0, found.solutions[0], namespace, "start") is None
    result = judge(found, number, ISSUE[lesson, number], "", namespace, "mine.py")
    assert result.state == "wrong"
    assert result.seen or result.key == "forbidden"
