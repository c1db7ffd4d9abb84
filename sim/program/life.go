//go:build linux && amd64

package program

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// life is one process of a program, from its main to its end.
type life struct {
	of   *zygote
	pid  int32
	line int      // messages from the process, one answer each
	log  *os.File // what it prints
	read int64    // of the log
	buf  [4096]byte
	oob  [64]byte
}

// birth is what a life begins with.
type birth struct {
	now   time.Duration // virtual, since 2000-01-01
	skew  time.Duration
	seeds [4]uint64
	root  string // its file system
}

// begin forks a life off.
func (z *zygote) begin(b birth) (*life, error) {
	o := order{What: orderBegin, Number: int64(b.now), Skew: int64(b.skew), Seeds: b.seeds}
	if len(b.root) >= len(o.Root) {
		return nil, fmt.Errorf("starting a process: the folder %s has too long a name; set TMPDIR to a shorter one", b.root)
	}
	copy(o.Root[:], b.root)
	log, err := memoryFile("log")
	if err != nil {
		return nil, err
	}
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting a process: %w", err), log.Close())
	}
	defer syscall.Close(pair[1])
	l := &life{of: z, line: pair[0], log: log}
	patience := syscall.NsecToTimeval(int64(lookAfter))
	err = syscall.SetsockoptTimeval(l.line, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &patience)
	var failed int32
	if err == nil {
		l.pid, failed, err = z.ask(o, int(log.Fd()), pair[1])
	}
	if err == nil && l.pid == 0 {
		err = fmt.Errorf("starting a process: %w", syscall.Errno(failed))
	}
	if err != nil {
		return nil, errors.Join(err, log.Close(), syscall.Close(l.line))
	}
	return l, nil
}

// memoryFile makes a file that is on no disk and is appended to.
func memoryFile(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate("seatrial-"+name, unix.MFD_CLOEXEC)
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, unix.O_APPEND)
	}
	if err != nil {
		return nil, fmt.Errorf("making a file for what the program prints: %w", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// errGone: the process has ended.
var errGone = errors.New("the process has ended")

// message is what a process says, and the descriptor that came with it, -1 without.
type message struct {
	kind byte // 'i': idle until; others as in hooks/net.go.txt
	text string
	// until is when the process wants to go on, if nothing reaches it before:
	// nanoseconds of virtual time; -1: never.
	until int64
	fd    int
}

// lookAfter is how often, in real time, somebody looks after a process that says nothing.
const lookAfter = time.Second

// hear waits, in real time, for the next message. While it waits virtual time stands
// still. lookAfter is called now and then; an error of it ends the wait.
func (l *life) hear(lookAfter func() error) (message, error) {
	n, oobn, err := l.receiveAtOnce()
	for first := true; ; first = false {
		if !first {
			n, oobn, _, _, err = syscall.Recvmsg(l.line, l.buf[:], l.oob[:], syscall.MSG_CMSG_CLOEXEC)
		}
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			if err := lookAfter(); err != nil {
				return message{}, err
			}
			continue
		case err != nil || n == 0:
			return message{}, errGone
		}
		m := message{kind: l.buf[0], fd: -1}
		if m.kind == 'i' {
			m.until = int64(binary.NativeEndian.Uint64(l.buf[8:]))
			return m, nil
		}
		m.text = strings.TrimPrefix(string(l.buf[1:n]), " ")
		if oobn > 0 {
			m.fd = descriptorIn(l.oob[:oobn])
		}
		return m, nil
	}
}

// receiveAtOnce waits for a message without telling the Go runtime, which would look for
// other work for this thread and not find it, at a cost of a third of a turn: mostly the
// process has an answer in less than a millisecond. When there is other work the runtime
// interrupts the wait, after ten.
func (l *life) receiveAtOnce() (n, oobn int, err error) {
	part := syscall.Iovec{Base: &l.buf[0], Len: uint64(len(l.buf))}
	message := syscall.Msghdr{Iov: &part, Iovlen: 1, Control: &l.oob[0], Controllen: uint64(len(l.oob))}
	read, _, errno := syscall.RawSyscall(syscall.SYS_RECVMSG, uintptr(l.line), uintptr(unsafe.Pointer(&message)), syscall.MSG_CMSG_CLOEXEC)
	if errno != 0 {
		return 0, 0, errno
	}
	return int(read), int(message.Controllen), nil
}

func descriptorIn(oob []byte) int {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil || len(messages) != 1 {
		return -1
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return -1
	}
	return fds[0]
}

// answer answers a message that is not about being idle.
func (l *life) answer(text string) {
	syscall.Write(l.line, []byte(text)) // a process that is gone is noticed by hear
}

// goOn answers that a process is idle: it is now so late.
func (l *life) goOn(now, skew time.Duration, signals uint64) {
	var told [24]byte
	binary.NativeEndian.PutUint64(told[0:], uint64(now))
	binary.NativeEndian.PutUint64(told[8:], uint64(skew))
	binary.NativeEndian.PutUint64(told[16:], signals)
	syscall.Write(l.line, told[:])
}

// printed is what the process has printed since the last time.
func (l *life) printed() []byte {
	var all []byte
	for {
		n, err := syscall.Pread(int(l.log.Fd()), l.buf[:], l.read)
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 {
			return all
		}
		all = append(all, l.buf[:n]...)
		l.read += int64(n)
	}
}

// cpu is the processor time that the process has taken. The last field but many of
// stat: user and system time in hundredths of a second.
func (l *life) cpu() time.Duration {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(int(l.pid)) + "/stat")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(string(fields[11]))
	system, _ := strconv.Atoi(string(fields[12]))
	return time.Duration(user+system) * 10 * time.Millisecond
}

// kill ends a process that does not listen.
func (l *life) kill() error {
	_, _, err := l.of.ask(order{What: orderKill, Number: int64(l.pid)})
	return err
}

// end ends the process if it still lives, waits for it and says how it ended.
func (l *life) end() (syscall.WaitStatus, error) {
	syscall.Close(l.line)
	_, status, err := l.of.ask(order{What: orderWait, Number: int64(l.pid)})
	return syscall.WaitStatus(status), err
}

// forget lets go of what is left of a process that has ended.
func (l *life) forget() { l.log.Close() }
