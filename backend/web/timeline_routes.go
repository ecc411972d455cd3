package web

import "net/http"

// timelineRoutes lists the addresses of the past of a notebook, of its pages, and of new ones.
func (s *Server) timelineRoutes(m *http.ServeMux) {
	m.Handle("GET /api/notebook/states", s.answer(s.states))
	m.Handle("GET /api/notebook/state/{id}", s.answer(s.state))
	m.Handle("GET /api/notebook/source", s.answer(s.notebookSource))
	m.Handle("GET /api/notebook/stale", s.answer(s.stale))
	m.Handle("POST /api/notebook/page", s.answer(s.notebookPage))
	m.Handle("POST /api/notebook/new", s.answer(s.notebookNew))
}
