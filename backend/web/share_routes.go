package web

import "net/http"

// shareRoutes lists the addresses of sharing.
func (s *Server) shareRoutes(_ *http.ServeMux) {}
