"""The life of a turn, from its claim to its acknowledgement.

Other rooms import these modules only (a contract in pyproject.toml): `dispatch` to start turns, `policy` and `terms`
for the parameters of a request, `reply_search` to find replies; the composition root also `run`, `services`,
`prepare` and its steps (`quoted_context`, `file_contents`), `reply_generator`, `terms_resolver` and
`model_retirement`.
"""
