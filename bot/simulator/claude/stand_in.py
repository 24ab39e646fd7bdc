"""placeholder until the next file lands"""

from .prompt import Body


def stand_in(body: Body) -> str:
    return "I'm the local stand-in, not Claude."
