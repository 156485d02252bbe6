"""The columns of the frames: what each is called, and its one dtype."""
