"""The shared Claude client against a scripted server on a real socket."""
