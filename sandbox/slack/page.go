package slack

import "net/http"

func (s *Server) routePage(*http.ServeMux) {}
