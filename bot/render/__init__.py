"""Text to Discord messages: pure planning, and the paced writer that performs the plan.

Other rooms import these modules only (a contract in pyproject.toml): `writer`, `pace` and `style` to write a reply,
`outbox` to post, `indicator` to show typing, `controls`, `part`, `plan` and `upload` for the values of posted
messages,
`draft`, `mark` and `rejoin` to compare a reply with its messages, `formula` and `chart` to draw, `ticks` to put text
into a code block.
"""
