"""The turn engine under every fault it promises to survive: the real bot as a process, hit at each of its steps."""
