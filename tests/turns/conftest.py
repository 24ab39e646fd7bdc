"""The bench of the turn tests, for those in other files than its own."""

from tests.turns.test_reply import bench

__all__ = ["bench"]
