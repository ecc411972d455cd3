package web

import "net/http"

// compareRoutes lists the addresses of the Compare screen.
func (s *Server) compareRoutes(_ *http.ServeMux) {}
