"""`python -m app`."""

import gc
import sys

# What is imported stays, so collections amid it find nothing; they would be a sixth of the start. `main` turns them on.
gc.disable()

from app.cli import main  # noqa: E402

sys.exit(main())
