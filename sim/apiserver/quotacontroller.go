package apiserver

import (
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apiresource "k8s.io/apimachinery/pkg/api/resource"

	"github.com/seatrial/seatrial/sim/apiserver/admission"
)

// quotaController is the part of kube-controller-manager that counts what a
// namespace's quotas are about. The server itself only adds to the count; a
// new quota is unknown, and what was deleted still counted, until this has
// looked.
type quotaController struct {
	server  *Server
	pending map[string]bool // namespaces that will be looked at
}

func newQuotaController(s *Server) *quotaController {
	return &quotaController{server: s, pending: map[string]bool{}}
}

func (c *quotaController) observe(res *resource, e *event) {
	quotas := c.server.resources[quotaResource]
	if quotas == nil || len(quotas.keys) == 0 || !res.kind.Namespaced {
		return
	}
	namespace := e.current.meta.GetNamespace()
	if len(span(quotas.keys, namespace)) == 0 || c.pending[namespace] {
		return
	}
	if res != quotas && !freed(e) {
		return
	}
	c.pending[namespace] = true
	c.server.config.Clock.AfterFunc(c.server.config.ControllerLag, func() {
		delete(c.pending, namespace)
		c.count(quotas, namespace)
	})
}

// freed: the change may leave quotas less used than they say.
func freed(e *event) bool {
	pod, ok := e.current.value.(*corev1.Pod)
	if e.deleted || !ok || e.old == nil {
		return e.deleted
	}
	return pod.Status.Phase != e.old.value.(*corev1.Pod).Status.Phase
}

// count brings the status of a namespace's quotas up to date.
func (c *quotaController) count(quotas *resource, namespace string) {
	for _, key := range span(quotas.keys, namespace) {
		existing := quotas.objects[key]
		q := existing.value.(*corev1.ResourceQuota)
		used := c.usage(q, namespace)
		if apiequality.Semantic.DeepEqual(q.Status.Hard, q.Spec.Hard) && apiequality.Semantic.DeepEqual(q.Status.Used, used) {
			continue
		}
		next := q.DeepCopy()
		next.Status = corev1.ResourceQuotaStatus{Hard: q.Spec.Hard.DeepCopy(), Used: used}
		c.server.commit(change{res: quotas, key: key, old: existing, value: throughProtobuf(next), fields: existing.fields})
	}
}

func (c *quotaController) usage(q *corev1.ResourceQuota, namespace string) corev1.ResourceList {
	used := corev1.ResourceList{}
	for name := range q.Spec.Hard {
		used[name] = *apiresource.NewQuantity(0, apiresource.DecimalSI)
	}
	for _, res := range c.server.sorted {
		if !res.kind.Namespaced {
			continue
		}
		for _, key := range span(res.keys, namespace) {
			value := res.objects[key].value
			if !admission.Covers(q, value) {
				continue
			}
			for name, more := range admission.Usage(res.gr, value) {
				if total, limited := used[name]; limited {
					total.Add(more)
					used[name] = total
				}
			}
		}
	}
	return used
}
