"""Our solution beside the learner's, once a task is solved: a short difference."""

import ast
import difflib
import io
import tokenize

MAX_LINES = 30


def ours_beside_yours(code: str, solution: str) -> list[str]:
    """Lines that begin with `-` are yours, with `+` ours; spaces, comments and docstrings don't count."""
    yours, ours = essential_lines(code), essential_lines(solution)
    matcher = difflib.SequenceMatcher(None, [bare for bare, _ in yours], [bare for bare, _ in ours], autojunk=False)
    lines = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            lines += [f"  {line}" for _, line in ours[k:m]]
        else:
            lines += [f"- {line}" for _, line in yours[i:j]] + [f"+ {line}" for _, line in ours[k:m]]
    if not any(line[0] in "+-" for line in lines):
        return ["Ours is the same.", *comments_of(solution)]
    rest = len(lines) - MAX_LINES
    return lines if rest <= 0 else [*lines[:MAX_LINES], f"... and {rest} more lines"]


def essential_lines(code: str) -> list[tuple[str, str]]:
    """Each line of code without its comment and spaces, and as it stands; without docstrings and puzzles."""
    skipped = set[int]()
    for node in ast.walk(ast.parse(code)):
        text = node.body[0] if isinstance(node, ast.FunctionDef | ast.ClassDef) else None
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str):
            skipped.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("puzzle_"):
            skipped.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    bare = without_comments(code)
    return [
        ("".join(short.split()), line.rstrip())
        for number, (short, line) in enumerate(zip(bare, code.splitlines(), strict=True), start=1)
        if short.strip() and number not in skipped
    ]


def without_comments(code: str) -> list[str]:
    lines = code.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = lines[token.start[0] - 1][: token.start[1]]
    return lines


def comments_of(code: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT and not token.string.startswith("# %%")]
