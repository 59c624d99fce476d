"""Mutation testing of the checkers: small changes of every model solution, nearly all of which a check must reject.

    python -m torchtour.exercises.mutants [LESSON ...] [--sample N] [--course DIR]

A change that makes no difference to what a task asks for stands in answers/equivalent.txt with its reason.
"""

import argparse
import ast
import contextlib
import copy
import io
import random
import re
import signal
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from torchtour.exercises import FOLDER, Lesson, lesson_named, lesson_names

SECONDS = 3  # for one mutant
LEAST_SHARE = 0.95  # of the mutants that are not equivalent
EQUIVALENT = "equivalent.txt"

BINARY: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div,),
    ast.MatMult: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitOr: (ast.BitAnd,),
}
COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
RETURNED = ("({}).detach()", "({}).double()", "({}).int()", "({})[None]", "({}).item()")
ZEROED = {  # how an argument of a type is changed before the return
    "Tensor": "{}.data.zero_()",
    "Sequential": "[parameter.data.zero_() for parameter in {}.parameters()]",
    "Linear": "{}.weight.data.zero_()",
    "list": "{}.clear()",
}
NUMBERS = {"int", "float"}


Types = dict[tuple[str, str], set[str]]  # of the argument of a function


@dataclass(frozen=True)
class Mutant:
    """A changed solution. `change` says what was changed, as the lists of equivalent mutants name it."""

    lesson: str
    number: int
    change: str
    code: str

    def __str__(self) -> str:
        return f"{self.lesson} {self.number}: {self.change}"


@dataclass
class Equivalent:
    """A pattern of mutants that make no difference, with the reason."""

    pattern: str
    reason: str
    n_met: int = 0


def mutants_of(lesson: Lesson, number: int) -> list[Mutant]:
    """All mutants of a task's solution, each once."""
    code = lesson.solutions[number]
    original = ast.unparse(ast.parse(code))
    found: dict[str, Mutant] = {}
    for change, tree in changes(ast.parse(code), argument_types(lesson, number)):
        try:
            text = ast.unparse(ast.fix_missing_locations(tree))
            compile(text, "mutant", "exec")
        except (SyntaxError, ValueError):
            continue
        if text != original:
            found.setdefault(text, Mutant(lesson.name, number, change, text))
    return list(found.values())


def changes(tree: ast.Module, types: Types) -> Iterator[tuple[str, ast.Module]]:
    """Each small change of the code, in words, and the changed tree."""
    places = list(ast.walk(tree))
    for place, node in enumerate(places):
        for change, replacement in [*expressions(node), *statements(node, types)]:
            copied = copy.deepcopy(tree)
            target = list(ast.walk(copied))[place]
            replaced(copied, target, ast.Pass() if replacement is None else copy.deepcopy(replacement))
            yield change or f"{first_line(node)} -> {first_line(replacement)}", copied


def first_line(node: ast.AST | list[ast.stmt] | None) -> str:
    if node is None:
        return "gone"
    return ast.unparse(node[0] if isinstance(node, list) else node).splitlines()[0]


def replaced(tree: ast.Module, target: ast.AST, replacement: ast.AST | list[ast.stmt]) -> None:
    """Put the replacement where the target is."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, replacement)
            elif isinstance(value, list) and any(one is target for one in value):
                place = next(i for i, one in enumerate(value) if one is target)
                value[place : place + 1] = replacement if isinstance(replacement, list) else [replacement]


def expressions(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Changes of one expression."""
    if isinstance(node, ast.BinOp | ast.AugAssign):
        for operator in BINARY.get(type(node.op), ()):
            yield "", changed(node, op=operator())
    if isinstance(node, ast.BinOp):
        yield "", node.left
        yield "", node.right
    if isinstance(node, ast.Compare):
        for comparison in COMPARED.get(type(node.ops[0]), ()):
            yield "", changed(node, ops=[comparison()])
    if isinstance(node, ast.UnaryOp):
        yield "", node.operand
    if isinstance(node, ast.BoolOp):
        yield "", changed(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())
    if isinstance(node, ast.IfExp):
        yield "", changed(node, test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.Constant):
        yield from constants(node)
    if isinstance(node, ast.Call):
        yield from calls(node)
    if isinstance(node, ast.Slice):
        for part in ("lower", "upper", "step"):
            if getattr(node, part) is not None:
                yield "", changed(node, **{part: None})
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield "", node.value


