//go:build linux && amd64

package program

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// zygote is a program whose packages are initialised and whose main has not begun.
// Each life is a fork of it, which saves what initialising costs. It dies with this
// process, and its lives with it.
type zygote struct {
	mu   sync.Mutex // one order at a time
	pid  int
	fd   int
	said *os.File // what it printed on its way to main
}

// zygotes are those of this process, by what they were started with.
var zygotes = struct {
	sync.Mutex
	of map[string]*zygote
}{of: map[string]*zygote{}}

// zygoteOf returns the zygote of a command line, started if need be.
func zygoteOf(path string, args, env []string) (*zygote, error) {
	key := strings.Join(append(append([]string{path}, args...), env...), "\x00")
	zygotes.Lock()
	defer zygotes.Unlock()
	if z := zygotes.of[key]; z != nil {
		return z, nil
	}
	z, err := startZygote(path, args, env)
	if err == nil {
		zygotes.of[key] = z
	}
	return z, err
}

// Close ends all zygotes of this process, and waits until they are gone. Those that
// are needed later are started anew.
func Close() {
	zygotes.Lock()
	defer zygotes.Unlock()
	for key, z := range zygotes.of {
		z.close()
		delete(zygotes.of, key)
	}
}

// baseEnvironment is what every program finds: one thread, hardly any collection of
// garbage, no draw by a profiler, UTC.
var baseEnvironment = []string{
	"GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=1GiB", "GODEBUG=asyncpreemptoff=1,randseednop=0,memprofilerate=0",
	"TZ=", "HOME=/root", "USER=root", "PATH=/usr/local/bin:/usr/bin:/bin", "SEATRIAL_PROGRAM=1",
}

// initialisation is how long, in real time, packages may take to be initialised.
const initialisation = 2 * time.Minute

func startZygote(path string, args, env []string) (*zygote, error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	defer syscall.Close(pair[1])
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", path, err), syscall.Close(pair[0]))
	}
	defer null.Close()
	said, err := memoryFile("zygote")
	if err != nil {
		return nil, errors.Join(err, syscall.Close(pair[0]))
	}
	n, out := null.Fd(), said.Fd()
	sys := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		// Changing the root takes privileges: those of a user namespace will do.
		sys.Cloneflags = syscall.CLONE_NEWUSER
		sys.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		sys.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	pid, err := syscall.ForkExec(path, append([]string{"program"}, args...), &syscall.ProcAttr{
		Dir: "/", Env: append(baseEnvironment[:len(baseEnvironment):len(baseEnvironment)], env...),
		Files: []uintptr{n, out, out, uintptr(pair[1]), n, n}, Sys: sys,
	})
	if err != nil {
		if sys.Cloneflags != 0 {
			err = fmt.Errorf("%w (a program in virtual time takes root, or user namespaces: sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)", err)
		}
		return nil, errors.Join(fmt.Errorf("starting %s: %w", path, err), said.Close(), syscall.Close(pair[0]))
	}
	patience := syscall.NsecToTimeval(int64(initialisation))
	if err := syscall.SetsockoptTimeval(pair[0], syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &patience); err != nil {
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return &zygote{pid: pid, fd: pair[0], said: said}, nil
}

// Orders to a zygote, as hooks/runtime.go.txt has them.
const (
	orderBegin = 1
	orderWait  = 2
	orderKill  = 3
)

type order struct {
	What, Number, Skew int64
	Seeds              [4]uint64
	_                  int64
	Root               [128]byte
}

// ask gives an order, with the descriptors that belong to it, and returns the two
// numbers of the answer.
func (z *zygote) ask(o order, fds ...int) (first, second int32, err error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	message, err := binary.Append(nil, binary.NativeEndian, o)
	if err != nil {
		return 0, 0, fmt.Errorf("encoding an order to a zygote: %w", err)
	}
	var rights []byte
	if len(fds) > 0 {
		rights = syscall.UnixRights(fds...)
	}
	err = syscall.Sendmsg(z.fd, message, rights, nil, 0)
	var reply [8]byte
	for err == nil {
		var n int
		n, err = syscall.Read(z.fd, reply[:])
		if err == syscall.EINTR {
			err = nil
			continue
		}
		if err == nil && n != len(reply) {
			err = io.ErrUnexpectedEOF
		}
		break
	}
	if err != nil {
		return 0, 0, &neverBegan{z.lastWords(), err}
	}
	return int32(binary.NativeEndian.Uint32(reply[:])), int32(binary.NativeEndian.Uint32(reply[4:])), nil
}

// neverBegan is a program that ended while its packages were initialised.
type neverBegan struct {
	said  string
	cause error
}

// Error implements error.
func (e *neverBegan) Error() string {
	return fmt.Sprintf("the program did not get to its main (%v): %s", e.cause, e.said)
}

func (z *zygote) lastWords() string {
	said, _ := io.ReadAll(io.NewSectionReader(z.said, 0, 1<<16))
	return strings.TrimSpace(string(said))
}

func (z *zygote) close() {
	syscall.Close(z.fd)
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(z.pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	z.said.Close()
}
