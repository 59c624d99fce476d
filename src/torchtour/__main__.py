"""python -m torchtour: the command."""

import sys

from torchtour.command.main import main

sys.exit(main())
