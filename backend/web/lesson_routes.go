package web

import "net/http"

// lessonRoutes lists the addresses of the lesson view.
func (s *Server) lessonRoutes(m *http.ServeMux) {
	m.Handle("GET /api/lesson", s.answer(s.lesson))
	m.Handle("POST /api/lesson/start", s.answer(s.startLesson))
	m.Handle("GET /api/lesson/result", s.answer(s.lessonResult))
	m.Handle("GET /api/lesson/why", s.answer(s.lessonWhy))
}
