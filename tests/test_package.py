"""The project as others get it: the wheel, the lock, the sources."""

import re
import subprocess
import sys
import zipfile

from conftest import ROOT


def test_the_wheel_holds_the_package_and_works_elsewhere(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("torchtour-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"torchtour/py.typed", "torchtour/command/cli.py", "torchtour/lessons/tensors.py"} <= set(names)
    assert not [name for name in names if not name.startswith("torchtour")]
    # The wheel first on the path, from an empty folder: what runs is the wheel's.
    code = (
        f"import sys; sys.path.insert(0, {str(wheel)!r}); import torchtour, torchtour.command.cli\n"
        "assert torchtour.__file__.startswith(sys.path[0]); print(torchtour.Classifier().hparams.lr)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True) == "0.1\n"


def test_importing_the_package_does_not_bring_the_command():
    code = "import sys, torchtour; torchtour.Classifier; assert 'jsonargparse' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_lock_has_hashes_and_neither_torch_nor_an_address():
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE)
    assert {"lightning", "torchmetrics", "numpy", "pytest"} <= set(pins)
    assert not [name for name in pins if name == "torch" or name.startswith(("nvidia", "triton"))]
    assert "://" not in lock
    for block in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block


def test_the_top_level_is_closed():
    allowed = {"src", "configs", "tests", "checkpoints", "docs", "pyproject.toml", "Makefile", "README.md"}
    allowed |= {"requirements.lock", "LICENSE", "CHANGELOG.md"}
    tracked = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    assert {name.split("/")[0] for name in tracked if not name.startswith(".")} <= allowed
