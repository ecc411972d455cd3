package web

import "net/http"

// timelineRoutes lists the addresses of the past of a notebook.
func (s *Server) timelineRoutes(_ *http.ServeMux) {}
