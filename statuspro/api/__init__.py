"""The endpoint functions: each takes the client first and returns plain JSON.

`orders` reads lists and single orders, `updates` changes one order, `bulk` changes and reads many,
`outcome` waits for what becomes of a bulk update, `statuses` reads the account's statuses, and
`summary` counts. Behind them, `confirmation` reads a write back whose response was lost, `batches`
sends a bulk update of any size, and `journal` keeps what has been sent.
"""
