package globalnet

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seatrial/seatrial/model"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// noLeaks judges the state that the last commit left behind. Left over are:
//
//   - a GlobalIngressIP whose Service, ServiceExport, pod or endpoint does not
//     exist;
//   - a claim that a GlobalIngressIP controller made (by its label) whose
//     GlobalIngressIP does not exist or publishes another IP or none;
//   - an internal Service whose GlobalIngressIP does not exist;
//   - any object of these kinds that is being deleted and still bears a
//     finalizer of submariner.io.
//
// A Service or export that is being deleted but is kept by somebody else's
// finalizer still exists, and so may what belongs to it.
func noLeaks() model.Property {
	return model.Property{
		Name:     "no-leaks",
		Sentence: "After the weather has cleared, no GlobalIngressIP, claim, internal Service or finalizer is left whose owner is gone.",
		Source:   "submariner #1457, #2388; catalogue: delete-down, status-write-lost",
		Class:    model.ClassLiveness,
		Check: func(h *model.History) model.Result {
			if h.Ended <= h.Cleared {
				return model.Undecide("the run has no liveness phase")
			}
			leak, object := endOf(h).leak()
			if leak == "" {
				return model.Holds()
			}
			return model.Breach(leak, lastChange(h, object))
		},
	}
}

// lastChange finds the last commit to an object.
func lastChange(h *model.History, object metav1.Object) model.Culprit {
	for i := len(h.Commits) - 1; i >= 0; i-- {
		if commit := &h.Commits[i]; commit.UID == string(object.GetUID()) {
			culprit := commit.Culprit()
			culprit.Text = "last change: " + culprit.Text
			return culprit
		}
	}
	return model.Culprit{At: h.Ended, Text: "the end of the run"}
}

// leak finds the first thing left over, by kind and name.
func (c *cluster) leak() (string, metav1.Object) {
	for _, key := range slices.Sorted(maps.Keys(c.gips)) {
		if leak := c.leakedIngressIP(c.gips[key]); leak != "" {
			return leak, c.gips[key]
		}
	}
	for _, ip := range slices.Sorted(maps.Keys(c.claims)) {
		if leak := c.leakedClaim(ip, c.claims[ip]); leak != "" {
			return leak, c.claims[ip]
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.services)) {
		if leak := c.leakedService(key, c.services[key]); leak != "" {
			return leak, c.services[key]
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.exports)) {
		if leak := leakedFinalizer("ServiceExport", string(key), c.exports[key]); leak != "" {
			return leak, c.exports[key]
		}
	}
	return "", nil
}

func (c *cluster) leakedIngressIP(gip *ingressIP) string {
	if leak := leakedFinalizer("GlobalIngressIP", string(gip.owner()), gip); leak != "" {
		return leak
	}
	key, pod := gip.service(), ownerOf(gip.GetNamespace(), gip.podRef)
	switch {
	case c.services[key] == nil:
		return fmt.Sprintf("GlobalIngressIP %s is left, but its service is gone", gip.owner())
	case c.exports[key] == nil:
		return fmt.Sprintf("GlobalIngressIP %s is left, but its service is not exported", gip.owner())
	case gip.target != targetClusterIP && !headless(c.services[key]):
		return fmt.Sprintf("GlobalIngressIP %s is left, but its service is not headless", gip.owner())
	case gip.target == targetPod && c.pods[pod] == nil:
		return fmt.Sprintf("GlobalIngressIP %s is left, but its pod is gone", gip.owner())
	case gip.target == targetPod && (finished(c.pods[pod]) || !selects(c.services[key], c.pods[pod])):
		return fmt.Sprintf("GlobalIngressIP %s is left, but its pod has finished or left the service", gip.owner())
	case gip.target == targetEndpoints && !c.listed(key, gip.address()):
		return fmt.Sprintf("GlobalIngressIP %s is left, but its endpoint is gone", gip.owner())
	}
	return ""
}

func (c *cluster) leakedClaim(ip string, claim *claim) string {
	if !claim.ours {
		return ""
	}
	gip := c.gips[claim.owner]
	switch {
	case gip == nil:
		return fmt.Sprintf("the claim to %s is left, but its GlobalIngressIP %s is gone", ip, claim.owner)
	case gip.ip != ip:
		return fmt.Sprintf("the claim to %s is left, but its GlobalIngressIP %s has %q", ip, claim.owner, gip.ip)
	}
	return leakedFinalizer("IPAddress", ip, claim)
}

func (c *cluster) leakedService(key owner, service *corev1.Service) string {
	if of, internal := internalOwner(service); internal && c.gips[of] == nil {
		return fmt.Sprintf("internal Service %s is left, but its GlobalIngressIP %s is gone", key, of)
	}
	return leakedFinalizer("Service", string(key), service)
}

func leakedFinalizer(kind, name string, object metav1.Object) string {
	if ours := ourFinalizers(object); model.Terminating(object) && len(ours) > 0 {
		return fmt.Sprintf("%s %s is being deleted, but %s is still on it", kind, name, ours[0])
	}
	return ""
}
