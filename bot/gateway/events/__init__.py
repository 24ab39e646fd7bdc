"""Events of Discord on their way in."""
