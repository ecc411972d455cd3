package web

// The messages of the source and the mechanism of a paper. The comment of APIError's file lists the addresses of the rest.
