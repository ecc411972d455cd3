package web

import "net/http"

// memoryRoutes lists the addresses of the Memory screen.
func (s *Server) memoryRoutes(_ *http.ServeMux) {}
