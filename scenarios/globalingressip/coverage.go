package globalingressip

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
)

// states lists what there was of a service and its global IP after each commit:
// "service export gip finalizer claim". See [scenarios.Subject.States].
func states(h *model.History) []string {
	met := map[string]bool{}
	services := map[string]map[string]int{}
	for i := range h.Commits {
		c := &h.Commits[i]
		service := concerned(c)
		if service == "" {
			continue
		}
		if services[service] == nil {
			services[service] = map[string]int{}
		}
		followCommit(services[service], c)
		met[stateOf(services[service])] = true
	}
	return slices.Sorted(maps.Keys(met))
}

// concerned is the service that a commit is about, directly or through what the
// controller made for it; empty: none.
func concerned(c *model.Commit) string {
	object := c.New
	if object == nil {
		object = c.Old
	}
	switch c.Resource {
	case "services":
		if of := labelsOf(object)[v1.InternalServiceLabel]; of != "" {
			return scenarios.JoinName(c.Namespace, of)
		}
		return scenarios.JoinName(c.Namespace, c.Name)
	case "serviceexports", "globalingressips":
		return scenarios.JoinName(c.Namespace, c.Name)
	case "ipaddresses":
		if claim, ok := object.(*networkingv1.IPAddress); ok && claim.Spec.ParentRef != nil {
			return scenarios.JoinName(claim.Spec.ParentRef.Namespace, claim.Spec.ParentRef.Name)
		}
	}
	return ""
}

// followCommit takes away from what there is of a service what the commit found, and
// adds what it left.
func followCommit(present map[string]int, c *model.Commit) {
	for _, word := range wordsFor(c.Resource, c.Old) {
		present[word]--
	}
	for _, word := range wordsFor(c.Resource, c.New) {
		present[word]++
	}
}

// stateWords are what there may be of a service, in the order in which they are written.
var stateWords = []string{
	"service", "export", "gip", "finalizer", "published", "claim", "internal", "addressed",
	"service-ending", "export-ending", "gip-ending", "internal-ending",
}

func stateOf(present map[string]int) string {
	var words []string
	for _, word := range stateWords {
		switch n := present[word]; {
		case n == 1:
			words = append(words, word)
		case n > 1:
			words = append(words, word+"+")
		}
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, " ")
}

// wordsFor says what one object adds to the state of its service.
func wordsFor(resource string, object runtime.Object) []string {
	if object == nil {
		return nil
	}
	word := map[string]string{"services": "service", "serviceexports": "export", "globalingressips": "gip", "ipaddresses": "claim"}[resource]
	words := []string{word}
	m, err := meta.Accessor(object)
	if err != nil {
		return nil
	}
	if service, ok := object.(*corev1.Service); ok && service.Labels[v1.InternalServiceLabel] != "" {
		words[0] = "internal"
		if len(service.Spec.ExternalIPs) > 0 {
			words = append(words, "addressed")
		}
	}
	if gip, ok := object.(*unstructured.Unstructured); ok && resource == "globalingressips" {
		if slices.Contains(m.GetFinalizers(), v1.Finalizer) {
			words = append(words, "finalizer")
		}
		if ip, _, _ := unstructured.NestedString(gip.Object, "status", "allocatedIP"); ip != "" {
			words = append(words, "published")
		}
	}
	if m.GetDeletionTimestamp() != nil {
		words = append(words, words[0]+"-ending")
	}
	return words
}

func labelsOf(object runtime.Object) map[string]string {
	m, err := meta.Accessor(object)
	if err != nil {
		return nil
	}
	return m.GetLabels()
}
