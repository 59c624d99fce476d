"""The lessons: each script runs from an empty folder and prints its transcript, with all packages and with few.

To accept what they print now: make accept
"""

import ast
import difflib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import jupytext
import pytest
from conftest import Answer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pytest_doctestplus.output_checker import FLOAT_CMP, OutputChecker
from pytest_regressions.file_regression import FileRegressionFixture

from torchtour.lessons import LESSONS as COURSE

ROOT = Path(__file__).parents[1]
TRANSCRIPTS = Path(__file__).with_name("transcripts")
LESSONS = {path.stem: path for path in sorted((ROOT / "src/torchtour/lessons").glob("[!_]*.py"))}
INLINE_METADATA = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")  # as PEP 723 gives it
ALONE = [name for name, path in LESSONS.items() if INLINE_METADATA.search(path.read_text("utf-8"))]

# Every warning is an error, but for these. Each is the beginning of a message.
ANY_LESSON = ["FigureCanvasAgg is non-interactive"]  # plt.show() where the test leaves it no screen
WITH_LIGHTNING = ["`isinstance(treespec, LeafSpec)` is deprecated"]  # Lightning's own, on torch 2.13

# What a lesson says where a compiler or a package is missing, and what it says where it is there.
NO_COMPILER = "skipped: this machine has no working C++ compiler"
SKIPPED = {
    NO_COMPILER: "compiled, with the same result",
    "skipped: pip install onnx onnxscript onnxruntime": "the logits are those of torch",
    "skipped: pip install safetensors": "the package reads the same",
}

# A figure from training in float32: other processors round differently, and the last digit may differ by this much.
ROUGHLY, LAST_DIGITS = re.compile(r"~(\d+(?:\.\d+)?)"), 3

# Most of such a run is importing torch. One stands for all in the fast tests; test_corrections.py runs the others
# in the process of the tests, where they must print the same.
SLOW = {name: pytest.mark.slow for name in LESSONS if name != "tensors"}
each_lesson = pytest.mark.parametrize("name", LESSONS)


def imports(name: str) -> set[str]:
    """The modules that the lesson can't run without: imported at its top level, not inside try or if."""
    modules = set()
    for statement in ast.parse(LESSONS[name].read_text("utf-8")).body:
        if isinstance(statement, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            modules.add((statement.module or "").split(".")[0])
    return modules


def inline_metadata(name: str) -> dict[str, object]:
    (block,) = INLINE_METADATA.finditer(LESSONS[name].read_text("utf-8"))
    return tomllib.loads(re.sub(r"(?m)^# ?", "", block["content"]))


def with_requirements(names: set[str]) -> set[str]:
    """The names of these distributions and of all that they require, as far as installed."""
    found: set[str] = set()
    waiting = sorted(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        try:
            required = [Requirement(line) for line in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue
        if name not in found:
            found.add(name)
            waiting += [need.name for need in required if not need.marker or need.marker.evaluate({"extra": ""})]
    return found


def view(folder: Path, names: set[str]) -> Path:
    """A folder that holds these installed distributions and no others, to be used with python -S."""
    folder.mkdir()
    for distribution in metadata.distributions():
        if canonicalize_name(distribution.metadata["Name"]) in names:
            for top in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
                place, link = Path(str(distribution.locate_file(top))), folder / top
                if place.exists() and not link.exists():
                    link.symlink_to(place)
    return folder


def python(
    folder: Path, *arguments: str, path: list[Path] | None = None, site: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run python in a folder; with `path` on these folders and the standard library, with `site` all packages too."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["MPLBACKEND"] = "agg"
    environment["OMP_NUM_THREADS"] = "1"  # the tests run in parallel already
    environment["PYTHONPATH"] = os.pathsep.join(map(str, [ROOT / "src"] if path is None else path))
    command = [sys.executable, "-X", "utf8", *([] if path is None or site else ["-S"]), *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False
    )


def transcript(name: str, folder: Path, path: list[Path] | None = None) -> str:
    """Run the lesson from an empty folder and return what it prints."""
    folder.mkdir()
    harmless = ANY_LESSON + (WITH_LIGHTNING if "lightning" in imports(name) else [])
    warnings = ["-W", "error", *(part for message in harmless for part in ("-W", f"ignore:{message}"))]
    done = python(folder, *warnings, str(LESSONS[name]), path=path)
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr
    assert done.stderr == ""
    assert list(folder.iterdir()) == []
    return done.stdout


def with_expected_figures(got: str, want: str) -> str:
    """`got`, in which each figure after ~ that is near enough to its like in `want` is replaced by it."""
    figures = iter(ROUGHLY.findall(want))

    def replaced(match: re.Match[str]) -> str:
        figure = next(figures, None)
        if figure is None:
            return match[0]
        unit = 10 ** -len(figure.partition(".")[2])
        near = round(abs(float(match[1]) - float(figure)) / unit) <= LAST_DIGITS
        return f"~{figure}" if near else match[0]

    return ROUGHLY.sub(replaced, got)


def check_transcript(obtained: Path, expected: Path) -> None:
    """Floats may differ by 1e-5 of their size, figures after ~ a little; all else must be equal, down to the spaces."""
    got, want = obtained.read_text("utf-8"), expected.read_text("utf-8")
    for skipped, done in SKIPPED.items():
        got, want = got.replace(skipped, done), want.replace(skipped, done)
    got = with_expected_figures(got, want)
    same_spaces = re.findall(r"\s+", got) == re.findall(r"\s+", want)
    if not (same_spaces and OutputChecker().check_output(want, got, FLOAT_CMP)):
        difference = difflib.unified_diff(want.splitlines(), got.splitlines(), "transcript", "printed", lineterm="")
        raise AssertionError("\n".join(["the lesson does not print its transcript", *difference]))


def compare(output: str, name: str, file_regression: FileRegressionFixture) -> None:
    file_regression.check(output, encoding="utf-8", fullpath=TRANSCRIPTS / f"{name}.txt", check_fn=check_transcript)


@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW.get(name, ())) for name in LESSONS])
def test_it_prints_its_transcript(name: str, tmp_path: Path, file_regression: FileRegressionFixture) -> None:
    compare(transcript(name, tmp_path / "empty"), name, file_regression)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALONE)
