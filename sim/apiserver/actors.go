package apiserver

// actor is a part of kube-controller-manager: it hears of every commit and
// acts later, through the clock.
type actor interface {
	observe(res *resource, e *event)
}

func (s *Server) notifyActors(res *resource, e *event) {
	for _, a := range s.actors {
		a.observe(res, e)
	}
}
