"""Judge the code of one task: solved, open, or what is wrong, with the hint that fits."""

import ast
import contextlib
import io
import re
import traceback
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from itertools import chain
from typing import Any, Literal

import numpy as np
import torch

from torchtour.exercises import Lesson
from torchtour.exercises.advice import advice, did_you_mean, suspicious_lines
from torchtour.exercises.cells import same_code
from torchtour.exercises.compare import article, difference, is_number
from torchtour.exercises.trial import AnswerError, Ban, Draw, Finding, Trial, WrongAnswer

MISSING = object()
MAX_PRINTED = 1000  # characters of the learner's own output that are kept
N_CASES = 3


@dataclass(frozen=True)
class Result:
    """What the check says of one task.

    `key` names the mistake, `seen` shows input, result and what was expected, `more` is what --hint adds. A task
    whose checker failed is "unchecked".
    """

    task: int
    state: Literal["solved", "open", "wrong", "unchecked"]
    key: str = ""
    message: str = ""
    more: str = ""
    printed: str = ""
    seen: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Output(io.StringIO):
    """Keeps the first characters of what the learner's code prints, so that an endless loop cannot fill the memory."""

    def write(self, text: str) -> int:
        room = MAX_PRINTED - self.tell()
        if room > 0:
            super().write(text if len(text) <= room else text[:room] + "...\n")
        return len(text)


@dataclass(frozen=True)
class Check:
    """How a task is checked.

    `grade` takes a Trial and what the learner's code defines as `names` (several stand apart by spaces), and runs it on
    inputs that the trial draws. It runs with `reference` first: what a right answer defines, by default the model
    solution. `mistakes` holds two hints for each key. An answer in which everything is seen that was seen of a known
    wrong answer gets the hint of its key. `errors` maps a pattern to the key of the mistake that raises such an error.
    """

    names: str
    grade: Callable[..., None]
    hint: str
    mistakes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    reference: Any = None
    bans: tuple[Ban, ...] = ()
    n_cases: int = N_CASES
    puzzle: str = ""  # the function whose output is to be predicted: run once the prediction is right


def prediction_check(number: int, name: str, answer: Any, hint: str, /, **mistakes: tuple[Any, str, str]) -> Check:
    """A check of a prediction; each mistake is (the wrong value, the first hint, the second hint)."""

    def grade(_: Trial, given: Any) -> None:
        value, right = plain(given), plain(answer)
        if is_close(value, right):
            return
        for key, (wrong, *_rest) in mistakes.items():
            if is_close(value, plain(wrong)):
                raise WrongAnswer(key, "")
        if type(value) is not type(right) and not (is_number(value) and is_number(right)):
            kind = article(value if isinstance(given, str) else given)
            raise WrongAnswer("other", f"`{name}` is {kind}, and the prediction should be {article(right)}.")
        text = f"`{name}` is not what the code prints. Go through it line by line, with pencil and paper."
        raise WrongAnswer("other", text)

    texts = {key: (first, more) for key, (_, first, more) in mistakes.items()}
    return Check(name, grade, hint, texts, puzzle=f"puzzle_{number}")


def plain(value: Any) -> Any:
    """A prediction as numbers, strings and lists, however the learner wrote it."""
    if isinstance(value, torch.Tensor | np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple | list | set | range):
        return [plain(item) for item in (sorted(value) if isinstance(value, set) else value)]
    if isinstance(value, str):
        text = value.strip().removeprefix("torch.Size(")
        try:
            return plain(ast.literal_eval(text if text == value.strip() else text[:-1]))
        except (SyntaxError, ValueError):
            return text
    return value


def is_close(value: Any, right: Any) -> bool:
    """Is the prediction right, up to rounding?"""
    if is_number(right):
        return is_number(value) and difference(float(value), float(right), 1e-4) is None
    if isinstance(right, list):
        return isinstance(value, list) and len(value) == len(right) and all(map(is_close, value, right))
    return type(value) is type(right) and bool(value == right)


