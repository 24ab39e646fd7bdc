"""Tools of remote MCP servers.

`definition` is what a server says of a tool, cleaned; `address`, `transport` and `connection` reach a server;
`server` lists and calls; `results` reads what comes back; `remote_tools` holds all servers.
"""
