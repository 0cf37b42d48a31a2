"""Where raw files come from: list, read, check, and make ready for the engine."""
