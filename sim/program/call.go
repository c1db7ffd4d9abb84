//go:build linux && amd64

package program

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/seatrial/seatrial/sim"
)

// delivery is part of an answer on its way to the process. The agent takes one at a
// time and acknowledges it.
type delivery struct {
	to    *conn
	bytes []byte
	done  bool // the answer is complete
	ends  bool // so is the connection
	ack   chan struct{}
}

// call begins a request on the simulated network. The result says that the answer
// is there already.
func (a *agent) call(ctx context.Context, c *conn, r *http.Request) bool {
	ctx, c.cancel = context.WithCancel(sim.InOrder(ctx, c.number))
	r = r.WithContext(ctx)
	if c.host == "apiserver" && sim.AnsweredAtOnce(r) {
		// By the agent itself: several goroutines would race for it.
		a.carry(r, c, func(d delivery) bool { a.deliver(d); return true })
		return true
	}
	go a.carry(r, c, func(d delivery) bool { return a.send(ctx, d) })
	return false
}

// carry makes a request and hands the answer on as it comes in.
func (a *agent) carry(r *http.Request, c *conn, send func(delivery) bool) {
	response, err := a.env.REST.Transport.RoundTrip(r)
	if err != nil {
		send(delivery{to: c, bytes: failure(err), done: true})
		return
	}
	defer response.Body.Close()
	size := response.ContentLength
	head := headOf(response)
	if size == 0 || bodyless(r, response) {
		send(delivery{to: c, bytes: head, done: true})
		return
	}
	chunked, length := size < 0, int64(32<<10)
	if !chunked {
		length = size // an answer that is there comes in one piece
	} else if !send(delivery{to: c, bytes: head}) {
		return
	} else {
		head = nil
	}
	buffer := make([]byte, length)
	for read := int64(0); ; {
		n, err := response.Body.Read(buffer)
		read += int64(n)
		part := append(head, chunk(buffer[:n], chunked)...)
		head = nil
		switch {
		case !chunked && read == size:
			send(delivery{to: c, bytes: part, done: true})
			return
		case err == io.EOF && chunked:
			send(delivery{to: c, bytes: append(part, "0\r\n\r\n"...), done: true})
			return
		case err != nil: // it breaks off in the middle
			send(delivery{to: c, bytes: part, done: true, ends: true})
			return
		case !send(delivery{to: c, bytes: part}):
			return
		}
	}
}

func bodyless(r *http.Request, response *http.Response) bool {
	return r.Method == http.MethodHead || response.StatusCode == http.StatusNoContent || response.StatusCode == http.StatusNotModified
}

// headOf is the head of an answer in HTTP/1.1.
func headOf(response *http.Response) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(response.StatusCode) + " " + http.StatusText(response.StatusCode) + "\r\n")
	response.Header.Del("Content-Length")
	response.Header.Write(&b) // sorted; into memory
	if response.ContentLength < 0 {
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	} else {
		b.WriteString("Content-Length: " + strconv.FormatInt(response.ContentLength, 10) + "\r\n\r\n")
	}
	return b.Bytes()
}

func chunk(part []byte, chunked bool) []byte {
	if !chunked || len(part) == 0 {
		return bytes.Clone(part)
	}
	b := strconv.AppendInt(make([]byte, 0, len(part)+16), int64(len(part)), 16)
	b = append(b, "\r\n"...)
	b = append(b, part...)
	return append(b, "\r\n"...)
}

// failure says, in an answer's place, what a request came to that has none: the
// program's net/http makes the error of it. See seatrialFailure in hooks/http.go.txt.
func failure(err error) []byte {
	kind := "lost"
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial" && errors.Is(err, os.ErrDeadlineExceeded):
		kind = "dial-timeout"
	case errors.As(err, &op) && op.Op == "dial":
		kind = "refused"
	case errors.Is(err, syscall.ECONNRESET):
		kind = "reset"
	case errors.Is(err, io.ErrUnexpectedEOF):
		kind = "eof"
	}
	return []byte(strings.Join([]string{"HTTP/1.1 599 No Answer", "Seatrial-Failure: " + kind, "Content-Length: 0", "", ""}, "\r\n"))
}

// send hands a delivery to the agent; false: the process, or its interest, is gone.
func (a *agent) send(ctx context.Context, d delivery) bool {
	if ctx.Err() != nil { // else both cases below might be ready, and chance decide
		return false
	}
	d.ack = make(chan struct{})
	select {
	case a.answers <- d:
	case <-ctx.Done():
		return false
	}
	select {
	case <-d.ack:
		return true
	case <-ctx.Done():
		return false
	}
}

// deliver writes part of an answer to the process.
func (a *agent) deliver(d delivery) {
	if d.ack != nil {
		defer close(d.ack)
	}
	c := d.to
	if c.fd < 0 {
		return
	}
	c.out = append(c.out, d.bytes...)
	c.ends = c.ends || d.ends
	if d.done {
		c.cancel()
		c.cancel = nil
	}
	c.flush(a)
}
