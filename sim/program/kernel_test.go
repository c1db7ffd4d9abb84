//go:build linux && amd64

package program_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/sim/program"
)

// Goal: what a program asks of the kernel by itself is answered by the simulation, or
// refused and named; it never learns of the machine, and never reaches it. Method: a
// program that asks, and all that it prints.
func TestTheKernelIsTheSimulations(t *testing.T) {
	b := build(t, program.Source{Package: "./testdata/kernel"})
	want := strings.Split(strings.TrimSpace(`
/program <nil> 1 0 1 / root Europe/Berlin <nil> true
/tmp <nil> <nil>
lo  up|loopback|running [127.0.0.1/8]
eth0 02:42:0a:f4:00:0a up|broadcast|multicast|running [10.244.0.10/24]
2 <nil>
<nil> p 6.1.0 <nil> 8589934592 0 <nil> {0 0}
946684800 946684800 0 0s
946684807 946684807 7 7s
interrupt
hangup
no such process <nil>
0 <nil> 0s
0 <nil> 1.5s
seatrial: the program asked for a socket (netlink), which the simulation does not have
seatrial: the program made the system call mount, which the simulation does not have
seatrial: the program made the system call execve, which the simulation does not have
seatrial: the program made the system call settimeofday, which the simulation does not have
1 <nil> 4.5s
tcp 200 OK
tcp 200 OK
unix 200 OK
listen tcp :7000: bind: address already in use
address family not supported by protocol operation not permitted operation not permitted operation not permitted
done
`), "\n")
	for range 2 {
		assert.Equal(t, want, lines(sail(t, b.Process("p", program.Options{})), "p-1"))
	}
}
