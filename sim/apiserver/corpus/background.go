package corpus

import (
	"fmt"
	"net/http"
)

// answer is a response as it came.
type answer struct {
	code   int
	header http.Header
	body   []byte
	err    error
}

// startBackground sends a request whose answer a later step takes: one that
// the server holds back until something else has happened.
func (r *run) startBackground(s *Step) {
	w := r.wire(s.Request)
	r.norm.learnBase(w.body)
	came := make(chan answer, 1)
	r.background[s.ID] = came
	go func() {
		code, header, body, err := r.send(w)
		came <- answer{code: code, header: header, body: body, err: err}
	}()
}

func (r *run) awaitBackground(s *Step) (*Response, error) {
	came := r.background[s.Watch]
	if came == nil {
		return nil, fmt.Errorf("no background step %q", s.Watch)
	}
	a := <-came
	if a.err != nil {
		return nil, a.err
	}
	return r.response(s, a.code, a.header, a.body), nil
}