def test_it_prints_the_same_with_what_its_inline_metadata_names_alone(
    name: str, tmp_path: Path, file_regression: FileRegressionFixture
) -> None:
    """Without this project, Lightning and matplotlib."""
    needs = {Requirement(line).name for line in inline_metadata(name)["dependencies"]}
    view(tmp_path / "packages", with_requirements(needs))
    compare(transcript(name, tmp_path / "empty", [tmp_path / "packages"]), name, file_regression)


def test_a_view_hides_all_other_packages(tmp_path: Path) -> None:
    script = "import sys; from importlib.util import find_spec; print(*filter(find_spec, sys.argv[1:]))"
    names = ["numpy", "torch", "torchtour", "torchmetrics", "lightning", "matplotlib", "pytest"]
    few = view(tmp_path / "few", with_requirements({"numpy", "torch"}))
    assert python(tmp_path, "-c", script, *names, path=[few]).stdout.split() == ["numpy", "torch"]


def test_lessons_1_and_2_stand_alone() -> None:
    assert {"tensors", "autograd"} <= set(ALONE)


@pytest.mark.parametrize("name", ALONE)
def test_inline_metadata_names_what_the_lesson_imports(name: str) -> None:
    block = inline_metadata(name)
    assert block["requires-python"] == ">=3.11"
    assert {Requirement(line).name for line in block["dependencies"]} == imports(name) - sys.stdlib_module_names


def test_each_transcript_belongs_to_a_lesson() -> None:
    assert {path.stem for path in TRANSCRIPTS.iterdir()} == set(LESSONS)


@each_lesson
def test_each_headline_carries_its_own_line_number(name: str) -> None:
    source = LESSONS[name].read_text("utf-8")
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "headline"
    ]
    written = {(call.lineno, ast.literal_eval(call.args[0])) for call in calls}
    printed = re.findall(r"(?m)^\[Line (\d+)\] (.*):$", (TRANSCRIPTS / f"{name}.txt").read_text("utf-8"))
    assert calls
    assert {(int(number), text) for number, text in printed} == written
    assert not re.search(r"\[Line \d", source), "a line number is typed"


@each_lesson
def test_editors_and_pages_show_the_same_cells(name: str) -> None:
    source = LESSONS[name].read_text("utf-8")
    notebook = jupytext.reads(source, fmt="py:percent")
    assert jupytext.writes(notebook, fmt="py:percent") == source
    assert source.startswith('# %% [markdown]\n"""\n')
    assert not re.search(r"(?m)^# %%(?! \[markdown\]).*\n.", source), (
        "sphinx-gallery makes prose of a comment right under # %%"
    )
    prose = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    without_code = re.sub(r"``[^`]+``", "", prose)
    assert not re.search(r"`|\]\(|^\.\. |^#|::$|^\|", without_code, re.MULTILINE), "not the same in reST and Markdown"


def code_cells(name: str) -> list[tuple[str, str]]:
    """Title and code of each code cell."""
    pieces = re.split(r"(?m)^# %%(.*)\n", LESSONS[name].read_text("utf-8"))
    return [(title.strip(), code) for title, code in zip(pieces[1::2], pieces[2::2], strict=True) if "[" not in title]


