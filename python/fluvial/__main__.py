"""`python -m fluvial`."""

import sys

from fluvial.cli import main

sys.exit(main())
