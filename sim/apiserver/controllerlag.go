package apiserver

import (
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/watch"
)

// SetControllerLag makes the garbage collector and the namespace controller act
// d after a change from now on; 0 is the default, 100 ms. What they have planned
// already stays as it is.
func (s *Server) SetControllerLag(d time.Duration) {
	if d <= 0 {
		d = defaultControllerLag
	}
	s.config.ControllerLag = d
}

// ErrorFrame is the ERROR event by which a server tells on an open watch what
// went wrong, in the encoding of the stream.
func ErrorFrame(contentType string, err error) Frame {
	e := encodeJSON
	if strings.HasPrefix(contentType, contentTypes[encodeProtobuf]) {
		e = encodeProtobuf
	}
	body, _ := encodeStatus(statusOf(err), e)
	return Frame{Type: string(watch.Error), Data: frameBytes(watch.Error, body, e)}
}
