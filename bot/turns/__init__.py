"""The life of a turn, from its claim to its acknowledgement.

Other rooms import these modules only (a contract in pyproject.toml): `dispatch` to start turns, `reply_search` to
find replies; the composition root also `run`, `policy`, `services`, `claim_terms`, `terms_resolver`, `prepare` and
its steps (`quoted_context`, `file_contents`), `reply_generator`, `tool_loop`, `approval_desk` and `model_retirement`.
"""
