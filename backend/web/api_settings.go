package web

// The messages of the Settings screen. The comment of APIError's file lists the addresses of the rest.
