"""Names of `typing` that Python 3.10 has not: `typing.get_type_hints` looks them up at run time."""

import sys
from typing import TYPE_CHECKING, TypeVar

if sys.version_info >= (3, 11):
    from typing import Self as Self
    from typing import Unpack as Unpack
elif TYPE_CHECKING:
    from typing_extensions import Self as Self
    from typing_extensions import Unpack as Unpack
else:
    Self = TypeVar("Self")

    class Unpack:
        """Stands for its argument."""

        def __class_getitem__(cls, item):
            return item
