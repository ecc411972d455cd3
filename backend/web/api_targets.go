package web

// The messages of the Targets screen. The comment of APIError's file lists the addresses of the rest.
