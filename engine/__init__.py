"""The doers: the only package that knows trio, time, files and sockets."""
