"""What each weight of a network is for, found from its resolved graph."""

from ._activation import LINEAR as LINEAR
from ._finder import describe_network as describe_network
from ._roles import ROLES as ROLES
from ._roles import Network as Network
from ._roles import Weight as Weight
