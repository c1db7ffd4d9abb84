//go:build linux

// Packets on real nftables: three network namespaces, a remote cluster's host, the
// gateway with the rules, and a pod. A connection to the global IP reaches the pod;
// one that the pod opens to the other cluster comes from the global IP. The steps
// inside the namespaces are this test binary again.
package nft_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/knftables"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/controller/nft"
)

// stepVariable says which step a process of TestStep carries out.
const stepVariable = "SEATRIAL_NFT_STEP"

const (
	global, pod     = "242.0.0.9", "10.99.2.2"
	remote, gateway = "242.5.0.7", "10.99.1.1"
	patience        = 5 * time.Second
)

// TestStep is no test of its own: it is what runs inside a namespace.
func TestStep(t *testing.T) {
	verb, argument, _ := strings.Cut(os.Getenv(stepVariable), " ")

	switch verb {
	case "":
		t.Skip("only for use inside a namespace")
	case "put", "remove":
		table, err := knftables.New(knftables.IPv4Family, nft.Table)
		require.NoError(t, err)

		if d := nft.New(table); verb == "put" {
			address, err := netip.ParseAddr(argument)
			require.NoError(t, err)
			require.NoError(t, d.Put(t.Context(), controller.Rule{Global: netip.MustParseAddr(global), Target: address, Owner: "shop/pod-db-0"}))
		} else {
			require.NoError(t, d.Remove(t.Context(), netip.MustParseAddr(global)))
		}
	case "serve":
		listener, err := net.Listen("tcp", argument)
		require.NoError(t, err)
		fmt.Println("listening")

		for {
			conn, err := listener.Accept()
			require.NoError(t, err)
			fmt.Fprintf(conn, "%s sees %s", conn.LocalAddr(), conn.RemoteAddr())
			require.NoError(t, conn.Close())
		}
	case "dial":
		conn, err := net.DialTimeout("tcp", argument, patience)
		require.NoError(t, err)
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		fmt.Printf("answer: %s\n", answer)
	}
}

// namespaces are named after the process, so that two runs do not meet.
type namespaces struct {
	*testing.T
	prefix string
}

func (n namespaces) run(name string, args ...string) (string, error) {
	said, err := exec.Command(name, args...).CombinedOutput()

	return string(said), err
}

func (n namespaces) must(line string) {
	n.Helper()

	fields := strings.Fields(strings.ReplaceAll(line, "@", n.prefix))
	said, err := n.run(fields[0], fields[1:]...)
	require.NoError(n, err, "%s: %s", line, said)
}

func (n namespaces) step(namespace, what string) *exec.Cmd {
	cmd := exec.Command("ip", "netns", "exec", n.prefix+namespace, os.Args[0], "-test.run=^TestStep$")
	cmd.Env = append(os.Environ(), stepVariable+"="+what)

	return cmd
}

func (n namespaces) do(namespace, what string) (string, error) {
	said, err := n.step(namespace, what).CombinedOutput()
	if err != nil {
		return string(said), err
	}

	_, answer, _ := strings.Cut(string(said), "answer: ")
	answer, _, _ = strings.Cut(answer, "\n")

	return answer, nil
}

// serve starts a server that answers with whom it sees.
func (n namespaces) serve(namespace, address string) {
	n.Helper()

	cmd := n.step(namespace, "serve "+address)
	out, err := cmd.StdoutPipe()
	require.NoError(n, err)
	require.NoError(n, cmd.Start())
	n.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})

	_, err = io.ReadFull(out, make([]byte, len("listening")))
	require.NoError(n, err)
}

func newNamespaces(t *testing.T) namespaces {
	t.Helper()

	n := namespaces{t, fmt.Sprintf("st%d", os.Getpid())}

	for _, tool := range []string{"nft", "ip", "sysctl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("NOT RUN: no packet was sent, because this machine has no %s", tool)
		}
	}

	if said, err := n.run("ip", "netns", "add", n.prefix+"g"); err != nil {
		t.Skipf("NOT RUN: no packet was sent, because this machine does not permit network namespaces: %s", said)
	}

	t.Cleanup(func() {
		for _, name := range []string{"g", "r", "p"} {
			_, _ = n.run("ip", "netns", "del", n.prefix+name)
		}
	})
	n.must("ip netns add @r")
	n.must("ip netns add @p")

	for name, addresses := range map[string][2]string{"r": {gateway + "/24", "10.99.1.2/24"}, "p": {"10.99.2.1/24", pod + "/24"}} {
		n.must("ip link add @" + name + "0 netns @g type veth peer name eth0 netns @" + name)
		n.must("ip -n @g addr add " + addresses[0] + " dev @" + name + "0")
		n.must("ip -n @g link set @" + name + "0 up")
		n.must("ip -n @" + name + " addr add " + addresses[1] + " dev eth0")
		n.must("ip -n @" + name + " link set eth0 up")
		n.must("ip -n @" + name + " link set lo up")
	}

	n.must("ip -n @r addr add " + remote + "/32 dev lo")
	n.must("ip -n @r route add 242.0.0.0/16 via " + gateway + " src " + remote)
	n.must("ip -n @r route add 10.99.2.0/24 via " + gateway)
	n.must("ip -n @p route add default via 10.99.2.1")
	n.must("ip -n @g route add " + remote + "/32 via 10.99.1.2")
	n.must("ip netns exec @g sysctl -qw net.ipv4.ip_forward=1")

	return n
}

func TestAPacketReachesThePodThroughItsGlobalIP(t *testing.T) {
	n := newNamespaces(t)
	n.serve("p", "0.0.0.0:5432")
	n.serve("r", "0.0.0.0:8080")

	_, err := n.do("r", "dial "+global+":5432")
	require.Error(t, err, "without a rule")

	said, err := n.do("g", "put "+pod)
	require.NoError(t, err, said)

	answer, err := n.do("r", "dial "+global+":5432")
	require.NoError(t, err, answer)
	assert.True(t, strings.HasPrefix(answer, pod+":5432 sees "+remote+":"), answer)

	answer, err = n.do("p", "dial "+remote+":8080")
	require.NoError(t, err, answer)
	assert.True(t, strings.HasPrefix(answer, remote+":8080 sees "+global+":"), answer)

	// Within the cluster the pod goes by its own address.
	answer, err = n.do("p", "dial 10.99.1.2:8080")
	require.NoError(t, err, answer)
	assert.True(t, strings.HasPrefix(answer, "10.99.1.2:8080 sees "+pod+":"), answer)

	_, err = n.do("g", "remove")
	require.NoError(t, err)
	_, err = n.do("r", "dial "+global+":5432")
	require.Error(t, err, "after the rule was removed")
}
