"""A support bundle without content, and the replay of a turn that a bundle holds."""
