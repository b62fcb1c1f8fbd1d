"""The measuring instrument: did the boundary of what a model can solve move, or did its sampling get sharper?"""

from prorl.boundary.compare import compare

__all__ = ["compare"]
