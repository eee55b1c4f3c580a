"""Files on disk: atomic writes, one run at a time, and arrays that are validated before use."""

from grisaille.storage.files import AnyPath as AnyPath
from grisaille.storage.files import DiskFullError as DiskFullError
from grisaille.storage.files import as_path as as_path
from grisaille.storage.files import atomic_path as atomic_path
from grisaille.storage.files import expanded as expanded
from grisaille.storage.files import forget_listings as forget_listings
from grisaille.storage.files import link as link
from grisaille.storage.files import remove_partials as remove_partials
from grisaille.storage.files import sha256 as sha256
from grisaille.storage.files import write_atomically as write_atomically
