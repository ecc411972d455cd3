package web

// The messages of the Episode screen. The comment of APIError's file lists the addresses of the rest.
