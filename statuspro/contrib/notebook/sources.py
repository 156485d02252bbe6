"""Where a frame's orders come from: a client, a mirror, or orders that the caller has."""
