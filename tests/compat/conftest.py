"""What of this folder is not tests."""

collect_ignore = ["lint"]  # programs with mistakes, for `fluvial lint`
