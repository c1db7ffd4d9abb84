package trial

import (
	"fmt"

	"github.com/seatrial/seatrial/faults"
)

// validateFaults: a rule that can do nothing would make a test that proves nothing.
func (tr *Trial) validateFaults(rules []faults.Rule) []error {
	if len(rules) == 0 {
		return nil
	}
	world, err := tr.aimedAt()
	if err != nil {
		return nil // it has been told already
	}
	var errs []error
	ids := map[string]bool{}
	for i, r := range rules {
		if r.Probability == 0 {
			r.Probability = 1
		}
		if ids[r.ID] {
			errs = append(errs, fmt.Errorf("fault %d: id: %q is there twice (want an ID of its own for each)", i, r.ID))
		}
		ids[r.ID] = true
		for _, p := range r.Validate(world) {
			if p.Field != faults.FieldNamespace { // programs make namespaces, too
				errs = append(errs, fmt.Errorf("fault %d: %s", i, p))
			}
		}
	}
	return errs
}

// aimedAt is what rules can be aimed at.
func (tr *Trial) aimedAt() (faults.World, error) {
	known, err := newCatalogue(tr)
	if err != nil {
		return faults.World{}, err
	}
	w := faults.World{Clears: tr.Safety, Replicas: tr.Server.Replicas}
	if w.Replicas == 0 {
		w.Replicas = 2 // in half of the seeds
	}
	for _, p := range tr.processes() {
		if p.StandIn {
			w.Users = append(w.Users, p.names()...) // the weather spares them unless it names them
			continue
		}
		w.Subjects = append(w.Subjects, p.names()...)
	}
	w.Users = append(w.Users, users(newVoyage(nil, tr, 1, RunOptions{}).steps)...)
	for _, kind := range known.registry.Kinds() {
		name := kind.Resource.Resource
		w.Resources = append(w.Resources, faults.Resource{Name: name, Namespaced: kind.Namespaced, Verbs: resourceVerbs})
		for _, subresource := range []string{"status", "scale", "eviction", "binding"} {
			w.Resources = append(w.Resources, faults.Resource{Name: name + "/" + subresource, Namespaced: kind.Namespaced, Verbs: subresourceVerbs})
		}
	}
	return w, nil
}

var (
	resourceVerbs    = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	subresourceVerbs = []string{"get", "create", "update", "patch"}
)
