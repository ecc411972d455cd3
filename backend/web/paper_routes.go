package web

import "net/http"

// paperRoutes lists the addresses of the source and the mechanism of a paper.
func (s *Server) paperRoutes(_ *http.ServeMux) {}
