//go:build linux && amd64

package program

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// listener is a socket on which the process listens. It lives on the simulated
// network: two processes may have the same port.
type listener struct {
	address string
	fd      int
}

func (a *agent) closeListener(address string) {
	for i, l := range a.listeners {
		if l.address == address {
			syscall.Close(l.fd)
			a.listeners = append(a.listeners[:i:i], a.listeners[i+1:]...)
			return
		}
	}
}

// guest is the world's end of a connection to a listener of the process, for instance
// of who asks its probes or reads its metrics. Its goroutine and the agent take turns:
// it runs only while the agent waits for it, so no two race.
type guest struct {
	a      *agent
	c      *conn
	in     bytes.Buffer
	gone   bool // the process has closed the connection
	over   bool // the goroutine has ended
	resume chan struct{}
	parked chan struct{}
}

var _ net.Conn = (*guest)(nil)

// visit connects to a port of the process and lets talk do the talking. The error
// says that nobody listens there.
func (a *agent) visit(port int, talk func(net.Conn)) error {
	suffix := ":" + strconv.Itoa(port)
	for _, l := range a.listeners {
		if !strings.HasSuffix(l.address, suffix) {
			continue
		}
		fd, err := connectTo(l.fd)
		if err != nil {
			return fmt.Errorf("connecting to %s: %w", l.address, err)
		}
		g := &guest{a: a, resume: make(chan struct{}), parked: make(chan struct{})}
		if g.c, err = a.open(fd, g); err != nil {
			return err
		}
		go func() {
			<-g.resume
			talk(g)
			g.c.ends = true
			g.over = true
			g.parked <- struct{}{}
		}()
		g.wake()
		g.c.flush(a)
		return nil
	}
	return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// connectTo connects to the listener whose other descriptor is given.
func connectTo(listener int) (int, error) {
	address, err := syscall.Getsockname(listener)
	if err != nil {
		return -1, err
	}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := syscall.Connect(fd, address); err != nil {
		return -1, errors.Join(err, syscall.Close(fd))
	}
	return fd, nil
}

// wake lets the goroutine go on until it waits for the process again, or is over.
func (g *guest) wake() {
	if !g.over {
		g.resume <- struct{}{}
		<-g.parked
	}
}

// hears is run by the agent: the process has written. The result says that the guest has
// something to say to it, as in a handshake.
func (g *guest) hears(b []byte) (says bool) {
	g.in.Write(b)
	g.wake()
	says = len(g.c.out) > 0
	g.c.flush(g.a)
	return says
}

// leaves is run by the agent: the connection is closed.
func (g *guest) leaves() {
	g.gone = true
	g.wake()
}

// Read implements [net.Conn].
func (g *guest) Read(b []byte) (int, error) {
	for {
		if g.in.Len() > 0 {
			return g.in.Read(b)
		}
		if g.gone {
			return 0, io.EOF
		}
		g.parked <- struct{}{}
		<-g.resume
	}
}

// Write implements [net.Conn]. What is written leaves when the goroutine waits.
func (g *guest) Write(b []byte) (int, error) {
	if g.gone {
		return 0, net.ErrClosed
	}
	g.c.out = append(g.c.out, b...)
	return len(b), nil
}

// Close implements [net.Conn].
func (g *guest) Close() error {
	g.c.ends = true
	return nil
}

// LocalAddr implements [net.Conn].
func (g *guest) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 244, 0, 1)} }

// RemoteAddr implements [net.Conn].
func (g *guest) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 244, 0, 10)} }

// SetDeadline implements [net.Conn]: who visits decides by itself how long to wait.
func (g *guest) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements [net.Conn].
func (g *guest) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements [net.Conn].
func (g *guest) SetWriteDeadline(time.Time) error { return nil }

// get asks a listener of the process for a page. said is called, at some later time,
// with what came of it, unless the error says that there is nobody to ask.
func (a *agent) get(port int, https bool, path string, said func(body []byte, err error)) error {
	return a.visit(port, func(c net.Conn) {
		if https { // as a kubelet, nobody checks the certificate
			c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
		}
		said(page(c, path))
	})
}

func page(c net.Conn, path string) ([]byte, error) {
	r, err := http.NewRequest(http.MethodGet, "http://process"+path, nil)
	if err != nil {
		return nil, fmt.Errorf("asking for %s: %w", path, err)
	}
	response, body, err := exchange(c, r)
	if err == nil && response.StatusCode >= 400 {
		err = errors.New(response.Status)
	}
	if err != nil {
		return nil, fmt.Errorf("asking for %s: %w", path, err)
	}
	return body, nil
}

// exchange makes one request on a connection and reads the whole answer.
func exchange(c net.Conn, r *http.Request) (*http.Response, []byte, error) {
	r.Close = true
	if err := r.Write(c); err != nil {
		return nil, nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, body, err
}
