"""Redis: the inbox, the journal of turns, leases, revisions, settings, the audit log, what the instances agree on.

Other rooms use the modules `conversations`, `journal`, `turn_control`, `revisions`, `pins_and_summaries`,
`scope_settings`, `audit_log`, `coordination`, `wakeups` and `work_queue`, the values in `claim`, `states`, `codec`,
`keys` and `key_lifetimes`, and `connection` and `start_check`. The other modules are private, which import-linter
checks.
"""
