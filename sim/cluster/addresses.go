package cluster

import "fmt"

// addresses are the pod addresses in use.
type addresses map[string]bool

// podAddresses is how many there are, 10.244.0.1 to 10.244.255.250.
const podAddresses = 256 * 250

// take is a free address, by the identity of who gets it; where that one is taken
// it is the next free one.
func (a addresses) take(draw func(purpose, identity string) float64, identity string) string {
	at := int(draw("address", identity) * podAddresses)
	for range podAddresses {
		ip := fmt.Sprintf("10.244.%d.%d", at/250, at%250+1)
		if !a[ip] {
			a[ip] = true
			return ip
		}
		at = (at + 1) % podAddresses
	}
	panic("cluster: more pods than addresses: 64000")
}
