"""Redis: the inbox, the journal of turns, leases, revisions, overrides, and what the instances of a bot agree on.

Other rooms use the modules `conversations`, `journal`, `turn_control`, `revisions`, `pins_and_summaries`,
`scoped_overrides`, `coordination`, `wakeups` and `work_queue`, the values in `claim`, `states`, `codec` and `keys`,
and `connection` and `start_check`. The other modules are private, which import-linter checks.
"""
