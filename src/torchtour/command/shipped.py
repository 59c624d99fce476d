"""The files that the package ships, and folders that are filled whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torchtour.settings import UserError

PACKAGE = Path(__file__).parents[1]
SHIPPED = PACKAGE / "template/shipped"  # in the wheel: what a clone has beside src
ROOT = SHIPPED if SHIPPED.exists() else PACKAGE.parents[1]


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder that is new or empty; what fails leaves it as it was, so that it can be tried again.

    Raises:
        UserError: It holds something.
    """
    existed = path.exists()
    path.mkdir(parents=True, exist_ok=True)
    if any(path.iterdir()):
        raise UserError(f"{path} is not empty")
    try:
        yield path
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        if existed:
            path.mkdir(exist_ok=True)
        raise
