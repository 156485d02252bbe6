"""Lists that move, page by page: nothing skipped, nothing twice."""