def called(code: str) -> set[str]:
    """The last name of all that is called: assert_close of torch.testing.assert_close."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return {ast.unparse(call.func).split(".")[-1] for call in calls}


@each_lesson
def test_cells_that_check_or_draw_say_so(name: str) -> None:
    for title, code in code_cells(name):
        assert title in ("", "checks", "plot"), title
        asserts = any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(code)))
        checks = asserts or any(function.startswith("assert_") for function in called(code))
        assert checks == (title == "checks"), code
        assert title == "" or not called(code) & {"print", "headline"}, code
        assert "subplots" not in called(code) or title == "plot", code


@pytest.mark.parametrize("name", COURSE)
def test_a_lesson_opens_with_what_you_will_be_able_to_do_and_ends_with_five_lines(name: str) -> None:
    cells = jupytext.reads(LESSONS[name].read_text("utf-8"), fmt="py:percent").cells
    _, opening, goals, *_ = cells[0].source.strip('"\n').split("\n\n")
    assert re.fullmatch(r"\*\*About \d\d minutes\.\*\* You need .*After this lesson you can", opening, re.DOTALL)
    assert 4 <= len(re.findall(r"(?m)^- ", goals)) <= 5
    last = [cell.source for cell in cells if cell.cell_type == "markdown"][-1]
    heading, recap, *_ = last.split("\n\n")
    assert heading == "Recap\n-----"
    assert len(recap.splitlines()) == len(re.findall(r"(?m)^- ", recap)) == 5


@each_lesson
def test_no_line_is_wider_than_a_page(name: str) -> None:
    assert max(map(len, LESSONS[name].read_text("utf-8").splitlines())) <= 88


def test_the_list_has_each_lesson_in_the_order_of_the_course(torchtour: Callable[..., Answer], tmp_path: Path) -> None:
    assert {*COURSE, "quick_reference"} == set(LESSONS)
    listed = python(tmp_path, "-m", "torchtour.lessons").stdout
    rows = re.findall(r"(?m)^ ?(\d+) +(\w+) +(.+), \d\d minutes$", listed)
    titles = [LESSONS[name].read_text("utf-8").splitlines()[2] for name in COURSE]
    assert rows == [
        (str(number), name, title) for number, (name, title) in enumerate(zip(COURSE, titles, strict=True), 1)
    ]
    answer = torchtour("lesson")
    assert (answer.status, answer.err) == (0, "")
    assert "".join(listed.splitlines(keepends=True)[: len(COURSE) + 1]) in answer.out


@pytest.mark.parametrize("words", [["0"], ["16"], ["tensor"], ["../run"], ["1", "2"]])
def test_a_lesson_that_does_not_exist_is_one_line(words: list[str], torchtour: Callable[..., Answer]) -> None:
    answer = torchtour("lesson", *words)
    assert (answer.status, answer.out) == (2, "")
    assert re.fullmatch(r"torchtour: lesson: .*\n", answer.err)


def test_lesson_10_trains_for_the_epochs_that_it_names() -> None:
    calls = [node for node in ast.walk(ast.parse(LESSONS["tables"].read_text("utf-8"))) if isinstance(node, ast.Call)]
    (trainer,) = [call for call in calls if ast.unparse(call.func).endswith("Trainer")]
    (epochs,) = [word.value.value for word in trainer.keywords if word.arg == "max_epochs"]  # type: ignore[attr-defined]
    assert epochs == 10  # as the text says


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGPIPE")
def test_a_lesson_ends_quietly_where_the_reader_of_a_pipe_has_seen_enough(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "torchtour", "lesson", "quick_reference"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""


@pytest.mark.slow
def test_the_wheel_runs_a_lesson(tmp_path: Path) -> None:
    """Not the tree: what hatch packs, unpacked and alone on the path."""
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    ZipFile(wheel).extractall(tmp_path / "unpacked")
    (tmp_path / "empty").mkdir()
    call = "import sys; from torchtour.command.main import main; sys.exit(main())"
    done = python(tmp_path / "empty", "-c", call, "lesson", "1", path=[tmp_path / "unpacked"], site=True)
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "printed").write_text(done.stdout, "utf-8")
    check_transcript(tmp_path / "printed", TRANSCRIPTS / "tensors.txt")


@pytest.mark.parametrize(
    ("old", "new", "accepted"),
    [
        ("loss = 0.671089", "loss = 0.671090", True),
        ("loss = 0.671089", "loss = 0.671189", False),
        ("0.001", "0.002", False),
        ("0.00001", "0.0001", False),
        ("5.", "5", False),
        ("~97%", "~94%", True),
        ("~97%", "~93%", False),
        ("~97%", "97%", False),
        ("~0.25", "~0.28", True),
        ("~0.25", "~0.29", False),
        ("Line 7", "Line 8", False),
        ("262", "263", False),
        ("class 1", "class 0", False),
        ("\n\n", "\n", False),
        ("): 0.001", "):  0.001", False),
        ("0.001\n", "0.001", False),
    ],
)
def test_the_check_of_a_transcript_bites(old: str, new: str, accepted: bool, tmp_path: Path) -> None:
    text = "[Line 7] Title:\n\nloss = 0.671089\nlr (now): 0.001, then 0.00001\ntensor([5., 7.]) 262 class 1, lr 0.001\n"
    text += "accuracy ~97%, loss ~0.25\n"
    assert old in text
    expected, obtained = tmp_path / "expected", tmp_path / "obtained"
    expected.write_text(text, "utf-8")
    obtained.write_text(text.replace(old, new), "utf-8")
    if accepted:
        check_transcript(obtained, expected)
    else:
        with pytest.raises(AssertionError, match="does not print its transcript"):
            check_transcript(obtained, expected)
