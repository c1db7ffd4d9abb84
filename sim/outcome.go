package sim

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"

	"github.com/seatrial/seatrial/model"
)

// What a client meets when no answer comes. The texts and types are those of
// net and net/http, because client-go decides by them whether to retry.
var (
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Addr: serverAddress,
		Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	errReset = &net.OpError{Op: "read", Net: "tcp", Addr: serverAddress,
		Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	errDialTimeout    = &net.OpError{Op: "dial", Net: "tcp", Addr: serverAddress, Err: os.ErrDeadlineExceeded}
	errConnectionLost = errors.New("http2: client connection lost")
	errAnswerLost     = io.ErrUnexpectedEOF
)

var serverAddress = &net.TCPAddr{IP: net.IPv4(10, 96, 0, 1), Port: 443}

// outcomeOf says what a client can know about its own call.
//
// A refused or never made connection certainly had no effect, nor has a
// request that was answered 4xx or 503. Everything else that is not success
// leaves it open: a broken connection, a time-out, and a 500, which may come
// from behind the point where a write was stored.
func outcomeOf(code int, err error) model.Outcome {
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial":
		return model.Failed
	case err != nil:
		return model.Unknown
	case code < 400:
		return model.OK
	case code < 500, code == http.StatusServiceUnavailable:
		return model.Failed
	}
	return model.Unknown
}

// endOfStream is what reading a watch gives once it has ended.
func endOfStream(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}
