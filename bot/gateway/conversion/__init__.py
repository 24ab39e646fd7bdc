"""From what Discord sends to values."""
