"""`torchtour exercises DIR`: write the start files of the exercises into a folder of the learner's."""

from pathlib import Path

from torchtour.command.terminal import Options
from torchtour.exercises import LESSONS, outline, start_file
from torchtour.settings import UserError


def exercises(args: list[str]) -> int:
    """Write the start files of all lessons, or of the named ones.

    Raises:
        UserError: a file is there already (then nothing is written), or the folder cannot be written to.
    """
    options = Options("torchtour exercises", description="Write the start files of the exercises into a folder.")
    options.add_argument("folder", metavar="DIR", type=Path, help="the folder; it is made if it is not there")
    options.add_argument("lessons", metavar="LESSON", nargs="*", default=[], help=f"only these: {', '.join(LESSONS)}")
    chosen = options.parse_args(args)
    unknown = [lesson for lesson in chosen.lessons if lesson not in LESSONS]
    if unknown:
        raise UserError(f"there is no lesson {unknown[0]!r}: the lessons are {', '.join(LESSONS)}")
    lessons = list(dict.fromkeys(chosen.lessons or LESSONS))
    write({chosen.folder / f"{lesson}.py": start_file(lesson) for lesson in lessons})
    tasks = sum(len(outline(lesson)) for lesson in lessons)
    print(f"{tasks} tasks in {len(lessons)} file{'s' * (len(lessons) != 1)} in {chosen.folder}")
    print(f"Open one in an editor, do a task, and run: torchtour check {chosen.folder / lessons[0]}.py")
    return 0


def write(files: dict[Path, str]) -> None:
    """Write all files or none; never one that is there already."""
    for path in files:
        if path.exists() or path.is_symlink():
            raise UserError(f"{path} is there already, and nothing was written: name a new folder, or single lessons")
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
