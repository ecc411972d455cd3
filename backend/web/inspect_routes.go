package web

import "net/http"

// inspectRoutes lists the addresses of the Episode screen.
func (s *Server) inspectRoutes(_ *http.ServeMux) {}
