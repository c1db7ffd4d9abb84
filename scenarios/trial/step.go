package trial

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/client-go/rest"
)

// Step is something that a user does at a time: exactly one of Apply, Delete,
// Patch and Do. A user's steps are done one after the other in order of time;
// different users act at the same time.
//
// The weather spares users. What fails nevertheless (a conflict, an object that
// is not there yet) is repeated for a minute; after that, or when the server
// refuses it as invalid, the run is inconclusive, because it did not do what its
// author meant.
type Step struct {
	At   time.Duration // since the start of the run, less than Safety
	User string        // default "user"

	// Apply applies objects as kubectl apply --server-side --force-conflicts does.
	// An object that is still being deleted is waited for first.
	Apply Manifests
	// Delete deletes objects and waits until they are gone.
	Delete Manifests
	// Patch changes part of an object.
	Patch *Patch
	// Do is anything else. It may be called more than once and must mean the same then.
	Do func(ctx context.Context, cfg *rest.Config) error
	// Name is what messages call it. Default: made from the content.
	Name string
}

// Patch is a JSON merge patch.
type Patch struct {
	Object Manifests // exactly one; only kind, namespace and name matter
	// Subresource to be patched, e.g. "status" or "scale".
	Subresource string
	Merge       map[string]any
}

// Apply is the step that applies manifests.
func Apply(at time.Duration, m Manifests) Step { return Step{At: at, Apply: m} }

// Delete is the step that deletes objects and waits until they are gone.
func Delete(at time.Duration, m Manifests) Step { return Step{At: at, Delete: m} }

// Do is the step that calls a function.
func Do(at time.Duration, name string, do func(ctx context.Context, cfg *rest.Config) error) Step {
	return Step{At: at, Name: name, Do: do}
}

func (s *Step) user() string {
	if s.User == "" {
		return "user"
	}
	return s.User
}

func (s *Step) validate(safety time.Duration) error {
	var errs []error
	actions := 0
	for _, given := range []bool{!s.Apply.empty(), !s.Delete.empty(), s.Patch != nil, s.Do != nil} {
		if given {
			actions++
		}
	}
	if actions != 1 {
		errs = append(errs, fmt.Errorf("%d actions (want exactly one of Apply, Delete, Patch and Do)", actions))
	}
	if s.At < 0 || s.At >= safety {
		errs = append(errs, fmt.Errorf("at %s: out of range (want 0s or later, and before the end of the safety phase at %s)", s.At, safety))
	}
	errs = append(errs, s.Apply.err, s.Delete.err)
	if s.Patch != nil {
		if s.Patch.Object.err == nil && len(s.Patch.Object.objects) != 1 {
			errs = append(errs, fmt.Errorf("patch of %d objects (want exactly one)", len(s.Patch.Object.objects)))
		}
		errs = append(errs, s.Patch.Object.err)
	}
	return errors.Join(errs...)
}

// String says who does what, in one line.
func (s *Step) String() string {
	what := s.Name
	switch {
	case what != "":
	case !s.Apply.empty():
		what = "apply " + s.Apply.String()
	case !s.Delete.empty():
		what = "delete " + s.Delete.String()
	case s.Patch != nil:
		what = fmt.Sprintf("patch %s %v", s.Patch.Object, s.Patch.Merge)
	}
	return fmt.Sprintf("%s %s: %s", s.At, s.user(), what)
}

// String names the objects.
func (m Manifests) String() string {
	names := make([]string, len(m.objects))
	for i, object := range m.objects {
		names[i] = object.GetKind() + " " + object.GetName()
	}
	return strings.Join(names, ", ")
}
