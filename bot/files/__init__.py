"""Files that people post, as content that Claude can read. Bytes are parsed in a subprocess that can be killed.

Other rooms import `bot.files.convert` and `bot.files.result`. Nothing is imported here, so that a worker starts fast.
"""
