"""What the README shows is what happens, and what it names exists."""

import re
import shlex
import shutil

from conftest import ROOT

README = (ROOT / "README.md").read_text()
NUMBER = re.compile(r"\d+\.\d+")


def console_blocks() -> list[list[str]]:
    return [block.splitlines() for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)]


def same_but_for_rounding(shown: list[str], printed: list[str]) -> None:
    """Equal line by line; decimals within one percent, since another CPU may round otherwise."""
    assert [NUMBER.sub("#", line) for line in printed] == [NUMBER.sub("#", line) for line in shown]
    for a, b in zip(NUMBER.findall("\n".join(shown)), NUMBER.findall("\n".join(printed)), strict=True):
        assert abs(float(a) - float(b)) <= 0.01 * float(a)


def test_make_train_prints_what_the_readme_shows(torchtour, tmp_path):
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    shown = console_blocks()[0][1:-1]
    printed = []
    for command in (line for line in shown if line.startswith(".venv/bin/torchtour")):
        answer = torchtour(*command.split()[1:])
        assert (answer.status, answer.err) == (0, "")
        printed += [command, *answer.out.splitlines()]
    program = re.compile(r"^  \S*torchtour ", re.MULTILINE)
    same_but_for_rounding(*([program.sub("  torchtour ", line) for line in lines] for lines in (shown, printed)))


def test_make_train_runs_what_the_readme_shows():
    recipe = re.search(r"^train:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    shown = [line for line in console_blocks()[0] if line.startswith(".venv/bin/torchtour")]
    assert [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()] == shown


def test_the_commands_of_the_readme_run_in_order(torchtour, tmp_path):
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    small = {"fit": ("--data.n_train", 200)}
    for line in console_blocks()[1]:
        _, program, command, *flags = shlex.split(line)
        assert program == "torchtour"
        answer = torchtour(command, *flags, *(small.get(command, ()) if "--ckpt_path" not in flags else ()))
        assert (answer.status, answer.err) == (0, ""), line


def test_the_python_example_runs(small_run):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict = {}
    exec(code, names)
    assert names["probabilities"].shape == (1, 2)
    assert not names["model"].training


def test_every_file_and_target_that_the_readme_names_exists():
    for name in re.findall(r"`((?:src|configs)/[\w/.]+)`|\]\((\w[\w./]*)\)", README):
        assert (ROOT / (name[0] or name[1])).exists(), name
    for module in re.findall(r"`(\w+\.py)`", README):
        assert (ROOT / "src/torchtour" / module).exists(), module
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"\bmake (\w+)", README)) <= set(targets)


def test_the_map_names_every_module():
    source = ROOT / "src/torchtour"
    modules = {path.name for path in source.glob("[a-z]*.py")}
    rooms = {path.parent.name for path in source.glob("*/__init__.py")}
    layout = README.partition("## Layout")[2]
    assert modules == set(re.findall(r"`(\w+\.py)`", layout))
    assert rooms == set(re.findall(r"`src/torchtour/(\w+)/`", layout))


def test_the_total_of_the_faults_is_that_of_their_table():
    page = (ROOT / "docs/faults.md").read_text("utf-8")
    counts = re.findall(r"(?m)^\|[^|]*\| ([\d,]+) \| ([\d,]+) \|$", page)
    tried, held = (sum(int(number.replace(",", "")) for number in column) for column in zip(*counts, strict=True))
    said = f"[{tried:,} attempts, no failures](docs/faults.md)"
    assert held == tried
    assert said in (ROOT / "README.md").read_text("utf-8")
