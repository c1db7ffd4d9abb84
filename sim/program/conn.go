//go:build linux && amd64

package program

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/seatrial/seatrial/sim"
)

// conn is one connection of the process, seen from its other end.
type conn struct {
	number int    // counted from 1, in the order in which they were made
	host   string // of the server at its other end, as the world calls it
	fd     int    // -1: closed
	ready  bool
	ended  bool   // the process has closed its end; what it wrote may still be there
	in     []byte // read and not yet understood
	out    []byte // to be written
	ends   bool   // when out is written
	// cancel gives up the call that is under way; nil: there is none.
	cancel context.CancelFunc
	// guest is who has made the connection, to a listener of the process; nil: the
	// process has made it, to the API server.
	guest *guest
}

// poller says which descriptors have something to read.
type poller struct {
	fd     int
	events [64]syscall.EpollEvent
}

func newPoller() (poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return poller{}, fmt.Errorf("watching the connections of a process: %w", err)
	}
	return poller{fd: fd}, nil
}

func (p *poller) close() { syscall.Close(p.fd) }

func (p *poller) add(fd int) error {
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP, Fd: int32(fd)}
	if err := syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("watching the connections of a process: %w", err)
	}
	return nil
}

// readable lists descriptors with something to read, or an end.
func (p *poller) readable() []syscall.EpollEvent {
	for {
		n, err := syscall.EpollWait(p.fd, p.events[:], 0)
		if err != syscall.EINTR {
			return p.events[:max(n, 0)]
		}
	}
}

// open takes a connection into the agent's care.
func (a *agent) open(fd int, g *guest) (*conn, error) {
	if err := errors.Join(syscall.SetNonblock(fd, true), a.poll.add(fd)); err != nil {
		return nil, errors.Join(err, syscall.Close(fd))
	}
	a.made++
	c := &conn{number: a.made, fd: fd, ready: true, guest: g}
	a.conns = append(a.conns, c)
	return c, nil
}

// takeBytes moves bytes in both directions, and begins the calls that they make up.
// The result says that the process has to look again before anything else happens:
// part of something is on its way.
func (a *agent) takeBytes(ctx context.Context) (unfinished bool, err error) {
	for _, e := range a.poll.readable() {
		for _, c := range a.conns {
			if c.fd == int(e.Fd) {
				c.ready = true
				c.ended = e.Events&(syscall.EPOLLRDHUP|syscall.EPOLLHUP) != 0
			}
		}
	}
	for i := 0; i < len(a.conns); i++ { // a guest may add some
		c := a.conns[i]
		wrote := c.flush(a)
		read := a.readFrom(c)
		unfinished = unfinished || wrote || read && c.guest != nil
		if c.guest != nil || c.fd < 0 || !read && len(c.in) == 0 {
			continue
		}
		more, err := a.serve(ctx, c)
		if err != nil {
			return false, err
		}
		unfinished = unfinished || more || read && c.cancel == nil && len(c.in) > 0
	}
	a.conns = slices.DeleteFunc(a.conns, func(c *conn) bool { return c.fd < 0 })
	return unfinished, nil
}

// readFrom takes what the process has written on a connection; false: nothing, or nothing
// that a guest has an answer to.
func (a *agent) readFrom(c *conn) (read bool) {
	for c.ready && c.fd >= 0 {
		n, err := syscall.Read(c.fd, a.buffer[:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			c.ready = false
			continue
		case n <= 0:
			c.ready = false
			c.close(a)
			continue
		}
		// What does not fill the buffer is all there is, unless it is the last.
		c.ready = n == len(a.buffer) || c.ended
		if c.guest != nil {
			read = c.guest.hears(a.buffer[:n]) || read
		} else {
			c.in = append(c.in, a.buffer[:n]...)
			read = true
		}
	}
	return read
}

// flush writes what can be written. The result says that the process has more to
// read than fits.
func (c *conn) flush(a *agent) (more bool) {
	for len(c.out) > 0 && c.fd >= 0 {
		n, err := syscall.Write(c.fd, c.out)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return more
		case err != nil:
			c.close(a)
		default:
			c.out = c.out[n:]
			more = len(c.out) > 0
		}
	}
	if c.ends && len(c.out) == 0 {
		c.close(a)
	}
	return false
}

