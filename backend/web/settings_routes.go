package web

import "net/http"

// settingRoutes lists the addresses of the Settings screen.
func (s *Server) settingRoutes(_ *http.ServeMux) {}
