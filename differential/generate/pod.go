package generate

// pods are bound to no node: there is no scheduler beside the bare servers.
func pods(g *generator) *resource {
	content := func() object {
		spec := podTemplate(g, oneOf(g, "", "Always", "Never", "OnFailure", "Sometimes"))["spec"].(object)
		g.set(spec, 0.1, "nodeName", func() any { return oneOf(g, "node-a", "Not A Node") })
		g.set(spec, 0.1, "priorityClassName", func() any { return oneOf(g, "system-cluster-critical", "none") })
		g.set(spec, 0.1, "activeDeadlineSeconds", func() any { return oneOf(g, 10, 20, 0) })
		g.set(spec, 0.1, "hostname", func() any { return oneOf(g, "web", "Web") })
		g.set(spec, 0.15, "tolerations", func() any {
			return []any{object{"key": oneOf(g, "a", "", "not ok!"), "operator": oneOf(g, "Exists", "Equal", "Else"), "effect": oneOf(g, "NoSchedule", "NoExecute", "Else", "")}}
		})
		g.set(spec, 0.1, "schedulingGates", func() any { return []any{object{"name": oneOf(g, "example.com/gate", "Not Ok")}} })
		g.set(spec, 0.15, "volumes", func() any {
			return []any{object{"name": oneOf(g, "v", "V"), oneOf(g, "emptyDir", "emptyDir", "configMap"): object{}}}
		})
		return object{"spec": spec}
	}
	return &resource{
		plural: "pods", apiVersion: "v1", kind: "Pod", collection: "/api/v1/namespaces/${ns}/pods",
		names: g.few("pod-a", "pod-b"), content: content, fragment: content,
		status: func() object {
			status := object{}
			g.set(status, 0.6, "phase", func() any { return oneOf(g, "Pending", "Running", "Succeeded", "Failed", "Odd") })
			g.set(status, 0.4, "podIP", func() any { return oneOf(g, "10.1.0.1", "10.1.0.2", "fd00::1", "nowhere") })
			g.set(status, 0.4, "conditions", func() any {
				return []any{object{"type": oneOf(g, "Ready", "ContainersReady", "example.com/x"), "status": oneOf(g, "True", "False", "Odd"), "reason": "r"}}
			})
			return object{"status": status}
		},
		edits: func() object {
			return object{"op": oneOf(g, "add", "replace", "test"), "path": oneOf(g, "/spec/containers/0/image", "/spec/activeDeadlineSeconds", "/spec/nodeName", "/spec/terminationGracePeriodSeconds"), "value": oneOf[any](g, "j", "k", 5, 1)}
		},
		selectors: []string{"status.phase=Running", "spec.nodeName=node-a", "spec.restartPolicy=Never", "spec.bogus=1"},
	}
}

func deployments(g *generator) *resource {
	content := func() object {
		spec := object{"template": podTemplate(g, ""), "selector": object{"matchLabels": object{"app": oneOf(g, "a", "a", "a", "a", "b")}}}
		g.set(spec, 0.5, "replicas", func() any { return oneOf(g, 0, 1, 3, -1) })
		g.set(spec, 0.2, "minReadySeconds", func() any { return oneOf(g, 0, 5, -1) })
		g.set(spec, 0.2, "progressDeadlineSeconds", func() any { return oneOf(g, 600, 3, 0) })
		g.set(spec, 0.1, "revisionHistoryLimit", func() any { return oneOf(g, 2, -1) })
		g.set(spec, 0.2, "paused", func() any { return oneOf(g, true, false) })
		g.set(spec, 0.25, "strategy", func() any {
			strategy := object{"type": oneOf(g, "RollingUpdate", "Recreate", "Else")}
			g.set(strategy, 0.5, "rollingUpdate", func() any {
				return object{"maxSurge": oneOf[any](g, 1, "25%", 0, "x"), "maxUnavailable": oneOf[any](g, 0, "25%", "200%", -1)}
			})
			return strategy
		})
		return object{"spec": spec}
	}
	return &resource{
		plural: "deployments", apiVersion: "apps/v1", kind: "Deployment", collection: "/apis/apps/v1/namespaces/${ns}/deployments",
		names: g.few("web", "api"), content: content, fragment: content, scale: true,
		status: func() object {
			status := object{}
			for _, count := range []string{"replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "observedGeneration"} {
				g.set(status, 0.4, count, func() any { return oneOf(g, 0, 1, 3, -1) })
			}
			g.set(status, 0.3, "conditions", func() any {
				return []any{object{"type": oneOf(g, "Available", "Progressing"), "status": oneOf(g, "True", "False")}}
			})
			return object{"status": status}
		},
		edits: func() object {
			return object{"op": oneOf(g, "add", "replace", "test"), "path": oneOf(g, "/spec/replicas", "/spec/paused", "/spec/template/spec/containers/0/image", "/spec/selector/matchLabels/app"), "value": oneOf[any](g, 2, true, "k")}
		},
		selectors: []string{"metadata.name=web", "spec.replicas=1"},
	}
}

func volumeClaims(g *generator) *resource {
	content := func() object {
		spec := object{"resources": object{"requests": object{"storage": oneOf(g, "1Gi", "1Gi", "2Gi", "500Mi", "-1", "x")}}}
		g.set(spec, 0.95, "accessModes", func() any {
			return oneOf(g, []any{"ReadWriteOnce"}, []any{"ReadWriteOnce"}, []any{"ReadWriteMany", "ReadOnlyMany"}, []any{"ReadWriteOncePod", "ReadWriteOnce"}, []any{"Else"}, []any{})
		})
		g.set(spec, 0.3, "storageClassName", func() any { return oneOf(g, "fast", "", "Not Ok") })
		g.set(spec, 0.2, "volumeName", func() any { return oneOf(g, "pv-a", "pv-b") })
		g.set(spec, 0.2, "volumeMode", func() any { return oneOf(g, "Filesystem", "Block", "Else") })
		g.set(spec, 0.1, "selector", func() any { return object{"matchLabels": object{"a": oneOf(g, "b", "not ok!")}} })
		g.set(spec, 0.1, "dataSource", func() any {
			return object{"kind": oneOf(g, "PersistentVolumeClaim", "Else"), "name": oneOf(g, "other", "")}
		})
		return object{"spec": spec}
	}
	return &resource{
		plural: "persistentvolumeclaims", apiVersion: "v1", kind: "PersistentVolumeClaim", collection: "/api/v1/namespaces/${ns}/persistentvolumeclaims",
		names: g.few("data-a", "data-b"), content: content, fragment: content,
		status: func() object {
			status := object{}
			g.set(status, 0.6, "phase", func() any { return oneOf(g, "Pending", "Bound", "Lost", "Odd") })
			g.set(status, 0.4, "capacity", func() any { return object{"storage": oneOf(g, "1Gi", "2Gi", "-1")} })
			g.set(status, 0.3, "accessModes", func() any { return []any{oneOf(g, "ReadWriteOnce", "Else")} })
			g.set(status, 0.2, "conditions", func() any {
				return []any{object{"type": oneOf(g, "Resizing", "FileSystemResizePending"), "status": "True"}}
			})
			return object{"status": status}
		},
		edits: func() object {
			return object{"op": oneOf(g, "add", "replace", "test"), "path": oneOf(g, "/spec/resources/requests/storage", "/spec/volumeName", "/spec/accessModes"), "value": oneOf[any](g, "3Gi", "1Gi", "pv-c", []any{"ReadWriteOnce"})}
		},
		selectors: []string{"metadata.name=data-a", "spec.volumeName=x"},
	}
}
