package registry

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// A Service must hold exactly the addresses and ports that it shows: these
// tests write Services through the minimal write path and look at the pools
// after each step. What single requests answer is checked against recordings.

// services is a world with nothing but Services in it.
type services struct {
	*miniServer
	to    target
	alloc pool
}

// pool is what Services draw on.
type pool interface {
	kinds.Allocator
	Held() (ips, ports int)
}

func newServices(t testing.TB, options kinds.Options) *services {
	r := New(options)
	kind, version, found := r.Resource(schema.GroupVersionResource{Version: "v1", Resource: "services"})
	require.True(t, found)
	return &services{
		miniServer: &miniServer{t: t, registry: r, objects: map[string]runtime.Object{}},
		to:         target{kind: kind, version: version, key: "services/"},
		alloc:      version.Strategy.(pool),
	}
}

// post creates a Service of the given spec (JSON) and returns what is wrong.
func (s *services) post(name, spec string) (*corev1.Service, []string) {
	got := s.create(s.to, fmt.Appendf(nil, `{"metadata":{"name":%q},"spec":%s}`, name, spec))
	return s.result(got)
}

// put replaces the spec of a Service.
func (s *services) put(name, spec string) (*corev1.Service, []string) {
	old := s.objects[s.to.key+name].(*corev1.Service)
	svc := decode(s.t, s.to.version, fmt.Appendf(nil, `{"metadata":{"name":%q},"spec":%s}`, name, spec)).(*corev1.Service)
	svc.Namespace = old.Namespace
	to := s.to
	to.key += name
	return s.result(s.update(to, old, svc))
}

func (s *services) result(got outcome) (*corev1.Service, []string) {
	if got.obj == nil {
		return nil, causeKeys(got.errs)
	}
	return got.obj.(*corev1.Service), nil
}

// shownIPs are the addresses among a Service's cluster IPs.
func shownIPs(svc *corev1.Service) []string {
	return slices.DeleteFunc(slices.Clone(svc.Spec.ClusterIPs), func(ip string) bool { return ip == corev1.ClusterIPNone })
}

