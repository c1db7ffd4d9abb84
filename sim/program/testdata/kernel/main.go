// Program kernel asks the system for things past the usual packages, as libraries of
// real programs do, and prints what it was told. Nothing of it may depend on the machine.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"syscall"
	"time"
	"unsafe"
)

func main() {
	about()
	clocks()
	signals()
	sets()
	listeners()
	refused()
	fmt.Println("done")
	time.Sleep(24 * time.Hour)
}

// about prints who and where the program is.
func about() {
	executable, err := os.Executable()
	dir, _ := os.Getwd()
	who, _ := user.Current()
	berlin, zone := time.LoadLocation("Europe/Berlin")
	_, proc := os.ReadFile("/proc/self/stat")
	fmt.Println(executable, err, os.Getpid(), os.Getppid(), syscall.Getpid(), dir, who.Username, berlin, zone, os.IsNotExist(proc))
	file, err := os.CreateTemp("", "kept-*")
	fmt.Println(filepath.Dir(file.Name()), err, file.Close())
	interfaces, err := net.Interfaces()
	for _, i := range interfaces {
		addresses, _ := i.Addrs()
		fmt.Println(i.Name, i.HardwareAddr, i.Flags, addresses)
	}
	fmt.Println(len(interfaces), err)
	var name syscall.Utsname
	var info syscall.Sysinfo_t
	var usage syscall.Rusage
	fmt.Println(syscall.Uname(&name), text(name.Nodename[:]), text(name.Release[:]), syscall.Sysinfo(&info), info.Totalram, info.Uptime, syscall.Getrusage(0, &usage), usage.Utime)
}

func text(field []int8) string {
	b := []byte{}
	for _, c := range field {
		if c == 0 {
			break
		}
		b = append(b, byte(c))
	}
	return string(b)
}

// clocks prints each clock of the system before and after a sleep.
func clocks() {
	begin := time.Now()
	show := func() {
		var tv syscall.Timeval
		var wall, monotonic syscall.Timespec
		must(syscall.Gettimeofday(&tv))
		syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 0, uintptr(unsafe.Pointer(&wall)), 0)
		syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&monotonic)), 0)
		fmt.Println(tv.Sec, wall.Sec, monotonic.Sec, time.Since(begin).Round(time.Millisecond))
	}
	show()
	must(syscall.Nanosleep(&syscall.Timespec{Sec: 7}, nil))
	show()
}

// signals are those that a program sends itself.
func signals() {
	came := make(chan os.Signal, 3)
	signal.Notify(came, syscall.SIGHUP, syscall.SIGUSR1, os.Interrupt)
	self, err := os.FindProcess(os.Getpid())
	must(err)
	must(self.Signal(os.Interrupt))
	fmt.Println(<-came)
	must(syscall.Kill(syscall.Getpid(), syscall.SIGHUP))
	fmt.Println(<-came)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGUSR1)
	defer stop()
	go func() {
		time.Sleep(time.Second)
		must(syscall.Kill(0, syscall.SIGUSR1))
	}()
	<-ctx.Done()
	fmt.Println(syscall.Kill(4711, syscall.SIGKILL), syscall.Kill(1, 0))
}

// sets waits for descriptors and for the time as libraries before netpoll do.
func sets() {
	set, err := syscall.EpollCreate1(0)
	must(err)
	var pipe [2]int
	must(syscall.Pipe2(pipe[:], syscall.O_NONBLOCK))
	must(syscall.EpollCtl(set, syscall.EPOLL_CTL_ADD, pipe[0], &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(pipe[0])}))
	begin := time.Now()
	wait := func(milliseconds int) {
		events := make([]syscall.EpollEvent, 4)
		n, err := syscall.EpollWait(set, events, milliseconds)
		for err == syscall.EINTR {
			n, err = syscall.EpollWait(set, events, milliseconds)
		}
		fmt.Println(n, err, time.Since(begin).Round(time.Millisecond))
	}
	wait(0)
	wait(1500)
	go func() {
		time.Sleep(3 * time.Second)
		syscall.Write(pipe[1], []byte("x"))
	}()
	wait(-1)
}

// listeners of its own, of every kind, can be connected to.
func listeners() {
	reuse := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { must(syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, 15, 1)) })
	}}
	shared, err := reuse.Listen(context.Background(), "tcp", ":7000")
	must(err)
	local, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	unix, err := net.Listen("unix", "/tmp/socket")
	must(err)
	for _, l := range []net.Listener{shared, local, unix} {
		go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") }))
		client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			to := l.Addr()
			if a, ok := to.(*net.TCPAddr); ok {
				return net.Dial("tcp", fmt.Sprint("localhost:", a.Port))
			}
			return net.Dial(to.Network(), to.String())
		}}}
		r, err := client.Get("http://itself/")
		must(err)
		fmt.Println(l.Addr().Network(), r.Status)
	}
	_, err = net.Listen("tcp", ":7000")
	fmt.Println(err)
}

// refused is what would reach out of the simulation.
func refused() {
	_, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW, 0)
	fmt.Println(err, syscall.Mount("none", "/tmp", "tmpfs", 0, ""), syscall.Exec("/program", nil, nil), syscall.Settimeofday(&syscall.Timeval{}))
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
