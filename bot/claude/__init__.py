"""The one shared Claude client. The SDK's types and exceptions stop here.

Other rooms import these modules only (a contract in pyproject.toml): `client` to send requests, `catalogue` and
`models` for what is known of the models, `prices` for the price list, `operator_errors` for hints to the operator.
"""
