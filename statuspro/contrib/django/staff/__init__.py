"""The staff's board: what the admin shows of orders, and the changes that it sends."""