def constants(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield "", ast.Constant(not value)
    elif isinstance(value, int):
        yield "", ast.Constant(value + 1)
        yield "", ast.Constant(value - 1)
    elif isinstance(value, float):
        yield "", ast.Constant(value * 2)
        yield "", ast.Constant(0.0)
    elif isinstance(value, str):
        yield "", ast.Constant(value + "_")


def calls(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    """A call removed, an argument dropped, two arguments swapped, another type of number."""
    if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) not in ("torch", "nn", "math", "self"):
        yield "", node.func.value
    elif len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
        yield "", node.args[0]
    for place in range(len(node.args)):
        yield "", changed(node, args=node.args[:place] + node.args[place + 1 :])
    for place in range(len(node.args) - 1):
        args = list(node.args)
        args[place : place + 2] = args[place : place + 2][::-1]
        yield "", changed(node, args=args)
    for place, keyword in enumerate(node.keywords):
        yield "", changed(node, keywords=node.keywords[:place] + node.keywords[place + 1 :])
        if keyword.arg == "dtype":
            for dtype in ("torch.float64", "torch.float32", "torch.int32"):
                value = ast.parse(dtype, mode="eval").body
                others = [one for one in node.keywords if one is not keyword]
                yield "", changed(node, keywords=[*others, ast.keyword("dtype", value)])


def statements(node: ast.AST, types: Types) -> Iterator[tuple[str, ast.AST | list[ast.stmt] | None]]:
    """Changes of one statement."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Raise):
        yield "", None
    if isinstance(node, ast.If | ast.While):
        yield "", changed(node, test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.If):
        yield f"if {ast.unparse(node.test)} -> gone", node.orelse or None
        yield f"if {ast.unparse(node.test)} -> always", list(node.body)
    if isinstance(node, ast.With | ast.Try):
        yield f"{ast.unparse(node).splitlines()[0]} -> gone, its lines stay", list(node.body)
    if isinstance(node, ast.For):
        for word in (ast.Break(), ast.Continue()):
            body = [*node.body, word] if isinstance(word, ast.Break) else [word, *node.body]
            yield f"{ast.unparse(node).splitlines()[0]} {ast.unparse(word)}", changed(node, body=body)
    if isinstance(node, ast.Return) and node.value is not None:
        yield from returns(node.value)
    if isinstance(node, ast.FunctionDef):
        yield from functions(node, types)


def returns(value: ast.expr) -> Iterator[tuple[str, ast.AST]]:
    """Another type, shape or graph of what is returned."""
    for form in RETURNED:
        yield "", ast.parse(f"return {form.format(ast.unparse(value))}").body[0]
    if isinstance(value, ast.Tuple):
        for place, element in enumerate(value.elts):
            for form in RETURNED[:3]:
                elements = list(value.elts)
                elements[place] = ast.parse(form.format(ast.unparse(element)), mode="eval").body
                yield "", ast.Return(ast.Tuple(elements, ast.Load()))
        yield "", ast.Return(ast.Tuple(list(value.elts[::-1]), ast.Load()))


def functions(node: ast.FunctionDef, types: Types) -> Iterator[tuple[str, ast.AST]]:
    """Everything in no_grad, an argument written in or taken at its default, an input changed."""
    decorator = ast.parse("torch.no_grad()", mode="eval").body
    yield f"@torch.no_grad() {node.name}", changed(node, decorator_list=[decorator])
    names = [argument.arg for argument in node.args.args if argument.arg != "self"]
    defaults = dict(zip(names[len(names) - len(node.args.defaults) :], node.args.defaults, strict=True))
    for name in names:
        kinds = types.get((node.name, name), set())
        if kinds and kinds <= NUMBERS:
            for literal in [2, 3, *([ast.unparse(defaults[name])] if name in defaults else [])]:
                lines = ast.parse(f"{name} = type({name})({literal})").body
                yield f"{node.name}: {name} = {literal}", changed(node, body=[*lines, *node.body])
        last = node.body[-1]
        for kind in kinds & set(ZEROED):
            if isinstance(last, ast.Return) and last.value is not None:
                zeroed = ZEROED[kind].format(name)
                lines = ast.parse(f"_result = {ast.unparse(last.value)}\n{zeroed}\nreturn _result").body
                yield f"{node.name}: {name} is emptied", changed(node, body=[*node.body[:-1], *lines])


def argument_types(lesson: Lesson, number: int) -> Types:
    """Which types the arguments of the solution's functions have while the check runs."""
    from torchtour.exercises.judge import defined_by, findings

    check, code = lesson.checks[number], lesson.solutions[number]
    namespace = defined_by(lesson, number, code)
    types: Types = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename == "<string>":
            for name in frame.f_code.co_varnames[: frame.f_code.co_argcount]:
                types.setdefault((frame.f_code.co_name, name), set()).add(type(frame.f_locals[name]).__name__)

    sys.setprofile(note)
    try:
        findings(lesson, number, [namespace[name] for name in check.names.split()], code, 0)
    finally:
        sys.setprofile(None)
    return types


def changed(node: ast.AST, **fields: object) -> ast.AST:
    copied = copy.copy(node)
    for name, value in fields.items():
        setattr(copied, name, value)
    return copied


class TooSlowError(BaseException):
    """A mutant that does not end; no `except Exception` in it can catch this."""


def is_rejected(lesson: Lesson, mutant: Mutant) -> bool:
    """Does the task's check reject the mutant?"""
    from torchtour.exercises.judge import defined_by, findings

    check = lesson.checks[mutant.number]
    try:
        with time_limit(), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            namespace = defined_by(lesson, mutant.number, mutant.code)
            answers = [namespace[name] for name in check.names.split()]
            return any(findings(lesson, mutant.number, answers, mutant.code, seed=mutant.number))
    except (TooSlowError, Exception):
        return True


@contextlib.contextmanager
def time_limit() -> Iterator[None]:
    """TooSlowError after some seconds, where the system has alarms."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def stop(_: int, __: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def equivalents(course: Path = FOLDER) -> list[Equivalent]:
    """Pairs of lines: a pattern of mutants, then, indented, the reason why they make no difference."""
    path = course / "answers" / EQUIVALENT
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    return [Equivalent(lines[i], lines[i + 1].strip()) for i in range(0, len(lines), 2)]


def matches(mutant: Mutant, pattern: str) -> bool:
    """Patterns are `LESSON TASKS: CHANGE`, for example `tensors 346: *.detach()`; `*` stands for anything."""
    head, _, change = pattern.partition(": ")
    lesson, numbers = head.split()
    if lesson not in (mutant.lesson, "*") or str(mutant.number) not in numbers:
        return False
    return re.fullmatch(".*".join(map(re.escape, change.split("*"))), mutant.change) is not None


def main(args: list[str] | None = None) -> int:
    """Report the survivors; 1 if too many of the mutants that are not equivalent survive."""
    parser = argparse.ArgumentParser(description="Mutation testing of the checkers.")
    parser.add_argument("lessons", nargs="*", help="default: all")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--course", type=Path, default=FOLDER)
    chosen = parser.parse_args(args)
    import torch

    torch.set_num_threads(1)
    from torchtour.exercises.light import leave_out_compiler

    leave_out_compiler()
    known = equivalents(chosen.course)
    warnings.simplefilter("ignore", SyntaxWarning)
    lessons = [lesson_named(name, chosen.course) for name in chosen.lessons or lesson_names(chosen.course)]
    mutants = [mutant for lesson in lessons for number in lesson.outline for mutant in mutants_of(lesson, number)]
    if chosen.sample:
        mutants = random.Random(chosen.seed).sample(mutants, min(chosen.sample, len(mutants)))
    survivors, n_equivalent = [], 0
    for mutant in mutants:
        if is_rejected(lesson_named(mutant.lesson, chosen.course), mutant):
            continue
        pattern = next((one for one in known if matches(mutant, one.pattern)), None)
        if pattern is None:
            survivors.append(mutant)
        else:
            pattern.n_met += 1
            n_equivalent += 1
    for survivor in survivors:
        print(survivor)
    if not chosen.sample and not chosen.lessons:
        for one in known:
            if one.n_met == 0:
                print(f"matches no mutant that is accepted: {one.pattern}")
    counted = len(mutants) - n_equivalent
    share = 1 - len(survivors) / max(1, counted)
    print(f"{len(mutants)} mutants, {n_equivalent} equivalent; {len(survivors)} of the other {counted} accepted")
    print(f"rejected: {100 * share:.1f} %")
    return 0 if share >= LEAST_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
