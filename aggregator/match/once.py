"""A value that is worked out once, when somebody asks for it first.

`functools.cached_property` takes a lock at every first access: with twenty lazy values a
pair that is dearer than most of the values. Two threads may work one out twice; the
values are pure, so both get the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Self, TypeVar, overload

__all__ = ["once"]

_Owner = TypeVar("_Owner")
_Value = TypeVar("_Value")


class once(Generic[_Owner, _Value]):  # noqa: N801 - a decorator, used like `property`
    """Makes a method an attribute; from the second access on it is a plain one."""

    def __init__(self, work_out: Callable[[_Owner], _Value]) -> None:
        self._work_out = work_out
        self._name = work_out.__name__
        self.__doc__ = work_out.__doc__

    @overload
    def __get__(self, owner: None, kind: type[_Owner]) -> Self: ...
    @overload
    def __get__(self, owner: _Owner, kind: type[_Owner]) -> _Value: ...
    def __get__(self, owner: _Owner | None, kind: type[_Owner]) -> Self | _Value:
        if owner is None:
            return self
        value = self._work_out(owner)
        # The instance's own entry hides this descriptor from now on.
        owner.__dict__[self._name] = value
        return value
