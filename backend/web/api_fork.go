package web

// The messages of forks. The comment of APIError's file lists the addresses of the rest.
