package generate

import "fmt"

// services are the built-in kind with the most rules: defaults that depend on
// the type, allocated addresses and ports, fields that must go together.
func services(g *generator) *resource {
	names := []string{"svc-a", "svc-b", "svc-c"}
	return &resource{
		plural:     "services",
		apiVersion: "v1",
		kind:       "Service",
		collection: "/api/v1/namespaces/${ns}/services",
		names:      names[:1+g.Intn(len(names))],
		content:    func() object { return object{"spec": g.serviceSpec()} },
		fragment:   func() object { return object{"spec": g.serviceFragment()} },
		status:     func() object { return object{"status": g.serviceStatus()} },
		edits:      g.serviceEdit,
		selectors:  []string{"spec.type=ClusterIP", "spec.type=NodePort", "spec.clusterIP=None", "spec.bogus=1", "spec.clusterIP!=None"},
	}
}

// Addresses and ports that are asked for by name lie in the band that the
// allocators leave to such requests, so that chance never takes them first.
func (g *generator) clusterIP() string {
	return fmt.Sprintf("10.0.0.%d", 2+2*g.slot+g.Intn(2))
}

func (g *generator) nodePort() int { return 30000 + 10*g.slot + g.Intn(3) }

func (g *generator) servicePort(i int) object {
	port := object{"port": oneOf(g, 80, 80, 443, 53, 8080)}
	if i > 0 || g.chance(0.5) {
		port["name"] = oneOf(g, "web", "dns", "tls")
	}
	g.set(port, 0.4, "protocol", func() any { return oneOf(g, "TCP", "UDP", "UDP", "SCTP") })
	g.set(port, 0.3, "targetPort", func() any { return oneOf[any](g, 8080, "http", 9090, 0, "") })
	g.set(port, 0.1, "nodePort", func() any { return g.nodePort() })
	g.set(port, 0.1, "appProtocol", func() any { return oneOf(g, "http", "kubernetes.io/h2c", "bad value!") })
	if g.chance(0.04) {
		port[oneOf(g, "port", "targetPort", "nodePort", "protocol", "name")] = oneOf[any](g, 0, -1, 70000, "BOGUS", "UPPER", 1.5)
	}
	return port
}

func (g *generator) servicePorts() []object {
	var out []object
	for i := range oneOf(g, 1, 1, 1, 2, 2, 3) {
		out = append(out, g.servicePort(i))
	}
	return out
}

func (g *generator) serviceSpec() object {
	spec := object{}
	switch g.Intn(12) {
	case 0, 1, 2, 3:
	case 4:
		spec["type"] = "ClusterIP"
	case 5, 6:
		spec["clusterIP"] = "None"
	case 7, 8:
		spec["type"] = "NodePort"
	case 9, 10:
		spec["type"] = "LoadBalancer"
		g.loadBalancer(spec)
	case 11:
		spec["type"] = "ExternalName"
		spec["externalName"] = oneOf(g, "example.com", "db.example.com", "EXAMPLE.com", "bad_name!", "")
		if g.chance(0.7) {
			return spec
		}
	}
	g.set(spec, 0.95, "ports", func() any { return g.servicePorts() })
	g.set(spec, 0.6, "selector", func() any { return object{"app": oneOf(g, "a", "b")} })
	g.set(spec, 0.12, "clusterIP", func() any { return g.clusterIP() })
	g.serviceOptions(spec, 0.08)
	if g.chance(0.04) {
		g.oddServiceSpec(spec)
	}
	return spec
}

func (g *generator) loadBalancer(spec object) {
	g.set(spec, 0.2, "allocateLoadBalancerNodePorts", func() any { return g.chance(0.3) })
	g.set(spec, 0.2, "loadBalancerClass", func() any { return oneOf(g, "example.com/lb", "example.com/lb", "example.com/other", "Bad Class") })
	g.set(spec, 0.15, "loadBalancerIP", func() any { return "192.0.2.7" })
	g.set(spec, 0.15, "loadBalancerSourceRanges", func() any { return oneOf(g, []string{"192.0.2.0/24"}, []string{"bogus"}, []string{}) })
	if g.chance(0.2) {
		spec["externalTrafficPolicy"] = oneOf(g, "Local", "Cluster")
		g.set(spec, 0.2, "healthCheckNodePort", func() any { return 30000 + 10*g.slot + 5 })
	}
}

// serviceOptions are the fields that go with most types.
func (g *generator) serviceOptions(spec object, p float64) {
	g.set(spec, p, "externalIPs", func() any {
		return oneOf(g, []string{"192.0.2.1"}, []string{"192.0.2.1", "192.0.2.2"}, []string{"127.0.0.1"}, []string{"bogus"}, []string{})
	})
	g.set(spec, p, "ipFamilyPolicy", func() any { return oneOf(g, "SingleStack", "PreferDualStack", "RequireDualStack", "Bogus") })
	g.set(spec, p/2, "ipFamilies", func() any {
		return oneOf(g, []string{"IPv4"}, []string{"IPv6"}, []string{"IPv4", "IPv6"}, []string{"IPv4", "IPv4"})
	})
	g.set(spec, p, "sessionAffinity", func() any { return oneOf(g, "None", "ClientIP", "ClientIP", "Bogus") })
	g.set(spec, p/3, "sessionAffinityConfig", func() any { return object{"clientIP": object{"timeoutSeconds": oneOf(g, 60, 0, 100000)}} })
	g.set(spec, p, "externalTrafficPolicy", func() any { return oneOf(g, "Cluster", "Local", "Bogus") })
	g.set(spec, p, "internalTrafficPolicy", func() any { return oneOf(g, "Cluster", "Local", "Bogus") })
	g.set(spec, p, "publishNotReadyAddresses", func() any { return g.chance(0.5) })
	g.set(spec, p/2, "trafficDistribution", func() any { return oneOf(g, "PreferClose", "PreferSameZone", "Bogus") })
}

