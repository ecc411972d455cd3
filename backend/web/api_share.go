package web

// The messages of sharing. The comment of APIError's file lists the addresses of the rest.
