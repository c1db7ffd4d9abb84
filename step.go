package seatrial

import (
	"context"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/scenarios"
)

// Apply is the step that applies an object as kubectl apply --server-side
// --force-conflicts does. An object of the name that is still being deleted is
// waited for first. m has to hold one object: see [ApplyEach].
func Apply(at time.Duration, m Manifests) Step {
	return Step{At: at, Action: scenarios.ApplyOf(m)}
}

// ApplyEach are the steps that apply each of some objects, one after the other.
func ApplyEach(at time.Duration, m Manifests) []Step {
	var steps []Step
	for i := range m.All() {
		steps = append(steps, Apply(at, m.Only(i)))
	}
	return steps
}

// Delete is the step that deletes an object and waits until it is gone. m has to
// hold one object, of which only kind, namespace and name matter.
func Delete(at time.Duration, m Manifests) Step {
	return Step{At: at, Action: scenarios.DeleteOf(m)}
}

// Patch is the step that changes part of an object, as a JSON merge patch.
// object is RESOURCE NAMESPACE/NAME, such as "deployments.apps/scale shop/web";
// the namespace may be left out for "default", and for what is in none.
func Patch(at time.Duration, object string, merge map[string]any) Step {
	resource, name, _ := strings.Cut(object, " ")
	ref := scenarios.ResourceRef{Resource: resource}
	if namespace, n, found := strings.Cut(name, "/"); found {
		ref.Namespace, ref.Name = namespace, n
	} else {
		ref.Name = name
	}
	return Step{At: at, Action: &scenarios.Patch{ResourceRef: ref, Body: merge}}
}

// Do is the step that calls a function. It may be called more than once and must
// mean the same then. Scenario files call it by its name.
func Do(at time.Duration, name string, do func(ctx context.Context, cfg *rest.Config) error) Step {
	return Step{At: at, Action: &scenarios.Do{Function: name, Call: do}}
}
