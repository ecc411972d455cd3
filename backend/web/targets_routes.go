package web

import "net/http"

// targetRoutes lists the addresses of the Targets screen.
func (s *Server) targetRoutes(_ *http.ServeMux) {}
