package program

import (
	"embed"
	"fmt"
	"maps"

	"github.com/seatrial/seatrial/internal/overlay"
)

//go:embed hooks
var hooks embed.FS

// hookFiles are the files of hooks and where in the standard library they lie.
var hookFiles = map[string]string{
	"runtime.go.txt": "runtime/seatrial_program.go",
	"rand.go.txt":    "math/rand/seatrial.go",
	"syscall.go.txt": "syscall/seatrial.go",
	"gate.go.txt":    "syscall/seatrial_gate.go",
	"net.go.txt":     "net/seatrial.go",
	"http.go.txt":    "net/http/seatrial.go",
}

// gate is what a system call begins with: see hooks/gate.go.txt.
const gate = "\tif r, err, decided := seatrialGate(trap, a1, a2, a3, a4); decided {\n\t\treturn r, 0, err\n\t}\n"

// changes are what a program is built with beside those of all that have one thread.
var changes = []overlay.Change{
	// One thread, for ever: whoever asks for one of its own has it.
	{File: "runtime/proc.go", Was: "func LockOSThread() {\n", Is: "func LockOSThread() {\n\treturn\n"},
	{File: "runtime/proc.go", Was: "func UnlockOSThread() {\n", Is: "func UnlockOSThread() {\n\treturn\n"},
	{File: "runtime/debug.go", Was: `if GOARCH == "wasm" && n > 1 {`, Is: "if n > 1 {"},
	// Signals come with the time, and wake a goroutine instead of a thread.
	{File: "runtime/sigqueue.go", Was: "\t\t\t\t\tnotetsleepg(&sig.note, -1)\n\t\t\t\t\tnoteclear(&sig.note)\n", Is: "\t\t\t\t\tseatrialWaitSignal()\n"},
	{File: "runtime/netpoll_epoll.go", Was: "\tvar toRun gList\n\tdelta := int32(0)\n", Is: "\tvar toRun gList\n\tseatrialWake(&toRun)\n\tdelta := int32(0)\n"},
	// A life begins where main does.
	{File: "runtime/proc.go", Was: "\tfn := main_main // make", Is: "\tseatrialBeforeMain()\n\tfn := main_main // make"},
	{File: "math/rand/rand.go", Was: "func NewSource(seed int64) Source {\n\treturn newSource(seed)", Is: "func NewSource(seed int64) Source {\n\treturn seatrialRemember(newSource(seed))"},
	{File: "os/sys_linux.go", Was: "func hostname() (name string, err error) {\n", Is: "func hostname() (name string, err error) {\n\tif name := Getenv(\"HOSTNAME\"); name != \"\" {\n\t\treturn name, nil\n\t}\n"},
	{File: "os/executable_procfs.go", Was: "func executable() (string, error) {\n", Is: "func executable() (string, error) {\n\tif true {\n\t\treturn \"/program\", nil\n\t}\n"},
	// What is asked of the kernel past the library.
	{File: "syscall/syscall_linux.go", Was: "func RawSyscall6(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err Errno) {\n", Is: "func RawSyscall6(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err Errno) {\n" + gate},
	{File: "syscall/syscall_linux.go", Was: "func Syscall(trap, a1, a2, a3 uintptr) (r1, r2 uintptr, err Errno) {\n", Is: "func Syscall(trap, a1, a2, a3 uintptr) (r1, r2 uintptr, err Errno) {\n\tconst a4 = 0\n" + gate},
	{File: "syscall/syscall_linux.go", Was: "func Syscall6(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err Errno) {\n\truntime_entersyscall()\n", Is: "func Syscall6(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err Errno) {\n" + gate + "\truntime_entersyscall()\n"},
	{File: "syscall/zsyscall_linux_amd64.go", Was: "\tr0, _ := rawSyscallNoError(SYS_GETPID, 0, 0, 0)\n", Is: "\tr0, _, _ := RawSyscall(SYS_GETPID, 0, 0, 0)\n"},
	{File: "syscall/zsyscall_linux_amd64.go", Was: "\tr0, _ := rawSyscallNoError(SYS_GETPPID, 0, 0, 0)\n", Is: "\tr0, _, _ := RawSyscall(SYS_GETPPID, 0, 0, 0)\n"},
	{File: "syscall/syscall_linux_amd64.go", Was: "\terrno := gettimeofday(tv)\n", Is: "\terrno := seatrialTimeOfDay(tv)\n"},
	{File: "syscall/syscall_linux_amd64.go", Was: "\terrno := gettimeofday(&tv)\n", Is: "\terrno := seatrialTimeOfDay(&tv)\n"},
	// The network, and other programs.
	{File: "net/ipsock_posix.go", Was: "func (p *ipStackCapabilities) probe() {\n", Is: "func (p *ipStackCapabilities) probe() {\n\tif seatrialOn() {\n\t\tp.ipv4Enabled = true\n\t\treturn\n\t}\n"},
	{File: "net/mptcpsock_linux.go", Was: "func initMPTCPavailable() {\n", Is: "func initMPTCPavailable() {\n\tif seatrialOn() {\n\t\treturn\n\t}\n"},
	{File: "net/interface_linux.go", Was: "func interfaceTable(ifindex int) ([]Interface, error) {\n", Is: "func interfaceTable(ifindex int) ([]Interface, error) {\n\tif seatrialOn() {\n\t\treturn seatrialInterfaceTable(ifindex), nil\n\t}\n"},
	{File: "net/interface_linux.go", Was: "func interfaceAddrTable(ifi *Interface) ([]Addr, error) {\n", Is: "func interfaceAddrTable(ifi *Interface) ([]Addr, error) {\n\tif seatrialOn() {\n\t\treturn seatrialInterfaceAddresses(ifi), nil\n\t}\n"},
	{File: "net/ipsock_posix.go", Was: "\tfamily, ipv6only := favoriteAddrFamily(net, laddr, raddr, mode)\n\treturn socket(", Is: "\tif syscall.SeatrialOn() {\n\t\treturn seatrialSocket(ctx, net, laddr, raddr, sotype, mode)\n\t}\n\tfamily, ipv6only := favoriteAddrFamily(net, laddr, raddr, mode)\n\treturn socket("},
	{File: "net/tcpsock_posix.go", Was: "Zone: zoneCache.name(int(sa.ZoneId))}\n\t}\n\treturn nil\n}", Is: "Zone: zoneCache.name(int(sa.ZoneId))}\n\tcase *syscall.SockaddrUnix:\n\t\treturn seatrialPeer()\n\t}\n\treturn nil\n}"},
	{File: "net/fd_posix.go", Was: "func (fd *netFD) Close() error {\n", Is: "func (fd *netFD) Close() error {\n\tfd.seatrialClosed()\n"},
	{File: "net/lookup.go", Was: "\ttrace, _ := ctx.Value(nettrace.TraceKey{}).(*nettrace.Trace)\n\tif trace != nil && trace.DNSStart != nil {\n\t\ttrace.DNSStart(host)", Is: "\tif seatrialOn() {\n\t\treturn seatrialLookup(host)\n\t}\n\ttrace, _ := ctx.Value(nettrace.TraceKey{}).(*nettrace.Trace)\n\tif trace != nil && trace.DNSStart != nil {\n\t\ttrace.DNSStart(host)"},
	{File: "net/lookup_unix.go", Was: "func (r *Resolver) lookupHost(ctx context.Context, host string) (addrs []string, err error) {\n", Is: "func (r *Resolver) lookupHost(ctx context.Context, host string) (addrs []string, err error) {\n\tif seatrialOn() {\n\t\treturn seatrialLookupHost(host)\n\t}\n"},
	{File: "syscall/exec_unix.go", Was: "func forkExec(argv0 string, argv []string, attr *ProcAttr) (pid int, err error) {\n", Is: "func forkExec(argv0 string, argv []string, attr *ProcAttr) (pid int, err error) {\n\tif seatrialOn {\n\t\treturn 0, seatrialExec(argv0)\n\t}\n"},
	// The API server: its TLS, and what a request comes to that has no answer.
	{File: "net/http/transport.go", Was: "pconn.conn = conn\n\t\tif cm.scheme() == \"https\" {", Is: "pconn.conn = conn\n\t\tif cm.scheme() == \"https\" && !seatrialPlain(cm.addr()) {"},
	{File: "net/http/transport.go", Was: "\t\treturn re.res, nil\n", Is: "\t\tif err := seatrialFailure(re.res); err != nil {\n\t\t\treturn nil, err\n\t\t}\n\t\treturn re.res, nil\n"},
}

// libraryOverlay is what a program is built with.
func libraryOverlay() (overlay.Overlay, error) {
	added := overlay.Preemption()
	maps.Copy(added, overlay.Machine())
	for name, at := range hookFiles {
		content, err := hooks.ReadFile("hooks/" + name)
		if err != nil {
			return overlay.Overlay{}, fmt.Errorf("reading hooks: %w", err)
		}
		added[at] = content
	}
	return overlay.Overlay{
		Added: added, Removed: overlay.WithoutClock(), Changes: append(overlay.SingleThread(), changes...),
		Otherwise: "build with a Go release of the minor version that seatrial's go.mod names (GOTOOLCHAIN)",
	}, nil
}
