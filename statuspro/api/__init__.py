"""The endpoint functions: each takes the client first and returns plain JSON.

`orders` reads lists and single orders, `updates` changes one order, `bulk` changes and reads many,
`statuses` reads the account's statuses, `summary` counts. `confirmation` reads
a write back whose response was lost.
"""
