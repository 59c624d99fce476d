"""`torchtour new`: a project of the reader's own, from the very files of this one."""

import csv
import keyword
import random
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from torchtour import __version__
from torchtour.command.shipped import PACKAGE, ROOT, new_folder
from torchtour.command.terminal import Options
from torchtour.settings import UserError, short_repr

CORE = ("settings.py", "network.py", "problems.py", "data.py", "classifier.py")
CORE_TESTS = ("test_network.py", "test_problems.py", "test_data.py", "test_classifier.py")
CORE_FILES = {  # of template/core, and where they land
    "README.md": "README.md", "project.toml": "pyproject.toml", "Makefile": "Makefile",
    "default.yaml": "configs/default.yaml", "adamw.yaml": "configs/adamw.yaml",
    "../full/ci.yml": ".github/workflows/ci.yml", "../full/gitignore": ".gitignore",
}  # fmt: skip
EXPORTS = """\
\"\"\"A net, its data and its training.\"\"\"

from {package}.classifier import Classifier as Classifier
from {package}.data import SyntheticData as SyntheticData
from {package}.network import SimpleNet as SimpleNet
"""
# What a full project leaves out: the course and what is for it, and what makes other projects.
TOUR = {
    "lessons", "exercises", "template", "sweep", "new", "lesson", "check", "watch", "lr_find", "fit_settings",
}  # fmt: skip
OVERLAYS = ("adam", "ddp", "early_stopping", "tensorboard", "wandb")
CONFIGS = {"synthetic": ("default", "spiral", *OVERLAYS), "table": OVERLAYS}
CLASSES = {"synthetic": "SyntheticData", "table": "TableData"}  # what the project trains on by default
SHARED_TESTS = ("conftest.py", *CORE_TESTS, "test_run.py")
TABLE_TESTS = (
    "malformed.json", "table_files.py", "test_amounts.py", "test_held_out_rows.py", "test_malformed_tables.py",
    "test_members.py", "test_preprocessing.py", "test_splitting.py", "test_table_columns.py", "test_table_command.py",
    "test_table_scores.py",
)  # fmt: skip
TESTS = {
    "synthetic": (*SHARED_TESTS, "test_plots.py"),
    "table": (*SHARED_TESTS, *(f"tables/{name}" for name in TABLE_TESTS)),
}


def new(args: list[str]) -> int:
    """Write the project into a new folder.

    Raises:
        UserError: The name cannot be a package's, or the folder is not empty or cannot be written.
    """
    options = Options("torchtour new", description="Create your own project from the core of this one.")
    options.add_argument("folder", type=Path, help="where: a folder that is new or empty; its name is the project's")
    options.add_argument("--full", action="store_true", help="the whole command too: runs, tables, export")
    options.add_argument(
        "--data", choices=list(CONFIGS), default="synthetic", help="a table needs --full, and implies it"
    )
    chosen = options.parse_args(args)
    name = chosen.folder.resolve().name
    package = name.replace("-", "_").lower()
    check_name(name, package)
    try:
        with new_folder(chosen.folder) as folder:
            if chosen.full or chosen.data == "table":
                write_full(folder, name, package, chosen.data)
            else:
                write_core(folder, name, package)
            shutil.copy(ROOT / "LICENSE", folder / "NOTICE")
    except OSError as error:
        raise UserError(f"{chosen.folder} cannot be written: {error.strerror}") from None
    print(f"{chosen.folder} is your own project. To train and test it:")
    print(f"  cd {chosen.folder} && make train && make test")
    return 0


def write_core(folder: Path, name: str, package: str) -> None:
    """Write the core, what it stands on, and train.py; the project needs torch, lightning and torchmetrics."""
    source = folder / "src" / package
    for path in [*(PACKAGE / file for file in CORE), *sorted(PACKAGE.glob("training/*.py"))]:
        copy(path, source / path.relative_to(PACKAGE), package)
    (source / "__init__.py").write_text(EXPORTS.replace("{package}", package), "utf-8")
    (source / "py.typed").touch()
    for test in CORE_TESTS:
        copy(ROOT / "tests" / test, folder / "tests" / test, package)
    copy(PACKAGE / "template/core/train.py", folder / "train.py", package)
    copy(PACKAGE / "template/core/test_train.py", folder / "tests/test_train.py", package)
    fill_in(PACKAGE / "template/core", CORE_FILES, folder, {"name": name, "package": package})


