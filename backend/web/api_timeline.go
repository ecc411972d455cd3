package web

// The messages of the past of a notebook. The comment of APIError's file lists the addresses of the rest.
