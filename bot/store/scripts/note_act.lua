-- Note an administrative act; once for each interaction and act.
-- Returns 1, or 0 if the act is noted already.
return note_act(audit, audit_s, interaction, person, scope, target, what, before, after) and 1 or 0
