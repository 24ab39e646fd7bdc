"""Tools that Claude may call and that run here.

`tool` is what a tool is, `typed` makes one of a typed function, `toolbox` holds those of this bot.
"""
