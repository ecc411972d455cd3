package web

import "net/http"

// forkRoutes lists the addresses of forks.
func (s *Server) forkRoutes(_ *http.ServeMux) {}