def judge(lesson: Lesson, number: int, code: str, start: str, namespace: dict[str, Any], file: str) -> Result:
    """Run the code of a task in the namespace and check what it defines; the learner's output is kept."""
    output = Output()
    check = lesson.checks[number]
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output), settled():
        result = run(number, code, namespace, file) if code.strip() else None
        if result is None and same_code(code, start):
            result = Result(number, "open", more=check.hint)
        elif result is None:
            result = assess(lesson, number, code, namespace, file)
        elif result.key == "error":
            result = recognised(result, check, result.message) or result
        if result.state == "wrong":
            result = replace(result, message="\n".join([result.message, *suspicious_lines(code)]))
    return replace(result, printed=output.getvalue())


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """Each task starts from the same state of torch, whatever the tasks before it did, and warnings are printed."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float32)
    with warnings.catch_warnings(record=True) as caught, torch.set_grad_enabled(True):
        warnings.simplefilter("default")
        yield
        for warning in caught:
            print(f"warning: {str(warning.message).splitlines()[0]}")


def run(number: int, code: str, namespace: dict[str, Any], file: str) -> Result | None:
    """Run the learner's code; a Result says that it failed."""
    try:
        exec(compile(code, file, "exec"), namespace)
    except SyntaxError as error:
        if error.filename == file:
            text = f"line {error.lineno}: this is not Python: {error.msg}" + "." * (error.msg[-1:] != "?")
            return Result(number, "wrong", "syntax", text, "Look at that line and the one above it.")
        return failed(number, error, file)
    except BaseException as error:
        return failed(number, error, file)
    return None


def assess(lesson: Lesson, number: int, code: str, namespace: dict[str, Any], file: str) -> Result:
    """Check what the learner's code defines."""
    check = lesson.checks[number]
    answers = []
    for name in check.names.split():
        answer = namespace.get(name, MISSING)
        if answer is MISSING:
            text = f"Nothing here is called `{name}` any more. Keep the names of the start file."
            more = f"`torchtour exercises FOLDER --reset {lesson.name}.{number}` restores the task."
            return Result(number, "wrong", "missing", text, more)
        if answer is ...:
            return Result(number, "open", more=check.hint)
        if callable(answer) is bool(check.puzzle):
            kind = "a value" if check.puzzle else "a function or a class"
            text = f"`{name}` is {article(answer)}, and should be {kind}."
            return Result(number, "wrong", "kind", text, check.hint)
        answers.append(answer)
    try:
        result = _graded(lesson, number, answers, code, file)
        if result.state == "solved" and check.puzzle in namespace:
            namespace[check.puzzle]()
    except Exception as error:
        return unchecked(number, error)
    return result


def _graded(lesson: Lesson, number: int, answers: list[Any], code: str, file: str) -> Result:
    """Run the check; an error that comes out of here is the checker's own."""
    check = lesson.checks[number]
    seed = seed_of(code)
    seen = findings(lesson, number, answers, code, seed)
    first = next(chain(*seen), None)
    if first is None:
        return Result(number, "solved")
    if isinstance(first, AnswerError):
        result = replace(failed(number, first.cause, file), seen=first.seen)
        known = recognised(result, check, first.text)
        if known:
            return known
    else:
        result = Result(number, "wrong", first.key, first.message, check.hint, seen=first.seen)
    key = result.key if result.key in check.mistakes else known_mistake(lesson, number, seen, seed)
    if key is None:
        return result
    message, more = check.mistakes[key]
    if isinstance(first, AnswerError):
        message = f"{message}\n({result.message})"
    return replace(result, key=key, message=message, more=more)


def unchecked(number: int, error: BaseException) -> Result:
    """The checker itself failed."""
    *_, last = traceback.extract_tb(error.__traceback__)
    text = "The check of this task failed. That is a mistake in torchtour, not in your answer."
    more = f"Please report it: {type(error).__name__}: {error} ({last.filename.rsplit('/', 1)[-1]}:{last.lineno})."
    return Result(number, "unchecked", "checker", text, more)


def findings(lesson: Lesson, number: int, answers: list[Any], code: str, seed: int) -> list[list[Finding]]:
    """What is wrong with the answer in each case."""
    check = lesson.checks[number]
    if check.puzzle:
        return [_findings(check, Trial(Draw(seed, 0)), answers)]
    found = []
    names = _names(check, answers)
    for case in range(check.n_cases):
        expected = recorded(lesson, number, seed, case)
        torch.manual_seed(seed + case)
        found.append(_findings(check, Trial(Draw(seed, case), names, check.bans, code, expected), answers))
    return found


def _names(check: Check, answers: list[Any]) -> dict[int, str]:
    return {id(answer): name for answer, name in zip(answers, check.names.split(), strict=True)}


