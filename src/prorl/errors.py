"""The two ways in which this software stops: the user can mend it, or we must."""


class UserError(Exception):
    """Bad input. The message is one line: what is wrong, where, and what to do. Exit code 2."""


class IntegrityError(Exception):
    """Something that must hold does not (a hash, a version, a KL of exactly zero). Exit code 1."""
