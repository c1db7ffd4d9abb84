package generate

import "maps"

// few are one or two of the names.
func (g *generator) few(names ...string) []string { return names[:1+g.Intn(len(names))] }

// podTemplate is mostly in order.
func podTemplate(g *generator, restart string) object {
	container := object{"name": oneOf(g, "c", "c", "c", "C!"), "image": oneOf(g, "i", "i", "j", "")}
	g.set(container, 0.2, "ports", func() any {
		return []any{object{"containerPort": oneOf(g, 80, 8080, 0, 70000), "name": oneOf(g, "http", "HTTP", "")}}
	})
	g.set(container, 0.2, "resources", func() any {
		return object{"requests": object{"cpu": oneOf(g, "1", "100m", "-1", "x")}, "limits": object{"cpu": oneOf(g, "2", "50m")}}
	})
	spec := object{"containers": []any{container}}
	if restart != "" {
		spec["restartPolicy"] = restart
	}
	g.set(spec, 0.1, "terminationGracePeriodSeconds", func() any { return oneOf(g, 0, 5, -1) })
	return object{"metadata": object{"labels": object{"app": oneOf(g, "a", "a", "a", "b")}}, "spec": spec}
}

func jobSpec(g *generator) object {
	spec := object{"template": podTemplate(g, oneOf(g, "Never", "Never", "OnFailure", "Always"))}
	g.set(spec, 0.3, "completions", func() any { return oneOf(g, 1, 2, 3, -1) })
	g.set(spec, 0.3, "parallelism", func() any { return oneOf(g, 1, 2, 0, -1) })
	g.set(spec, 0.2, "backoffLimit", func() any { return oneOf(g, 0, 6, -1) })
	g.set(spec, 0.2, "suspend", func() any { return oneOf(g, true, false) })
	g.set(spec, 0.1, "activeDeadlineSeconds", func() any { return oneOf(g, 10, 0, -1) })
	g.set(spec, 0.1, "ttlSecondsAfterFinished", func() any { return oneOf(g, 10, 0, -1) })
	g.set(spec, 0.2, "completionMode", func() any { return oneOf(g, "Indexed", "NonIndexed") })
	return spec
}

func jobs(g *generator) *resource {
	content := func() object { return object{"spec": jobSpec(g)} }
	condition := func() any {
		return object{"type": oneOf(g, "Failed", "Complete", "FailureTarget", "SuccessCriteriaMet", "Suspended"), "status": oneOf(g, "True", "True", "True", "False")}
	}
	return &resource{
		plural: "jobs", apiVersion: "batch/v1", kind: "Job", collection: "/apis/batch/v1/namespaces/${ns}/jobs",
		names: g.few("job-a", "job-b"), content: content, fragment: content,
		status: func() object {
			status := object{}
			g.set(status, 0.5, "startTime", func() any { return oneOf(g, "2026-01-01T00:00:00Z", "2026-01-01T00:10:00Z") })
			g.set(status, 0.4, "completionTime", func() any { return oneOf(g, "2026-01-01T00:05:00Z", "2026-01-01T00:06:00Z") })
			for _, count := range []string{"active", "ready", "succeeded", "failed", "terminating"} {
				g.set(status, 0.25, count, func() any { return oneOf(g, 0, 1, 2, 1, 0, -1) })
			}
			g.set(status, 0.5, "conditions", func() any {
				list := []any{condition()}
				for g.chance(0.5) && len(list) < 3 {
					list = append(list, condition())
				}
				return list
			})
			g.set(status, 0.1, "completedIndexes", func() any { return oneOf(g, "0", "0-1", "1,0", "7", "x") })
			return object{"status": status}
		},
		edits: func() object {
			return object{"op": oneOf(g, "add", "replace", "test"), "path": oneOf(g, "/spec/parallelism", "/spec/completions", "/spec/suspend", "/spec/backoffLimit"), "value": oneOf[any](g, 1, 2, true, false)}
		},
		selectors: []string{"status.successful=0", "metadata.name=job-a"},
	}
}