func (g *generator) oddServiceSpec(spec object) {
	switch g.Intn(8) {
	case 0:
		spec["clusterIP"] = oneOf(g, "bogus", "10.1.0.1", "fd00::1", "10.0.0.0", "10.0.0.255")
	case 1:
		spec["clusterIPs"] = oneOf(g, []string{"None"}, []string{"None", "None"}, []string{g.clusterIP()}, []string{""})
	case 2:
		spec["type"] = oneOf[any](g, "Bogus", "", nil, 1)
	case 3:
		spec["selector"] = object{"bad key!": "v"}
	case 4:
		spec["ports"] = oneOf[any](g, []object{}, nil, "text", object{"port": 80})
	case 5:
		spec["unknown"] = object{"a": 1}
	case 6:
		spec["healthCheckNodePort"] = oneOf(g, -1, 5, 30000+10*g.slot+6)
	case 7:
		spec["externalName"] = "example.com"
	}
}

func (g *generator) serviceFragment() object {
	spec := object{}
	switch g.Intn(10) {
	case 0:
		spec["type"] = oneOf(g, "ClusterIP", "NodePort", "LoadBalancer")
	case 1:
		spec["type"] = oneOf(g, "ExternalName", "ClusterIP")
		spec["externalName"] = oneOf[any](g, "example.com", nil)
	case 2, 3:
		spec["ports"] = g.servicePorts()
	case 4:
		spec["selector"] = object{"app": oneOf[any](g, "a", "b", nil), "part": oneOf[any](g, "x", nil)}
	case 5:
		spec["clusterIP"] = oneOf[any](g, nil, "None", "", g.clusterIP())
	case 6, 7, 8:
		g.serviceOptions(spec, 0.3)
	case 9:
		spec[oneOf(g, "sessionAffinity", "externalIPs", "ipFamilyPolicy", "internalTrafficPolicy", "clusterIPs", "ports", "selector", "type")] = nil
	}
	if g.chance(0.03) {
		g.oddServiceSpec(spec)
	}
	return spec
}

func (g *generator) serviceStatus() object {
	status := object{}
	g.set(status, 0.6, "loadBalancer", func() any {
		entry := object{"ip": oneOf(g, "192.0.2.1", "192.0.2.2", "bogus")}
		g.set(entry, 0.3, "ipMode", func() any { return oneOf(g, "VIP", "Proxy", "Bogus") })
		g.set(entry, 0.2, "hostname", func() any { return "lb.example.com" })
		return oneOf(g, object{"ingress": []object{entry}}, object{"ingress": []object{entry}}, object{})
	})
	g.set(status, 0.6, "conditions", func() any { return []object{g.condition("Ready")} })
	return status
}

// condition is a metav1.Condition.
func (g *generator) condition(kind string) object {
	c := object{
		"type": kind, "status": oneOf(g, "True", "False", "Unknown"), "reason": oneOf(g, "Fine", "Broken"),
		"message": oneOf(g, "", "all is well"), "lastTransitionTime": oneOf(g, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
	}
	g.set(c, 0.2, "observedGeneration", func() any { return oneOf(g, 1, 2, -1) })
	if g.chance(0.06) {
		delete(c, oneOf(g, "status", "reason", "message", "lastTransitionTime"))
	}
	return c
}

func (g *generator) serviceEdit() object {
	switch g.Intn(7) {
	case 0:
		return object{"op": "add", "path": "/spec/ports/-", "value": g.servicePort(1)}
	case 1:
		return object{"op": "remove", "path": oneOf(g, "/spec/ports/0", "/spec/ports/1", "/spec/selector", "/spec/selector/app", "/spec/clusterIP", "/spec/clusterIPs", "/spec/ports/0/nodePort")}
	case 2:
		return object{"op": "replace", "path": "/spec/ports/0/port", "value": oneOf(g, 80, 81, 443)}
	case 3:
		return object{"op": "add", "path": "/spec/externalIPs", "value": []string{"192.0.2.1"}}
	case 4:
		return object{"op": "replace", "path": "/spec/type", "value": oneOf(g, "ClusterIP", "NodePort", "LoadBalancer", "ExternalName")}
	case 5:
		return object{"op": "test", "path": "/spec/type", "value": oneOf(g, "ClusterIP", "NodePort")}
	}
	return object{"op": "add", "path": "/spec/selector/app", "value": oneOf(g, "a", "b")}
}