func dualStack() kinds.Options {
	return kinds.Options{ServiceCIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00:10::/112")}}
}

func TestServiceHoldsWhatItShows(t *testing.T) {
	const nodePort = `{"type":"NodePort","ports":[{"name":"a","port":80},{"name":"b","port":81}]}`
	for _, row := range []struct {
		name        string
		options     kinds.Options
		create      string
		updates     []string
		ips, ports  int
		explanation string
	}{
		{
			name: "cluster IP", create: `{"ports":[{"port":80}]}`, ips: 1,
			explanation: "one family, one address",
		},
		{
			name: "node ports", create: nodePort, ips: 1, ports: 2,
			explanation: "every port has a node port",
		},
		{
			name: "to cluster IP", create: nodePort, ips: 1,
			updates:     []string{`{"type":"ClusterIP","ports":[{"name":"a","port":80}]}`},
			explanation: "a change of type gives the node ports back",
		},
		{
			name: "to external name and back", create: nodePort, ips: 1, ports: 1,
			updates: []string{
				`{"type":"ExternalName","externalName":"example.com"}`,
				`{"type":"NodePort","ports":[{"port":80}]}`,
			},
			explanation: "an ExternalName holds nothing; coming back takes anew",
		},
		{
			name: "one port less", create: nodePort, ips: 1, ports: 1,
			updates:     []string{`{"type":"NodePort","ports":[{"name":"b","port":81}]}`},
			explanation: "the node port of a removed port is given back",
		},
		{
			name: "headless", create: `{"clusterIP":"None","selector":{"a":"b"}}`,
			explanation: "None is not an address",
		},
		{
			name: "balancer", create: `{"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":80}]}`, ips: 1, ports: 2,
			explanation: "a node port and a health-check port",
		},
		{
			name: "balancer without node ports", create: `{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"port":80}]}`, ips: 1,
			explanation: "node ports are not allocated if the user says so",
		},
		{
			name: "balancer goes cluster-wide", create: `{"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":80}]}`, ips: 1, ports: 1,
			updates:     []string{`{"type":"LoadBalancer","externalTrafficPolicy":"Cluster","ports":[{"port":80}]}`},
			explanation: "without Local nobody asks the health-check port",
		},
		{
			name: "shared node port", create: `{"type":"NodePort","ports":[{"name":"t","port":53},{"name":"u","port":53,"protocol":"UDP"}]}`, ips: 1, ports: 1,
			explanation: "the same port over TCP and UDP is one node port",
		},
		{
			name: "dual stack", options: dualStack(), create: `{"ipFamilyPolicy":"RequireDualStack","ports":[{"port":80}]}`, ips: 2,
			explanation: "an address of each family",
		},
		{
			name: "upgrade", options: dualStack(), create: `{"ports":[{"port":80}]}`, ips: 2,
			updates:     []string{`{"ipFamilyPolicy":"PreferDualStack","ports":[{"port":80}]}`},
			explanation: "asking for dual stack later adds the second address",
		},
		{
			name: "downgrade", options: dualStack(), create: `{"ipFamilyPolicy":"RequireDualStack","ports":[{"port":80}]}`, ips: 1,
			updates:     []string{`{"ipFamilyPolicy":"SingleStack","ports":[{"port":80}],"ipFamilies":["IPv4"]}`},
			explanation: "SingleStack gives the second address back",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newServices(t, row.options)
			svc, errs := s.post("x", row.create)
			require.Empty(t, errs, row.explanation)
			for _, spec := range row.updates {
				svc, errs = s.put("x", spec)
				require.Empty(t, errs, row.explanation)
			}
			ips, ports := s.alloc.Held()
			assert.Equal(t, [2]int{row.ips, row.ports}, [2]int{ips, ports}, row.explanation)
			assert.Len(t, shownIPs(svc), row.ips, "what the Service shows is what is held")
			s.alloc.Committed(nil, svc)
			ips, ports = s.alloc.Held()
			assert.Zero(t, ips+ports, "deleting gives everything back")
		})
	}
}

func TestServiceRefusalsHoldNothing(t *testing.T) {
	for _, row := range []struct {
		name, spec, want, explanation string
	}{
		{
			"taken", `{"clusterIP":"10.0.0.77","ports":[{"port":80}]}`,
			`spec.clusterIPs: Invalid value: ["<n>"]: failed to allocate IP <n>: provided IP is already allocated (FieldValueInvalid)`,
			"an address has one holder",
		},
		{
			"network address", `{"clusterIP":"10.0.0.0","ports":[{"port":80}]}`,
			`spec.clusterIPs: Invalid value: ["<n>"]: failed to allocate IP <n>: the provided network does not match the current range (FieldValueInvalid)`,
			"the network's own address is never given out",
		},
		{
			"node port taken", `{"type":"NodePort","ports":[{"name":"a","port":80},{"name":"b","port":81,"nodePort":30999}]}`,
			"spec.ports[1].nodePort: Invalid value: 30999: provided port is already allocated (FieldValueInvalid)",
			"what was taken before the refusal is given back",
		},
		{
			"invalid after allocation", `{"type":"NodePort","ports":[{"port":80}],"sessionAffinity":"Bogus"}`,
			`spec.sessionAffinity: Unsupported value: "Bogus": supported values: "ClientIP", "None" (FieldValueNotSupported)`,
			"validation comes after allocation and undoes it",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newServices(t, kinds.Options{})
			_, errs := s.post("first", `{"type":"NodePort","clusterIP":"10.0.0.77","ports":[{"port":80,"nodePort":30999}]}`)
			require.Empty(t, errs)
			_, errs = s.post("second", row.spec)
			assert.Equal(t, []string{row.want}, errs, row.explanation)
			ips, ports := s.alloc.Held()
			assert.Equal(t, [2]int{1, 1}, [2]int{ips, ports}, row.explanation)
		})
	}
}

