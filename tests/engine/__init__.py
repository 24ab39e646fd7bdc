"""The turn engine as a whole: nothing lost, nothing answered twice."""