def check_name(name: str, package: str) -> None:
    """Refuse a name that cannot be a package's.

    Raises:
        UserError: says what a name may be.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,60}", name) or keyword.iskeyword(package):
        raise UserError(f"the folder's name must be letters, digits, _ and -, and no keyword, got {short_repr(name)}")
    found = find_spec(package)
    if found is not None and found.origin is not None:  # None: a folder, such as the one that is to be filled
        raise UserError(
            f"{short_repr(package)} is a package that is installed here: choose another name for the folder"
        )


def write_full(folder: Path, name: str, package: str, data: str) -> None:
    """Write everything but the course."""
    source = folder / "src" / package
    for path in sorted(PACKAGE.rglob("*")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        is_program = parts[:2] == ("template", "export")  # which `export` copies
        if path.is_file() and "__pycache__" not in parts and (is_program or not TOUR & set(parts)):
            copy(path, source / path.relative_to(PACKAGE), package)
    usual_class(source / "command/arguments.py", CLASSES[data])
    for config in CONFIGS[data]:
        copy(ROOT / f"configs/{config}.yaml", folder / f"configs/{config}.yaml", package)
    for test in TESTS[data]:
        copy(ROOT / "tests" / test, folder / "tests" / test, package)
    shutil.copy(ROOT / "requirements.lock", folder)
    template(folder, name, package, data)
    if data == "table":
        (folder / "data").mkdir()
        with open(folder / "data/customers.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(customers())


def usual_class(path: Path, name: str) -> None:
    """Make a class of data the one that the command uses where none is named."""
    text = path.read_text("utf-8")
    path.write_text(re.sub(r'^DEFAULT_DATA = ".*"', f'DEFAULT_DATA = "{name}"', text, flags=re.MULTILINE), "utf-8")


def customers(n: int = 600, seed: int = 0) -> list[list[object]]:
    """A header and n made-up rows: who is older than 40 and has visited often buys, but for one in twenty."""
    draw = random.Random(seed)
    rows: list[list[object]] = [["age", "city", "visits", "buys"]]
    for _ in range(n):
        age, city, visits = round(draw.gauss(40, 12), 1), draw.choice(["Bonn", "Rome", "Ulm"]), draw.randrange(20)
        buys = (age > 40 and visits > 5) != (draw.random() < 0.05)
        rows.append(["" if draw.random() < 0.05 else age, city, visits, "yes" if buys else "no"])
    return rows


def copy(path: Path, to: Path, package: str) -> None:
    """Copy a file with the project's name in it."""
    to.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix not in (".py", ".yaml", ".json"):
        shutil.copy(path, to)
        return
    to.write_text(renamed(path.read_text("utf-8"), package), "utf-8")


def renamed(text: str, package: str) -> str:
    """Text with the package's name, and without the lines of a table of commands that name one of the tour's."""
    names = "|".join(TOUR | {"lr-find"})
    tour = re.compile(rf'    "({names})": Command\(.*\),$', re.MULTILINE)
    kept = "".join(line for line in text.splitlines(keepends=True) if not tour.match(line))
    return kept.replace("torchtour", package).replace("TORCHTOUR", package.upper())


def template(folder: Path, name: str, package: str, data: str) -> None:
    """Write what is made for the project: README, pyproject.toml, Makefile, CI and its data."""
    rows = {
        "synthetic": f"problem | a function in `src/{package}/problems.py`",
        "table": "table | `path` and `label` in `configs/default.yaml`",
    }
    files = {"README.md": "README.md", "project.toml": "pyproject.toml", "Makefile": "Makefile"}
    files |= {"ci.yml": ".github/workflows/ci.yml", "gitignore": ".gitignore"}
    if data == "table":
        files |= {"table.yaml": "configs/default.yaml", "test_example.txt": "tests/test_example.py"}
    words = {
        "name": name,
        "package": package,
        "data_row": rows[data],
        "fit": "fit -c configs/default.yaml" if data == "table" else "fit",
        "predict": "predict --data.path data/customers.csv" if data == "table" else "predict",
        "dependencies": '  "polars>=2.1",\n' if data == "table" else "",
    }
    fill_in(PACKAGE / "template/full", files, folder, words)


def fill_in(source: Path, files: dict[str, str], folder: Path, words: dict[str, str]) -> None:
    """Write templates, {file: where it lands}, with each {word} replaced."""
    for file, target in files.items():
        text = (source / file).read_text("utf-8")
        for word, value in {**words, "origin": "torchtour", "version": __version__}.items():
            text = text.replace(f"{{{word}}}", value)
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        (folder / target).write_text(text, "utf-8")