func TestServiceUpdateKeepsWhatIsLeftOut(t *testing.T) {
	s := newServices(t, kinds.Options{})
	const spec = `{"type":"NodePort","ports":[{"name":"a","port":80},{"name":"b","port":81}]}`
	first, errs := s.post("x", spec)
	require.Empty(t, errs)
	again, errs := s.put("x", spec)
	require.Empty(t, errs)
	assert.Equal(t, first.Spec, again.Spec, "the same manifest sent twice changes nothing")
}

func TestServicePicksDependOnSeedAndNameOnly(t *testing.T) {
	pick := func(seed uint64, before ...string) string {
		s := newServices(t, kinds.Options{Seed: seed})
		for _, name := range before {
			_, errs := s.post(name, `{"ports":[{"port":80}]}`)
			require.Empty(t, errs)
		}
		svc, errs := s.post("x", `{"ports":[{"port":80}]}`)
		require.Empty(t, errs)
		return svc.Spec.ClusterIP
	}
	assert.Equal(t, pick(7), pick(7))
	assert.Equal(t, pick(7), pick(7, "other"), "another Service does not reshuffle this one")
	s := newServices(t, kinds.Options{})
	first, _ := s.post("x", `{"ports":[{"port":80}]}`)
	s.alloc.Committed(nil, first)
	again, _ := s.post("x", `{"ports":[{"port":80}]}`)
	assert.NotEqual(t, first.Spec.ClusterIP, again.Spec.ClusterIP, "a Service made anew gets an address of its own")
	different := map[string]bool{}
	for seed := range uint64(20) {
		different[pick(seed)] = true
	}
	assert.Greater(t, len(different), 10, "seeds explore different addresses")
}

func TestServicePoolRunsDry(t *testing.T) {
	s := newServices(t, kinds.Options{ServiceCIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/29")}})
	for i := range 6 {
		_, errs := s.post(fmt.Sprint("s", i), `{"ports":[{"port":80}]}`)
		require.Empty(t, errs, "a /29 has 6 addresses")
	}
	svc := decode(t, s.to.version, []byte(`{"metadata":{"name":"last"},"spec":{"ports":[{"port":80}]}}`))
	_, err := s.alloc.Allocate(svc, nil)
	assert.EqualError(t, err, `Internal error occurred: failed to allocate a serviceIP for Service "last": range is full`)
}

func TestServiceExternalIPWarnings(t *testing.T) {
	for _, row := range []struct{ name, spec, want, explanation string }{
		{"cluster IP", `{"externalIPs":["192.0.2.1"],"ports":[{"port":80}]}`, "spec.externalIPs is deprecated and may no longer be implemented in some clusters", "deprecated"},
		{"headless", `{"clusterIP":"None","externalIPs":["192.0.2.1"],"ports":[{"port":80}]}`, "spec.externalIPs is ignored for headless services", "nothing forwards to a headless Service"},
		{"external name", `{"type":"ExternalName","externalName":"a.b","externalIPs":["192.0.2.1"]}`, `spec.externalIPs is ignored when spec.type is "ExternalName"`, "a name has no addresses"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newServices(t, kinds.Options{})
			got := s.create(s.to, fmt.Appendf(nil, `{"metadata":{"name":"x"},"spec":%s}`, row.spec))
			require.Empty(t, got.errs)
			assert.Equal(t, []string{row.want}, got.warnings, row.explanation)
		})
	}
}

func TestExternalNameShowsNoInternalTrafficPolicy(t *testing.T) {
	s := newServices(t, kinds.Options{})
	svc, errs := s.post("x", `{"type":"ExternalName","externalName":"a.b","internalTrafficPolicy":"Local"}`)
	require.Empty(t, errs)
	assert.NotNil(t, svc.Spec.InternalTrafficPolicy, "it is stored")
	assert.Nil(t, s.to.version.Shown(svc).(*corev1.Service).Spec.InternalTrafficPolicy, "but not shown")
	_, errs = s.post("y", `{"type":"ExternalName","externalName":"a.b","internalTrafficPolicy":"Bogus"}`)
	assert.Equal(t, []string{`spec.internalTrafficPolicy: Unsupported value: "Bogus": supported values: "Cluster", "Local" (FieldValueNotSupported)`}, errs)
}
