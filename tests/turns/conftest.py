"""The fixture of the tests of turns."""

from tests.turns.stage import bench

__all__ = ["bench"]