func (c *conn) close(*agent) {
	if c.fd < 0 {
		return
	}
	syscall.Close(c.fd)
	c.fd = -1
	if c.cancel != nil {
		c.cancel()
	}
	if c.guest != nil {
		c.guest.leaves()
	}
}

// serve begins the call that the bytes of a connection make up, if they are all
// there and none is under way. more: there is an answer already.
func (a *agent) serve(ctx context.Context, c *conn) (more bool, err error) {
	if c.cancel != nil || !bytes.Contains(c.in, []byte("\r\n\r\n")) {
		return false, nil
	}
	if bytes.HasPrefix(c.in, []byte("PRI * HTTP/2")) {
		return false, unsupported("speaks HTTP/2 to the API server without having asked (want HTTP/1.1, which client-go falls back to)")
	}
	r := bufio.NewReader(bytes.NewReader(c.in))
	request, err := http.ReadRequest(r)
	if err != nil {
		c.close(a)
		return true, nil
	}
	if upgrade := request.Header.Get("Upgrade"); upgrade != "" {
		return false, unsupported(fmt.Sprintf("asks for %s on %s: exec, attach and port-forward are not simulated", upgrade, request.URL.Path))
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return false, nil // the rest is on its way
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		return false, fmt.Errorf("reading a request of the process: %w", err)
	}
	c.in = rest
	request.Body, request.ContentLength, request.TransferEncoding = nil, int64(len(body)), nil
	if len(body) > 0 {
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	request.URL.Scheme, request.URL.Host, request.RequestURI = "http", c.host, ""
	return a.call(ctx, c, request), nil
}

// asked answers a question of the process at once.
func (a *agent) asked(m message) string {
	switch m.kind {
	case 'd':
		return a.dialled(m.text, m.fd)
	case 'l':
		a.listeners = append(a.listeners, listener{address: m.text, fd: m.fd})
	case 'c':
		a.closeListener(m.text)
	case 'n':
		name := strings.TrimSuffix(m.text, ".")
		if sim.NamesAPIServer(name) {
			return apiServerIP
		}
		if i := slices.Index(a.env.Hosts, name); i >= 0 {
			return serverIP(i)
		}
		a.note("looked up %s, which does not exist", m.text)
		return "none"
	case 'p':
		if slices.Contains(a.env.Hosts, m.text) {
			return "plain"
		}
	case 'u':
		a.note("asked for a socket (%s), which the simulation does not have", strings.Replace(m.text, " ", ", ", 1))
	case 'k':
		a.note("made the system call %s, which the simulation does not have", m.text)
	case 'x':
		a.note("tried to start %s: programs cannot be started in the simulation", m.text)
	}
	return "ok"
}

// dialled: the process connects to an address. Only the API server and the world's
// other servers are there, the latter at any port.
func (a *agent) dialled(address string, fd int) string {
	if host := a.hostAt(address); host != "" {
		if c, err := a.open(fd, nil); err == nil {
			c.host = host
			return "ok"
		}
		return "refused"
	}
	syscall.Close(fd)
	a.note("connected to %s, where nobody listens", address)
	return "refused"
}

// hostAt is what the world calls the server at an address; empty: there is none.
func (a *agent) hostAt(address string) string {
	if address == net.JoinHostPort(apiServerIP, strconv.Itoa(apiServerPort)) {
		return "apiserver"
	}
	ip, _, err := net.SplitHostPort(address)
	for i, host := range a.env.Hosts {
		if err == nil && ip == serverIP(i) {
			return host
		}
	}
	return ""
}

// note puts what the program should not have done into its log.
func (a *agent) note(format string, args ...any) {
	a.output.add("seatrial: the program " + fmt.Sprintf(format, args...))
}
