"""The two ways in which this software stops: the user can mend it, or we must; and what others' errors say."""


class UserError(Exception):
    """Bad input. The message is one line: what is wrong, where, and what to do. Exit code 2."""


class IntegrityError(Exception):
    """Something that must hold does not (a hash, a version, a KL of exactly zero). Exit code 1."""


def lines_of(error: BaseException) -> list[str]:
    """What an error says, line by line and never nothing: the name of its class where it has no message."""
    return str(error).strip().splitlines() or [type(error).__name__]