func cronJobs(g *generator) *resource {
	content := func() object {
		spec := object{"jobTemplate": object{"spec": jobSpec(g)}}
		g.set(spec, 0.95, "schedule", func() any {
			return oneOf(g, "*/5 * * * *", "@hourly", "0 0 1 1 *", "@every 1h30m", "61 * * * *", "* * * *", "TZ=UTC * * * * *", "CRON_TZ=Europe/Berlin 0 * * * *", "TZ=UTC", "@never", "")
		})
		g.set(spec, 0.2, "timeZone", func() any { return oneOf(g, "Etc/UTC", "UTC", "Mars/Base", "Local", "", "../x") })
		g.set(spec, 0.2, "concurrencyPolicy", func() any { return oneOf(g, "Allow", "Forbid", "Replace", "Maybe") })
		g.set(spec, 0.1, "startingDeadlineSeconds", func() any { return oneOf(g, 10, -1) })
		g.set(spec, 0.1, "successfulJobsHistoryLimit", func() any { return oneOf(g, 0, -1) })
		g.set(spec, 0.1, "suspend", func() any { return true })
		return object{"spec": spec}
	}
	return &resource{
		plural: "cronjobs", apiVersion: "batch/v1", kind: "CronJob", collection: "/apis/batch/v1/namespaces/${ns}/cronjobs",
		names:   g.few("cron-a", "c234567890123456789012345678901234567890123456789012", "c2345678901234567890123456789012345678901234567890123"),
		content: content, fragment: content,
		status: func() object {
			return object{"status": object{"lastScheduleTime": oneOf(g, "2026-01-01T00:00:00Z", "yesterday")}}
		},
		edits: func() object {
			return object{"op": oneOf(g, "replace", "test"), "path": oneOf(g, "/spec/schedule", "/spec/suspend"), "value": oneOf[any](g, "@daily", true, "x")}
		},
		selectors: []string{"metadata.name=cron-a", "spec.schedule=x"},
	}
}

func autoscalers(g *generator) *resource {
	content := func() object {
		spec := object{"scaleTargetRef": object{"apiVersion": oneOf(g, "apps/v1", "apps/v1", "a/b/c"), "kind": oneOf(g, "Deployment", "Deployment", ""), "name": oneOf(g, "web", "web", "a/b")}}
		g.set(spec, 0.9, "maxReplicas", func() any { return oneOf(g, 3, 5, 0, -1) })
		g.set(spec, 0.3, "minReplicas", func() any { return oneOf(g, 1, 4, -1) })
		g.set(spec, 0.4, "metrics", func() any {
			target := object{"type": oneOf(g, "Utilization", "AverageValue", "Value", "Other")}
			g.set(target, 0.6, "averageUtilization", func() any { return oneOf(g, 80, 0) })
			g.set(target, 0.4, "averageValue", func() any { return oneOf(g, "10", "-1") })
			metric := object{"type": oneOf(g, "Resource", "Resource", "Pods", "External", "Else")}
			g.set(metric, 0.8, "resource", func() any { return object{"name": oneOf(g, "cpu", ""), "target": target} })
			g.set(metric, 0.2, "pods", func() any { return object{"metric": object{"name": oneOf(g, "m", "")}, "target": target} })
			return []any{metric}
		})
		g.set(spec, 0.2, "behavior", func() any {
			policy := object{"type": oneOf(g, "Pods", "Percent", "Else"), "value": oneOf(g, 1, 0), "periodSeconds": oneOf(g, 60, 0, 2000)}
			rules := object{"policies": []any{policy}}
			g.set(rules, 0.4, "stabilizationWindowSeconds", func() any { return oneOf(g, 0, 300, 4000, -1) })
			g.set(rules, 0.3, "selectPolicy", func() any { return oneOf(g, "Max", "Min", "Disabled", "Else") })
			return object{oneOf(g, "scaleUp", "scaleDown"): rules}
		})
		return object{"spec": spec}
	}
	return &resource{
		plural: "horizontalpodautoscalers", apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler",
		collection: "/apis/autoscaling/v2/namespaces/${ns}/horizontalpodautoscalers",
		names:      g.few("scaler-a", "scaler-b"), content: content, fragment: content,
		edits: func() object {
			return object{"op": oneOf(g, "replace", "test"), "path": oneOf(g, "/spec/maxReplicas", "/spec/minReplicas"), "value": oneOf[any](g, 2, 7, 0)}
		},
		selectors: []string{"metadata.name=scaler-a"},
	}
}

func ingresses(g *generator) *resource {
	backend := func() any {
		b := object{}
		g.set(b, 0.9, "service", func() any {
			return object{"name": oneOf(g, "web", "web", "", "Web"), "port": oneOf(g, object{"number": 80}, object{"number": 80}, object{"name": "http"}, object{"name": "http", "number": 80}, object{}, object{"number": 70000})}
		})
		g.set(b, 0.1, "resource", func() any { return object{"apiGroup": "example.com", "kind": "Bucket", "name": oneOf(g, "b", "")} })
		return b
	}
	content := func() object {
		spec := object{}
		g.set(spec, 0.3, "defaultBackend", backend)
		g.set(spec, 0.8, "rules", func() any {
			path := object{"backend": backend()}
			g.set(path, 0.9, "pathType", func() any { return oneOf(g, "Prefix", "Exact", "ImplementationSpecific", "Else") })
			g.set(path, 0.9, "path", func() any { return oneOf(g, "/", "/a", "a", "/a//b", "/a/..", "/%2f") })
			rule := object{"http": object{"paths": []any{path}}}
			g.set(rule, 0.7, "host", func() any { return oneOf(g, "a.example.com", "*.example.com", "10.0.0.1", "a.*.com", "A") })
			return []any{rule}
		})
		g.set(spec, 0.2, "ingressClassName", func() any { return oneOf(g, "nginx", "Not OK") })
		g.set(spec, 0.2, "tls", func() any {
			return []any{object{"hosts": []any{oneOf(g, "a.example.com", "*.b", "x_y")}, "secretName": oneOf(g, "s", "S")}}
		})
		return object{"spec": spec}
	}
	return &resource{
		plural: "ingresses", apiVersion: "networking.k8s.io/v1", kind: "Ingress", collection: "/apis/networking.k8s.io/v1/namespaces/${ns}/ingresses",
		names: g.few("ing-a", "ing-b"), content: content, fragment: content,
		status: func() object {
			return object{"status": object{"loadBalancer": object{"ingress": []any{object{oneOf(g, "ip", "hostname"): oneOf(g, "10.0.0.1", "a.example.com", "010.0.0.1")}}}}}
		},
		edits: func() object {
			return object{"op": oneOf(g, "add", "replace", "test"), "path": oneOf(g, "/spec/ingressClassName", "/spec/rules/0/host"), "value": oneOf(g, "nginx", "b.example.com")}
		},
		selectors: []string{"metadata.name=ing-a"},
	}
}