def _findings(check: Check, trial: Trial, answers: list[Any]) -> list[Finding]:
    try:
        check.grade(trial, *answers)
    except (WrongAnswer, AnswerError) as last:
        return [*trial.findings, last]
    if trial.expected is not None and trial.place != len(trial.expected):
        raise RuntimeError("the reference showed more than the answer")
    return trial.findings


@cache
def recorded(lesson: Lesson, number: int, seed: int, case: int) -> list[tuple[str, Any]]:
    """What the reference shows in a case."""
    check = lesson.checks[number]
    if check.reference is None:
        namespace = defined_by(lesson, number, lesson.solutions[number])
        answers = [namespace[name] for name in check.names.split()]
    else:
        answers = [*check.reference] if isinstance(check.reference, tuple) else [check.reference]
    torch.manual_seed(seed + case)
    trial = Trial(Draw(seed, case), _names(check, answers))
    with torch.set_grad_enabled(True), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check.grade(trial, *answers)
    return trial.recorded


def defined_by(lesson: Lesson, number: int, code: str) -> dict[str, Any]:
    """The names that an answer defines. One that only changes a class is put after the solution's."""
    namespace: dict[str, Any] = {"__name__": "exercise"}
    exec(lesson.solutions[0], namespace)
    if any(f"\n{name}." in code for name in lesson.checks[number].names.split()):
        exec(lesson.solutions[number], namespace)
    exec(code, namespace)
    return namespace


def known_mistake(lesson: Lesson, number: int, seen: list[list[Finding]], seed: int) -> str | None:
    """The key of the known wrong answer of which the same is seen, in each case."""
    if not any(one.is_telling for one in chain(*seen)):
        return None
    for place, answer in enumerate(lesson.answers):
        if answer.task != number or answer.key not in lesson.checks[number].mistakes:
            continue
        known = known_findings(lesson, place, seed)
        if [len(case) for case in seen] != [len(case) for case in known]:
            continue
        if all(one.equals(other) for one, other in zip(chain(*seen), chain(*known), strict=True)):
            return answer.key
    return None


@cache
def known_findings(lesson: Lesson, place: int, seed: int) -> list[list[Finding]]:
    """What is wrong with a known wrong answer."""
    answer = lesson.answers[place]
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        namespace = defined_by(lesson, answer.task, answer.code)
        names = [namespace[name] for name in lesson.checks[answer.task].names.split()]
        return findings(lesson, answer.task, names, answer.code, seed)


def seed_of(code: str) -> int:
    """The seed of a check: the same code is checked with the same inputs, other code with others."""
    return zlib.crc32(code.encode())


def recognised(result: Result, check: Check, error: str) -> Result | None:
    """The hint for an error that a known mistake makes torch raise."""
    for pattern, key in check.errors.items():
        if re.search(pattern, error):
            first, more = check.mistakes[key]
            return replace(result, key=key, message=f"{first}\n({result.message})", more=more)
    return None


def failed(number: int, error: BaseException, file: str) -> Result:
    """An error in the learner's code, in a line: where, and what Python says."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f"line {lines[-1]}: " if lines else ""
    text = " ".join(str(error).split("\n")[0].split())[:200]
    more = advice(text)
    text = re.sub(r" \(\S+\.py\)$", "", text)  # the path at the end of an ImportError
    with contextlib.suppress(Exception):  # of an object of the learner's that does not say what it has
        text += did_you_mean(error)
    name = type(error).__name__
    if isinstance(error, SystemExit):
        text = f"{where}your code ends the program (`sys.exit`, `exit` or `quit`). Take that out."
        return Result(number, "wrong", "exit", text, "A function hands its result back with `return`.")
    if isinstance(error, ModuleNotFoundError):
        text = f"{where}there is no module `{error.name}` here. The tasks need only torch and numpy."
        return Result(number, "wrong", "import", text, "Is the name spelled right?")
    if isinstance(error, RecursionError):
        text = f"{where}the function calls itself without end (RecursionError)."
        return Result(number, "wrong", "recursion", text, "When should it stop? Return there without a further call.")
    if not lines:
        text = f"What your code made fails when it is used: {name}: {text}"
    else:
        text = f"{where}{name}: {text}" if text else f"{where}{name}"
    return Result(number, "wrong", "error", text, more)
