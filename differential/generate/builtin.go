package generate

import "fmt"

func configMaps(g *generator) *resource {
	names := []string{"map-a", "map-b"}
	data := func() any {
		out := object{}
		g.set(out, 0.8, "k", func() any { return oneOf[any](g, "v", "w", "v", "w", nil) })
		g.set(out, 0.4, "file.txt", func() any { return "text" })
		g.set(out, 0.04, "bad key!", func() any { return "v" })
		g.set(out, 0.04, "n", func() any { return 1 })
		return out
	}
	content := func() object {
		out := object{}
		g.set(out, 0.9, "data", data)
		g.set(out, 0.15, "binaryData", func() any {
			return object{oneOf(g, "b", "k"): oneOf(g, "AAEC", "AAEC", "", "not base64!")}
		})
		g.set(out, 0.1, "immutable", func() any { return oneOf[any](g, true, false, nil) })
		return out
	}
	return &resource{
		plural:     "configmaps",
		apiVersion: "v1",
		kind:       "ConfigMap",
		collection: "/api/v1/namespaces/${ns}/configmaps",
		names:      names[:1+g.Intn(len(names))],
		content:    content,
		fragment:   content,
		edits: func() object {
			return object{
				"op": oneOf(g, "add", "replace", "remove", "test"), "path": oneOf(g, "/data/k", "/data", "/data/file.txt", "/immutable"),
				"value": oneOf[any](g, "v", "w", object{"k": "v"}, true),
			}
		},
		selectors: []string{"data.k=v", "metadata.bogus=1"},
	}
}

func leases(g *generator) *resource {
	names := []string{"lease-a", "lease-b"}
	content := func() object {
		spec := object{}
		g.set(spec, 0.8, "holderIdentity", func() any { return oneOf[any](g, "me", "you", "", nil) })
		g.set(spec, 0.5, "leaseDurationSeconds", func() any { return oneOf[any](g, 15, 15, 30, 0, -1, "x") })
		g.set(spec, 0.4, "leaseTransitions", func() any { return oneOf(g, 0, 1, 2, -1) })
		g.set(spec, 0.4, "renewTime", func() any {
			return oneOf(g, "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:01.500000Z", "2026-01-01T00:00:00Z", "yesterday")
		})
		g.set(spec, 0.2, "acquireTime", func() any { return "2026-01-01T00:00:00.123456Z" })
		g.set(spec, 0.05, "strategy", func() any { return oneOf(g, "OldestEmulationVersion", "Bogus") })
		g.set(spec, 0.05, "preferredHolder", func() any { return "you" })
		return object{"spec": spec}
	}
	return &resource{
		plural:     "leases",
		apiVersion: "coordination.k8s.io/v1",
		kind:       "Lease",
		collection: "/apis/coordination.k8s.io/v1/namespaces/${ns}/leases",
		names:      names[:1+g.Intn(len(names))],
		content:    content,
		fragment:   content,
		edits: func() object {
			return object{
				"op": oneOf(g, "add", "replace", "remove", "test"), "path": oneOf(g, "/spec/holderIdentity", "/spec/leaseTransitions", "/spec"),
				"value": oneOf[any](g, "me", "you", 3, object{}),
			}
		},
		selectors: []string{"spec.holderIdentity=me"},
	}
}

// ipAddresses are cluster-scoped and named by the address they stand for: the
// kind that makes an address unique.
func ipAddresses(g *generator) *resource {
	var names []string
	for i := range 1 + g.Intn(3) {
		names = append(names, IPAddressName(g.slot, i))
	}
	if g.chance(0.05) {
		names = append(names, oneOf(g, "not-an-ip", "010.0.0.1", "FD00::1", "172.16.0.1.2"))
	}
	content := func() object {
		parent := object{"group": "", "resource": "services", "namespace": "${ns}", "name": oneOf(g, "svc-a", "svc-b")}
		if g.chance(0.2) {
			parent["group"], parent["resource"] = "submariner.io", "globalingressips"
		}
		if g.chance(0.08) {
			delete(parent, oneOf(g, "resource", "name", "namespace", "group"))
		}
		spec := object{"parentRef": parent}
		if g.chance(0.04) {
			spec = oneOf(g, object{}, object{"parentRef": nil}, object{"parentRef": parent, "unknown": 1})
		}
		return object{"spec": spec}
	}
	return &resource{
		plural:     "ipaddresses",
		apiVersion: "networking.k8s.io/v1",
		kind:       "IPAddress",
		collection: "/apis/networking.k8s.io/v1/ipaddresses",
		names:      names,
		labels:     object{"run": "${ns}"},
		content:    content,
		fragment:   content,
		edits: func() object {
			return object{"op": oneOf(g, "replace", "test"), "path": "/spec/parentRef/name", "value": oneOf(g, "svc-a", "svc-b")}
		},
		selectors: []string{"metadata.name=172.16.0.1"},
	}
}

// ipAddressNames is how many IPAddress names a slot has.
const ipAddressNames = 3

// IPAddressName is the i-th IPAddress of a slot.
func IPAddressName(slot, i int) string { return fmt.Sprintf("172.16.%d.%d", slot, i+1) }

// Leftovers are the paths of what sequences of a slot may leave behind outside
// their namespace, and of what holds on to a pool shared by all: to be removed
// before the next sequence of the slot.
func Leftovers(slot int, namespace string) []string {
	var out []string
	for i := range ipAddressNames {
		out = append(out, "/apis/networking.k8s.io/v1/ipaddresses/"+IPAddressName(slot, i))
	}
	return append(out, "/api/v1/namespaces/"+namespace+"/services")
}