func networkPolicies(g *generator) *resource {
	peers := func() any {
		peer := object{}
		g.set(peer, 0.4, "podSelector", func() any { return object{"matchLabels": object{"app": oneOf(g, "a", "not ok!")}} })
		g.set(peer, 0.3, "namespaceSelector", func() any { return object{} })
		g.set(peer, 0.4, "ipBlock", func() any {
			block := object{"cidr": oneOf(g, "10.0.0.0/8", "10.0.0.0/8", "10.0.0.1/8", "10.0.0.0", "")}
			g.set(block, 0.4, "except", func() any { return []any{oneOf(g, "10.1.0.0/16", "11.0.0.0/16", "x")} })
			return block
		})
		return []any{peer}
	}
	ports := func() any {
		port := object{}
		g.set(port, 0.8, "port", func() any { return oneOf[any](g, 80, 443, "http", 0, "Not-A-Port!") })
		g.set(port, 0.3, "endPort", func() any { return oneOf(g, 90, 70, 70000) })
		g.set(port, 0.3, "protocol", func() any { return oneOf(g, "TCP", "UDP", "ICMP") })
		return []any{port}
	}
	content := func() object {
		spec := object{"podSelector": oneOf(g, object{}, object{"matchLabels": object{"app": "a"}})}
		rule := func(side string) func() any {
			return func() any {
				rule := object{}
				g.set(rule, 0.7, side, peers)
				g.set(rule, 0.5, "ports", ports)
				return []any{rule}
			}
		}
		g.set(spec, 0.6, "ingress", rule("from"))
		g.set(spec, 0.4, "egress", rule("to"))
		g.set(spec, 0.2, "policyTypes", func() any { return oneOf(g, []any{"Ingress"}, []any{"Egress", "Ingress"}, []any{"Upwards"}) })
		return object{"spec": spec}
	}
	return &resource{
		plural: "networkpolicies", apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", collection: "/apis/networking.k8s.io/v1/namespaces/${ns}/networkpolicies",
		names: g.few("policy-a", "policy-b"), content: content, fragment: content,
		edits: func() object {
			return object{"op": oneOf(g, "add", "replace", "test"), "path": "/spec/policyTypes", "value": []any{oneOf(g, "Ingress", "Egress", "Else")}}
		},
		selectors: []string{"metadata.name=policy-a"},
	}
}

func roleBindings(g *generator) *resource {
	content := func() object {
		subject := object{"kind": oneOf(g, "ServiceAccount", "User", "Group", "Else"), "name": oneOf(g, "a", "a", "a", "")}
		g.set(subject, 0.5, "namespace", func() any { return "${ns}" })
		g.set(subject, 0.2, "apiGroup", func() any { return oneOf(g, "rbac.authorization.k8s.io", "x") })
		out := object{"roleRef": object{"apiGroup": oneOf(g, "rbac.authorization.k8s.io", "rbac.authorization.k8s.io", "x"), "kind": oneOf(g, "Role", "ClusterRole", "Else"), "name": oneOf(g, "r", "r", "s", "")}}
		g.set(out, 0.8, "subjects", func() any { return []any{subject} })
		return out
	}
	return &resource{
		plural: "rolebindings", apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding",
		collection: "/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}/rolebindings",
		names:      g.few("binding-a", "binding-b"), content: content,
		fragment: func() object {
			out := maps.Clone(content())
			if g.chance(0.7) {
				delete(out, "roleRef")
			}
			return out
		},
		edits: func() object {
			return object{"op": oneOf(g, "replace", "test"), "path": oneOf(g, "/roleRef/name", "/subjects/0/name"), "value": oneOf(g, "r", "s")}
		},
		selectors: []string{"metadata.name=binding-a"},
	}
}
