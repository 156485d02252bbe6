"""One call on the wire.

The way of a call, down on the left and back up on the right::

    api/*.py          checks the arguments, names the path   hands out the order
    session.py        this origin, settings, the bearer      responses.py: JSON, or a typed error
    transport.py      one Call, all its attempts             exceptions.py: errors become ours
    retry.py          pauses before another attempt          is it sent again? (headers.py)
    call.py           waits for a slot (pacing/)             tells the budget and the log
    pool.py, socks.py an idle connection, or a new one       keeps the connection for the next call
    connection.py     the query joins the path; was it sent? reads the body before urllib3 judges
    the socket        the request's bytes                    response.py: head and body, bounded

`callbacks.py` tells what the caller's own code raised on the way, `codings.py` what may be decoded.
`in_time.py` has a socket wait no longer than the call's deadline leaves it.

The names of requests, urllib3 and http.client that this package relies on, and that those do not
promise: they are private, or have no documentation. Each with the module that uses it, and what
stands in for it should it go:

http.client.HTTPConnection._tunnel (connection.py)
    Fails with an OSError that begins `Tunnel connection failed: 407`, by which a proxy's refusal is
    known. In its stead: `connect`, which passes the same error on.
http.client.HTTPConnection._output (connection.py)
    Adds to what is sent as the head. In its stead: `putheader`, for each header.
http.client.HTTPConnection.response_class (connection.py)
    Puts our response in the place of http.client's. In its stead: `getresponse`.
http.client.HTTPConnection.sock (connection.py)
    Says whether there is a connection yet. In its stead: urllib3's `is_closed`.
http.client.HTTPConnection.port (socks.py)
    Where to connect to. In its stead: the URL of the request.
http.client.HTTPConnection.timeout (connection.py, socks.py)
    Seconds that a socket waits. Ours cuts it to what is left of the call's deadline. In its stead:
    the `Timeout` that a pool is handed.
http.client.HTTPResponse.begin (response.py)
    Is called to read the head. In its stead: `getresponse` calls our own name for it.
http.client.HTTPResponse._read_status (response.py)
    Reads the first line. In its stead: a regular expression.
http.client.HTTPResponse.fp (response.py)
    The file that the response is read from. In its stead: a socket whose `makefile` gives ours.
http.client.HTTPResponse.chunked (response.py)
    With `chunk_left`, `length` and `will_close`: where the body ends. In their stead:
    http.client's own `begin`, fed with the header lines that it can read.
http.client.HTTPResponse.chunk_left (response.py)
    See `chunked`.
http.client.HTTPResponse.length (response.py)
    See `chunked`.
http.client.HTTPResponse.will_close (response.py)
    See `chunked`.
http.client.HTTPMessage.raw_items (response.py)
    The headers as they came. Ours are given by `items`, which would look for bytes in them. In its
    stead: `items` as it is.
http.client.HTTPMessage.set_raw (response.py)
    Adds a header as it came. In its stead: setting it by its name.
urllib3.HTTPConnectionPool._get_conn (pool.py)
    Gets an idle connection. Ours closes those of a class that a tool has replaced since. In its
    stead: the same at the beginning of `urlopen`.
urllib3.HTTPConnectionPool.pool (pool.py, transport.py)
    The idle connections. In its stead: a pool that keeps the ones that its `QueueCls` makes.
urllib3.HTTPConnectionPool.QueueCls (pool.py)
    Makes the idle connections' stack: ours holds no lock at a fork. In its stead: another pool
    after a fork.
urllib3.HTTPConnectionPool.ConnectionCls (pool.py)
    Makes the connections. In its stead: `_new_conn`.
urllib3.HTTPSConnectionPool._validate_conn (pool.py)
    Connects, and warns of `verify=False` with every request: ours does not. In its stead: a filter
    of warnings.
urllib3.PoolManager.pools (pool.py)
    The pools, with the `dispose_func` that closes what falls out. In its stead: `clear`.
urllib3.PoolManager.pool_classes_by_scheme (pool.py)
    Makes the pools. In its stead: `connection_from_pool_key`.
urllib3.connection.HTTPConnection._new_conn (connection.py, socks.py)
    Opens a socket. Ours divides what is left of the deadline among the addresses of a host. In its
    stead: `connect`.
urllib3.connection.HTTPConnection.socket_options (socks.py)
    Are set on each socket. In their stead: the options of the pool.
urllib3.connection.HTTPSConnection._connect_tls_proxy (connection.py)
    Wraps the socket to a proxy in TLS. Ours has it keep to the deadline. In its stead: a context of
    TLS with a class of sockets of our own.
urllib3.HTTPResponse._original_response (response.py)
    Carries the cookies' headers, for requests, which looks into it twice. Taken away where there
    are none. In its stead: `Set-Cookie` read from `headers`.
urllib3.contrib.socks.SOCKSConnection (socks.py)
    With the five beside it the base of ours. In their stead: `SOCKSProxyManager` as it is.
urllib3.contrib.socks.SOCKSHTTPSConnection (socks.py)
    See `SOCKSConnection`.
urllib3.contrib.socks.SOCKSHTTPConnectionPool (socks.py)
    See `SOCKSConnection`.
urllib3.contrib.socks.SOCKSHTTPSConnectionPool (socks.py)
    See `SOCKSConnection`.
requests.adapters.HTTPAdapter.poolmanager (transport.py)
    The pools; our own take their place. In its stead: `get_connection_with_tls_context`.
requests.adapters.HTTPAdapter.proxy_manager (transport.py)
    The pools behind each proxy. In its stead: `proxy_manager_for`.
requests.PreparedRequest._cookies (session.py)
    The jar that a redirect's cookies go to. An empty one is set without asking it for cookies. In
    its stead: `prepare_cookies`.
requests.hooks.dispatch_hook (callbacks.py)
    The function through which requests calls hooks: what passed it is the caller's own error. In
    its stead: hooks wrapped in `call_back` as they are given.
requests.hooks.default_hooks (options.py)
    The events that have hooks. In its stead: a dict with `response`.

Two habits are relied on too. requests sets `elapsed` when the adapter has returned (transport.py);
and it asks a `raw` that has a method `stream` for the whole body (transport.py).
"""
