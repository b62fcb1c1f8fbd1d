"""What programs for contests take for granted, and the harnesses of such data put before them."""

from __future__ import annotations

PRELUDE = """
from typing import *
from string import *
from re import *
from math import *
from random import *
from operator import *
from itertools import *
from functools import *
from collections import *
from copy import *
from heapq import *
from bisect import *
from builtins import abs, compile, pow
import bisect, collections, copy, functools, heapq, itertools, math, operator, random, re, string, sys, time
sys.setrecursionlimit(6 * 10**5)
"""
"""Names of modules and what is in them. Of equal names the later ones hold: `Counter` is no type hint, `pow` no float.

The limit of recursion leaves it to the memory. Where recursion goes through C the stack ends first, and the process
with it, which fails the test.
"""
