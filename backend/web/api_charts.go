package web

// The messages of charts: windows, exports and statistics. The comment of APIError's file lists the addresses of the rest.
