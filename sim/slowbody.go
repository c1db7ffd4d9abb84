package sim

import (
	"io"
	"net/http"
	"time"
)

// A slow body comes in as many parts, evenly over the rule's delay.
const bodyParts = 4

// deliverSlowly gives the caller the head of an answer now and its body part by
// part. The call has returned when the body is complete, or breaks off.
func (w *world) deliverSlowly(c *call, code int, header http.Header, body []byte) {
	c.slow = true
	c.stream = newStreamBody(c)
	response := newResponse(c.request, code, header, c.stream, int64(len(body)))
	for part := 1; part <= bodyParts; part++ {
		data := body[len(body)*(part-1)/bodyParts : len(body)*part/bodyParts]
		w.fromServer(c, c.decision.Delay*time.Duration(part)/bodyParts, func() {
			if c.over {
				return
			}
			c.stream.push(data)
			if part == bodyParts {
				w.returned(c, code, nil, header, body)
				w.finish(c)
				c.stream.finish(io.EOF)
			}
		})
	}
	c.reply <- reply{response: response}
}

// breakBody ends an answer whose body is not complete.
func (w *world) breakBody(c *call, err error) {
	w.returned(c, 0, err, nil, nil)
	w.finish(c)
	c.stream.finish(err)
}
