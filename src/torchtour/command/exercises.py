"""`torchtour exercises DIR`: write the start files of the exercises into a folder of the learner's."""

from pathlib import Path

from torchtour.command.terminal import Options
from torchtour.exercises import FOLDER, Lesson, lesson_named, lesson_names
from torchtour.exercises.cells import LESSON, with_task_of
from torchtour.exercises.progress import Progress
from torchtour.settings import UserError


def exercises(args: list[str]) -> int:
    """Add the start files that are missing, of all lessons or of the named ones, and show the progress.

    Raises:
        UserError: a wrong argument, or the folder cannot be written to (then nothing is written).
    """
    options = Options("torchtour exercises", description="Write the start files of the exercises into a folder.")
    options.add_argument("folder", metavar="DIR", type=Path, help="the folder; it is made if it is not there")
    options.add_argument("lessons", metavar="LESSON", nargs="*", default=[], help="only these lessons")
    options.add_argument(
        "--reset",
        metavar="TASK",
        help="restore one task in its file, for example tensors.3; the old file is kept as .bak",
    )
    options.add_argument(
        "--course", metavar="DIR", type=Path, default=FOLDER, help="a folder with tasks and checkers of your own"
    )
    chosen = options.parse_args(args)
    names = lesson_names(chosen.course)
    unknown = [name for name in chosen.lessons if name not in names]
    if unknown:
        raise UserError(f"there is no lesson {unknown[0]!r}: the lessons are {', '.join(names)}")
    if chosen.reset:
        print(reset(chosen.folder, chosen.course, chosen.reset))
        return 0
    lessons = [lesson_named(name, chosen.course) for name in dict.fromkeys(chosen.lessons or names)]
    print(f"{added(chosen.folder, lessons)}\n")
    progress = Progress(chosen.folder, chosen.course)
    print("\n".join([*progress.table(), "", progress.bar(), *progress.next_lines()]))
    first = chosen.folder / f"{lessons[0].name}.py"
    print(
        f"\nDo a task, and run: torchtour check {first}\nOr leave this running: torchtour check {chosen.folder} --watch"
    )
    return 0


def added(folder: Path, lessons: list[Lesson]) -> str:
    """Write the files that are missing; says how many tasks that are."""
    files = {folder / f"{lesson.name}.py": lesson for lesson in lessons}
    missing = {path: lesson for path, lesson in files.items() if not path.exists() and not path.is_symlink()}
    write({path: lesson.read("start") for path, lesson in missing.items()})
    tasks = sum(len(lesson.outline) for lesson in missing.values())
    kept = len(files) - len(missing)
    if not missing:
        return f"All files are there already in {folder}. Nothing was changed."
    text = f"{tasks} tasks in {counted_files(len(missing))} in {folder}"
    return f"{text}; {counted_files(kept)} already there left unchanged" if kept else text


def counted_files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


def write(files: dict[Path, str]) -> None:
    """Write all files or none; never one that is there already."""
    written: list[Path] = []
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
    except OSError as error:
        for done in written:
            done.unlink(missing_ok=True)
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None


def reset(folder: Path, course: Path, task: str) -> str:
    """Restore a task, named as lesson.number, in its file; says what was done.

    Raises:
        UserError: there is no such task, or its file cannot be read or written.
    """
    name, _, number = task.partition(".")
    if name not in lesson_names(course) or not number.isdecimal():
        raise UserError(f"there is no task {task!r}: name it like tensors.3, with a lesson and a number")
    lesson = lesson_named(name, course)
    if int(number) not in lesson.outline:
        raise UserError(f"there is no task {task!r}: {name} has the tasks 1 to {len(lesson.outline)}")
    path = folder / f"{name}.py"
    backup = path.with_suffix(".py.bak")
    try:
        source = path.read_text(encoding="utf-8")
        fresh = with_task_of(source, lesson.read("start"), int(number)) if LESSON.search(source) else None
        if fresh is None:
            raise UserError(f"{path} has no task {number}: delete the file, and `torchtour exercises` writes it anew")
        backup.write_text(source, encoding="utf-8")
        path.write_text(fresh, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot restore {task} in {path}: {error}") from None
    return f"Task {number} of {path} is as it was at the start. The file as it was before: {backup}"
